//! What is known of the vault's file on disk.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use super::Store;
use crate::vault::digest::{Digest, digest};

impl Store {
    /// Returns the generation of the vault's file, if it is known.
    pub(in crate::vault) fn generation(&self) -> Option<u64> {
        Some(self.on_disk.load(Ordering::Relaxed)).filter(|generation| *generation > 0)
    }

    /// Tells the generation of the vault's file and what it was, once it was read or written.
    pub(in crate::vault) fn saw(&self, generation: u64, whole: Digest) {
        self.see(generation, Some(whole), false);
    }

    /// Forgets the vault's file: another will take its place.
    pub(in crate::vault) fn saw_nothing(&self) {
        self.see(0, None, false);
    }

    /// Tells that the vault's file, whose place a backup of this generation was to take, is still
    /// the damaged one.
    pub(in crate::vault) fn saw_damage(&self, generation: u64) {
        self.see(generation, None, true);
    }

    fn see(&self, generation: u64, whole: Option<Digest>, is_damaged: bool) {
        self.on_disk.store(generation, Ordering::Relaxed);
        self.is_damaged.store(is_damaged, Ordering::Relaxed);
        *self.whole.lock().unwrap_or_else(PoisonError::into_inner) = whole;
    }

    /// Whether the vault's file is what it was when it was last opened or written, as far as that
    /// is known: only then is it worth a copy.
    pub(super) fn is_as_it_was(&self, vault: &[u8]) -> bool {
        let whole = *self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        whole.is_none_or(|whole| whole == digest(vault))
    }
}
