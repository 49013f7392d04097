//! `otpauth://`, `steam://` and `motp://` URIs to entries, pure and bounded; `print` is the way
//! back.
//!
//! The Key URI format has no standard; the rules here follow what exports of other
//! authenticators and the QR codes of real services contain:
//! - scheme, type and parameter names in any case; raw blanks, UTF-8 and `#` are taken as text;
//! - `+` is a blank in the query and a plus in the label;
//! - the `issuer` parameter wins over the label's prefix, which is kept as `x-otpd-prefix`;
//! - of a parameter given twice the first counts, but two different secrets are refused;
//! - a missing counter is 0, missing digits are 6 (Steam: 5), a missing period is 30 (mOTP: 10).

use std::fmt;

use zeroize::Zeroizing;

use crate::entry::{Algorithm, Digits, EntryError, Kind, MAX_KEY, MAX_LABEL, NewEntry, Period};
use crate::print::{RECOVERY, RECOVERY_USED};
use crate::{Key, RecoveryCodeError, RecoveryCodes, base32, clean_label, percent};

/// Longest URI in bytes.
pub const MAX_URI: usize = 8 * 1024;

/// Why a text isn't a key; never quotes the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UriError {
    /// Longer than [`MAX_URI`].
    TooLong,
    /// Not an `otpauth://`, `steam://` or `motp://` URI.
    Scheme,
    /// An `otpauth://` type that isn't known.
    Type,
    /// No `secret` parameter, or an empty one.
    NoSecret,
    /// Two `secret` parameters that differ.
    TwoSecrets,
    /// A character outside base32 at this place (counted from 1).
    Base32(usize),
    /// A key longer than 1024 bytes.
    KeyLength,
    /// An issuer, account, tag or note longer than 1024 bytes.
    LabelLength,
    /// A recovery code that isn't acceptable, or too many of them.
    Recovery(RecoveryCodeError),
    /// A counter that isn't a whole number from 0 to 2^64 - 1.
    Counter,
    /// Digits, period or algorithm out of range.
    Value(EntryError),
}

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "longer than {MAX_URI} bytes"),
            Self::Scheme => f.write_str("not an otpauth:// URI"),
            Self::Type => f.write_str("unknown type (totp, hotp and steam are known)"),
            Self::NoSecret => f.write_str("no secret in it"),
            Self::TwoSecrets => f.write_str("two different secrets in it"),
            Self::Base32(place) => write!(
                f,
                "character {place} of the secret is not base32 (A-Z and 2-7; there is no 0, 1, 8 or 9)"
            ),
            Self::KeyLength => write!(f, "the secret is longer than {MAX_KEY} bytes"),
            Self::LabelLength => write!(f, "a name in it is longer than {MAX_LABEL} bytes"),
            Self::Recovery(error) => error.fmt(f),
            Self::Counter => f.write_str("the counter is not a number from 0 up"),
            Self::Value(error) => error.fmt(f),
        }
    }
}
impl std::error::Error for UriError {}

impl From<RecoveryCodeError> for UriError {
    fn from(error: RecoveryCodeError) -> Self {
        Self::Recovery(error)
    }
}

impl From<EntryError> for UriError {
    fn from(error: EntryError) -> Self {
        Self::Value(error)
    }
}

/// Reads what a person pastes: a URI, or a bare base32 key for a TOTP entry without names.
///
/// # Errors
/// [`UriError`], which never quotes the text.
pub fn parse_text(text: &str) -> Result<NewEntry, UriError> {
    let text = text.trim();
    if text.contains("://") || text.len() > MAX_URI || text.contains(':') {
        return parse_uri(text);
    }
    Ok(NewEntry {
        issuer: String::new(),
        account: String::new(),
        kind: Kind::Totp(Period::THIRTY),
        algorithm: Algorithm::Sha1,
        digits: Digits::SIX,
        key: parse_key(text)?,
        tags: Vec::new(),
        note: String::new(),
        recovery: RecoveryCodes::default(),
        extra: Vec::new(),
    })
}

