//! The vault files of before.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use otp_proto::EntryId;

use super::{Store, is_there, name, private_folder};
use crate::vault::durable::{self, UNFINISHED};
use crate::vault::seal::MAX_FILE;
use crate::vault::slot::{IDENTITY, RECOVERY};
use crate::vault::{StoreError, disk};

/// How many vault files are kept beside the present one.
pub const BACKUPS: usize = 10;

impl Store {
    /// Keeps the files of the present vault, which an install will replace.
    ///
    /// # Errors
    /// Files that can't be linked or copied.
    pub(in crate::vault) fn keep_present(&self) -> Result<(), StoreError> {
        let generation = self.on_disk.load(Ordering::Relaxed);
        for (path, device) in self.vaults()? {
            let stem = stem(generation, device);
            self.keep(&path, &format!("{stem}.age"))?;
            for file in [IDENTITY, RECOVERY] {
                self.keep(&self.data.join(file), &format!("{stem}.{file}"))?;
            }
            drop(self.prune(&stem));
        }
        Ok(())
    }

    /// Returns the vault files among the backups, oldest first.
    ///
    /// # Errors
    /// The folder can't be read.
    pub fn backups(&self) -> Result<Vec<PathBuf>, StoreError> {
        let mut paths = durable::list(&self.backup_folder())?;
        paths.retain(|path| split(path).is_some_and(|(_, kind)| kind == "age"));
        paths.sort_unstable();
        Ok(paths)
    }

    /// Returns when the newest backup was written, in time since 1970; `None` without one.
    pub fn newest_backup(&self) -> Option<Duration> {
        let written = |path: &PathBuf| path.metadata().and_then(|found| found.modified()).ok();
        let newest = self.backups().ok()?.iter().filter_map(written).max()?;
        newest.duration_since(SystemTime::UNIX_EPOCH).ok()
    }

    /// Opens a backup; returns its length, too.
    pub(in crate::vault) fn open_backup(path: &Path) -> Result<(BufReader<File>, u64), StoreError> {
        let failed = |error: io::Error| StoreError::new("read", path, &error);
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        Ok((BufReader::new(file), length))
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

    /// Removes a backup with the slots kept beside it.
    fn remove_backup(&self, path: &Path) -> Result<(), StoreError> {
        let stem = split(path).map_or("", |(stem, _)| stem).to_owned();
        for path in durable::list(&self.backup_folder())? {
            if split(&path).is_some_and(|(other, _)| other == stem) {
                durable::remove(&path)?;
            }
        }
        Ok(())
    }

    /// Removes every backup.
    pub(super) fn remove_backups(&self) -> Result<(), StoreError> {
        for path in durable::list(&self.backup_folder())? {
            if split(&path).is_some() {
                durable::remove(&path)?;
            }
        }
        if is_there(&self.backup_folder()) {
            durable::sync_folder(&self.backup_folder())?;
        }
        Ok(())
    }

    /// Links a file into the backups; `None` if there is none.
    pub(super) fn keep(&self, path: &Path, name: &str) -> Result<Option<PathBuf>, StoreError> {
        if !is_there(path) {
            return Ok(None);
        }
        private_folder(&self.backup_folder())?;
        let backup = self.backup_folder().join(name);
        // A crashed run may have kept it already.
        durable::remove(&backup)?;
        if disk::link(path, &backup).is_err() {
            // Not every file system has links.
            if let Some(bytes) = durable::read(path, MAX_FILE)? {
                durable::replace(&backup, &bytes)?;
            }
        }
        Ok(Some(backup))
    }

    /// Removes the oldest backups beyond the last ten, but not the one just made, which is the
    /// oldest where generations began anew.
    pub(super) fn prune(&self, newest: &str) -> Result<(), StoreError> {
        let backups = self.backups()?;
        let others = backups
            .iter()
            .filter(|path| split(path).is_some_and(|(stem, _)| stem != newest));
        for path in others.rev().skip(BACKUPS - 1) {
            self.remove_backup(path)?;
        }
        Ok(())
    }
}

/// The name of a backup without its kind.
pub(super) fn stem(generation: u64, device: EntryId) -> String {
    format!("{generation:010}-{device}")
}

/// Splits a backup's name into stem and kind; `None` for other files.
fn split(path: &Path) -> Option<(&str, &str)> {
    let (stem, kind) = name(path).split_once('.')?;
    let (generation, device) = stem.split_once('-')?;
    let is_ours = generation.bytes().all(|byte| byte.is_ascii_digit())
        && device.parse::<EntryId>().is_ok()
        && ["age", IDENTITY, RECOVERY].contains(&kind);
    is_ours.then_some((stem, kind))
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
