//! The identity behind the passphrase.

use otp_proto::Secret;

use super::{IDENTITY, Slot, WORK_FACTOR, scrypt};
use crate::vault::OpenError;

/// The slot that every vault has.
pub struct Passphrase<'a> {
    passphrase: &'a Secret,
    work_factor: u8,
}

impl<'a> Passphrase<'a> {
    /// Makes the slot for a passphrase.
    pub fn new(passphrase: &'a Secret) -> Self {
        Self::with_work(passphrase, WORK_FACTOR)
    }

    /// Makes the slot with another work factor for writing.
    pub(in crate::vault) fn with_work(passphrase: &'a Secret, work_factor: u8) -> Self {
        Self {
            passphrase,
            work_factor,
        }
    }
}

impl Slot for Passphrase<'_> {
    fn file(&self) -> &'static str {
        IDENTITY
    }

    fn wrap(&self, identity: &Secret) -> Result<Vec<u8>, OpenError> {
        scrypt::wrap(self.passphrase.expose(), identity, self.work_factor)
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Secret, OpenError> {
        scrypt::unwrap(self.passphrase.expose(), wrapped, IDENTITY)
    }
}
