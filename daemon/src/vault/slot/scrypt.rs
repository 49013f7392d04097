//! An identity wrapped by a text, in a file with age's scrypt stanza.
//!
//! Not by the age library's own recipient: making one measures the machine with the wall clock,
//! in a loop that never ends, and takes more memory each time round, while that clock stands.

use std::io::{Read, Write as _};

use age::x25519::Identity;
use age_core::format::{FILE_KEY_BYTES, FileKey, Stanza};
use age_core::primitives::{aead_decrypt, aead_encrypt};
use age_core::secrecy::ExposeSecret as _;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD as BASE64;
use otp_proto::Secret;
use zeroize::Zeroizing;

use crate::platform;
use crate::vault::OpenError;
use crate::vault::envelope::{self, EnvelopeError, SCRYPT};
use crate::vault::line::number;

/// log2 of scrypt's cost when writing: 256 MB and about a second. Fixed, so that a busy machine
/// doesn't get a weaker file.
pub const WORK_FACTOR: u8 = 18;
/// Highest cost when reading: 1 GB. A file with more is hostile.
const MAX_WORK_FACTOR: u8 = 20;
/// Longest plaintext in bytes; ours has 75.
const MAX_PLAIN: u16 = 4096;
/// Bytes of a stanza's salt.
const SALT: usize = 16;
/// Stands before the salt.
const LABEL: &[u8] = b"age-encryption.org/v1/scrypt";

/// Encrypts the identity's line.
pub(super) fn wrap(text: &str, identity: &Secret, work_factor: u8) -> Result<Vec<u8>, OpenError> {
    let line = identity.expose();
    let mut out = envelope::seal(line.len() + 1, |file_key| {
        stanza(text, file_key, work_factor)
    })?;
    for part in [line.as_bytes(), b"\n"] {
        out.write_all(part).map_err(|_| OpenError::Wrap)?;
    }
    Ok(out.finish())
}

/// Wraps a file's key.
fn stanza(text: &str, file_key: &FileKey, work_factor: u8) -> Result<Vec<Stanza>, OpenError> {
    let mut salt = [0; SALT];
    platform::random(&mut salt);
    let key = derive(text, &salt, work_factor).ok_or(OpenError::Wrap)?;
    Ok(vec![Stanza {
        tag: SCRYPT.to_owned(),
        args: vec![BASE64.encode(salt), work_factor.to_string()],
        body: aead_encrypt(&key, file_key.expose_secret()),
    }])
}

/// Derives the key that wraps a file's key; `None` for a work factor beyond 63.
fn derive(text: &str, salt: &[u8; SALT], work_factor: u8) -> Option<Zeroizing<[u8; 32]>> {
    let params = scrypt::Params::new(work_factor, 8, 1, 32).ok()?;
    let mut key = Zeroizing::new([0; 32]);
    let salt = [LABEL, salt].concat();
    scrypt::scrypt(text.as_bytes(), &salt, &params, key.as_mut_slice()).ok()?;
    Some(key)
}

/// Decrypts an identity file and returns the canonical text of its identity.
pub(super) fn unwrap(text: &str, wrapped: &[u8], file: &'static str) -> Result<Secret, OpenError> {
    let damaged = || OpenError::Damaged { file, line: None };
    let plain =
        envelope::open(wrapped, |stanzas| file_key(text, stanzas)).map_err(
            |refusal| match refusal {
                Refusal::Damaged => damaged(),
                Refusal::TooCostly => OpenError::TooCostly(file),
                Refusal::WrongSecret => OpenError::WrongSecret,
            },
        )?;
    identity_of(plain).ok_or_else(damaged)
}

/// Reads an identity file and returns the canonical text of its only identity.
pub(super) fn identity_of(plain: impl Read) -> Option<Secret> {
    let mut lines = Zeroizing::new(String::with_capacity(MAX_PLAIN.into()));
    plain
        .take(MAX_PLAIN.into())
        .read_to_string(&mut lines)
        .ok()?;
    let mut identities = lines
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (Some(line), None) = (identities.next(), identities.next()) else {
        return None;
    };
    let identity: Identity = line.parse().ok()?;
    Some(Secret::copy_of(identity.to_string().expose_secret()))
}

/// Why a file's key isn't there.
enum Refusal {
    Damaged,
    TooCostly,
    WrongSecret,
}

impl From<EnvelopeError> for Refusal {
    // The file is in memory: reading it can't fail.
    fn from(_: EnvelopeError) -> Self {
        Self::Damaged
    }
}

/// Unwraps a file's key out of its only stanza. Nothing is computed for one that age's
/// specification doesn't allow.
fn file_key(text: &str, stanzas: &[Stanza]) -> Result<FileKey, Refusal> {
    let [stanza] = stanzas else {
        return Err(Refusal::Damaged);
    };
    let [salt, work_factor] = stanza.args.as_slice() else {
        return Err(Refusal::Damaged);
    };
    let salt = BASE64.decode(salt).ok();
    let salt: [u8; SALT] = salt
        .and_then(|salt| salt.try_into().ok())
        .ok_or(Refusal::Damaged)?;
    let work_factor = number(work_factor)
        .filter(|&factor| factor > 0)
        .ok_or(Refusal::Damaged)?;
    // A tag and the key: with longer ones, a file could be made that many passphrases open.
    if stanza.tag != SCRYPT || stanza.body.len() != FILE_KEY_BYTES + 16 {
        return Err(Refusal::Damaged);
    }
    let work_factor = u8::try_from(work_factor).unwrap_or(u8::MAX);
    if work_factor > MAX_WORK_FACTOR {
        return Err(Refusal::TooCostly);
    }
    let key = derive(text, &salt, work_factor).ok_or(Refusal::Damaged)?;
    let plain = aead_decrypt(&key, FILE_KEY_BYTES, &stanza.body).map(Zeroizing::new);
    let plain = plain.map_err(|_| Refusal::WrongSecret)?;
    Ok(FileKey::init_with_mut(|key| key.copy_from_slice(&plain)))
}

#[cfg(test)]
mod tests;
