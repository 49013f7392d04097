//! Damaged files: kept for whoever may want to look into them, and counted by nothing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::backups::link_or_copy;
use super::{Store, is_there, name, private_folder};
use crate::vault::day::Day;
use crate::vault::slot::TYPED;
use crate::vault::{Sealed, StoreError, disk, durable};

/// How many files of one name and one day are kept apart.
const SAME: u32 = 1000;

impl Store {
    /// Keeps a damaged file under a name that nothing else has; `None` if it isn't there.
    ///
    /// # Errors
    /// It can be neither linked nor copied.
    pub(super) fn keep_damaged(
        &self,
        path: &Path,
        wall: Duration,
    ) -> Result<Option<PathBuf>, StoreError> {
        if !is_there(path) {
            return Ok(None);
        }
        let folder = self.damaged_folder();
        private_folder(&folder)?;
        let to = self.free_name(path, wall);
        link_or_copy(path, &to)?;
        durable::sync_folder(&folder)?;
        Ok(Some(to))
    }

    /// Keeps a slot's file that is to be written anew, if it is damaged.
    ///
    /// # Errors
    /// It can be neither linked nor copied.
    pub(in crate::vault) fn keep_if_changed(
        &self,
        file: &str,
        wall: Duration,
    ) -> Result<(), StoreError> {
        if self.is_changed(file) {
            self.keep_damaged(&self.data.join(file), wall)?;
        }
        Ok(())
    }

    /// Puts a backup in the place of a damaged vault, which is kept; returns under which names.
    ///
    /// # Errors
    /// The damaged vault may be in its place yet. Nothing is lost.
    pub(in crate::vault) fn mend(
        &self,
        good: &Sealed,
        wall: Duration,
    ) -> Result<Vec<PathBuf>, StoreError> {
        let _held = self.hold();
        self.refuse_unfinished()?;
        let mut aside = Vec::new();
        for (path, _) in self.vaults()? {
            private_folder(&self.damaged_folder())?;
            let to = self.free_name(&path, wall);
            disk::rename(&path, &to).map_err(|error| StoreError::new("keep", &path, &error))?;
            durable::sync_folder(&self.damaged_folder())?;
            aside.push(to);
        }
        private_folder(&self.vault_folder())?;
        durable::replace(&self.vault_path(good.device), &good.bytes)?;
        self.saw(good.generation);
        Ok(aside)
    }

    /// Keeps the files of a vault that doesn't open, which an install will replace.
    ///
    /// # Errors
    /// Files that can be neither linked nor copied.
    pub(in crate::vault) fn keep_unopened(&self, wall: Duration) -> Result<(), StoreError> {
        let _held = self.hold();
        for (path, _) in self.vaults()? {
            self.keep_damaged(&path, wall)?;
        }
        for file in TYPED {
            self.keep_damaged(&self.data.join(file), wall)?;
        }
        Ok(())
    }

    /// Returns the folder of damaged files, if there are any.
    pub(in crate::vault) fn damaged(&self) -> Option<PathBuf> {
        let folder = self.damaged_folder();
        let files = durable::list(&folder).ok()?;
        (!files.is_empty()).then_some(folder)
    }

    fn free_name(&self, path: &Path, wall: Duration) -> PathBuf {
        let (folder, day) = (self.damaged_folder(), Day::of(wall));
        let first = folder.join(format!("{day}-{}", name(path)));
        let more = (2..SAME).map(|number| folder.join(format!("{day}-{number}-{}", name(path))));
        let mut free = [first.clone()].into_iter().chain(more);
        // Nobody damages a thousand files on one day without seeing it.
        free.find(|path| !is_there(path)).unwrap_or(first)
    }
}
