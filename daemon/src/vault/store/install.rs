//! Replacing all files of a vault at once.

use std::io;
use std::path::{Path, PathBuf};

use otp_proto::EntryId;

use super::{Store, is_there, name, private_folder, remove_folder};
use crate::vault::digest::digest;
use crate::vault::seal::MAX_FILE;
use crate::vault::slot::{SlotName, TYPED};
use crate::vault::{Sealed, StoreError, disk, durable};

/// Where a vault of several files is put together, and where it is once it is whole.
pub(super) const STAGING: &str = ".install.new";
pub(super) const INSTALL: &str = ".install";
/// A file in it that says that the backups go.
const NO_BACKUPS: &str = "no-backups";

/// The files of slots, by name.
pub(in crate::vault) type Slots = Vec<(String, Vec<u8>)>;

/// A whole vault that is to be put in the place of whatever is there.
#[derive(Debug)]
pub struct Install<'a> {
    /// Every slot's files by their names; others that are there go.
    pub slots: Slots,
    /// The vault.
    pub vault: &'a Sealed,
    /// Removes the backups, too.
    pub drops_backups: bool,
}

impl Store {
    /// Puts a whole vault in the place of whatever is there: all of it or, before the files are
    /// complete, nothing.
    ///
    /// # Errors
    /// The files are as before; or, if they were complete already, [`Self::tidy`] can finish.
    pub fn install(&self, install: &Install<'_>) -> Result<(), StoreError> {
        let _held = self.hold();
        self.refuse_unfinished()?;
        private_folder(&self.data)?;
        // A link to a disk that is away is none: what was decided couldn't be carried out.
        private_folder(&self.vault_folder())?;
        let staging = self.data.join(STAGING);
        remove_folder(&staging)?;
        let installed = stage(&staging, install).and_then(|()| {
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
        self.saw(install.vault.generation, digest(&install.vault.bytes));
        Ok(())
    }

    /// Moves the files of a whole vault into place. Can be repeated at any point.
    pub(super) fn finish_install(&self) -> Result<(), StoreError> {
        let install = self.data.join(INSTALL);
        if !is_there(&install) {
            return Ok(());
        }
        // What was there before is no longer what the next write follows.
        self.saw_nothing();
        let new = durable::list(&install.join("vault"))?;
        let folder = self.vault_folder();
        private_folder(&folder)?;
        let slots = durable::list(&install)?;
        let is_slot = |path: &&PathBuf| {
            let file = name(path);
            SlotName::of_file(file).is_some() || SlotName::of_companion(file).is_some()
        };
        let slots: Vec<&PathBuf> = slots.iter().filter(is_slot).collect();
        // With the vault's file moved, this is done.
        if !new.is_empty() {
            for (old, _) in self.vaults()? {
                if !new.iter().any(|new| new.file_name() == old.file_name()) {
                    durable::remove(&old)?;
                }
            }
            for old in self.slots()? {
                for file in [old.file()].into_iter().chain(old.companion()) {
                    if !slots.iter().any(|new| name(new) == file) {
                        durable::remove(&self.data.join(file))?;
                    }
                }
            }
        }
        for path in &new {
            move_file(path, &folder.join(name(path)))?;
        }
        durable::sync_folder(&folder)?;
        for path in slots {
            rename(path, &self.data.join(name(path)))?;
            self.note(name(path));
        }
        durable::sync_folder(&self.data)?;
        if is_there(&install.join(NO_BACKUPS)) {
            self.remove_backups()?;
        }
        remove_folder(&install)
    }

    /// Removes what is there of a vault that couldn't be made, as far as that can be done.
    pub(in crate::vault) fn discard(&self, device: EntryId) {
        drop(remove_folder(&self.data.join(INSTALL)));
        for file in TYPED {
            drop(durable::remove(&self.data.join(file)));
        }
        drop(durable::remove(&self.vault_path(device)));
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    disk::rename(from, to).map_err(|error| StoreError::new("write", to, &error))
}

/// Moves a file into a folder that may be a link to another file system.
fn move_file(from: &Path, to: &Path) -> Result<(), StoreError> {
    match disk::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            if let Some(bytes) = durable::read(from, MAX_FILE)? {
                durable::replace(to, &bytes)?;
            }
            durable::remove(from)
        }
        other => other.map_err(|error| StoreError::new("write", to, &error)),
    }
}

/// Writes the files of a whole vault into a folder of their own.
fn stage(staging: &Path, install: &Install<'_>) -> Result<(), StoreError> {
    let Install {
        slots,
        vault,
        drops_backups,
    } = install;
    let vaults = staging.join("vault");
    private_folder(&vaults)?;
    let vault_path = vaults.join(format!("{}.age", vault.device));
    durable::replace(&vault_path, &vault.bytes)?;
    for (file, bytes) in slots {
        durable::replace(&staging.join(file), bytes)?;
    }
    if *drops_backups {
        durable::replace(&staging.join(NO_BACKUPS), b"")?;
    }
    Ok(())
}
