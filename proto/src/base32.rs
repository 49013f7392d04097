//! Base32 of RFC 4648 section 6, as people and services really write it.

use zeroize::Zeroizing;

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Decodes base32 in any case; blanks, dashes and `=` are skipped, trailing bits are dropped.
///
/// # Errors
/// The position (in characters) of the first character outside the alphabet.
pub fn decode(text: &str) -> Result<Zeroizing<Vec<u8>>, usize> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len() * 5 / 8 + 1));
    let (mut bits, mut count) = (0_u16, 0_u8);
    for (place, c) in text.chars().enumerate() {
        let value = match c {
            'A'..='Z' | 'a'..='z' => u16::from(u8::try_from(c).unwrap_or(0) & 0x1f) - 1,
            '2'..='7' => u16::from(u8::try_from(c).unwrap_or(0) - b'2') + 26,
            '=' | '-' => continue,
            c if c.is_whitespace() => continue,
            _ => return Err(place),
        };
        bits = bits << 5 | value;
        count += 5;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from(bits >> count & 0xff).unwrap_or(0));
            bits &= (1 << count) - 1;
        }
    }
    Ok(out)
}

/// Encodes bytes as upper-case base32 without padding, appended to `out`.
pub fn encode(bytes: &[u8], out: &mut String) {
    out.reserve((bytes.len() * 8).div_ceil(5));
    let (mut bits, mut count) = (0_u16, 0_u8);
    for &byte in bytes {
        bits = bits << 8 | u16::from(byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            push(bits >> count, out);
            bits &= (1 << count) - 1;
        }
    }
    if count > 0 {
        push(bits << (5 - count), out);
    }
}

fn push(five_bits: u16, out: &mut String) {
    if let Some(&letter) = ALPHABET.get(usize::from(five_bits & 31)) {
        out.push(char::from(letter));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(bytes: &[u8]) -> String {
        let mut out = String::new();
        encode(bytes, &mut out);
        out
    }

    #[test]
    fn rfc_4648_section_10_vectors_hold_both_ways() {
        for (plain, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(encoded(plain.as_bytes()), text);
            assert_eq!(decode(text).unwrap().as_slice(), plain.as_bytes());
        }
    }

    #[test]
    fn every_byte_string_comes_back() {
        for length in 0..64_u8 {
            let bytes: Vec<u8> = (0..length).map(|i| i.wrapping_mul(37) ^ length).collect();
            assert_eq!(decode(&encoded(&bytes)).unwrap().as_slice(), bytes);
        }
    }

    #[test]
    fn people_type_lower_case_groups_and_padding() {
        assert_eq!(decode("mzxw 6ytb-oi==").unwrap().as_slice(), b"foobar");
        assert_eq!(decode("MZXW6\u{3000}YTBOI").unwrap().as_slice(), b"foobar");
    }

    #[test]
    fn a_foreign_character_is_named_by_its_place() {
        assert_eq!(decode("ABC0").unwrap_err(), 3);
        assert_eq!(decode("あA").unwrap_err(), 0);
    }
}
