//! A file in the vault's folder that nobody else can open while it is open here, and that the
//! system removes when we close it or die. A folder itself can't be locked.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use crate::clock;
use crate::lifecycle::ClaimError;
use crate::lifecycle::instance::AGAIN;
use crate::platform;

const NAME: &str = "otpd.lock";

/// `FILE_GENERIC_WRITE | DELETE`, and what needs the latter: `FILE_FLAG_DELETE_ON_CLOSE`
/// (`CreateFileW`).
const ACCESS: u32 = 0x0012_0116 | 0x0001_0000;
const DELETE_ON_CLOSE: u32 = 0x0400_0000;

/// Somebody has it open (`ERROR_SHARING_VIOLATION`).
const SHARED: i32 = 32;

/// The right to write a vault, as long as it lives.
#[derive(Debug)]
pub(crate) struct VaultLock {
    _file: File,
}

impl VaultLock {
    /// Makes the folder and the file in it; waits so long for an agent that ends. `None` where nothing can
    /// be written: a vault there may still be read.
    ///
    /// # Errors
    /// If another agent has it, or it can't be made.
    pub(crate) fn take(folder: &Path, wait: Duration) -> Result<Option<Self>, ClaimError> {
        platform::make_private_dir(folder)
            .map_err(|cause| ClaimError::io("make", folder, cause))?;
        let path = folder.join(NAME);
        let patience = clock::now().boot + wait;
        loop {
            let cause = match open(&path) {
                Ok(file) => return Ok(Some(Self { _file: file })),
                Err(cause) => cause,
            };
            let is_held = cause.raw_os_error() == Some(SHARED);
            // A file that is about to be removed denies access for a moment.
            let is_denied = cause.kind() == io::ErrorKind::PermissionDenied;
            if (is_held || is_denied) && clock::now().boot < patience {
                std::thread::sleep(AGAIN);
            } else if is_held {
                return Err(ClaimError::Vault {
                    path: folder.to_owned(),
                });
            } else if is_denied || cause.kind() == io::ErrorKind::ReadOnlyFilesystem {
                tracing::warn!(%cause, "the vault is not locked against other agents");
                return Ok(None);
            } else {
                return Err(ClaimError::io("lock", &path, cause));
            }
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .access_mode(ACCESS)
        .share_mode(0)
        .create(true)
        .truncate(false)
        .custom_flags(DELETE_ON_CLOSE)
        .open(path)
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
        let refused = open(&folder.join(NAME)).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(SHARED));
        drop(lock);
        assert!(!folder.join(NAME).exists());
        VaultLock::take(&folder, WAIT).unwrap().unwrap();
    }
}
