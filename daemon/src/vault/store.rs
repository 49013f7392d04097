//! The files of the vault: where they are, and in which order they are written so that a crash
//! or a full disk leaves the old ones. Knows nothing of what is in them.

mod aside;
mod backups;
mod elsewhere;
mod install;
mod kept;
mod noted;
mod seen;
mod shut;
mod slots;

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use otp_proto::{Dirs, EntryId};

use self::backups::put_back;
pub(super) use self::backups::{Kept, written};
pub use self::install::Install;
pub(super) use self::install::Slots;
use self::install::{INSTALL, STAGING};
pub(super) use self::kept::Name;
pub use self::kept::{BACKUPS, MONTH};
use super::backup::Files;
use super::digest::{Digest, digest};
use super::durable::{self, Draft, UNFINISHED};
use super::seal::MAX_FILE;
use super::slot::{IDENTITY, Keyring, NoKeyring, RECOVERY, TYPED, WORK_FACTOR};
use super::{OpenError, Sealed, State, StoreError};
use super::{disk, state};

/// Largest wrapped identity in bytes; ours have 400.
const MAX_SLOT: u64 = 64 * 1024;
/// Largest state in bytes: 100,000 marks and steps.
const MAX_STATE: u64 = 4 * 1024 * 1024;

/// The folders of one vault. One thread writes at a time.
#[derive(Debug)]
pub struct Store {
    data: PathBuf,
    state: PathBuf,
    work_factor: u8,
    keyring: Arc<dyn Keyring>,
    /// The generation of the vault file on disk, which names its backup; 0 until it is known.
    on_disk: AtomicU64,
    /// The vault file on disk is known to be damaged: it is no backup of the next one.
    is_damaged: AtomicBool,
    /// What the vault's file on disk was when it was last opened or written.
    whole: Mutex<Option<Digest>>,
    /// For whoever works on kept files.
    held: Mutex<()>,
}

impl Store {
    /// Names the folders; touches nothing.
    pub fn new(dirs: &Dirs) -> Self {
        Self {
            data: dirs.data.clone(),
            state: dirs.state.clone(),
            work_factor: WORK_FACTOR,
            keyring: Arc::new(NoKeyring),
            on_disk: AtomicU64::new(0),
            is_damaged: AtomicBool::new(false),
            whole: Mutex::new(None),
            held: Mutex::new(()),
        }
    }

    /// Uses a keyring for the slot that nobody types.
    #[must_use]
    pub fn with_keyring(mut self, keyring: Arc<dyn Keyring>) -> Self {
        self.keyring = keyring;
        self
    }

    /// Returns the keyring.
    pub(super) fn keyring(&self) -> &dyn Keyring {
        self.keyring.as_ref()
    }

    /// Returns whose vault it is.
    ///
    /// # Errors
    /// As [`Self::open_vault`].
    pub(super) fn device(&self) -> Result<EntryId, OpenError> {
        self.open_vault().map(|(_, device, _)| device)
    }

    /// Makes slots with a cheap key derivation: tests have better to do than wait.
    #[cfg(test)]
    #[must_use]
    pub fn cheap(mut self) -> Self {
        self.work_factor = 2;
        self
    }

    /// Returns the work factor for new slots.
    pub(super) fn work_factor(&self) -> u8 {
        self.work_factor
    }

    /// Returns whether any file of a vault is there. What can't be looked at counts.
    pub fn exists(&self) -> bool {
        [INSTALL, IDENTITY, RECOVERY]
            .iter()
            .any(|name| is_there(&self.data.join(name)))
            || self.slots().map_or(true, |slots| !slots.is_empty())
            || self.vaults().map_or(true, |vaults| !vaults.is_empty())
    }

    /// Finishes what a crashed run left: puts a whole vault into place, removes halves. To be
    /// called when no other otpd runs and nothing is being written.
    ///
    /// # Errors
    /// Files that can't be moved or removed.
    pub fn tidy(&self) -> Result<(), StoreError> {
        let _held = self.hold();
        remove_folder(&self.data.join(STAGING))?;
        let folders = [
            self.data.clone(),
            self.vault_folder(),
            self.backup_folder(),
            self.damaged_folder(),
            self.state.clone(),
        ];
        for path in folders.iter().map(|folder| durable::list(folder)) {
            for path in path?
                .iter()
                .filter(|path| name(path).starts_with(UNFINISHED))
            {
                durable::remove(path)?;
            }
        }
        self.finish_install()
    }

    /// Opens the vault's file; returns whose it is and its length, too.
    ///
    /// # Errors
    /// As [`Self::read_slot`], and [`OpenError::Several`].
    pub fn open_vault(&self) -> Result<(BufReader<File>, EntryId, u64), OpenError> {
        let vaults = self.vaults()?;
        let (path, device) = match vaults.as_slice() {
            [one] => one,
            [] if self.exists() => return Err(OpenError::Missing(self.vault_folder())),
            [] => return Err(OpenError::NoVault),
            _ => return Err(OpenError::Several(self.vault_folder())),
        };
        let failed = |error: io::Error| StoreError::new("read", path, &error);
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        if length > MAX_FILE {
            let (path, limit) = (path.clone(), MAX_FILE);
            return Err(StoreError::TooLarge { path, limit }.into());
        }
        Ok((BufReader::new(file), *device, length))
    }

