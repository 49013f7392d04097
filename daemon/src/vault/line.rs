//! One entry as one line: the canonical URI with otpd's own parameters last.
//!
//! Reading accepts what printing makes and nothing else: a stranger's URI is `otp_proto`'s
//! business. It is strict so that it can be quick: keys go straight into the arena.

use std::fmt::Write as _;

use otp_proto::{
    Algorithm, Digits, EntryId, Kind, MAX_KEY, MAX_LABEL, Period, RecoveryCodes, UriParts,
    print_uri_to,
};
use zeroize::{Zeroize as _, Zeroizing};

use super::{Entry, More, Stamp};
use crate::platform::arena::Arena;

/// `&x-otpd-id=`, `&x-otpd-created=`, `&x-otpd-stamp=` with their values, at most.
const OWN: usize = 128;

/// Returns an entry's parts for the printer.
pub(super) fn parts<'a>(entry: &'a Entry, arena: &'a Arena) -> UriParts<'a> {
    let more = entry.more.as_deref();
    UriParts {
        issuer: &entry.issuer,
        account: &entry.account,
        kind: entry.kind,
        algorithm: entry.algorithm,
        digits: entry.digits,
        key: arena.key(entry.key),
        tags: more.map_or(&[], |more| &more.tags),
        note: more.map_or("", |more| &more.note),
        recovery: entry.codes().map_or(&[], |codes| arena.key(codes)),
        extra: more.map_or(&[], |more| &more.extra),
    }
}

/// Returns a length in bytes that a printed entry doesn't exceed.
pub(super) fn longest(entry: &Entry, arena: &Arena) -> usize {
    parts(entry, arena).longest() + OWN
}

/// Appends an entry's line, without its end; [`longest`] must fit in `out`.
pub(super) fn print(entry: &Entry, arena: &Arena, out: &mut String) {
    print_uri_to(parts(entry, arena), out);
    // Writing into a String can't fail.
    let _ = write!(
        out,
        "&x-otpd-id={}&x-otpd-created={}&x-otpd-stamp={}.{}",
        entry.id, entry.created, entry.stamp.lamport, entry.stamp.device
    );
}

/// Reads lines into an arena.
pub(super) struct Reader<'a> {
    arena: &'a mut Arena,
    key: Zeroizing<[u8; MAX_KEY]>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(arena: &'a mut Arena) -> Self {
        Self {
            arena,
            key: Zeroizing::new([0; MAX_KEY]),
        }
    }

    /// Lends the arena, for lines of another kind.
    pub(super) fn arena(&mut self) -> &mut Arena {
        self.arena
    }

    /// Reads an entry's line. `None` is all there is to say: the caller knows the line's number,
    /// and no text may quote it.
    pub(super) fn entry(&mut self, line: &str) -> Option<Entry> {
        let (host, rest) = split(strip(line, b"otpauth://")?, b'/')?;
        let (label, query) = split(rest, b'?')?;
        let (query, stamp) = last(query, b"&x-otpd-stamp=")?;
        let (query, created) = last(query, b"&x-otpd-created=")?;
        let (query, id) = last(query, b"&x-otpd-id=")?;
        let mut query = Query(Some(query));

        let length = decode_key(query.take(b"secret=")?, &mut self.key)?;
        let issuer = query.take(b"issuer=");
        let algorithm = match query.take(b"algorithm=")? {
            "SHA1" => Algorithm::Sha1,
            "SHA256" => Algorithm::Sha256,
            "SHA512" => Algorithm::Sha512,
            _ => return None,
        };
        let digits = Digits::new(number(query.take(b"digits=")?)?.try_into().ok()?).ok()?;
        let kind = if host == "hotp" {
            Kind::Hotp(number(query.take(b"counter=")?)?)
        } else {
            let period = number(query.take(b"period=")?)?.try_into().ok()?;
            let period = Period::new(period).ok()?;
            match host {
                "totp" => Kind::Totp(period),
                "steam" => Kind::Steam(period),
                "yaotp" => Kind::Yandex(period),
                "motp" => Kind::Motp(period),
                _ => return None,
            }
        };
        let (issuer, account) = names(label, issuer)?;
        let mut more = None;
        query.more(self.arena, &mut more)?;
        let (id, created, stamp) = (id.parse().ok()?, number(created)?, read_stamp(stamp)?);
        let key = self.key.get_mut(..length)?;
        let slot = self.arena.put(key);
        key.zeroize();
        Some(Entry {
            id,
            issuer,
            account,
            kind,
            algorithm,
            digits,
            key: slot,
            created,
            stamp,
            more,
            trash: None,
        })
    }
}

/// The parameters not read yet.
pub(super) struct Query<'a>(pub(super) Option<&'a str>);

