//! A file in the vault's folder that nobody else can open while it is open here, and that the
//! system removes when we close it or die. A folder itself can't be locked.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::clock;
use crate::lifecycle::ClaimError;
use crate::lifecycle::instance::{AGAIN, WAIT};
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
    /// Makes the folder and the file in it; waits for an agent that ends.
    ///
    /// # Errors
    /// If another agent has it, or it can't be made.
    pub(crate) fn take(folder: &Path) -> Result<Option<Self>, ClaimError> {
        platform::make_private_dir(folder)
            .map_err(|cause| ClaimError::io("make", folder, cause))?;
        let path = folder.join(NAME);
        let patience = clock::now().boot + WAIT;
        loop {
            match open(&path) {
                Ok(file) => return Ok(Some(Self { _file: file })),
                Err(error) if is_held(&error) && clock::now().boot < patience => {
                    std::thread::sleep(AGAIN);
                }
                Err(error) if is_held(&error) => {
                    return Err(ClaimError::Vault {
                        path: folder.to_owned(),
                    });
                }
                Err(cause) => return Err(ClaimError::io("lock", &path, cause)),
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

/// A file that is about to be removed denies access for a moment.
fn is_held(error: &io::Error) -> bool {
    error.raw_os_error() == Some(SHARED) || error.kind() == io::ErrorKind::PermissionDenied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vault_is_locked_once_and_free_again_when_the_lock_is_dropped() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("otpd");
        let lock = VaultLock::take(&folder).unwrap();
        assert!(is_held(&open(&folder.join(NAME)).unwrap_err()));
        drop(lock);
        assert!(!folder.join(NAME).exists());
        VaultLock::take(&folder).unwrap();
    }
}
