//! The vault's file: the document's lines, encrypted with age to one recipient.
//!
//! Both ways stream: what is in clear at any time is one line on the way out, and a window of
//! 8 KiB on the way in.

use std::fmt;
use std::io::BufRead;

use age::secrecy::ExposeSecret as _;
use age::x25519::{Identity, Recipient};
use hkdf::Hkdf;
use otp_proto::Secret;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::document::{self, VAULT, WriteError};
use super::envelope::{self, EnvelopeError};
use super::{Document, OpenError, Sealed, StoreError};
use crate::config::MemoryMode;
use crate::platform::arena::{Arena, Slot};

/// Largest vault in bytes: 10,000 entries take 2 MB.
pub const MAX_FILE: u64 = 64 * 1024 * 1024;
/// For the MAC's key (HKDF, RFC 5869).
const MAC_INFO: &[u8] = b"otpd/vault/1/mac";
/// A key's share of its line: 20 bytes in some 200.
const KEY_SHARE: u64 = 9;

/// What sealing needs. The recipient is kept beside the identity so that a write, which happens
/// often, doesn't touch the identity; who knows it still can't make a vault without the MAC key.
pub struct Sealer {
    /// The identity's text.
    pub identity: Slot,
    /// The MAC's key.
    pub mac_key: Slot,
    recipient: Recipient,
}

impl Sealer {
    /// Makes an identity.
    pub fn generate(arena: &mut Arena) -> Self {
        Self::keep(&Identity::generate(), arena)
    }

    /// Reads an identity's text.
    ///
    /// # Errors
    /// The text isn't one; says no more.
    pub fn new(identity: &Secret, arena: &mut Arena) -> Option<Self> {
        let identity: Identity = identity.expose().trim().parse().ok()?;
        Some(Self::keep(&identity, arena))
    }

    fn keep(identity: &Identity, arena: &mut Arena) -> Self {
        let text = identity.to_string();
        let text = text.expose_secret().as_bytes();
        let mut mac_key = Zeroizing::new([0; 32]);
        #[expect(clippy::expect_used, reason = "32 is far below HKDF's 255 * 32 bytes")]
        Hkdf::<Sha256>::new(None, text)
            .expand(MAC_INFO, mac_key.as_mut_slice())
            .expect("HKDF gives 32 bytes");
        Self {
            identity: arena.put(text),
            mac_key: arena.put(mac_key.as_slice()),
            recipient: identity.to_public(),
        }
    }

    /// Copies the identity's text out of the arena, to wrap it anew.
    pub fn identity(&self, arena: &Arena) -> Secret {
        // It was put there as text.
        Secret::copy_of(std::str::from_utf8(arena.key(self.identity)).unwrap_or_default())
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer")
    }
}

/// Encrypts a document.
///
/// # Errors
/// [`StoreError::Entry`] or [`StoreError::Vault`] if it couldn't be read again.
pub fn seal(document: &Document, arena: &Arena, sealer: &Sealer) -> Result<Sealed, StoreError> {
    let mac_key = arena.key(sealer.mac_key);
    let bytes = encrypt(document, arena, mac_key, &sealer.recipient).map_err(|error| {
        match error {
            WriteError::Store(error) => error,
            // Memory takes everything.
            WriteError::Io(_) => StoreError::Vault,
        }
    })?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_FILE) {
        return Err(StoreError::Vault);
    }
    Ok(Sealed {
        device: document.device,
        generation: document.generation,
        bytes,
    })
}

fn encrypt(
    document: &Document,
    arena: &Arena,
    mac_key: &[u8],
    recipient: &Recipient,
) -> Result<Vec<u8>, WriteError> {
    let mut out = envelope::seal(estimate(document), |file_key| {
        let wrapped = age::Recipient::wrap_file_key(recipient, file_key);
        wrapped
            .map(|(stanzas, _)| stanzas)
            .map_err(|_| StoreError::Vault)
    })?;
    document::write(document, arena, mac_key, &mut out)?;
    Ok(out.finish())
}

/// Guesses the length of the file, so that the buffer seldom grows.
fn estimate(document: &Document) -> usize {
    let entry = |entry: &std::sync::Arc<super::Entry>| {
        240 + entry.issuer.len() * 2 + entry.account.len() + entry.more.as_ref().map_or(0, |_| 64)
    };
    let entries = document.entries.iter().chain(&document.trash);
    1024 + entries.map(entry).sum::<usize>()
        + document.tombs.len() * 48
        + document.counters.len() * 40
}

/// A decrypted vault.
#[derive(Debug)]
pub struct Unsealed {
    /// What is in it.
    pub document: Document,
    /// Its keys.
    pub arena: Arena,
    /// For the way back.
    pub sealer: Sealer,
}

/// Decrypts a vault of `length` bytes; nothing of it is returned unless its MAC is right.
///
/// # Errors
/// [`OpenError::Damaged`] if it isn't a whole age file to this identity or breaks the grammar,
/// [`OpenError::Forged`] if the MAC is wrong, [`OpenError::TooNew`], [`OpenError::Unreadable`].
pub fn open(
    input: impl BufRead,
    length: u64,
    identity: &Secret,
    mode: MemoryMode,
) -> Result<Unsealed, OpenError> {
    const DAMAGED: OpenError = OpenError::Damaged {
        file: VAULT,
        line: None,
    };
    let room = usize::try_from(length.min(MAX_FILE) / KEY_SHARE).unwrap_or(0);
    let mut arena = Arena::new(mode, room + 256);
    let sealer = Sealer::new(identity, &mut arena).ok_or(DAMAGED)?;

    let identity: Identity = identity.expose().trim().parse().map_err(|_| DAMAGED)?;
    let plain = envelope::open(input, |stanzas| {
        match age::Identity::unwrap_stanzas(&identity, stanzas) {
            Some(Ok(file_key)) => Ok(file_key),
            // Another's, or broken.
            _ => Err(EnvelopeError::Damaged),
        }
    })
    .map_err(|error| match error {
        EnvelopeError::Damaged => DAMAGED,
        EnvelopeError::Io(error) => OpenError::Unreadable(error),
    })?;
    drop(identity);
    // Copied out, because the arena takes the keys meanwhile.
    let mac_key = Zeroizing::new(arena.key(sealer.mac_key).to_vec());
    let document = document::read(plain, &mac_key, &mut arena)?;
    Ok(Unsealed {
        document,
        arena,
        sealer,
    })
}
