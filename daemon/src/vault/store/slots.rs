//! The files of slots.

use otp_proto::SlotKind;

use super::{MAX_SLOT, Store, name};
use crate::vault::durable::Draft;
use crate::vault::slot::{SlotName, TYPED};
use crate::vault::{OpenError, StoreError, durable};

impl Store {
    /// Reads a slot's file.
    ///
    /// # Errors
    /// [`OpenError::NoVault`], or [`OpenError::Missing`] if other files are there.
    pub fn read_slot(&self, file: &str) -> Result<Vec<u8>, OpenError> {
        let path = self.data.join(file);
        match durable::read(&path, MAX_SLOT)? {
            Some(bytes) => Ok(bytes),
            None if self.exists() => Err(OpenError::Missing(path)),
            None => Err(OpenError::NoVault),
        }
    }

    /// Returns the slots that are there, those that a person types first.
    ///
    /// # Errors
    /// The folder can't be read.
    pub fn slots(&self) -> Result<Vec<SlotName>, StoreError> {
        let paths = durable::list(&self.data)?;
        let names = paths.iter().map(|path| name(path));
        let slots = names.clone().filter_map(SlotName::of_file);
        let is_whole = |slot: &SlotName| {
            let companion = slot.companion();
            companion.is_none_or(|file| names.clone().any(|name| name == file))
        };
        let mut slots: Vec<SlotName> = slots.filter(is_whole).collect();
        let place = |slot: &SlotName| {
            let typed = slot.typed();
            let place = TYPED.iter().position(|&file| Some(file) == typed);
            (place.unwrap_or(TYPED.len()), slot.clone())
        };
        slots.sort_by_key(place);
        Ok(slots)
    }

    /// Returns whether there is a slot that nobody types.
    pub fn opens_by_itself(&self) -> bool {
        let slots = self.slots().unwrap_or_default();
        slots.iter().any(|slot| slot.kind() == SlotKind::Keyring)
    }

    /// Removes a slot's file durably.
    ///
    /// # Errors
    /// The file is still there, or with [`StoreError::Unsure`] may come back after a crash.
    pub(in crate::vault) fn remove_slot(&self, slot: &SlotName) -> Result<(), StoreError> {
        self.refuse_unfinished()?;
        durable::remove(&self.data.join(slot.file()))?;
        let companion = slot.companion().map(|file| self.data.join(file));
        let removed = companion.map_or(Ok(()), |file| durable::remove(&file));
        let done = removed.and_then(|()| durable::sync_folder(&self.data));
        done.map_err(|failure| StoreError::Unsure(Box::new(failure)))
    }

    /// Writes a slot's file durably.
    ///
    /// # Errors
    /// The old file is as before, or with [`StoreError::Unsure`] the new one is there.
    pub fn write_slot(&self, file: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.refuse_unfinished()?;
        Draft::write(&self.data.join(file), bytes)?.place()?;
        self.note(file);
        let synced = durable::sync_folder(&self.data);
        synced.map_err(|failure| StoreError::Unsure(Box::new(failure)))
    }
}
