//! Replacing all files of a vault at once.

use std::path::Path;

use otp_proto::EntryId;

use super::{Store, is_there, name, private_folder, remove_folder};
use crate::vault::slot::{IDENTITY, RECOVERY};
use crate::vault::{Sealed, StoreError, disk, durable};

/// Where a vault of several files is put together, and where it is once it is whole.
pub(super) const STAGING: &str = ".install.new";
pub(super) const INSTALL: &str = ".install";

impl Store {
    /// Puts a whole vault in the place of whatever is there: all of it or, before the files are
    /// complete, nothing.
    ///
    /// # Errors
    /// The files are as before; or, if they were complete already, [`Self::tidy`] can finish.
    pub fn install(
        &self,
        identity: &[u8],
        recovery: &[u8],
        vault: &Sealed,
    ) -> Result<(), StoreError> {
        self.refuse_unfinished()?;
        private_folder(&self.data)?;
        let staging = self.data.join(STAGING);
        remove_folder(&staging)?;
        let installed = stage(&staging, identity, recovery, vault).and_then(|()| {
            let ready = self.data.join(INSTALL);
            rename(&staging, &ready)?;
            durable::sync_folder_of(&ready).inspect_err(|_| {
                // Not decided after all.
                drop(disk::rename(&ready, &staging));
            })
        });
        if let Err(error) = installed {
            drop(disk::remove_folder(&staging));
            return Err(error);
        }
        self.finish_install()?;
        self.saw(vault.generation);
        Ok(())
    }

    /// Moves the files of a whole vault into place. Can be repeated at any point.
    pub(super) fn finish_install(&self) -> Result<(), StoreError> {
        let install = self.data.join(INSTALL);
        if !is_there(&install) {
            return Ok(());
        }
        let new = durable::list(&install.join("vault"))?;
        let folder = self.vault_folder();
        private_folder(&folder)?;
        if !new.is_empty() {
            for (old, _) in self.vaults()? {
                if !new.iter().any(|new| new.file_name() == old.file_name()) {
                    durable::remove(&old)?;
                }
            }
        }
        for path in &new {
            rename(path, &folder.join(name(path)))?;
        }
        durable::sync_folder(&folder)?;
        for file in [IDENTITY, RECOVERY] {
            let path = install.join(file);
            if is_there(&path) {
                rename(&path, &self.data.join(file))?;
            }
        }
        durable::sync_folder(&self.data)?;
        remove_folder(&install)
    }

    /// Removes what is there of a vault that couldn't be made, as far as that can be done.
    pub(in crate::vault) fn discard(&self, device: EntryId) {
        drop(remove_folder(&self.data.join(INSTALL)));
        for file in [IDENTITY, RECOVERY] {
            drop(durable::remove(&self.data.join(file)));
        }
        drop(durable::remove(&self.vault_path(device)));
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    disk::rename(from, to).map_err(|error| StoreError::new("write", to, &error))
}

/// Writes the files of a whole vault into a folder of their own.
fn stage(
    staging: &Path,
    identity: &[u8],
    recovery: &[u8],
    vault: &Sealed,
) -> Result<(), StoreError> {
    let vaults = staging.join("vault");
    private_folder(&vaults)?;
    let vault_path = vaults.join(format!("{}.age", vault.device));
    durable::replace(&vault_path, &vault.bytes)?;
    durable::replace(&staging.join(IDENTITY), identity)?;
    durable::replace(&staging.join(RECOVERY), recovery)
}
