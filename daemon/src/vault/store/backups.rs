//! The vault files of before.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::MutexGuard;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use super::kept::{Name, idle_slots, spare_days, spare_of_ten};
use super::{MAX_SLOT, Slots, Store, is_there, private_folder};
use crate::vault::day::Day;
use crate::vault::durable::{self, UNFINISHED};
use crate::vault::seal::MAX_FILE;
use crate::vault::slot::TYPED;
use crate::vault::{Sealed, StoreError, disk};

/// A vault file that was kept.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::vault) struct Kept {
    pub name: Name,
    pub path: PathBuf,
}

impl Store {
    /// Keeps whoever else changes kept files away, or reads them together with the vault.
    pub(in crate::vault) fn hold(&self) -> MutexGuard<'_, ()> {
        // It guards files, which are whole whenever a holder ends.
        self.held
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Keeps the file of the present vault, which an install will replace, with or without the
    /// slots that a person types; returns under which name.
    ///
    /// # Errors
    /// Files that can't be linked or copied.
    pub(in crate::vault) fn keep_present(
        &self,
        with_slots: bool,
    ) -> Result<Option<Name>, StoreError> {
        let _held = self.hold();
        let generation = self.on_disk.load(Ordering::Relaxed);
        let mut name = None;
        for (path, device) in self.vaults()? {
            let kept = Name::vault(None, generation, device);
            self.keep(&path, &kept)?;
            for kind in TYPED.into_iter().filter(|_| with_slots) {
                self.keep(&self.data.join(kind), &Name { kind, ..kept })?;
            }
            name = Some(kept);
        }
        Ok(name)
    }

    /// Removes what is one too many with what [`Self::keep_present`] kept; only once whatever took
    /// the present files' place is there, for that may have come from the oldest.
    pub(in crate::vault) fn let_go(&self, kept: &Name) {
        let _held = self.hold();
        drop(self.prune(kept));
    }

    /// Returns the slots that were kept with vault files, as sets of names and files: first those
    /// that are meant to open a backup, which are the next ones of its device.
    ///
    /// # Errors
    /// The folder can't be read.
    pub(in crate::vault) fn kept_slots(&self, backup: &Name) -> Result<Vec<Slots>, StoreError> {
        let names = self.names()?;
        let mut owners: Vec<Name> = names.into_iter().filter(|name| !name.is_vault()).collect();
        owners.sort_by_key(|name| {
            let is_other = name.device != backup.device || name.generation < backup.generation;
            (is_other, name.generation)
        });
        owners.dedup_by(|one, other| one.goes_with(other));
        let mut sets = Vec::new();
        for owner in owners {
            let mut set = Vec::new();
            for kind in TYPED {
                let path = self
                    .backup_folder()
                    .join(Name { kind, ..owner }.to_string());
                if let Some(bytes) = durable::read(&path, MAX_SLOT)? {
                    set.push((kind.to_owned(), bytes));
                }
            }
            sets.push(set);
        }
        Ok(sets)
    }

    /// Writes the dated copy of a vault that is in its place: a file of its own, synced and read
    /// back, so that what damages the one leaves the other. Does nothing once another vault is
    /// there.
    ///
    /// # Errors
    /// There is no new copy; the others are as before.
    pub fn copy(&self, vault: &Sealed, wall: Duration) -> Result<(), StoreError> {
        let _held = self.hold();
        if self.is_unfinished() || self.on_disk.load(Ordering::Relaxed) != vault.generation {
            return Ok(());
        }
        private_folder(&self.backup_folder())?;
        let today = Day::of(wall);
        let made = Name::vault(Some(today), vault.generation, vault.device);
        durable::replace(&self.backup_folder().join(made.to_string()), &vault.bytes)?;
        let names = self.names()?;
        for spare in spare_days(&names, &made, today) {
            durable::remove(&self.backup_folder().join(spare.to_string()))?;
        }
        self.remove_idle_slots()
    }

    /// Whether a vault of this generation has its dated copy.
    pub(in crate::vault) fn is_copied(&self, generation: u64) -> bool {
        let is_copy = |name: &Name| name.day.is_some() && name.generation == generation;
        self.names().is_ok_and(|names| names.iter().any(is_copy))
    }

    /// Returns the vault files among the backups, oldest first.
    ///
    /// # Errors
    /// The folder can't be read.
    pub(in crate::vault) fn kept(&self) -> Result<Vec<Kept>, StoreError> {
        let mut kept: Vec<Kept> = durable::list(&self.backup_folder())?
            .into_iter()
            .filter_map(|path| {
                let name = Name::of(&path).filter(Name::is_vault)?;
                Some(Kept { name, path })
            })
            .collect();
        kept.sort_by_key(|kept| (kept.name.generation, kept.name.day));
        Ok(kept)
    }

    /// Returns when the newest backup was written, in time since 1970; `None` without one.
    pub fn newest_backup(&self) -> Option<Duration> {
        let kept = self.kept().ok()?;
        kept.iter().filter_map(|kept| self.written(kept)).max()
    }

