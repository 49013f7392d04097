//! Damaged files: kept for whoever may want to look into them, and counted by nothing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use otp_proto::EntryId;

use super::backups::link_or_copy;
use super::{Store, is_there, name, private_folder};
use crate::vault::day::Day;
use crate::vault::digest::digest;
use crate::vault::seal::MAX_FILE;
use crate::vault::slot::TYPED;
use crate::vault::{Sealed, StoreError, durable};

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
        if is_there(&to) {
            // An attempt before this one has kept it.
            return Ok(Some(to));
        }
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
        let place = self.vault_path(good.device);
        let vaults = self.vaults()?;
        for (path, _) in &vaults {
            aside.extend(self.keep_damaged(path, wall)?);
        }
        private_folder(&self.vault_folder())?;
        durable::replace(&place, &good.bytes)?;
        for (path, _) in vaults.iter().filter(|(path, _)| *path != place) {
            durable::remove(path)?;
        }
        self.saw(good.generation, digest(&good.bytes));
        Ok(aside)
    }

    /// Sets every vault file but one aside; returns under which names.
    ///
    /// # Errors
    /// Files that can be neither linked nor copied, or not removed. Nothing is lost.
    pub(in crate::vault) fn set_others_aside(
        &self,
        stays: EntryId,
        wall: Duration,
    ) -> Result<Vec<PathBuf>, StoreError> {
        let _held = self.hold();
        let mut aside = Vec::new();
        for (path, device) in self.vaults()? {
            if device != stays {
                aside.extend(self.keep_damaged(&path, wall)?);
                durable::remove(&path)?;
            }
        }
        durable::sync_folder(&self.vault_folder())?;
        Ok(aside)
    }

    /// Keeps the files of a vault that doesn't open, which an install will replace, with or
    /// without the slots that a person types.
    ///
    /// # Errors
    /// Files that can be neither linked nor copied.
    pub(in crate::vault) fn keep_unopened(
        &self,
        with_slots: bool,
        wall: Duration,
    ) -> Result<(), StoreError> {
        let _held = self.hold();
        // First, because nothing can be put where a link to a disk that is away stands.
        private_folder(&self.vault_folder())?;
        for (path, _) in self.vaults()? {
            self.keep_damaged(&path, wall)?;
        }
        for file in TYPED.into_iter().filter(|_| with_slots) {
            self.keep_damaged(&self.data.join(file), wall)?;
        }
        if with_slots {
            self.keep_slots()
        } else {
            Ok(())
        }
    }

    /// Returns the folder of damaged files, if there are any.
    pub(in crate::vault) fn damaged(&self) -> Option<PathBuf> {
        let folder = self.damaged_folder();
        let files = durable::list(&folder).ok()?;
        (!files.is_empty()).then_some(folder)
    }

    /// A name that is free, or that of the same content.
    fn free_name(&self, path: &Path, wall: Duration) -> PathBuf {
        let (folder, day) = (self.damaged_folder(), Day::of(wall));
        let first = folder.join(format!("{day}-{}", name(path)));
        let more = (2..SAME).map(|number| folder.join(format!("{day}-{number}-{}", name(path))));
        let mut free = [first.clone()].into_iter().chain(more);
        // Nobody damages a thousand files on one day without seeing it.
        free.find(|there| !is_there(there) || has_same_content(there, path))
            .unwrap_or(first)
    }
}

/// Whether two files hold the same; not where one of them can't be read.
fn has_same_content(one: &Path, other: &Path) -> bool {
    let read = |path| durable::read(path, MAX_FILE).ok().flatten();
    read(one).is_some_and(|bytes| read(other) == Some(bytes))
}
