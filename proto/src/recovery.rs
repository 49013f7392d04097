//! The recovery key: 128 random bits on paper, with a checksum that names a mistyped group.
//!
//! Seven groups of five characters in Crockford's alphabet, joined by `-`. The first four of a
//! group carry 20 bits; the fifth is a weighted sum over GF(2^5) with the group's number in it,
//! which finds every single wrong character, every swap within a group and every swap of
//! groups. The last 12 of the 140 bits are a CRC over the 128.

use std::fmt;

use zeroize::Zeroizing;

use crate::Secret;

const GROUPS: usize = 7;
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A recovery key in its canonical form, the passphrase that `age -d recovery.age` accepts.
#[derive(Debug)]
pub struct RecoveryKey(Secret);

/// Why a text isn't a recovery key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryKeyError {
    /// It doesn't have 35 letters and digits.
    Length,
    /// The group of this number (from 1) is mistyped.
    Group(usize),
    /// Each group is right by itself, but not all together.
    Checksum,
}

impl fmt::Display for RecoveryKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => f.write_str("a recovery key has seven groups of five characters"),
            Self::Group(group) => write!(f, "group {group} of the recovery key is mistyped"),
            Self::Checksum => f.write_str("the recovery key is mistyped"),
        }
    }
}
impl std::error::Error for RecoveryKeyError {}

impl RecoveryKey {
    /// Makes the key of 128 random bits.
    pub fn from_random(bits: &[u8; 16]) -> Self {
        let number = Zeroizing::new(u128::from_be_bytes(*bits));
        let mut text = Zeroizing::new(String::with_capacity(GROUPS * 6));
        for group in 0..GROUPS {
            if group > 0 {
                text.push('-');
            }
            let data = Zeroizing::new(quads(*number, group));
            for &value in data.iter().chain([&check(data.as_slice(), group)]) {
                text.push(letter(value));
            }
        }
        Self(Secret::copy_of(&text))
    }

    /// Reads what a person typed: any case, blanks and dashes anywhere, I and L for 1, O for 0.
    ///
    /// # Errors
    /// [`RecoveryKeyError`] names the first mistyped group.
    pub fn parse(text: &str) -> Result<Self, RecoveryKeyError> {
        let mut values = Zeroizing::new(Vec::with_capacity(GROUPS * 5));
        for c in text.chars().filter(|&c| !is_between(c)) {
            // Wrong characters keep their place, so that the right group is named.
            values.push(value(c).unwrap_or(u8::MAX));
        }
        if values.len() != GROUPS * 5 {
            return Err(RecoveryKeyError::Length);
        }
        let mut number = Zeroizing::new(0_u128);
        let mut crc = 0_u16;
        for (group, chunk) in values.chunks_exact(5).enumerate() {
            let [data @ .., sum] = chunk else {
                return Err(RecoveryKeyError::Length);
            };
            if chunk.contains(&u8::MAX) || check(data, group) != *sum {
                return Err(RecoveryKeyError::Group(group + 1));
            }
            for (place, &five) in data.iter().enumerate() {
                let bit = group * 20 + place * 5;
                // 128 bits of key, then 12 of checksum: the 26th value holds three and two.
                if bit + 5 <= 128 {
                    *number = *number << 5 | u128::from(five);
                } else if bit < 128 {
                    *number = *number << 3 | u128::from(five >> 2);
                    crc = u16::from(five & 3);
                } else {
                    crc = crc << 5 | u16::from(five);
                }
            }
        }
        if crc12(*number) != crc {
            return Err(RecoveryKeyError::Checksum);
        }
        Ok(Self::from_random(&number.to_be_bytes()))
    }

    /// Returns whether a text is meant as a recovery key: seven groups of five.
    pub fn looks_like(text: &str) -> bool {
        let groups: Vec<&str> = text
            .split(is_between)
            .filter(|group| !group.is_empty())
            .collect();
        groups.len() == GROUPS && groups.iter().all(|group| group.chars().count() == 5)
    }

    /// Lends the canonical form.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Gives the canonical form away.
    pub fn into_secret(self) -> Secret {
        self.0
    }
}

/// Whether a character may stand between groups: what keyboards and input methods give for a
/// dash or a blank.
fn is_between(c: char) -> bool {
    c.is_whitespace() || "-‐‑–—ー−－".contains(c)
}

