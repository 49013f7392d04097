//! Folders can't be locked; the pipe's name is the user's, so that there is one agent unless
//! `OTPD_SOCKET` says otherwise.

use std::path::Path;

use crate::lifecycle::ClaimError;

/// The right to write a vault.
#[derive(Debug)]
pub(crate) struct VaultLock;

impl VaultLock {
    /// Nothing to do.
    ///
    /// # Errors
    /// None.
    pub(crate) fn take(_folder: &Path) -> Result<Option<Self>, ClaimError> {
        Ok(Some(Self))
    }
}
