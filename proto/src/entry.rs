//! An entry's parts as values that can't be out of range.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Key, RecoveryCodes};

/// Most digits of a code: the 31-bit truncation of RFC 4226 section 5.3 has no tenth digit.
pub const MAX_DIGITS: u8 = 9;
/// Longest period in seconds: a day.
pub const MAX_PERIOD: u32 = 86_400;
/// Longest key in bytes; real ones have 10 to 64.
pub const MAX_KEY: usize = 1024;
/// Longest issuer, account, tag or note in bytes of UTF-8.
pub const MAX_LABEL: usize = 1024;

/// The hash of RFC 6238 section 1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Algorithm {
    /// HMAC-SHA-1, what nearly every service uses.
    #[default]
    #[serde(rename = "SHA1")]
    Sha1,
    /// HMAC-SHA-256.
    #[serde(rename = "SHA256")]
    Sha256,
    /// HMAC-SHA-512.
    #[serde(rename = "SHA512")]
    Sha512,
}

impl Algorithm {
    /// Returns the name as it stands in an otpauth URI.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }
}

impl FromStr for Algorithm {
    type Err = EntryError;

    /// Reads the spellings that real exports use: `sha256`, `SHA-256`, `HmacSHA256`,
    /// `HMAC-SHA-256`, `Algorithm.sha256`.
    fn from_str(text: &str) -> Result<Self, EntryError> {
        let plain: String = text
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        let plain = plain.strip_prefix("algorithm").unwrap_or(&plain);
        match plain.strip_prefix("hmac").unwrap_or(plain) {
            "sha1" => Ok(Self::Sha1),
            "sha256" => Ok(Self::Sha256),
            "sha512" => Ok(Self::Sha512),
            _ => Err(EntryError::Algorithm),
        }
    }
}

/// The length of a code: 1 to [`MAX_DIGITS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digits(u8);

impl Digits {
    /// Six, the default everywhere.
    pub const SIX: Self = Self(6);
    /// Five, what Steam shows.
    pub const FIVE: Self = Self(5);

    /// Checks a number of digits.
    ///
    /// # Errors
    /// [`EntryError::Digits`] outside 1 to 9.
    pub fn new(digits: u8) -> Result<Self, EntryError> {
        if (1..=MAX_DIGITS).contains(&digits) {
            Ok(Self(digits))
        } else {
            Err(EntryError::Digits)
        }
    }

    /// Returns the number.
    pub fn value(self) -> u8 {
        self.0
    }
}

/// A time step in seconds ("X" of RFC 6238): 1 to [`MAX_PERIOD`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period(u32);

impl Period {
    /// Thirty seconds, the default everywhere.
    pub const THIRTY: Self = Self(30);
    /// Ten seconds, what mOTP uses.
    pub const TEN: Self = Self(10);

    /// Checks a number of seconds.
    ///
    /// # Errors
    /// [`EntryError::Period`] outside 1 to 86,400.
    pub fn new(seconds: u32) -> Result<Self, EntryError> {
        if (1..=MAX_PERIOD).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(EntryError::Period)
        }
    }

    /// Returns the seconds.
    pub fn seconds(self) -> u32 {
        self.0
    }
}

macro_rules! checked_on_the_wire {
    ($name:ident, $number:ty) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(<$number>::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    };
}
checked_on_the_wire!(Digits, u8);
checked_on_the_wire!(Period, u32);

/// The type of an entry and the number that only this type has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Time-based (RFC 6238).
    Totp(Period),
    /// Counter-based (RFC 4226): the counter of the next code.
    Hotp(u64),
    /// Steam Guard: time-based with letters.
    Steam(Period),
    /// Yandex.Key: stored, its codes come later.
    Yandex(Period),
    /// Mobile-OTP: stored, its codes come later.
    Motp(Period),
}

impl Kind {
    /// Returns the type's word in JSON and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Totp(_) => "totp",
            Self::Hotp(_) => "hotp",
            Self::Steam(_) => "steam",
            Self::Yandex(_) => "yandex",
            Self::Motp(_) => "motp",
        }
    }

    /// Returns the time step of a time-based type.
    pub fn period(self) -> Option<Period> {
        match self {
            Self::Totp(period)
            | Self::Steam(period)
            | Self::Yandex(period)
            | Self::Motp(period) => Some(period),
            Self::Hotp(_) => None,
        }
    }

    /// Returns the counter of a counter-based type.
    pub fn counter(self) -> Option<u64> {
        match self {
            Self::Hotp(counter) => Some(counter),
            Self::Totp(_) | Self::Steam(_) | Self::Yandex(_) | Self::Motp(_) => None,
        }
    }
}

