//! `flock(2)` on the vault's folder itself, so that nothing is added to what people back up.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::clock;
use crate::lifecycle::ClaimError;
use crate::lifecycle::instance::{AGAIN, WAIT};
use crate::platform;

/// The right to write a vault, as long as it lives.
#[derive(Debug)]
pub(crate) struct VaultLock {
    _folder: File,
}

impl VaultLock {
    /// Makes the folder private and locks it; waits for an agent that ends.
    ///
    /// # Errors
    /// If another agent has it, or it can't be made or locked.
    pub(crate) fn take(folder: &Path) -> Result<Self, ClaimError> {
        let error = |verb, cause| ClaimError::io(verb, folder, cause);
        platform::make_private_dir(folder).map_err(|cause| error("make", cause))?;
        let file = File::open(folder).map_err(|cause| error("open", cause))?;
        let patience = clock::now().boot + WAIT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _folder: file }),
                Err(TryLockError::WouldBlock) if clock::now().boot < patience => {
                    std::thread::sleep(AGAIN);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(ClaimError::Vault {
                        path: folder.to_owned(),
                    });
                }
                Err(TryLockError::Error(cause)) => return Err(error("lock", cause)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vault_is_locked_once_and_free_again_when_the_lock_is_dropped() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("otpd");
        let lock = VaultLock::take(&folder).unwrap();
        assert!(platform::is_private_dir(&folder));
        let other = File::open(&folder).unwrap();
        assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
        drop(lock);
        assert!(other.try_lock().is_ok());
    }
}
