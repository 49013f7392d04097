//! Ways to the vault's identity: each is a file in which it is wrapped. Two are typed by a
//! person, and one of those is always there.

pub mod keyring;
mod name;
mod passphrase;
pub mod plugin;
mod recovery;
mod scrypt;

use otp_proto::{RecoveryKey, RecoveryKeyError, Secret};

pub use keyring::{KEYRING, Keyring, KeyringError, NoKeyring};
pub use name::{SlotName, is_name};
pub use passphrase::Passphrase;
pub use plugin::{PluginError, PluginFile};
pub use recovery::Recovery;
pub use scrypt::WORK_FACTOR;
use scrypt::identity_of;

use super::OpenError;

/// The file of the passphrase's slot.
pub const IDENTITY: &str = "identity.age";
/// The file of the recovery key's slot.
pub const RECOVERY: &str = "recovery.age";
/// The files of the slots that a person types, in the order in which they are shown and kept.
pub const TYPED: [&str; 2] = [IDENTITY, RECOVERY];

/// A way to the identity.
pub trait Slot {
    /// Returns the name of the file in the data folder.
    fn file(&self) -> &'static str;

    /// Wraps an identity's text; returns the file's content.
    ///
    /// # Errors
    /// The key derivation failed.
    fn wrap(&self, identity: &Secret) -> Result<Vec<u8>, OpenError>;

    /// Returns the identity's text out of the file's content.
    ///
    /// # Errors
    /// [`OpenError::WrongSecret`], [`OpenError::Damaged`], [`OpenError::TooCostly`].
    fn unwrap(&self, wrapped: &[u8]) -> Result<Secret, OpenError>;
}

/// Returns the name of the slot that [`unwrap_with`] tries for what was typed.
pub fn name_for(secret: &Secret) -> &'static str {
    match RecoveryKey::parse(secret.expose()) {
        Ok(_) => "recovery",
        Err(_) => "passphrase",
    }
}

/// Opens the passphrase's slot or the recovery key's, and no other. `read` returns a slot's file.
///
/// # Errors
/// As [`Slot::unwrap`]; [`OpenError::WrongSecret`] also for what isn't a recovery key.
pub fn unwrap_typed(
    file: &'static str,
    secret: &Secret,
    read: impl Fn(&'static str) -> Result<Vec<u8>, OpenError>,
) -> Result<Secret, OpenError> {
    if file == IDENTITY {
        return Passphrase::new(secret).unwrap(&read(file)?);
    }
    match RecoveryKey::parse(secret.expose()) {
        Ok(key) => Recovery::new(key).unwrap(&read(file)?),
        Err(mistake) if RecoveryKey::looks_like(secret.expose()) => {
            Err(OpenError::MistypedRecovery(mistake))
        }
        Err(_) => Err(OpenError::WrongSecret),
    }
}

/// Opens whichever slot fits what was typed: a recovery key its own, anything else the
/// passphrase's. `read` returns a slot's file.
///
/// # Errors
/// As [`Slot::unwrap`], and [`OpenError::MistypedRecovery`] for what has the form of a recovery
/// key and isn't the passphrase either.
pub fn unwrap_with(
    secret: &Secret,
    read: impl Fn(&'static str) -> Result<Vec<u8>, OpenError>,
) -> Result<Secret, OpenError> {
    match RecoveryKey::parse(secret.expose()) {
        Ok(key) => {
            let slot = Recovery::new(key);
            slot.unwrap(&read(slot.file())?)
        }
        Err(mistake) => {
            let slot = Passphrase::new(secret);
            match slot.unwrap(&read(slot.file())?) {
                // Seven words of five letters are a fine passphrase, so it is tried first.
                Err(OpenError::WrongSecret)
                    if mistake != RecoveryKeyError::Length
                        && RecoveryKey::looks_like(secret.expose()) =>
                {
                    Err(OpenError::MistypedRecovery(mistake))
                }
                other => other,
            }
        }
    }
}