/// The four five-bit values of a group, out of 128 bits and their 12-bit checksum.
fn quads(number: u128, group: usize) -> [u8; 4] {
    let mut values = [0; 4];
    for (place, out) in values.iter_mut().enumerate() {
        for bit in 0..5 {
            let at = group * 20 + place * 5 + bit;
            let is_set = if at < 128 {
                number >> (127 - at) & 1 == 1
            } else {
                crc12(number) >> (139 - at) & 1 == 1
            };
            *out = *out << 1 | u8::from(is_set);
        }
    }
    values
}

/// The check value of a group: the sum of data times powers of a generator, and the number.
fn check(data: &[u8], group: usize) -> u8 {
    let start = u8::try_from(group + 1).unwrap_or(0);
    data.iter()
        .rev()
        .fold(0, |sum, &value| times_two(sum ^ (value & 31)))
        ^ start
}

/// Multiplication by the generator in GF(2^5) modulo x^5 + x^2 + 1.
fn times_two(value: u8) -> u8 {
    let doubled = value << 1;
    if doubled & 32 == 0 {
        doubled
    } else {
        (doubled ^ 0b10_0101) & 31
    }
}

/// CRC-12 (x^12 + x^11 + x^3 + x^2 + x + 1) over the 128 bits.
fn crc12(number: u128) -> u16 {
    (0..128).rev().fold(0_u16, |crc, bit| {
        let high = crc >> 11 ^ u16::try_from(number >> bit & 1).unwrap_or(0);
        let shifted = crc << 1 & 0xfff;
        if high & 1 == 1 {
            shifted ^ 0x80f
        } else {
            shifted
        }
    })
}

fn letter(value: u8) -> char {
    ALPHABET
        .get(usize::from(value))
        .map_or('0', |&letter| char::from(letter))
}

fn value(c: char) -> Option<u8> {
    // Full-width letters come from Japanese input methods.
    let c = match u32::from(c) {
        wide @ 0xff01..=0xff5e => char::from_u32(wide - 0xfee0).unwrap_or(c),
        _ => c,
    };
    let c = match c.to_ascii_uppercase() {
        'I' | 'L' => '1',
        'O' => '0',
        other => other,
    };
    let place = ALPHABET
        .iter()
        .position(|&letter| char::from(letter) == c)?;
    u8::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(seed: u8) -> [u8; 16] {
        std::array::from_fn(|i| u8::try_from(i).unwrap().wrapping_mul(29) ^ seed)
    }

    #[test]
    fn a_key_comes_back_from_its_text_however_it_is_typed() {
        for seed in 0..=255 {
            let key = RecoveryKey::from_random(&sample(seed));
            assert_eq!(
                RecoveryKey::parse(key.expose()).unwrap().expose(),
                key.expose()
            );
            let sloppy = key
                .expose()
                .to_lowercase()
                .replace('-', " ")
                .replace('1', "l");
            assert_eq!(RecoveryKey::parse(&sloppy).unwrap().expose(), key.expose());
            assert!(RecoveryKey::looks_like(&sloppy));
            // As an input method in full-width mode gives it.
            let wide = |c: char| char::from_u32(u32::from(c) + 0xfee0).unwrap();
            let wide: String = key.expose().chars().map(wide).collect();
            assert_eq!(RecoveryKey::parse(&wide).unwrap().expose(), key.expose());
            assert!(RecoveryKey::looks_like(&wide));
        }
    }

    #[test]
    fn every_single_wrong_character_names_its_group() {
        let text = RecoveryKey::from_random(&sample(7)).expose().to_owned();
        for (place, right) in text.char_indices().filter(|(_, c)| *c != '-') {
            for wrong in ALPHABET
                .iter()
                .map(|&b| char::from(b))
                .filter(|&c| c != right)
            {
                let mut typed = text.clone();
                typed.replace_range(place..=place, &wrong.to_string());
                let error = RecoveryKey::parse(&typed).unwrap_err();
                assert_eq!(error, RecoveryKeyError::Group(place / 6 + 1));
            }
        }
    }

    #[test]
    fn swapped_groups_are_found() {
        let text = RecoveryKey::from_random(&sample(9)).expose().to_owned();
        let mut groups: Vec<&str> = text.split('-').collect();
        groups.swap(2, 4);
        assert_eq!(
            RecoveryKey::parse(&groups.join("-")).unwrap_err(),
            RecoveryKeyError::Group(3)
        );
    }
}