/// An entry's id: eight lower-case base32 characters, drawn at random by the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(u64);

impl EntryId {
    /// Makes an id of the lowest 40 bits of a random number.
    pub fn from_random(bits: u64) -> Self {
        Self(bits & ((1 << 40) - 1))
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let mut text = [b'a'; 8];
        for (place, letter) in (0..8).rev().zip(&mut text) {
            let five = usize::try_from(self.0 >> (place * 5) & 31).unwrap_or(0);
            *letter = ALPHABET.get(five).copied().unwrap_or(b'a');
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl FromStr for EntryId {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<Self, EntryError> {
        if text.len() != 8 {
            return Err(EntryError::Id);
        }
        let mut bits = 0;
        for byte in text.bytes() {
            let five = match byte {
                b'a'..=b'z' => byte - b'a',
                b'2'..=b'7' => byte - b'2' + 26,
                _ => return Err(EntryError::Id),
            };
            bits = bits << 5 | u64::from(five);
        }
        Ok(Self(bits))
    }
}

impl Serialize for EntryId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EntryId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// An entry as it comes from a URI, before the agent gives it an id.
#[derive(Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// The service's name; may be empty.
    pub issuer: String,
    /// The user's name at the service; may be empty.
    pub account: String,
    /// The type.
    pub kind: Kind,
    /// The hash.
    pub algorithm: Algorithm,
    /// The length of a code.
    pub digits: Digits,
    /// The key's raw bytes (mOTP: the text of its hexadecimal digits).
    pub key: Key,
    /// Words to find the entry by.
    pub tags: Vec<String>,
    /// A person's remark.
    pub note: String,
    /// The service's own one-use codes.
    pub recovery: RecoveryCodes,
    /// URI parameters that otpd doesn't use, decoded, in their order; kept for export.
    pub extra: Vec<(String, String)>,
}

/// A value out of range; the text names the value's meaning, never its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryError {
    /// Not a hash of RFC 6238.
    Algorithm,
    /// Not 1 to 9 digits.
    Digits,
    /// Not 1 to 86,400 seconds.
    Period,
    /// Not an entry's id.
    Id,
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Algorithm => "unknown algorithm (SHA1, SHA256 and SHA512 are known)",
            Self::Digits => "digits must be 1 to 9",
            Self::Period => "period must be 1 to 86400 seconds",
            Self::Id => "not an entry id",
        })
    }
}
impl std::error::Error for EntryError {}

/// Makes a stranger's text safe to show: no control characters, no line or paragraph
/// separators, no bidirectional overrides (Unicode TR 36 section 2.10); trimmed.
pub fn clean_label(text: &str) -> String {
    let kept: String = text
        .chars()
        .filter(|&c| {
            !c.is_control()
                && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
                && !matches!(
                    c,
                    '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{feff}'
                )
        })
        .collect();
    kept.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back_from_its_text() {
        for bits in [0, 1, 0x00ab_cdef_0123, (1 << 40) - 1, u64::MAX] {
            let id = EntryId::from_random(bits);
            assert_eq!(id.to_string().len(), 8);
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        assert_eq!("ABCDEFGH".parse::<EntryId>(), Err(EntryError::Id));
    }

    #[test]
    fn every_spelling_of_an_algorithm_is_known_and_md5_is_refused() {
        for text in [
            "sha256",
            "SHA-256",
            "HmacSHA256",
            "HMAC-SHA-256",
            "Algorithm.sha256",
        ] {
            assert_eq!(text.parse(), Ok(Algorithm::Sha256), "{text}");
        }
        for text in ["MD5", "", "something", "SHA384"] {
            assert_eq!(
                text.parse::<Algorithm>(),
                Err(EntryError::Algorithm),
                "{text}"
            );
        }
    }

    #[test]
    fn a_label_loses_escape_sequences_and_overrides_but_keeps_japanese() {
        assert_eq!(clean_label(" \u{1b}[31m山田\u{202e}\u{0} "), "[31m山田");
    }
}
