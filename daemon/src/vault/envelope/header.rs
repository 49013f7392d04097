//! The header of an age file: a line with the version, stanzas, and a MAC under the file key.

use std::io::{BufRead, Read as _};

use age_core::format::{FileKey, Stanza};
use age_core::primitives::hkdf;
use age_core::secrecy::ExposeSecret as _;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD as BASE64;
use hmac::Mac as _;
use zeroize::Zeroizing;

use super::EnvelopeError::{self, Damaged};
use super::{SCRYPT, cut_off};
use crate::vault::document::{Mac, mac};

const VERSION: &str = "age-encryption.org/v1";
/// Begins a stanza's first line.
const STANZA: &str = "-> ";
/// Begins the last line; the MAC is over everything before the space.
const END: &str = "--- ";
/// Columns of a stanza's body; the last line is shorter, empty if need be.
const COLUMNS: usize = 64;
/// Largest header in bytes: ours have 200, and age's own with a stanza of grease 500.
pub(super) const MAX: usize = 16 * 1024;

/// A header that was read; its MAC has yet to be verified.
pub(super) struct Header {
    pub(super) stanzas: Vec<Stanza>,
    /// What the MAC is over.
    text: String,
    tag: Vec<u8>,
}

impl Header {
    /// Compares the MAC.
    pub(super) fn verify(&self, file_key: &FileKey) -> Result<(), EnvelopeError> {
        let mac = keyed(file_key).chain_update(self.text.as_bytes());
        mac.verify_slice(&self.tag).map_err(|_| Damaged)
    }
}

/// Starts the header's MAC.
fn keyed(file_key: &FileKey) -> Mac {
    let key = Zeroizing::new(hkdf(b"", b"header", file_key.expose_secret()));
    mac(key.as_slice())
}

/// Appends a header.
pub(super) fn print(stanzas: &[Stanza], file_key: &FileKey, out: &mut Vec<u8>) {
    let mut text = format!("{VERSION}\n");
    for Stanza { tag, args, body } in stanzas {
        write_stanza(tag, args.iter().map(String::as_str), body, &mut text);
    }
    text.push_str(END.trim_end());
    let tag = keyed(file_key).chain_update(text.as_bytes()).finalize();
    text.push(' ');
    BASE64.encode_string(tag.into_bytes(), &mut text);
    text.push('\n');
    out.extend_from_slice(text.as_bytes());
}

/// Appends a stanza.
pub(in crate::vault) fn write_stanza<'a>(
    tag: &str,
    args: impl IntoIterator<Item = &'a str>,
    body: &[u8],
    text: &mut String,
) {
    text.push_str(STANZA);
    text.push_str(tag);
    for argument in args {
        text.push(' ');
        text.push_str(argument);
    }
    let body = Zeroizing::new(BASE64.encode(body));
    let mut rest = body.as_str();
    loop {
        text.push('\n');
        let Some((line, more)) = rest.split_at_checked(COLUMNS) else {
            break;
        };
        text.push_str(line);
        rest = more;
    }
    text.push_str(rest);
    text.push('\n');
}

/// Reads a stanza alone, of at most as many bytes as a header has.
///
/// # Errors
/// An input that is at its end or can't be read is [`EnvelopeError::Io`].
pub(in crate::vault) fn read_stanza(input: &mut impl BufRead) -> Result<Stanza, EnvelopeError> {
    if input.fill_buf()?.is_empty() {
        return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
    }
    let mut lines = Lines {
        input,
        text: String::new(),
    };
    let (tag, args) = words(lines.next()?)?;
    let body = lines.body()?;
    Ok(Stanza { tag, args, body })
}

/// Reads a header and nothing after it.
pub(super) fn read(input: &mut impl BufRead) -> Result<Header, EnvelopeError> {
    let mut lines = Lines {
        input,
        text: String::new(),
    };
    if lines.next()? != VERSION {
        return Err(Damaged);
    }
    let mut stanzas = Vec::new();
    loop {
        let line = lines.next()?;
        if let Some(tag) = line.strip_prefix(END) {
            let tag = BASE64.decode(tag).map_err(|_| Damaged)?;
            let mut text = lines.text;
            let before = text.rfind(END).ok_or(Damaged)? + END.trim_end().len();
            text.truncate(before);
            return valid(Header { stanzas, text, tag });
        }
        let (tag, args) = words(line)?;
        let body = lines.body()?;
        stanzas.push(Stanza { tag, args, body });
    }
}

/// Refuses a header without stanzas, or with others beside a passphrase's.
fn valid(header: Header) -> Result<Header, EnvelopeError> {
    let has_passphrase = header.stanzas.iter().any(|stanza| stanza.tag == SCRYPT);
    if header.stanzas.is_empty() || has_passphrase && header.stanzas.len() > 1 {
        return Err(Damaged);
    }
    Ok(header)
}

/// The words of a stanza's first line.
fn words(line: &str) -> Result<(String, Vec<String>), EnvelopeError> {
    let mut words = line.strip_prefix(STANZA).ok_or(Damaged)?.split(' ');
    let (tag, args) = (word(words.next())?, words.map(|next| word(Some(next))));
    Ok((tag, args.collect::<Result<_, _>>()?))
}

fn word(word: Option<&str>) -> Result<String, EnvelopeError> {
    word.filter(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic()))
        .map(str::to_owned)
        .ok_or(Damaged)
}

/// The header's text so far.
struct Lines<'a, R> {
    input: &'a mut R,
    text: String,
}

impl<R: BufRead> Lines<'_, R> {
    /// Returns the next line without its end.
    fn next(&mut self) -> Result<&str, EnvelopeError> {
        let start = self.text.len();
        let room = u64::try_from(MAX - start).unwrap_or(0);
        self.input
            .by_ref()
            .take(room)
            .read_line(&mut self.text)
            .map_err(|error| {
                // Bytes that aren't text.
                if error.kind() == std::io::ErrorKind::InvalidData {
                    Damaged
                } else {
                    cut_off(error)
                }
            })?;
        let line = self.text.get(start..).unwrap_or_default();
        line.strip_suffix('\n').ok_or(Damaged)
    }

    /// Returns the body of a stanza.
    fn body(&mut self) -> Result<Vec<u8>, EnvelopeError> {
        let mut encoded = String::new();
        loop {
            let line = self.next()?;
            if line.len() > COLUMNS {
                return Err(Damaged);
            }
            encoded.push_str(line);
            if line.len() < COLUMNS {
                return BASE64.decode(encoded).map_err(|_| Damaged);
            }
        }
    }
}
