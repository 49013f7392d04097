//! The vault's plaintext: lines to entries and back, streaming. Knows nothing of age and files.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use otp_proto::{EntryId, Kind, Secret, print_uri_to};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use super::line::{self, Reader, number, read_stamp};
use super::lines::Input;
use super::source::MAX_SOURCES;
use super::{Document, Entry, OpenError, Source, Stamp, StoreError, Trash};
use crate::platform::arena::Arena;

/// The format that this version reads and writes.
const VERSION: u64 = 1;
/// Longest line in bytes: a URI of 8 KiB and tags from a request line of 64 KiB, each byte of
/// them escaped to three, fit.
pub const MAX_LINE: usize = 256 * 1024;
/// What [`OpenError::Damaged`] calls the vault.
pub(super) const VAULT: &str = "the vault";
/// What SHA-256 works on at once, in bytes.
const HASH_BLOCK: usize = 64;
const FINGERPRINT: &[u8] = b"otpd/vault/1/hotp\0";

pub(super) type Mac = Hmac<Sha256>;

/// Starts an HMAC; any key length will do (RFC 2104).
pub(super) fn mac(key: &[u8]) -> Mac {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    Mac::new_from_slice(key).expect("HMAC takes keys of every length")
}

/// Returns a key's fingerprint, by which its counter is remembered where the key isn't.
pub fn fingerprint(key: &[u8], mac_key: &[u8]) -> [u8; 8] {
    let tag = mac(mac_key)
        .chain_update(FINGERPRINT)
        .chain_update(key)
        .finalize()
        .into_bytes();
    tag.first_chunk().copied().unwrap_or_default()
}

/// Returns an entry's URI as other authenticators import it, for export.
pub fn entry_uri(entry: &Entry, arena: &Arena) -> Secret {
    let parts = line::parts(entry, arena);
    let mut uri = Zeroizing::new(String::with_capacity(parts.longest()));
    print_uri_to(parts, &mut uri);
    Secret::copy_of(&uri)
}

/// Raises the counters of HOTP entries to the document's marks and to `seen`, and the
/// generation, so that nothing that was handed out once is handed out again.
pub fn raise(document: &mut Document, arena: &Arena, mac_key: &[u8], seen: &super::Marks) {
    document.generation = document.generation.max(seen.generation);
    for (&fingerprint, &next) in &seen.counters {
        let mark = document.counters.entry(fingerprint).or_default();
        *mark = next.max(*mark);
    }
    for entry in document.entries.iter_mut().chain(&mut document.trash) {
        if let Kind::Hotp(counter) = entry.kind {
            let mark = document
                .counters
                .get(&fingerprint(arena.key(entry.key), mac_key));
            if let Some(&next) = mark.filter(|&&next| next > counter) {
                Arc::make_mut(entry).kind = Kind::Hotp(next);
            }
        }
    }
}

/// Writes the lines, one at a time, and their MAC.
///
/// # Errors
/// [`StoreError::Entry`] for an entry that couldn't be read again, and the writer's error.
pub fn write(
    document: &Document,
    arena: &Arena,
    mac_key: &[u8],
    out: &mut impl Write,
) -> Result<(), WriteError> {
    let mut lines = Lines {
        out,
        mac: mac(mac_key),
        line: Zeroizing::new(String::new()),
        rest: 0,
    };
    let (device, generation) = (document.device, document.generation);
    lines.print(format_args!(
        "# otpd vault {VERSION} device={device} generation={generation}\n"
    ))?;
    for entry in &document.entries {
        lines.entry(entry, arena)?;
    }
    for entry in &document.trash {
        lines.entry(entry, arena)?;
    }
    for (id, stamp) in &document.tombs {
        let Stamp { lamport, device } = stamp;
        lines.print(format_args!("# tomb {id} {lamport}.{device}\n"))?;
    }
    for (fingerprint, next) in &document.counters {
        lines.print(format_args!("# hotp {} {next}\n", Hex(fingerprint)))?;
    }
    for source in &document.sources {
        lines.source(source, arena)?;
    }
    let Lines { out, mac, line, .. } = lines;
    let tag = mac.chain_update(line.as_bytes()).finalize().into_bytes();
    writeln!(out, "# mac {}", Hex(&tag))?;
    Ok(())
}

