//! An identity wrapped by a text, as age's scrypt recipient does it.

use std::io::{Read as _, Write as _};
use std::iter::once;

use age::secrecy::{ExposeSecret as _, SecretString};
use age::x25519::Identity;
use age::{DecryptError, Decryptor, Encryptor, scrypt};
use otp_proto::Secret;
use zeroize::Zeroizing;

use crate::vault::OpenError;

/// log2 of scrypt's cost when writing: 256 MB and about a second. Fixed, because age's default
/// is measured, and a busy machine would get a weaker file.
pub const WORK_FACTOR: u8 = 18;
/// Highest cost when reading: 1 GB. A file with more is hostile.
const MAX_WORK_FACTOR: u8 = 20;
/// Longest plaintext in bytes; ours has 75.
const MAX_PLAIN: u16 = 4096;

/// Encrypts the identity's line.
pub(super) fn wrap(text: &str, identity: &Secret, work_factor: u8) -> Result<Vec<u8>, OpenError> {
    let mut recipient = scrypt::Recipient::new(secret_string(text));
    recipient.set_work_factor(work_factor);
    let write = || {
        let encryptor = Encryptor::with_recipients(once::<&dyn age::Recipient>(&recipient)).ok()?;
        let mut out = encryptor.wrap_output(Vec::with_capacity(512)).ok()?;
        out.write_all(identity.expose().as_bytes()).ok()?;
        out.write_all(b"\n").ok()?;
        out.finish().ok()
    };
    // age fails only over its recipients, of which there is one, or its writer, a vector.
    write().ok_or(OpenError::Wrap)
}

/// Decrypts an identity file and returns the canonical text of its identity.
pub(super) fn unwrap(text: &str, wrapped: &[u8], file: &'static str) -> Result<Secret, OpenError> {
    const fn damaged(file: &'static str) -> OpenError {
        OpenError::Damaged { file, line: None }
    }
    let mut identity = scrypt::Identity::new(secret_string(text));
    identity.set_max_work_factor(MAX_WORK_FACTOR);
    let plain = Decryptor::new_buffered(wrapped)
        .and_then(|age| age.decrypt(once::<&dyn age::Identity>(&identity)))
        .map_err(|error| {
            if matches!(error, DecryptError::DecryptionFailed) {
                OpenError::WrongSecret
            } else if matches!(error, DecryptError::ExcessiveWork { .. }) {
                OpenError::TooCostly(file)
            } else {
                damaged(file)
            }
        })?;
    let mut lines = Zeroizing::new(String::with_capacity(MAX_PLAIN.into()));
    plain
        .take(MAX_PLAIN.into())
        .read_to_string(&mut lines)
        .map_err(|_| damaged(file))?;
    let mut identities = lines
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (Some(line), None) = (identities.next(), identities.next()) else {
        return Err(damaged(file));
    };
    let identity: Identity = line.parse().map_err(|_| damaged(file))?;
    Ok(Secret::copy_of(identity.to_string().expose_secret()))
}

/// Copies a text into age's type, in one allocation.
fn secret_string(text: &str) -> SecretString {
    SecretString::from(Box::<str>::from(text))
}
