//! Copies in a folder of the user's choice, most likely on another disk: there today and away
//! tomorrow, slow, full, or not to be written. What goes there restores on a new machine.

use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::kept::{Name, TEXT, spare_days};
use super::{Store, name};
use crate::platform;
use crate::vault::day::Day;
use crate::vault::durable::{self, UNFINISHED};
use crate::vault::{OpenError, StoreError, backup};

/// Longest text that is compared with a new one, in bytes: that of the largest vault.
const MAX_TEXT: u64 = 96 * 1024 * 1024;

impl Store {
    /// Writes the vault and its slots as one text into a folder, unless it is there already, and
    /// removes the texts that may go: those of days beyond a month, and those of generations
    /// below `floor`, which hold a purged key. Returns whether the folder is on another disk;
    /// `None` if there is nothing to copy before the vault was opened.
    ///
    /// Takes as long as the folder's disk does, and keeps nobody waiting meanwhile.
    ///
    /// # Errors
    /// The folder isn't there, which is not made; or the text can't be written or others removed.
    pub fn copy_to(
        &self,
        folder: &Path,
        floor: u64,
        wall: Duration,
    ) -> Result<Option<bool>, OpenError> {
        let (made, files) = {
            let _held = self.hold();
            let generation = self.on_disk.load(Ordering::Relaxed);
            let is_known = generation > 0 && !self.is_damaged.load(Ordering::Relaxed);
            let vaults = self.vaults()?;
            let device = match vaults.as_slice() {
                [] => return Ok(None),
                [(_, device)] => device,
                _ => return Err(OpenError::Several(self.vault_folder())),
            };
            if !is_known || self.is_unfinished() {
                return Ok(None);
            }
            let made = Name::vault(Some(Day::of(wall)), generation, *device);
            (made, self.read_all()?)
        };
        let failed = |error: &io::Error| StoreError::new("open", folder, error);
        if !folder.metadata().map_err(|error| failed(&error))?.is_dir() {
            return Err(failed(&io::ErrorKind::NotADirectory.into()).into());
        }
        let text = backup::print(&files, wall);
        let path = folder.join(made.text());
        if durable::read(&path, MAX_TEXT)?.as_deref() != Some(text.as_bytes()) {
            durable::replace(&path, text.as_bytes())?;
        }
        let paths = durable::list(folder)?;
        // Other machines may keep theirs there, too.
        let names = paths.iter().filter_map(|path| Name::of_text(path));
        let names: Vec<Name> = names.filter(|name| name.device == made.device).collect();
        let mut spare = spare_days(&names, &made, Day::of(wall));
        let is_purged = |name: &&Name| name.generation < floor && **name != made;
        spare.extend(names.iter().filter(is_purged));
        for name in spare {
            durable::remove(&folder.join(name.text()))?;
        }
        // A stick that was pulled out in the middle has one.
        let half = format!("{UNFINISHED}{TEXT}");
        for path in paths.iter().filter(|path| name(path).starts_with(&half)) {
            durable::remove(path)?;
        }
        Ok(Some(!platform::is_same_disk(folder, &self.data)))
    }
}
