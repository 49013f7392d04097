//! `otpauth-migration://`, the export of Google Authenticator: protobuf in base64 in a URI.
//!
//! Versions 1 and 2 differ in what they leave out: version 2 has no batch id. The period isn't
//! carried; it is always 30 seconds.

use otp_proto::{
    Algorithm, Digits, Key, Kind, MAX_KEY, MAX_LABEL, NewEntry, Period, RecoveryCodes, clean_label,
    percent_decode, print_uri,
};
use prost::Message as _;
use zeroize::Zeroize as _;

use super::{base64, payload};
use crate::finding::{Batch, Finding};

/// Longest URI in bytes: ten thousand entries; a picture holds at most ten.
const MAX_MIGRATION: usize = 1024 * 1024;

/// The whole message. Numbers stay as they are on the wire, so that an unknown one is refused
/// by its number instead of being taken for a default.
#[derive(prost::Message)]
#[prost(skip_debug)]
struct Payload {
    #[prost(message, repeated, tag = "1")]
    entries: Vec<Parameters>,
    #[prost(int32, tag = "2")]
    version: i32,
    #[prost(int32, tag = "3")]
    batch_size: i32,
    #[prost(int32, tag = "4")]
    batch_index: i32,
    #[prost(int32, optional, tag = "5")]
    batch_id: Option<i32>,
}

/// One entry; names as bytes, since one name in another script mustn't spoil the rest.
#[derive(prost::Message)]
#[prost(skip_debug)]
struct Parameters {
    #[prost(bytes = "vec", tag = "1")]
    secret: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    name: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    issuer: Vec<u8>,
    #[prost(int32, tag = "4")]
    algorithm: i32,
    #[prost(int32, tag = "5")]
    digits: i32,
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(int64, tag = "7")]
    counter: i64,
}

/// Reads the URI and hands out its entries, and the batch if there are more pictures.
pub(super) fn parse(uri: &str, found: &mut dyn FnMut(Finding)) {
    let payload = match decode(uri) {
        Ok(payload) => payload,
        Err(error) => return found(Finding::error(&error)),
    };
    if payload.batch_size > 1 {
        found(Finding::Batch {
            batch: Batch {
                size: payload.batch_size,
                index: payload.batch_index,
                id: payload.batch_id,
            },
        });
    }
    if payload.entries.is_empty() {
        found(Finding::error(&"the export has no entries"));
    }
    for (index, parameters) in payload.entries.into_iter().enumerate() {
        found(match entry(parameters) {
            // Through the parser once more, so that all that is printed obeys the same rules.
            Ok(entry) => payload::key(print_uri(&entry).expose()),
            Err(error) => {
                Finding::error(&format_args!("entry {} of the export: {error}", index + 1))
            }
        });
    }
}

fn decode(uri: &str) -> Result<Payload, &'static str> {
    if uri.len() > MAX_MIGRATION {
        return Err("the export is too long");
    }
    let query = uri.split_once('?').map_or("", |(_, query)| query);
    let data = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("data"))
        .ok_or("the export has no data")?
        .1;
    // Percent escapes only: in this URI a plus is a character of base64, not a blank.
    let bytes = base64::decode(&percent_decode(data, false))
        .filter(|bytes| !bytes.is_empty())
        .ok_or("the export's data is not base64")?;
    let payload = Payload::decode(bytes.as_slice())
        .map_err(|_| "the export's data is damaged or incomplete")?;
    // 0: the field is missing, as in exports that other programs make.
    if !(0..=2).contains(&payload.version) {
        return Err("the export is of a newer version than 2");
    }
    Ok(payload)
}

fn entry(mut from: Parameters) -> Result<NewEntry, String> {
    let key = std::mem::take(&mut from.secret);
    if key.is_empty() || key.len() > MAX_KEY {
        from.secret.zeroize();
        return Err(format!("its key has {} bytes", key.len()));
    }
    let (issuer, account) = names(&text(&from.issuer), &text(&from.name));
    if issuer.len() > MAX_LABEL || account.len() > MAX_LABEL {
        return Err(format!("a name in it is longer than {MAX_LABEL} bytes"));
    }
    Ok(NewEntry {
        issuer,
        account,
        kind: match from.kind {
            0 | 2 => Kind::Totp(Period::THIRTY),
            1 => Kind::Hotp(u64::try_from(from.counter).map_err(|_| "its counter is negative")?),
            other => return Err(format!("type {other} is not known")),
        },
        algorithm: match from.algorithm {
            0 | 1 => Algorithm::Sha1,
            2 => Algorithm::Sha256,
            3 => Algorithm::Sha512,
            4 => return Err("algorithm 4 (MD5) is not supported".into()),
            other => return Err(format!("algorithm {other} is not known")),
        },
        digits: match from.digits {
            0 | 1 => Digits::SIX,
            2 => Digits::new(8).map_err(|error| error.to_string())?,
            other => return Err(format!("number of digits {other} is not known")),
        },
        key: Key::new(key),
        tags: Vec::new(),
        note: String::new(),
        recovery: RecoveryCodes::default(),
        extra: Vec::new(),
    })
}

fn text(bytes: &[u8]) -> String {
    clean_label(&String::from_utf8_lossy(bytes))
}

/// Takes the issuer off the name, where exports repeat it.
fn names(issuer: &str, name: &str) -> (String, String) {
    let account = if issuer.is_empty() {
        None
    } else {
        name.strip_prefix(issuer)
            .and_then(|rest| rest.trim_start().strip_prefix(':'))
    };
    (issuer.into(), account.unwrap_or(name).trim().into())
}
