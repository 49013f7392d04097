//! What is on the clipboard, handed on as it is; and, if wanted, taken off it afterwards.

use std::io::{self, Read as _, Write as _};

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::os;
use crate::out::Pipe;

/// Most bytes that are taken: what the reader of pictures takes.
pub(crate) const MOST_BYTES: usize = 64 * 1024 * 1024;
const MEBIBYTE: usize = 1024 * 1024;

/// Pictures, the ones without loss first.
const PICTURES: &[&str] = &[
    "image/png",
    "image/bmp",
    "image/x-bmp",
    "image/webp",
    "image/jpeg",
    "image/gif",
];
/// Texts: UTF-8, then what older programs offer (ICCCM 2.6.2).
const TEXTS: &[&str] = &[
    "text/plain;charset=utf-8",
    "UTF8_STRING",
    "text/plain",
    "STRING",
];
/// How a text begins that is a key for sure.
const KEYS: &[&str] = &["otpauth://", "otpauth-migration://", "steam://"];

/// What was copied, and stays with whoever copied it.
pub(crate) trait Clipboard {
    /// The types on offer, as MIME types or names of X11; none if it's empty.
    fn types(&mut self) -> Result<Vec<String>, Failure>;
    /// The content as one of these types; an error beyond [`MOST_BYTES`].
    fn read(&mut self, kind: &str) -> Result<Zeroizing<Vec<u8>>, Failure>;
    /// Leaves the clipboard empty.
    fn clear(&mut self) -> Result<(), Failure>;
}

/// Writes what is on the clipboard. With `then_clear` it waits for a line on standard input then,
/// and keeps only a digest meanwhile.
pub(crate) fn run(mut out: Pipe, then_clear: bool) -> Result<(), Failure> {
    let mut clipboard = os::clipboard()?;
    let (kind, content) = find(clipboard.as_mut())?;
    let digest = Sha256::digest(&*content);
    out.write_all(&content)?;
    drop(content);
    out.close()?;
    if then_clear && is_told_to_clear()? && is_still(clipboard.as_mut(), &kind, &digest) {
        clipboard.clear()?;
    }
    Ok(())
}

/// A text that is a key wins over a picture, a picture over another text.
fn find(clipboard: &mut dyn Clipboard) -> Result<(String, Zeroizing<Vec<u8>>), Failure> {
    let types = clipboard.types()?;
    if types.is_empty() {
        return Err(Failure::Empty);
    }
    let offered = |wanted: &[&'static str]| {
        wanted.iter().copied().find(|&wanted| {
            let mut types = types.iter();
            types.any(|offered| offered.eq_ignore_ascii_case(wanted))
        })
    };
    let (picture, text) = (offered(PICTURES), offered(TEXTS));
    let mut copied = None;
    if let Some(kind) = text {
        let content = clipboard.read(kind);
        match content {
            Ok(content) if picture.is_none() || is_key(&content) => {
                copied = Some((kind, content));
            }
            Err(failure) if picture.is_none() => return Err(failure),
            _ => {}
        }
    }
    if let (None, Some(kind)) = (&copied, picture) {
        copied = Some((kind, clipboard.read(kind)?));
    }
    let (kind, content) = copied.ok_or(Failure::Unusable)?;
    if content.is_empty() {
        return Err(Failure::Empty);
    }
    Ok((kind.to_owned(), content))
}

fn is_key(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    KEYS.iter().any(|key| {
        text.get(..key.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(key.as_bytes()))
    })
}

/// Waits for the end of standard input; whether it said `clear`.
fn is_told_to_clear() -> io::Result<bool> {
    const WORD: &[u8] = b"clear";
    let mut told = Vec::new();
    let most = u64::try_from(WORD.len() + 2).unwrap_or(u64::MAX);
    io::stdin().lock().take(most).read_to_end(&mut told)?;
    Ok(told.trim_ascii_end() == WORD)
}