impl<'a> Query<'a> {
    /// Takes the next parameter's value, if it has this name (given with its `=`).
    pub(super) fn take<const N: usize>(&mut self, name: &[u8; N]) -> Option<&'a str> {
        let (value, rest) = split_pair(strip(self.0?, name)?);
        self.0 = rest;
        Some(value)
    }

    /// Reads tags, note, recovery codes and unknown parameters to the end; most entries have none.
    fn more(&mut self, arena: &mut Arena, found: &mut Option<Box<More>>) -> Option<()> {
        if self.0.is_none() {
            return Some(());
        }
        let mut more = More::default();
        while let Some(tag) = self.take(b"x-otpd-tag=") {
            more.tags.push(label(tag)?.into());
        }
        if let Some(note) = self.take(b"x-otpd-note=") {
            more.note = label(note)?.into();
        }
        let mut codes = RecoveryCodes::default();
        loop {
            let (code, is_used) = if let Some(code) = self.take(b"x-otpd-recovery=") {
                (code, false)
            } else if let Some(code) = self.take(b"x-otpd-recovery-used=") {
                (code, true)
            } else {
                break;
            };
            // Twice the same isn't what printing makes.
            if !codes.push(&text(code)?, is_used).ok()? {
                return None;
            }
        }
        if !codes.is_empty() {
            more.codes = Some(arena.put(codes.expose()));
        }
        while let Some(rest) = self.0 {
            let (pair, rest) = split_pair(rest);
            let (name, value) = pair.split_once('=')?;
            more.extra.push((text(name)?.into(), text(value)?.into()));
            self.0 = rest;
        }
        *found = (more != More::default()).then(|| Box::new(more));
        Some(())
    }
}

/// Takes a prefix off. Its length is known to the compiler, which then compares whole words.
fn strip<'a, const N: usize>(text: &'a str, prefix: &[u8; N]) -> Option<&'a str> {
    let is_there = text.as_bytes().first_chunk() == Some(prefix);
    is_there.then(|| text.get(N..)).flatten()
}

/// Splits a text at the first of an ASCII character. What is split here is short: a plain loop
/// finds the end sooner than a search made for long texts.
fn split(text: &str, at: u8) -> Option<(&str, &str)> {
    let end = text.bytes().position(|byte| byte == at)?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

/// Takes the last parameter off, which must have this name (given with its `&` and `=`).
fn last<'a, const N: usize>(query: &'a str, name: &[u8; N]) -> Option<(&'a str, &'a str)> {
    let at = query.bytes().rposition(|byte| byte == b'&')?;
    let (query, pair) = query.split_at_checked(at)?;
    Some((query, strip(pair, name)?))
}

fn split_pair(query: &str) -> (&str, Option<&str>) {
    split(query, b'&').map_or((query, None), |(value, rest)| (value, Some(rest)))
}

/// Reads issuer and account; the parameter is the issuer, the label's prefix repeats it.
fn names(whole: &str, issuer: Option<&str>) -> Option<(Box<str>, Box<str>)> {
    let (prefix, account) = split(whole, b':').unwrap_or(("", whole));
    let issuer = issuer.unwrap_or_default();
    if !prefix.is_empty() && prefix != issuer {
        return None;
    }
    Some((label(issuer)?, label(account)?))
}

/// Reads a text of bounded length.
fn label(raw: &str) -> Option<Box<str>> {
    text(raw).filter(|text| text.len() <= MAX_LABEL)
}

/// Reads a percent-encoded text; every byte outside the unreserved set must be encoded.
pub(super) fn text(raw: &str) -> Option<Box<str>> {
    let mut escapes = 0;
    for byte in raw.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {}
            b'%' => escapes += 1,
            _ => return None,
        }
    }
    if escapes == 0 {
        return Some(raw.into());
    }
    let mut bytes = Vec::with_capacity(raw.len().checked_sub(escapes * 2)?);
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok().map(String::into_boxed_str)
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Decodes base32 as the printer writes it, and returns the number of bytes.
fn decode_key(text: &str, key: &mut [u8; MAX_KEY]) -> Option<usize> {
    let mut length = 0;
    // Eight letters are five bytes.
    for letters in text.as_bytes().chunks(8) {
        let (mut bits, mut is_right) = (0_u64, true);
        for &letter in letters {
            let value = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'2'..=b'7' => letter - b'2' + 26,
                _ => u8::MAX,
            };
            is_right &= value != u8::MAX;
            bits = bits << 5 | u64::from(value);
        }
        let (bytes, spare) = (letters.len() * 5 / 8, letters.len() * 5 % 8);
        // What doesn't fill a byte is padding: less than a letter of it, and zero.
        if !is_right || spare >= 5 || bits & ((1 << spare) - 1) != 0 {
            return None;
        }
        let decoded = (bits >> spare).to_be_bytes();
        let decoded = decoded.get(decoded.len() - bytes..)?;
        key.get_mut(length..length + bytes)?
            .copy_from_slice(decoded);
        length += bytes;
    }
    (length > 0).then_some(length)
}

/// Reads `<lamport>.<device>`.
pub(super) fn read_stamp(text: &str) -> Option<Stamp> {
    let (lamport, device) = split(text, b'.')?;
    Some(Stamp {
        lamport: number(lamport)?,
        device: device.parse::<EntryId>().ok()?,
    })
}

/// Reads a number without sign and leading zeros.
pub(super) fn number(text: &str) -> Option<u64> {
    if text.is_empty() || text.len() > 1 && text.starts_with('0') {
        return None;
    }
    text.bytes().try_fold(0_u64, |value, digit| {
        let digit = digit.wrapping_sub(b'0');
        let value = (digit < 10).then(|| value.checked_mul(10)).flatten();
        value?.checked_add(digit.into())
    })
}
