//! Base64 (RFC 4648 section 4) as it arrives: with or without padding, in both alphabets.

use zeroize::Zeroizing;

/// Decodes; `None` for a character of neither alphabet or an impossible length. A blank counts
/// as `+`, which is what a program that took the text for a form's query made of it.
pub(super) fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 4 * 3 + 3));
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text.trim_end_matches('=').bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' | b' ' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    // A last character that holds no whole byte is a torn text.
    (held != 6).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_4648_section_10_decode_with_and_without_padding() {
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg", "foob"),
            ("Zm9vYmE", "fooba"),
            ("Zm9vYmFy", "foobar"),
        ] {
            assert_eq!(decode(text).unwrap().as_slice(), bytes.as_bytes());
        }
        assert_eq!(decode("+/-_").unwrap(), decode(" _ /").unwrap());
        assert_eq!(decode("+/-_").unwrap().as_slice(), [0xfb, 0xff, 0xbf]);
    }

    #[test]
    fn a_foreign_character_and_a_torn_text_are_refused() {
        assert!(decode("Zm9*").is_none());
        assert!(decode("Zm9vY").is_none());
    }
}
