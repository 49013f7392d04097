//! The identity behind a secret in the session's keyring, which opens with the login.

use std::fmt::Debug;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD as BASE64;
use otp_proto::{EntryId, Secret};
use zeroize::Zeroizing;

use super::scrypt;
use crate::platform;
use crate::vault::OpenError;

/// The file of the keyring's slot.
pub const KEYRING: &str = "keyring.age";
/// log2 of scrypt's cost: the secret is 256 random bits, which no derivation makes better.
const WORK_FACTOR: u8 = 10;

/// Where the secret is kept, by the device whose vault it is. Calls take at most some seconds.
pub trait Keyring: Debug + Send + Sync {
    /// Reads the secret.
    ///
    /// # Errors
    /// [`KeyringError`]
    fn read(&self, device: EntryId) -> Result<Secret, KeyringError>;

    /// Keeps a secret in the place of one that may be there.
    ///
    /// # Errors
    /// [`KeyringError`]
    fn write(&self, device: EntryId, secret: Secret) -> Result<(), KeyringError>;

    /// Removes the secret.
    ///
    /// # Errors
    /// [`KeyringError`]
    fn remove(&self, device: EntryId) -> Result<(), KeyringError>;
}

/// Why the keyring is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// There is none, or it refuses; what it says.
    #[error("the keyring cannot be used: {0}")]
    Unusable(String),
    /// It is locked, and nobody has opened it.
    #[error("the keyring is locked")]
    Locked,
    /// It doesn't say anything.
    #[error("the keyring does not answer")]
    NoAnswer,
    /// The secret isn't there.
    #[error("the keyring does not hold the vault's secret")]
    Missing,
}

/// A system, or a test, without one.
#[derive(Debug)]
pub struct NoKeyring;

impl NoKeyring {
    fn refusal() -> KeyringError {
        KeyringError::Unusable("this version of otpd knows none on this system".into())
    }
}

impl Keyring for NoKeyring {
    fn read(&self, _: EntryId) -> Result<Secret, KeyringError> {
        Err(Self::refusal())
    }

    fn write(&self, _: EntryId, _: Secret) -> Result<(), KeyringError> {
        Err(Self::refusal())
    }

    fn remove(&self, _: EntryId) -> Result<(), KeyringError> {
        Err(Self::refusal())
    }
}

/// Draws a secret. Text, because some keyrings take nothing else.
pub fn draw() -> Secret {
    let mut bits = Zeroizing::new([0; 32]);
    platform::random(bits.as_mut_slice());
    Secret::new(BASE64.encode(bits.as_slice()))
}

/// Wraps an identity with the keyring's secret.
///
/// # Errors
/// [`OpenError::Wrap`]
pub fn wrap(secret: &Secret, identity: &Secret) -> Result<Vec<u8>, OpenError> {
    scrypt::wrap(secret.expose(), identity, WORK_FACTOR)
}

/// Unwraps it. A secret that opens nothing is none.
///
/// # Errors
/// [`OpenError::Keyring`], [`OpenError::Damaged`], [`OpenError::TooCostly`].
pub fn unwrap(secret: &Secret, wrapped: &[u8]) -> Result<Secret, OpenError> {
    scrypt::unwrap(secret.expose(), wrapped, KEYRING).map_err(|failure| {
        if matches!(failure, OpenError::WrongSecret) {
            KeyringError::Missing.into()
        } else {
            failure
        }
    })
}
