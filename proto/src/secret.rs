//! Types that hold a secret or a code: wiped on drop, never printed, never cloned.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

/// A secret text: a passphrase, a recovery key or a URI with its key.
#[derive(ZeroizeOnDrop, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes over a text; the caller keeps no copy.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Copies a borrowed text into a secret of exactly its length.
    pub fn copy_of(text: &str) -> Self {
        let mut own = String::with_capacity(text.len());
        own.push_str(text);
        Self(own)
    }

    /// Lends the text, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// The raw bytes of an OTP key (RFC 4226 section 4, "shared secret").
#[derive(ZeroizeOnDrop, PartialEq, Eq)]
pub struct Key(Vec<u8>);

impl Key {
    /// Takes over the bytes of a key; the caller keeps no copy.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Lends the bytes.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Returns the length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether the key has no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A one-time code as it is typed: decimal digits, or Steam's letters.
#[derive(ZeroizeOnDrop, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// Takes over the text of a code.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Lends the text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Implements what the text types share: redacted `Debug`, and passing through serde.
macro_rules! redacted {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("[redacted]")
            }
        }
    )*};
}
redacted!(Secret, Key, Code);

macro_rules! text_on_the_wire {
    ($name:ident, $expecting:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl Visitor<'_> for Text {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        let mut own = String::with_capacity(text.len());
                        own.push_str(text);
                        Ok($name(own))
                    }
                    fn visit_string<E: de::Error>(self, text: String) -> Result<$name, E> {
                        let text = Zeroizing::new(text);
                        self.visit_str(&text)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }
    };
}
text_on_the_wire!(Secret, "a text");
text_on_the_wire!(Code, "a code");

impl From<Zeroizing<Vec<u8>>> for Key {
    fn from(mut bytes: Zeroizing<Vec<u8>>) -> Self {
        let key = Self(std::mem::take(&mut *bytes));
        bytes.zeroize();
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_a_secret() {
        let shown = format!(
            "{:?} {:?} {:?}",
            Secret::copy_of("hunter2"),
            Key::new(vec![0x41; 20]),
            Code::new("123456".into())
        );
        assert_eq!(shown, "[redacted] [redacted] [redacted]");
    }

    #[test]
    fn a_secret_passes_through_json_even_with_escapes() {
        let secret: Secret = serde_json::from_str(r#""a\u3042\nb""#).unwrap();
        assert_eq!(secret.expose(), "a\u{3042}\nb");
        assert_eq!(serde_json::to_string(&secret).unwrap(), r#""aあ\nb""#);
    }
}
