//! Percent-encoding of RFC 3986 section 2.1.

use zeroize::Zeroizing;

/// Encodes every byte outside the unreserved set (RFC 3986 section 2.3), appended to `out`.
pub fn encode(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    for run in text.split_inclusive(|c| !u8::try_from(c).is_ok_and(is_unreserved)) {
        // A run ends with the character that must be encoded, unless it is the last.
        let plain = run.bytes().position(|byte| !is_unreserved(byte));
        let (plain, rest) = run.split_at(plain.unwrap_or(run.len()));
        out.push_str(plain);
        for byte in rest.bytes() {
            out.push('%');
            for half in [byte >> 4, byte & 15] {
                out.push(char::from(
                    HEX.get(usize::from(half)).copied().unwrap_or(b'0'),
                ));
            }
        }
    }
}

/// Decodes percent escapes; a `%` without two hex digits stays as it is. With `plus`, a `+`
/// becomes a blank, as in a form's query. Bytes that aren't UTF-8 become U+FFFD.
pub fn decode(text: &str, plus: bool) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => {
                if let (Some(high), Some(low)) = (hex(*high), hex(*low)) {
                    bytes.push(high << 4 | low);
                    rest = after;
                } else {
                    bytes.push(b'%');
                }
            }
            (b'+', _) if plus => bytes.push(b' '),
            _ => bytes.push(first),
        }
    }
    Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_any_script_comes_back() {
        for text in [
            "plain",
            "トレンド 山田@例",
            "a&b=c#d?e%f+g",
            "",
            "\u{7f}\u{1f600}",
        ] {
            let mut encoded = String::new();
            encode(text, &mut encoded);
            assert!(
                encoded
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b))
            );
            assert_eq!(*decode(&encoded, true), text);
            assert_eq!(*decode(&encoded, false), text);
        }
    }

    #[test]
    fn a_broken_escape_stays_as_it_is() {
        assert_eq!(*decode("100%&%zz%4", false), "100%&%zz%4");
    }
}