/// Reads a base32 key with blanks, dashes, padding and any case.
///
/// # Errors
/// [`UriError`] for foreign characters, no bytes, or more than [`MAX_KEY`].
pub fn parse_key(text: &str) -> Result<Key, UriError> {
    let bytes = base32::decode(text).map_err(|place| UriError::Base32(place + 1))?;
    match bytes.len() {
        0 => Err(UriError::NoSecret),
        length if length > MAX_KEY => Err(UriError::KeyLength),
        _ => Ok(Key::from(bytes)),
    }
}

/// Reads one URI.
///
/// # Errors
/// [`UriError`], which never quotes the URI.
pub fn parse_uri(uri: &str) -> Result<NewEntry, UriError> {
    if uri.len() > MAX_URI {
        return Err(UriError::TooLong);
    }
    let (scheme, rest) = uri.split_once("://").ok_or(UriError::Scheme)?;
    if scheme.eq_ignore_ascii_case("otpauth") {
        let (host, rest) = match rest.find(['/', '?']) {
            Some(end) => rest.split_at(end),
            None => (rest, ""),
        };
        let (label, query) = rest.split_once('?').unwrap_or((rest, ""));
        let label = label.strip_prefix('/').unwrap_or(label);
        otpauth(host, label, query, parse_key)
    } else if scheme.eq_ignore_ascii_case("steam") {
        let secret = percent::decode(rest.trim_end_matches('/'), false);
        Ok(NewEntry {
            issuer: "Steam".into(),
            account: String::new(),
            kind: Kind::Steam(Period::THIRTY),
            algorithm: Algorithm::Sha1,
            digits: Digits::FIVE,
            key: parse_key(&secret)?,
            tags: Vec::new(),
            note: String::new(),
            recovery: RecoveryCodes::default(),
            extra: Vec::new(),
        })
    } else if scheme.eq_ignore_ascii_case("motp") {
        let (label, query) = rest.split_once('?').unwrap_or((rest, ""));
        otpauth("motp", label, query, hexadecimal)
    } else {
        Err(UriError::Scheme)
    }
}

/// The key of `motp://`: the text of the hexadecimal digits, not the bytes they name.
fn hexadecimal(text: &str) -> Result<Key, UriError> {
    let key = Key::new(text.trim().to_ascii_lowercase().into_bytes());
    match key.len() {
        0 => Err(UriError::NoSecret),
        length if length > MAX_KEY => Err(UriError::KeyLength),
        _ => Ok(key),
    }
}

/// The parameters of a query, decoded, the known ones taken out.
#[derive(Default)]
struct Parameters {
    secret: Option<Zeroizing<String>>,
    issuer: Option<String>,
    algorithm: Option<String>,
    digits: Option<String>,
    period: Option<String>,
    counter: Option<String>,
    is_steam: bool,
    tags: Vec<String>,
    note: Option<String>,
    recovery: RecoveryCodes,
    extra: Vec<(String, String)>,
}

impl Parameters {
    fn read(query: &str) -> Result<Self, UriError> {
        let mut all = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, raw) = pair.split_once('=').unwrap_or((pair, ""));
            let name = percent::decode(name, true).to_ascii_lowercase();
            // Old Ente exports glue two parameters together: `issuer=Acmeperiod=30`.
            let raw = match raw.split_once("period=") {
                Some((issuer, seconds)) if name == "issuer" => {
                    first(&mut all.period, seconds);
                    issuer
                }
                _ => raw,
            };
            let value = percent::decode(raw, true);
            match name.as_str() {
                "secret" => match &all.secret {
                    Some(first) if **first != *value => return Err(UriError::TwoSecrets),
                    _ => all.secret = Some(value),
                },
                "issuer" => first(&mut all.issuer, &value),
                "algorithm" => first(&mut all.algorithm, &value),
                "digits" => first(&mut all.digits, &value),
                "period" => first(&mut all.period, &value),
                "counter" => first(&mut all.counter, &value),
                "steam" => all.is_steam = true,
                "encoder" if value.eq_ignore_ascii_case("steam") => all.is_steam = true,
                "x-otpd-tag" => all.tags.push(label(&value)?),
                "x-otpd-note" => all.note = Some(label(&value)?),
                RECOVERY | RECOVERY_USED => {
                    all.recovery.push(&value, name == RECOVERY_USED)?;
                }
                _ => all.extra.push((name, value.to_string())),
            }
        }
        Ok(all)
    }
}