/// Why lines can't be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The writer failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// See [`StoreError::Entry`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Bytes as lower-case hexadecimal digits.
pub(super) struct Hex<'a>(pub(super) &'a [u8]);

impl std::fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The way out: every line passes the writer and the MAC, and is wiped.
///
/// A hash keeps what doesn't fill a block of it, and would keep the beginnings of lines, where
/// the keys are, beside the line that is being made. So it gets whole blocks, and what is left,
/// the end of a line with its stamp, waits here in front of the next line.
struct Lines<'a, W> {
    out: &'a mut W,
    mac: Mac,
    /// The rest of what was written, then the line that is being made.
    line: Zeroizing<String>,
    /// The length of that rest; less than a block.
    rest: usize,
}

impl<W: Write> Lines<'_, W> {
    fn print(&mut self, text: std::fmt::Arguments<'_>) -> Result<(), WriteError> {
        let _ = self.line.write_fmt(text);
        self.put()
    }

    /// Makes room for a line that is not longer. A new buffer, so that growing leaves no copy
    /// behind.
    fn reserve(&mut self, longest: usize) {
        let longest = self.rest + longest + 64;
        if self.line.capacity() < longest {
            let mut wider = String::with_capacity(longest);
            wider.push_str(&self.line);
            self.line = Zeroizing::new(wider);
        }
    }

    fn source(&mut self, source: &Source, arena: &Arena) -> Result<(), WriteError> {
        self.reserve(source.longest(arena));
        source.print(arena, &mut self.line);
        self.line.push('\n');
        self.put()
    }

    fn entry(&mut self, entry: &Entry, arena: &Arena) -> Result<(), WriteError> {
        self.reserve(line::longest(entry, arena));
        if let Some(trash) = entry.trash {
            let _ = write!(self.line, "# trash {} {} ", trash.number, trash.since);
        }
        line::print(entry, arena, &mut self.line);
        self.line.push('\n');
        if self.line.len() - self.rest > MAX_LINE {
            return Err(StoreError::Entry(entry.id).into());
        }
        self.put()
    }

    fn put(&mut self) -> Result<(), WriteError> {
        let mut bytes = Zeroizing::new(std::mem::take(&mut *self.line).into_bytes());
        self.out
            .write_all(bytes.get(self.rest..).unwrap_or_default())?;
        let whole = bytes.len() - bytes.len() % HASH_BLOCK;
        self.mac.update(bytes.get(..whole).unwrap_or_default());
        self.rest = bytes.len() - whole;
        bytes.copy_within(whole.., 0);
        if let Some(line) = bytes.get_mut(self.rest..) {
            line.zeroize();
        }
        bytes.truncate(self.rest);
        // Lines are ASCII.
        let rest = String::from_utf8(std::mem::take(&mut *bytes)).map_err(|_| StoreError::Vault)?;
        *self.line = rest;
        Ok(())
    }
}

/// Reads the lines; nothing is returned unless the MAC is right.
///
/// # Errors
/// [`OpenError::Forged`] if the MAC is wrong or missing, [`OpenError::Damaged`] with the line
/// that doesn't follow the grammar, [`OpenError::TooNew`], [`OpenError::Unreadable`].
pub fn read(input: impl Read, mac_key: &[u8], arena: &mut Arena) -> Result<Document, OpenError> {
    let mut input = Input::new(input, mac(mac_key));
    let mut body = Body::new(arena);
    // The first mistake. The MAC is read before it is told, so that a forgery is called one.
    let mut mistake = None;
    while let Some((line, number)) = input.line()? {
        if let Some(tag) = line.strip_prefix(b"# mac ") {
            let tag = unhex::<32>(tag).ok_or(OpenError::Forged)?;
            input.verify(&tag)?;
            if input.line()?.is_some() {
                return Err(damaged(number + 1));
            }
            return match mistake {
                None => body.finish(),
                Some(line) => Err(damaged(line)),
            };
        }
        if mistake.is_none() && body.line(line, number)?.is_none() {
            mistake = Some(number);
        }
    }
    Err(OpenError::Forged)
}

pub(super) fn damaged(line: u32) -> OpenError {
    OpenError::Damaged {
        file: VAULT,
        line: Some(line),
    }
}

