//! `flock(2)` on the vault's folder itself, so that nothing is added to what people back up.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;

use crate::clock;
use crate::lifecycle::ClaimError;
use crate::lifecycle::instance::AGAIN;
use crate::platform;

/// The right to write a vault, as long as it lives.
#[derive(Debug)]
pub(crate) struct VaultLock {
    _folder: File,
}

impl VaultLock {
    /// Makes the folder private and locks it; waits so long for an agent that ends. `None` where a file
    /// system can't be written to or has no locks: a vault there may still be read.
    ///
    /// # Errors
    /// If another agent has it, or it can't be made or locked.
    pub(crate) fn take(folder: &Path, wait: Duration) -> Result<Option<Self>, ClaimError> {
        match Self::lock(folder, wait) {
            Err(ClaimError::Io { cause, .. }) if may_go_without(&cause) => {
                tracing::warn!(%cause, "the vault is not locked against other agents");
                Ok(None)
            }
            taken => taken.map(Some),
        }
    }

    fn lock(folder: &Path, wait: Duration) -> Result<Self, ClaimError> {
        let error = |verb, cause| ClaimError::io(verb, folder, cause);
        // A person may have put a link there; two agents must meet at the same folder.
        let folder = &std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        platform::make_private_dir(folder).map_err(|cause| error("make", cause))?;
        let file = File::open(folder).map_err(|cause| error("open", cause))?;
        let patience = clock::now().boot + wait;
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

/// Whether an error says that locking isn't possible here, rather than that it failed.
fn may_go_without(error: &io::Error) -> bool {
    const LOCKLESS: [Errno; 5] = [
        Errno::ROFS,
        Errno::ACCESS,
        Errno::PERM,
        Errno::NOLCK,
        Errno::OPNOTSUPP,
    ];
    Errno::from_io_error(error).is_some_and(|errno| LOCKLESS.contains(&errno))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::instance::WAIT;

    #[test]
    fn a_vault_is_locked_once_and_free_again_when_the_lock_is_dropped() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("otpd");
        let lock = VaultLock::take(&folder, WAIT).unwrap().unwrap();
        assert!(platform::is_private_dir(&folder));
        let other = File::open(&folder).unwrap();
        assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
        drop(lock);
        assert!(other.try_lock().is_ok());
    }

    #[test]
    fn a_link_leads_to_the_same_lock_and_what_is_no_folder_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let (folder, link) = (home.path().join("sync"), home.path().join("otpd"));
        std::fs::create_dir(&folder).unwrap();
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        let lock = VaultLock::take(&link, WAIT).unwrap().unwrap();
        let other = File::open(&folder).unwrap();
        assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
        drop(lock);
        let file = home.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(VaultLock::take(&file, WAIT).is_err());
    }
}
