//! Bytes of a text file to text, in the encodings that people's editors save.

use encoding_rs::{SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};
use zeroize::Zeroizing;

/// Decodes UTF-8, UTF-16 with its mark (what Windows calls "Unicode") and Shift-JIS (what
/// Japanese Windows calls "ANSI"); `None` for anything that isn't text.
pub(super) fn decode(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let (encoding, start) = match bytes {
        [0xef, 0xbb, 0xbf, ..] => (UTF_8, 3),
        [0xff, 0xfe, ..] => (UTF_16LE, 2),
        [0xfe, 0xff, ..] => (UTF_16BE, 2),
        _ if std::str::from_utf8(bytes).is_ok() => (UTF_8, 0),
        _ => (SHIFT_JIS, 0),
    };
    let text = encoding
        .decode_without_bom_handling_and_without_replacement(bytes.get(start..)?)?
        .into_owned();
    let text = Zeroizing::new(text);
    // Binary files are full of these; no text has one.
    (!text.contains('\0')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encodings_of_windows_editors_give_the_same_text() {
        let utf16 = |mark: u16, swap: bool| -> Vec<u8> {
            std::iter::once(mark)
                .chain("山田 a".encode_utf16())
                .flat_map(|unit| {
                    if swap {
                        unit.to_be_bytes()
                    } else {
                        unit.to_le_bytes()
                    }
                })
                .collect()
        };
        let shift_jis = b"\x8eR\x93c a".to_vec();
        let marked = "\u{feff}山田 a".as_bytes().to_vec();
        for bytes in [
            "山田 a".into(),
            marked,
            utf16(0xfeff, false),
            utf16(0xfeff, true),
            shift_jis,
        ] {
            assert_eq!(
                decode(&bytes).map(|text| text.to_string()).as_deref(),
                Some("山田 a")
            );
        }
    }

    #[test]
    fn bytes_of_no_encoding_are_refused() {
        for bytes in [
            b"\x00\x01\x02".as_slice(),
            b"\xff\xfe\x00\xd8",
            b"\x80\xff\xfd",
        ] {
            assert!(decode(bytes).is_none());
        }
    }
}