/// What was read so far.
struct Body<'a> {
    reader: Reader<'a>,
    document: Option<Document>,
    /// Every id with its line.
    ids: Vec<(EntryId, u32)>,
}

impl<'a> Body<'a> {
    fn new(arena: &'a mut Arena) -> Self {
        Self {
            reader: Reader::new(arena),
            document: None,
            ids: Vec::new(),
        }
    }

    /// Takes a line in; `None` if it isn't one of ours.
    fn line(&mut self, line: &[u8], number: u32) -> Result<Option<()>, OpenError> {
        let Ok(line) = std::str::from_utf8(line) else {
            return Ok(None);
        };
        if self.document.is_none() {
            self.document = header(line)?;
            return Ok(self.document.as_ref().map(|_| ()));
        }
        Ok(match line.strip_prefix("# ") {
            Some(line) => self.comment(line, number),
            None => self.entry(line, number, None),
        })
    }

    /// Takes in a living entry, or one in the trash.
    fn entry(&mut self, line: &str, number: u32, trash: Option<Trash>) -> Option<()> {
        let mut entry = self.reader.entry(line)?;
        entry.trash = trash;
        self.ids.push((entry.id, number));
        let document = self.document.as_mut()?;
        let entries = match trash {
            Some(_) => &mut document.trash,
            None => &mut document.entries,
        };
        entries.push(Arc::new(entry));
        Some(())
    }

    /// Takes in a `#` line.
    fn comment(&mut self, line: &str, at: u32) -> Option<()> {
        let document = self.document.as_mut()?;
        let (word, rest) = line.split_once(' ')?;
        let (first, rest) = rest.split_once(' ')?;
        match word {
            "trash" => {
                let (since, uri) = rest.split_once(' ')?;
                let trash = Trash {
                    number: number(first)?.try_into().ok()?,
                    since: number(since)?,
                };
                return self.entry(uri, at, Some(trash));
            }
            "tomb" => document
                .tombs
                .push((first.parse().ok()?, read_stamp(rest)?)),
            "hotp" => {
                let (fingerprint, next) = (unhex(first.as_bytes())?, number(rest)?);
                if document.counters.insert(fingerprint, next).is_some() {
                    return None;
                }
            }
            "source" => {
                let source = Source::read(first, rest, self.reader.arena())?;
                let mut sources = document.sources.iter();
                if sources.len() >= MAX_SOURCES || sources.any(|other| other.name == source.name) {
                    return None;
                }
                document.sources.push(Arc::new(source));
            }
            _ => return None,
        }
        Some(())
    }

    fn finish(mut self) -> Result<Document, OpenError> {
        self.ids.sort_unstable();
        let twice = self.ids.windows(2).find_map(|pair| match pair {
            [(first, _), (second, line)] => (first == second).then_some(*line),
            _ => None,
        });
        if let Some(line) = twice {
            return Err(damaged(line));
        }
        let mut document = self.document.ok_or_else(|| damaged(1))?;
        document.entries.shrink_to_fit();
        document.trash.shrink_to_fit();
        Ok(document)
    }
}

/// Reads the first line.
fn header(line: &str) -> Result<Option<Document>, OpenError> {
    let Some((version, rest)) = line
        .strip_prefix("# otpd vault ")
        .and_then(|rest| rest.split_once(' '))
    else {
        return Ok(None);
    };
    match number(version) {
        Some(VERSION) => {}
        Some(newer) => return Err(OpenError::TooNew(newer)),
        None => return Ok(None),
    }
    Ok(
        device_and_generation(rest).map(|(device, generation)| Document {
            device,
            generation,
            entries: Vec::new(),
            trash: Vec::new(),
            tombs: Vec::new(),
            counters: BTreeMap::new(),
            sources: Vec::new(),
        }),
    )
}

fn device_and_generation(rest: &str) -> Option<(EntryId, u64)> {
    let (device, generation) = rest.strip_prefix("device=")?.split_once(" generation=")?;
    Some((device.parse().ok()?, number(generation)?))
}

/// Reads exactly so many bytes of lower-case hexadecimal digits.
pub(super) fn unhex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    if digits.len() != N * 2 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let &[high, low] = pair else { return None };
        *byte = value(high)? << 4 | value(low)?;
    }
    Some(bytes)
}