/// Keeps a parameter's first value.
fn first(kept: &mut Option<String>, value: &str) {
    if kept.is_none() {
        *kept = Some(value.to_owned());
    }
}

fn otpauth(
    host: &str,
    raw_label: &str,
    query: &str,
    key: fn(&str) -> Result<Key, UriError>,
) -> Result<NewEntry, UriError> {
    let parameters = Parameters::read(query)?;
    let (issuer, account, prefix) = names(raw_label, parameters.issuer.as_deref())?;
    let is_time = host.eq_ignore_ascii_case("totp");
    let says_five = parameters
        .digits
        .as_deref()
        .is_none_or(|digits| digits.trim() == "5");
    let is_steam = host.eq_ignore_ascii_case("steam")
        || is_time && (parameters.is_steam || issuer == "Steam" && says_five);
    let is_motp = host.eq_ignore_ascii_case("motp");
    let period = match &parameters.period {
        Some(text) => Period::new(text.trim().parse().map_err(|_| EntryError::Period)?)?,
        None if is_motp => Period::TEN,
        None => Period::THIRTY,
    };
    let kind = if is_steam {
        Kind::Steam(period)
    } else if is_time {
        Kind::Totp(period)
    } else if host.eq_ignore_ascii_case("hotp") {
        let counter = parameters.counter.as_deref().unwrap_or("0");
        Kind::Hotp(counter.trim().parse().map_err(|_| UriError::Counter)?)
    } else if host.eq_ignore_ascii_case("yaotp") {
        Kind::Yandex(period)
    } else if is_motp {
        Kind::Motp(period)
    } else {
        return Err(UriError::Type);
    };
    let digits = match (&parameters.digits, kind) {
        (_, Kind::Steam(_)) => Digits::FIVE,
        (Some(text), _) => Digits::new(text.trim().parse().map_err(|_| EntryError::Digits)?)?,
        (None, Kind::Yandex(_)) => Digits::new(8)?,
        (None, _) => Digits::SIX,
    };
    let secret = parameters.secret.ok_or(UriError::NoSecret)?;
    let key = key(&secret)?;
    let mut extra = parameters.extra;
    if let Some(prefix) = prefix {
        extra.retain(|(name, _)| name != "x-otpd-prefix");
        extra.push(("x-otpd-prefix".into(), prefix));
    }
    Ok(NewEntry {
        issuer,
        account,
        kind,
        algorithm: parameters
            .algorithm
            .as_deref()
            .map_or(Ok(Algorithm::Sha1), str::parse)?,
        digits,
        key,
        tags: parameters.tags,
        note: parameters.note.unwrap_or_default(),
        recovery: parameters.recovery,
        extra,
    })
}

/// Splits a label into issuer, account and a prefix that the issuer parameter overruled.
fn names(raw: &str, parameter: Option<&str>) -> Result<(String, String, Option<String>), UriError> {
    let whole = percent::decode(raw, false);
    let parameter = parameter
        .map(label)
        .transpose()?
        .filter(|issuer| !issuer.is_empty());
    if let Some(issuer) = &parameter {
        // An issuer may hold colons itself, so it is looked for before the label is split.
        let clean = clean_label(&whole);
        let account = clean
            .strip_prefix(issuer.as_str())
            .and_then(|rest| rest.strip_prefix(':'));
        if let Some(account) = account {
            return Ok((issuer.clone(), label(account)?, None));
        }
    }
    let (prefix, account) = match whole.split_once(':') {
        Some((prefix, account)) => (label(prefix)?, label(account)?),
        None => (String::new(), label(&whole)?),
    };
    Ok(match parameter {
        None => (prefix, account, None),
        Some(issuer) => {
            let prefix = Some(prefix).filter(|prefix| !prefix.is_empty() && *prefix != issuer);
            (issuer, account, prefix)
        }
    })
}

fn label(text: &str) -> Result<String, UriError> {
    let clean = clean_label(text);
    if clean.len() > MAX_LABEL {
        Err(UriError::LabelLength)
    } else {
        Ok(clean)
    }
}

#[cfg(test)]
#[path = "otpauth_tests.rs"]
mod tests;
