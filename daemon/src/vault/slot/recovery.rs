//! The identity behind the printed recovery key.

use otp_proto::{RecoveryKey, Secret};

use super::{RECOVERY, Slot, WORK_FACTOR, scrypt};
use crate::vault::OpenError;

/// The slot of the recovery key. Its 128 random bits need no key derivation; it has the same
/// work factor as a passphrase so that there is one number to promise.
pub struct Recovery {
    key: RecoveryKey,
    work_factor: u8,
}

impl Recovery {
    /// Makes the slot for a recovery key.
    pub fn new(key: RecoveryKey) -> Self {
        Self::with_work(key, WORK_FACTOR)
    }

    /// Makes the slot with another work factor for writing.
    pub(in crate::vault) fn with_work(key: RecoveryKey, work_factor: u8) -> Self {
        Self { key, work_factor }
    }

    /// Gives the key away.
    pub fn into_key(self) -> RecoveryKey {
        self.key
    }
}

impl Slot for Recovery {
    fn file(&self) -> &'static str {
        RECOVERY
    }

    fn wrap(&self, identity: &Secret) -> Result<Vec<u8>, OpenError> {
        scrypt::wrap(self.key.expose(), identity, self.work_factor)
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Secret, OpenError> {
        scrypt::unwrap(self.key.expose(), wrapped, RECOVERY)
    }
}