/// Whether the clipboard holds what was read, and not what somebody copied since.
fn is_still(clipboard: &mut dyn Clipboard, kind: &str, digest: &[u8]) -> bool {
    clipboard
        .read(kind)
        .is_ok_and(|content| *Sha256::digest(&*content) == *digest)
}

/// Appends a part of the content within the limit.
pub(crate) fn append(content: &mut Zeroizing<Vec<u8>>, part: &[u8]) -> Result<(), Failure> {
    let length = content.len() + part.len();
    if length > MOST_BYTES {
        return Err(Failure::TooLarge(MOST_BYTES / MEBIBYTE));
    }
    if length > content.capacity() {
        // Growing in place would leave copies behind.
        let mut grown = Zeroizing::new(Vec::with_capacity(length.next_power_of_two()));
        grown.extend_from_slice(content);
        *content = grown;
    }
    content.extend_from_slice(part);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fake(Vec<(&'static str, &'static [u8])>);

    impl Clipboard for Fake {
        fn types(&mut self) -> Result<Vec<String>, Failure> {
            Ok(self.0.iter().map(|(kind, _)| (*kind).to_owned()).collect())
        }

        fn read(&mut self, kind: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
            let found = self.0.iter().find(|(offered, _)| *offered == kind);
            found
                .map(|(_, content)| Zeroizing::new(content.to_vec()))
                .ok_or(Failure::SilentOwner)
        }

        fn clear(&mut self) -> Result<(), Failure> {
            self.0.clear();
            Ok(())
        }
    }

    fn kind_of(offers: &[(&'static str, &'static [u8])]) -> Option<String> {
        find(&mut Fake(offers.to_vec())).ok().map(|(kind, _)| kind)
    }

    #[test]
    fn a_key_wins_over_a_picture_and_a_picture_over_another_text() {
        let picture: (&str, &[u8]) = ("image/png", b"pixels");
        let key: (&str, &[u8]) = ("UTF8_STRING", b" OTPAUTH://totp/x?secret=AA");
        let text: (&str, &[u8]) = ("UTF8_STRING", b"a page's title");
        assert_eq!(kind_of(&[picture, key]).as_deref(), Some("UTF8_STRING"));
        assert_eq!(kind_of(&[picture, text]).as_deref(), Some("image/png"));
        assert_eq!(kind_of(&[text]).as_deref(), Some("UTF8_STRING"));
    }

    #[test]
    fn the_picture_without_loss_is_taken() {
        let offers: &[(&str, &[u8])] = &[
            ("image/jpeg", b"j"),
            ("TARGETS", b""),
            ("image/bmp", b"b"),
            ("image/png", b"p"),
        ];
        assert_eq!(kind_of(offers).as_deref(), Some("image/png"));
        assert_eq!(kind_of(&offers[..3]).as_deref(), Some("image/bmp"));
    }

    #[test]
    fn nothing_and_nothing_of_use_are_told_apart() {
        assert!(matches!(find(&mut Fake(Vec::new())), Err(Failure::Empty)));
        let other = vec![("application/x-spreadsheet", b"x".as_slice())];
        assert!(matches!(find(&mut Fake(other)), Err(Failure::Unusable)));
        let hollow = vec![("image/png", b"".as_slice())];
        assert!(matches!(find(&mut Fake(hollow)), Err(Failure::Empty)));
    }

    #[test]
    fn only_what_was_read_is_still_there() {
        let mut clipboard = Fake(vec![("image/png", b"pixels")]);
        let (kind, content) = find(&mut clipboard).unwrap();
        let digest = Sha256::digest(&*content);
        assert!(is_still(&mut clipboard, &kind, &digest));
        clipboard.0 = vec![("image/png", b"others")];
        assert!(!is_still(&mut clipboard, &kind, &digest));
    }

    #[test]
    fn content_beyond_the_limit_is_refused() {
        let mut content = Zeroizing::new(Vec::new());
        let part = vec![0; MOST_BYTES / 2];
        append(&mut content, &part).unwrap();
        append(&mut content, &part).unwrap();
        assert!(matches!(
            append(&mut content, &[0]),
            Err(Failure::TooLarge(64))
        ));
    }
}