    /// Writes the vault durably and keeps its predecessor among the backups.
    ///
    /// # Errors
    /// The old vault is in its place.
    pub fn write_vault(&self, sealed: &Sealed, wall: Duration) -> Result<(), StoreError> {
        let _held = self.hold();
        self.refuse_unfinished()?;
        private_folder(&self.vault_folder())?;
        let path = self.vault_path(sealed.device);
        let draft = Draft::write(&path, &sealed.bytes)?;
        let before = self.on_disk.load(Ordering::Relaxed);
        let kept = Name::vault(None, before, sealed.device);
        let backup = if self.is_damaged.load(Ordering::Relaxed) {
            self.keep_damaged(&path, wall)?
        } else {
            self.keep(&path, &kept)?
        };
        draft.place()?;
        if let Err(error) = durable::sync_folder_of(&path) {
            // Nobody may see a write that was reported as failed.
            put_back(&path, backup.as_deref());
            return Err(error);
        }
        self.saw(sealed.generation, digest(&sealed.bytes));
        // The vault is written; what can't be removed now is tried again after the next write.
        drop(self.prune(&kept));
        Ok(())
    }

    /// Reads the vault's file; returns whose it is, too.
    ///
    /// # Errors
    /// As [`Self::open_vault`].
    pub(super) fn read_vault(&self) -> Result<(Vec<u8>, EntryId), OpenError> {
        let (mut file, device, _) = self.open_vault()?;
        let mut vault = Vec::new();
        io::copy(&mut io::Read::take(&mut file, MAX_FILE), &mut vault)
            .map_err(|error| StoreError::new("read", &self.vault_path(device), &error))?;
        Ok((vault, device))
    }

    /// Reads the vault on disk, if it is whole and has no dated copy yet.
    pub(super) fn uncopied(&self) -> Option<Sealed> {
        let generation = self.on_disk.load(Ordering::Relaxed);
        if self.is_damaged.load(Ordering::Relaxed) || self.is_copied(generation) {
            return None;
        }
        let (bytes, device) = self.read_vault().ok()?;
        self.is_as_it_was(&bytes).then_some(())?;
        Some(Sealed {
            device,
            generation,
            bytes,
        })
    }

    /// Reads the vault and the slots that a person types, as they are. A slot may have been
    /// removed, but not both.
    ///
    /// # Errors
    /// As [`Self::open_vault`], and [`OpenError::NotAsItWas`].
    pub(super) fn read_all(&self) -> Result<Files, OpenError> {
        let (vault, device) = self.read_vault()?;
        if !self.is_as_it_was(&vault) {
            return Err(OpenError::NotAsItWas(self.vault_path(device)));
        }
        let mut slots = [None, None];
        for (slot, file) in slots.iter_mut().zip(TYPED) {
            *slot = durable::read(&self.data.join(file), MAX_SLOT)?;
        }
        if slots.iter().all(Option::is_none) {
            return Err(OpenError::Missing(self.data.join(IDENTITY)));
        }
        Ok(Files { slots, vault })
    }

    /// Reads the state; a missing or damaged one is empty, with a line that says so.
    pub fn read_state(&self) -> (State, Option<String>) {
        const LOST: &str = "an older copy of the vault would not be noticed";
        let path = self.state.join("state");
        let bytes = match durable::read(&path, MAX_STATE) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                let warning = format!("there is no {}: {LOST}", path.display());
                return (State::default(), Some(warning));
            }
            Err(error) => return (State::default(), Some(format!("{error}: {LOST}"))),
        };
        if let Some(state) = std::str::from_utf8(&bytes).ok().and_then(state::parse) {
            return (state, None);
        }
        let warning = format!("{} is damaged: {LOST}", path.display());
        (State::default(), Some(warning))
    }

    /// Writes the state durably.
    ///
    /// # Errors
    /// The old state is as before.
    pub fn write_state(&self, state: &State) -> Result<(), StoreError> {
        private_folder(&self.state)?;
        durable::replace(&self.state.join("state"), state::print(state).as_bytes())
    }

    /// Returns whether a whole vault waits to be put into place, which [`Self::tidy`] does.
    pub(super) fn is_unfinished(&self) -> bool {
        is_there(&self.data.join(INSTALL))
    }

    /// Puts a whole vault that waits into place, for whoever reads several of its files.
    pub(super) fn finish(&self) -> Result<(), StoreError> {
        if self.is_unfinished() {
            self.tidy()?;
        }
        Ok(())
    }

    /// Refuses while a whole vault waits to be put into place.
    pub(super) fn refuse_unfinished(&self) -> Result<(), StoreError> {
        if self.is_unfinished() {
            Err(StoreError::Unfinished(self.data.clone()))
        } else {
            Ok(())
        }
    }

    /// Returns the vault files with their devices.
    pub(super) fn vaults(&self) -> Result<Vec<(PathBuf, EntryId)>, StoreError> {
        let paths = durable::list(&self.vault_folder())?;
        Ok(paths
            .into_iter()
            .filter_map(|path| {
                let device = name(&path).strip_suffix(".age")?.parse().ok()?;
                Some((path, device))
            })
            .collect())
    }

    pub(super) fn vault_path(&self, device: EntryId) -> PathBuf {
        self.vault_folder().join(format!("{device}.age"))
    }

    fn vault_folder(&self) -> PathBuf {
        self.data.join("vault")
    }

    fn backup_folder(&self) -> PathBuf {
        self.data.join("backups")
    }

    fn damaged_folder(&self) -> PathBuf {
        self.data.join("damaged")
    }
}

fn name(path: &Path) -> &str {
    path.file_name()
        .and_then(std::ffi::OsStr::to_str)
        .unwrap_or_default()
}

/// Returns whether anything has this name. What can't be looked at counts.
fn is_there(path: &Path) -> bool {
    !matches!(fs::symlink_metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound)
}

/// Makes a folder of ours alone. One that is there stays as it is: a person may have put a link.
fn private_folder(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    disk::make_folder(path).map_err(|error| StoreError::new("make", path, &error))
}

fn remove_folder(path: &Path) -> Result<(), StoreError> {
    disk::remove_folder(path).map_err(|error| StoreError::new("remove", path, &error))
}