    /// Returns when a backup was written, in time since 1970. Who copies files may give them
    /// another date; the name of a dated copy still says its day.
    pub(in crate::vault) fn written(&self, kept: &Kept) -> Option<Duration> {
        let is_same = |other: &Name| {
            let what = |name: &Name| (name.generation, name.device);
            what(other) == what(&kept.name)
        };
        let names = self.names().unwrap_or_default();
        let days = names
            .into_iter()
            .filter(is_same)
            .filter_map(|name| name.day);
        let at = written(&kept.path);
        at.into_iter().chain(days.map(Day::end)).min()
    }

    /// Returns when the vault's file was written, in time since 1970.
    pub(in crate::vault) fn vault_written(&self) -> Option<Duration> {
        match self.vaults().ok()?.as_slice() {
            [(path, _)] => written(path),
            _ => None,
        }
    }

    fn names(&self) -> Result<Vec<Name>, StoreError> {
        let paths = durable::list(&self.backup_folder())?;
        Ok(paths.iter().filter_map(|path| Name::of(path)).collect())
    }

    /// Puts `bytes` in a backup's place, or removes the backup where that can't be done.
    ///
    /// # Errors
    /// What was to go is still there.
    pub(in crate::vault) fn replace_backup(
        &self,
        path: &Path,
        bytes: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        if bytes.is_some_and(|bytes| durable::replace(path, bytes).is_ok()) {
            return Ok(());
        }
        self.remove_backup(path)?;
        durable::sync_folder_of(path)
    }

    /// Removes a backup, and the slots that it was the last to need.
    fn remove_backup(&self, path: &Path) -> Result<(), StoreError> {
        durable::remove(path)?;
        self.remove_idle_slots()
    }

    fn remove_idle_slots(&self) -> Result<(), StoreError> {
        for slot in idle_slots(&self.names()?) {
            durable::remove(&self.backup_folder().join(slot.to_string()))?;
        }
        Ok(())
    }

    /// Keeps the slots that a person types with the newest backups of each device, which they may
    /// be all that opens.
    pub(super) fn keep_slots(&self) -> Result<(), StoreError> {
        let newest: BTreeMap<_, _> = self
            .kept()?
            .into_iter()
            .map(|kept| (kept.name.device, kept.name.generation))
            .collect();
        for (device, generation) in newest {
            for kind in TYPED {
                let name = Name {
                    kind,
                    ..Name::vault(None, generation, device)
                };
                if !is_there(&self.backup_folder().join(name.to_string())) {
                    self.keep(&self.data.join(kind), &name)?;
                }
            }
        }
        Ok(())
    }

    /// Removes every backup, and damaged files: they open as backups do, or may.
    pub(super) fn remove_backups(&self) -> Result<(), StoreError> {
        for path in durable::list(&self.damaged_folder())? {
            durable::remove(&path)?;
        }
        for path in durable::list(&self.backup_folder())? {
            if Name::of(&path).is_some() {
                durable::remove(&path)?;
            }
        }
        if is_there(&self.backup_folder()) {
            durable::sync_folder(&self.backup_folder())?;
        }
        Ok(())
    }

    /// Links a file into the backups; `None` if there is none.
    pub(super) fn keep(&self, path: &Path, name: &Name) -> Result<Option<PathBuf>, StoreError> {
        if !is_there(path) {
            return Ok(None);
        }
        private_folder(&self.backup_folder())?;
        let backup = self.backup_folder().join(name.to_string());
        // A crashed run may have kept it already.
        durable::remove(&backup)?;
        link_or_copy(path, &backup)?;
        Ok(Some(backup))
    }

    /// Removes the oldest backups beyond the last ten.
    pub(super) fn prune(&self, made: &Name) -> Result<(), StoreError> {
        for spare in spare_of_ten(&self.names()?, made) {
            self.remove_backup(&self.backup_folder().join(spare.to_string()))?;
        }
        Ok(())
    }
}

/// When a file was written, in time since 1970.
pub(in crate::vault) fn written(path: &Path) -> Option<Duration> {
    let written = path.metadata().and_then(|found| found.modified()).ok()?;
    written.duration_since(SystemTime::UNIX_EPOCH).ok()
}

/// Gives a file a second name, or makes a copy: not every file system has links.
pub(super) fn link_or_copy(path: &Path, to: &Path) -> Result<(), StoreError> {
    if disk::link(path, to).is_err()
        && let Some(bytes) = durable::read(path, MAX_FILE)?
    {
        durable::replace(to, &bytes)?;
    }
    Ok(())
}

/// Brings a file's predecessor back, as well as it can be done where a sync has failed.
pub(super) fn put_back(path: &Path, backup: Option<&Path>) {
    drop(match backup {
        None => disk::remove(path),
        Some(backup) => {
            let draft = path.with_file_name(format!("{UNFINISHED}old"));
            disk::link(backup, &draft)
                .or_else(|_| disk::copy(backup, &draft))
                .and_then(|()| disk::rename(&draft, path))
        }
    });
    drop(durable::sync_folder_of(path));
}
