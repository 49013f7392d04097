//! One entry as one line: the canonical URI with otpd's own parameters last.
//!
//! Reading accepts what printing makes and nothing else: a stranger's URI is `otp_proto`'s
//! business. It is strict so that it can be quick: keys go straight into the arena.

use std::fmt::Write as _;

use otp_proto::{
    Algorithm, Digits, EntryId, Kind, MAX_KEY, MAX_LABEL, Period, UriParts, print_uri_to,
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

    /// Reads an entry's line. `None` is all there is to say: the caller knows the line's number,
    /// and no text may quote it.
    pub(super) fn entry(&mut self, line: &str) -> Option<Entry> {
        let (host, rest) = line.strip_prefix("otpauth://")?.split_once('/')?;
        let (label, query) = rest.split_once('?')?;
        let (query, stamp) = last(query, "x-otpd-stamp=")?;
        let (query, created) = last(query, "x-otpd-created=")?;
        let (query, id) = last(query, "x-otpd-id=")?;
        let mut query = Query(Some(query));

        let length = decode_key(query.take("secret")?, &mut self.key)?;
        let issuer = query.take("issuer");
        let algorithm = match query.take("algorithm")? {
            "SHA1" => Algorithm::Sha1,
            "SHA256" => Algorithm::Sha256,
            "SHA512" => Algorithm::Sha512,
            _ => return None,
        };
        let digits = Digits::new(number(query.take("digits")?)?.try_into().ok()?).ok()?;
        let kind = if host == "hotp" {
            Kind::Hotp(number(query.take("counter")?)?)
        } else {
            let period = number(query.take("period")?)?.try_into().ok()?;
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
        let more = query.more()?;
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
            more: (more != More::default()).then(|| Box::new(more)),
            trash: None,
        })
    }
}

/// The parameters not read yet.
struct Query<'a>(Option<&'a str>);

impl<'a> Query<'a> {
    /// Takes the next parameter's value, if it has this name.
    fn take(&mut self, name: &str) -> Option<&'a str> {
        let rest = self.0?.strip_prefix(name)?.strip_prefix('=')?;
        let (value, rest) = split_pair(rest);
        self.0 = rest;
        Some(value)
    }

    /// Reads tags, note and unknown parameters to the end.
    fn more(&mut self) -> Option<More> {
        let mut more = More::default();
        while let Some(tag) = self.take("x-otpd-tag") {
            more.tags.push(label(tag)?.into());
        }
        if let Some(note) = self.take("x-otpd-note") {
            more.note = label(note)?.into();
        }
        while let Some(rest) = self.0 {
            let (pair, rest) = split_pair(rest);
            let (name, value) = pair.split_once('=')?;
            more.extra.push((text(name)?.into(), text(value)?.into()));
            self.0 = rest;
        }
        Some(more)
    }
}

/// Takes the last parameter off, which must have this name.
fn last<'a>(query: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let at = query.bytes().rposition(|byte| byte == b'&')?;
    let (query, pair) = query.split_at_checked(at)?;
    Some((query, pair.get(1..)?.strip_prefix(name)?))
}

fn split_pair(query: &str) -> (&str, Option<&str>) {
    // Values are short: a plain loop finds the end sooner than a search made for long texts.
    let end = query.bytes().position(|byte| byte == b'&');
    match end.and_then(|end| Some((query.get(..end)?, query.get(end + 1..)?))) {
        Some((value, rest)) => (value, Some(rest)),
        None => (query, None),
    }
}

/// Reads issuer and account; the parameter is the issuer, the label's prefix repeats it.
fn names(whole: &str, issuer: Option<&str>) -> Option<(Box<str>, Box<str>)> {
    let (prefix, account) = match whole.split_once(':') {
        Some((prefix, account)) => (prefix, account),
        None => ("", whole),
    };
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
fn text(raw: &str) -> Option<Box<str>> {
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
    let mut parts = raw.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let (&[high, low], rest) = part.as_bytes().split_first_chunk::<2>()?;
        bytes.push(hex(high)? << 4 | hex(low)?);
        bytes.extend_from_slice(rest);
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
    let (mut bits, mut count, mut length) = (0_u32, 0_u32, 0_usize);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        bits = (bits << 5 | u32::from(value)) & 0xfff;
        count += 5;
        if count >= 8 {
            count -= 8;
            *key.get_mut(length)? = u8::try_from(bits >> count & 0xff).ok()?;
            length += 1;
        }
    }
    // What doesn't fill a byte is padding: less than a letter of it, and zero.
    (length > 0 && count < 5 && bits & ((1 << count) - 1) == 0).then_some(length)
}

/// Reads `<lamport>.<device>`.
pub(super) fn read_stamp(text: &str) -> Option<Stamp> {
    let (lamport, device) = text.split_once('.')?;
    Some(Stamp {
        lamport: number(lamport)?,
        device: device.parse::<EntryId>().ok()?,
    })
}

/// Reads a number without sign and leading zeros.
pub(super) fn number(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_shortest = text == "0" || !text.starts_with('0');
    (is_plain && is_shortest)
        .then(|| text.parse().ok())
        .flatten()
}
