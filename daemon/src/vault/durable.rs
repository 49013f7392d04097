//! Files that are there whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::{StoreError, disk};

/// What the name of an unfinished file begins with; they are removed at the start.
pub(super) const UNFINISHED: &str = ".new-";

/// A written, synced and verified file that isn't in its place yet; removed again on drop.
pub(super) struct Draft {
    path: PathBuf,
    target: PathBuf,
    is_placed: bool,
}

impl Draft {
    /// Writes a file beside its target, syncs it and reads it back.
    pub(super) fn write(target: &Path, bytes: &[u8]) -> Result<Self, StoreError> {
        let failed = |error: io::Error| StoreError::new("write", target, &error);
        let mut name = std::ffi::OsString::from(UNFINISHED);
        name.push(target.file_name().unwrap_or_default());
        let path = target.with_file_name(name);
        // A crashed run may have left one.
        remove(&path)?;
        let mut file = disk::create(&path).map_err(failed)?;
        // From here on, whatever fails, the file is removed.
        let draft = Self {
            path,
            target: target.to_owned(),
            is_placed: false,
        };
        disk::write(&mut file, bytes)
            .and_then(|()| disk::sync(&file))
            .map_err(failed)?;
        drop(file);
        if reads_as(&draft.path, bytes).map_err(failed)? {
            Ok(draft)
        } else {
            Err(StoreError::Differs(target.to_owned()))
        }
    }

    /// Renames the file over its target. The folder isn't synced yet.
    pub(super) fn place(mut self) -> Result<(), StoreError> {
        disk::rename(&self.path, &self.target)
            .map_err(|error| StoreError::new("write", &self.target, &error))?;
        self.is_placed = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.is_placed {
            // What failed before is what is told.
            drop(disk::remove(&self.path));
        }
    }
}

/// Writes a file durably over an old one.
pub(super) fn replace(target: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    Draft::write(target, bytes)?.place()?;
    sync_folder_of(target)
}

/// Syncs the folder that a file is in, so that its name lasts.
pub(super) fn sync_folder_of(path: &Path) -> Result<(), StoreError> {
    sync_folder(path.parent().unwrap_or(path))
}

/// Syncs a folder.
pub(super) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    disk::sync_folder(folder).map_err(|error| StoreError::new("sync", folder, &error))
}

/// Removes a file, if it is there.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    disk::remove(path).map_err(|error| StoreError::new("remove", path, &error))
}

/// Reads a whole file of bounded length; `None` if it isn't there.
pub(super) fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let failed = |error: io::Error| StoreError::new("read", path, &error);
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(failed)?,
    };
    let mut bytes = Vec::new();
    let read = file
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if u64::try_from(read).is_ok_and(|read| read > limit) {
        return Err(StoreError::TooLarge {
            path: path.to_owned(),
            limit,
        });
    }
    Ok(Some(bytes))
}

/// Returns the paths in a folder; none if it isn't there.
pub(super) fn list(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let failed = |error: io::Error| StoreError::new("read", folder, &error);
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries
            .map_err(failed)?
            .map(|entry| entry.map(|entry| entry.path()).map_err(failed))
            .collect(),
    }
}

/// Returns whether a file holds exactly these bytes.
fn reads_as(path: &Path, mut bytes: &[u8]) -> io::Result<bool> {
    let mut file = disk::open_again(path)?;
    let mut piece = [0; 8 * 1024];
    loop {
        let read = file.read(&mut piece)?;
        let Some((front, rest)) = bytes.split_at_checked(read) else {
            return Ok(false);
        };
        if piece.get(..read) != Some(front) {
            return Ok(false);
        }
        if read == 0 {
            return Ok(rest.is_empty());
        }
        bytes = rest;
    }
}
