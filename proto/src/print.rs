//! Entries to canonical `otpauth://` URIs, which [`parse_uri`](crate::parse_uri) reads back.

use std::fmt::Write as _;

use zeroize::Zeroize as _;

use crate::entry::{Algorithm, Digits, Kind, NewEntry};
use crate::{Secret, base32, percent, recovery_codes};

/// The parameters of recovery codes.
pub(crate) const RECOVERY: &str = "x-otpd-recovery";
pub(crate) const RECOVERY_USED: &str = "x-otpd-recovery-used";

/// What a URI is printed from, borrowed from wherever it is kept; the fields of [`NewEntry`].
#[derive(Clone, Copy)]
#[expect(missing_docs, reason = "NewEntry carries their texts")]
pub struct UriParts<'a> {
    pub issuer: &'a str,
    pub account: &'a str,
    pub kind: Kind,
    pub algorithm: Algorithm,
    pub digits: Digits,
    pub key: &'a [u8],
    pub tags: &'a [String],
    pub note: &'a str,
    /// The lines that [`crate::RecoveryCodes`] lends.
    pub recovery: &'a [u8],
    pub extra: &'a [(String, String)],
}

impl<'a> From<&'a NewEntry> for UriParts<'a> {
    fn from(entry: &'a NewEntry) -> Self {
        Self {
            issuer: &entry.issuer,
            account: &entry.account,
            kind: entry.kind,
            algorithm: entry.algorithm,
            digits: entry.digits,
            key: entry.key.expose(),
            tags: &entry.tags,
            note: &entry.note,
            recovery: entry.recovery.expose(),
            extra: &entry.extra,
        }
    }
}

impl UriParts<'_> {
    /// Returns a length in bytes that the printed URI doesn't exceed.
    pub fn longest(&self) -> usize {
        let pair = |value: &str| "&x-otpd-note=".len() + value.len() * 3;
        let tags: usize = self.tags.iter().map(|tag| pair(tag)).sum();
        let extra = |(name, value): &(String, String)| 2 + name.len() * 3 + value.len() * 3;
        let recovery = recovery_codes(self.recovery);
        let recovery = recovery.map(|(code, _)| "&x-otpd-recovery-used=".len() + code.len() * 3);
        // 256 covers scheme, parameter names and numbers.
        256 + self.issuer.len() * 6
            + self.account.len() * 3
            + self.key.len() * 2
            + tags
            + pair(self.note)
            + recovery.sum::<usize>()
            + self.extra.iter().map(extra).sum::<usize>()
    }
}

/// Prints the canonical URI: every byte outside RFC 3986 unreserved encoded, all parameters
/// written out, tags, note and recovery codes as `x-otpd-*`, unknown parameters last in their order.
pub fn print_uri(entry: &NewEntry) -> Secret {
    let parts = UriParts::from(entry);
    let mut out = String::with_capacity(parts.longest());
    print_uri_to(parts, &mut out);
    let uri = Secret::copy_of(&out);
    out.zeroize();
    uri
}

/// Appends the canonical URI as [`print_uri`] makes it. The caller wipes `out`, and reserves
/// [`UriParts::longest`] in it, so that growing leaves no copy behind.
pub fn print_uri_to(entry: UriParts<'_>, out: &mut String) {
    let host = match entry.kind {
        Kind::Totp(_) => "totp",
        Kind::Hotp(_) => "hotp",
        Kind::Steam(_) => "steam",
        Kind::Yandex(_) => "yaotp",
        Kind::Motp(_) => "motp",
    };
    out.push_str("otpauth://");
    out.push_str(host);
    out.push('/');
    // An issuer with a colon would be split at the wrong place; the parameter alone carries it.
    if !entry.issuer.is_empty() && !entry.issuer.contains(':') {
        percent::encode(entry.issuer, out);
        out.push(':');
    } else if entry.account.contains(':') {
        out.push(':');
    }
    percent::encode(entry.account, out);
    out.push_str("?secret=");
    base32::encode(entry.key, out);
    if !entry.issuer.is_empty() {
        pair("issuer", entry.issuer, out);
    }
    // Writing into a String can't fail.
    let _ = write!(
        out,
        "&algorithm={}&digits={}",
        entry.algorithm.name(),
        entry.digits.value()
    );
    let _ = match entry.kind {
        Kind::Hotp(counter) => write!(out, "&counter={counter}"),
        Kind::Totp(period) | Kind::Steam(period) | Kind::Yandex(period) | Kind::Motp(period) => {
            write!(out, "&period={}", period.seconds())
        }
    };
    for tag in entry.tags {
        pair("x-otpd-tag", tag, out);
    }
    if !entry.note.is_empty() {
        pair("x-otpd-note", entry.note, out);
    }
    for (code, is_used) in recovery_codes(entry.recovery) {
        let name = if is_used { RECOVERY_USED } else { RECOVERY };
        pair(name, code, out);
    }
    for (name, value) in entry.extra {
        let mut encoded = String::new();
        percent::encode(name, &mut encoded);
        pair(&encoded, value, out);
    }
}

/// Appends a parameter whose name is encoded already.
fn pair(name: &str, value: &str, out: &mut String) {
    out.push('&');
    out.push_str(name);
    out.push('=');
    percent::encode(value, out);
}
