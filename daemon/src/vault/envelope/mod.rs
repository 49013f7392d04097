//! An age file (age-encryption.org/v1): a header, in which stanzas wrap the file key, and a
//! payload. Who wraps and unwraps is the caller's business.
//!
//! The age library could do this too, but its writer and reader keep a whole chunk of 64 KiB of
//! plaintext. Here a chunk is ciphertext from its first byte: what is in clear is what the caller
//! has in hand.

mod cipher;
mod header;
mod payload;

use std::io::{self, BufRead};

use age_core::format::{FileKey, Stanza};
use age_core::primitives::hkdf;
use age_core::secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

pub(super) use header::{read_stanza, write_stanza};
pub(super) use payload::{Opening, Sealing};

use crate::platform;

/// The tag of the passphrase's stanza, which must be alone.
pub(super) const SCRYPT: &str = "scrypt";
/// Bytes between header and payload, from which the payload's key is derived.
const NONCE: usize = 16;

/// Why a file can't be opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum EnvelopeError {
    /// Not an age file, cut off or changed.
    #[error("not a whole age file")]
    Damaged,
    /// Reading failed underway.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Starts a file with stanzas that wrap its new key; `room` is the expected length of the
/// payload in bytes.
///
/// # Errors
/// Those of `wrap`.
pub(super) fn seal<E>(
    room: usize,
    wrap: impl FnOnce(&FileKey) -> Result<Vec<Stanza>, E>,
) -> Result<Sealing, E> {
    let file_key = FileKey::init_with_mut(|key| platform::random(key));
    let stanzas = wrap(&file_key)?;
    let mut out = Vec::with_capacity(header::MAX + NONCE + Sealing::length(room));
    header::print(&stanzas, &file_key, &mut out);
    let mut nonce = [0; NONCE];
    platform::random(&mut nonce);
    out.extend_from_slice(&nonce);
    Ok(Sealing::new(payload_key(&file_key, &nonce), out))
}

/// Opens a file with what `unwrap` makes of its stanzas.
///
/// # Errors
/// Those of `unwrap`, and [`EnvelopeError`].
pub(super) fn open<R: BufRead, E: From<EnvelopeError>>(
    mut input: R,
    unwrap: impl FnOnce(&[Stanza]) -> Result<FileKey, E>,
) -> Result<Opening<R>, E> {
    let header = header::read(&mut input)?;
    let file_key = unwrap(&header.stanzas)?;
    header.verify(&file_key)?;
    let mut nonce = [0; NONCE];
    input.read_exact(&mut nonce).map_err(cut_off)?;
    Ok(Opening::new(payload_key(&file_key, &nonce), input))
}

fn payload_key(file_key: &FileKey, nonce: &[u8; NONCE]) -> cipher::Key {
    Zeroizing::new(hkdf(nonce, b"payload", file_key.expose_secret()))
}

/// An input that ends too early is damaged.
fn cut_off(error: io::Error) -> EnvelopeError {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        EnvelopeError::Damaged
    } else {
        EnvelopeError::Io(error)
    }
}

#[cfg(test)]
mod tests;
