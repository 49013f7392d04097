//! One arena for all keys: their bytes packed into one protected mapping, and a table of where
//! they are. Knows nothing of what the bytes mean.
//!
//! A key is never in the ordinary heap because of us: `put` copies from where it was decrypted,
//! `key` lends it in place. Ten thousand keys of 20 bytes cost 200 kB of locked memory and 80 kB
//! of table. Growth, and reuse of what was forgotten, move the living keys into a new mapping
//! and wipe the old one; a [`Slot`] stays valid over it.

use std::fmt;

use otp_proto::Memory;

use super::pages::{Mapping, out_of_memory};
use crate::config::MemoryMode;

/// The longest key: what fits beside a place's generation. OTP keys end at 1024 bytes.
const MAX_LEN: usize = (1 << LEN_BITS) - 1;
const LEN_BITS: u32 = 20;
/// A slot is an index and the generation of the place it names, so that a place can be used
/// again and the slots of its earlier keys still find nothing: 4 million keys at once, and each
/// place 1023 times before it is left alone.
const INDEX_BITS: u32 = 22;
const LAST_GENERATION: u32 = (1 << (u32::BITS - INDEX_BITS)) - 1;
/// The table grows by an eighth: doubling would leave up to 80 kB unused at 10,000 keys.
const TABLE_SHARE: usize = 8;
/// A new mapping has room for a quarter more than it must hold, so that n keys are moved a
/// bounded number of times each.
const SPARE_SHARE: usize = 4;

/// A key's place in the arena that handed it out. Meaningless in any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slot(u32);

/// Where a key is: 8 bytes of table for each.
#[derive(Clone, Copy)]
struct Place {
    /// In a living place the offset of the first byte, in a forgotten one the next of the free
    /// places (or [`NO_PLACE`]).
    offset: u32,
    /// The generation above, the length below. A forgotten place has length 0.
    tag: u32,
}

const NO_PLACE: u32 = u32::MAX;

impl Place {
    fn generation(self) -> u32 {
        self.tag >> LEN_BITS
    }

    fn span(self) -> std::ops::Range<usize> {
        let start = size(self.offset);
        start..start.saturating_add(size(self.tag & ((1 << LEN_BITS) - 1)))
    }
}

/// Keys in protected memory; wiped and unmapped on drop.
pub struct Arena {
    mapping: Mapping,
    places: Vec<Place>,
    /// The first of the free places.
    free: u32,
    /// The keys.
    count: usize,
    /// The keys' bytes.
    live: usize,
    /// The bytes handed out, forgotten ones among them.
    used: usize,
}

impl Arena {
    /// Maps an arena with room for `bytes` bytes of keys. It degrades rather than fails: where
    /// the best memory can't be had, [`Self::protection`] tells what was.
    ///
    /// Ends the process if there is no memory at all, as every allocation does.
    pub fn new(mode: MemoryMode, bytes: usize) -> Self {
        Self {
            mapping: Mapping::new(mode, bytes),
            places: Vec::new(),
            free: NO_PLACE,
            count: 0,
            live: 0,
            used: 0,
        }
    }

    /// Copies a key in; the caller wipes its own copy. May be empty.
    ///
    /// Ends the process as an allocation does if there is no memory, or if the key is longer
    /// than a mebibyte, the arena has 4 GiB or 4 million keys: far beyond what a vault holds.
    pub fn put(&mut self, key: &[u8]) -> Slot {
        if key.len() > MAX_LEN {
            out_of_memory(key.len());
        }
        if self.mapping.bytes().len().saturating_sub(self.used) < key.len() {
            self.make_room(key.len());
        }
        let start = self.used;
        let end = start.saturating_add(key.len());
        let Some(room) = self.mapping.bytes_mut().get_mut(start..end) else {
            out_of_memory(key.len());
        };
        room.copy_from_slice(key);
        self.used = end;
        self.live = self.live.saturating_add(key.len());
        self.count = self.count.saturating_add(1);
        self.name(start, key.len())
    }

    /// Lends a key; empty if it was forgotten.
    pub fn key(&self, slot: Slot) -> &[u8] {
        self.living(slot)
            .and_then(|place| self.mapping.bytes().get(place.span()))
            .unwrap_or_default()
    }

    /// Wipes a key. Forgetting it twice is harmless.
    pub fn forget(&mut self, slot: Slot) {
        let Some(place) = self.living(slot) else {
            return;
        };
        let span = place.span();
        self.mapping.wipe(span.clone());
        self.live = self.live.saturating_sub(span.len());
        self.count = self.count.saturating_sub(1);
        if self.live == 0 {
            self.used = 0;
        } else if span.end == self.used {
            self.used = span.start;
        }
        self.release(slot, place);
    }

    /// Returns how the keys are protected now; growth beyond a limit may have lowered it.
    pub fn protection(&self) -> Memory {
        self.mapping.protection()
    }

    /// Returns the number of keys.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Returns whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Moves the living keys into a new mapping with room for `more` bytes and some to spare.
    fn make_room(&mut self, more: usize) {
        let needed = self.live.saturating_add(more);
        let bytes = needed.saturating_add(needed / SPARE_SHARE);
        // Past u32 an offset would name another key's bytes.
        if u32::try_from(bytes).is_err() {
            out_of_memory(bytes);
        }
        let old = self.mapping.replace(bytes);
        let mut end = 0_usize;
        for place in &mut self.places {
            let span = place.span();
            if span.is_empty() {
                continue;
            }
            let target = end..end.saturating_add(span.len());
            place.offset = offset(target.start);
            end = target.end;
            if let (Some(from), Some(to)) = (
                old.bytes().get(span),
                self.mapping.bytes_mut().get_mut(target),
            ) {
                to.copy_from_slice(from);
            }
        }
        self.used = end;
        drop(old);
        self.mapping.retry_lock();
    }

    /// Enters a key into the table.
    fn name(&mut self, start: usize, len: usize) -> Slot {
        let offset = offset(start);
        let len = u32::try_from(len).unwrap_or_default();
        let index = self.free;
        if let Some(place) = self.places.get_mut(size(index)) {
            self.free = place.offset;
            let generation = place.generation();
            *place = Place {
                offset,
                tag: generation << LEN_BITS | len,
            };
            return Slot(generation << INDEX_BITS | index);
        }
        if self.places.len() == self.places.capacity() {
            let more = (self.places.len() / TABLE_SHARE).max(64);
            self.places.reserve_exact(more);
        }
        let index = self.places.len();
        if index >> INDEX_BITS != 0 {
            out_of_memory(index);
        }
        self.places.push(Place { offset, tag: len });
        Slot(u32::try_from(index).unwrap_or(NO_PLACE))
    }

    /// Frees a place for the next key, unless its generations are used up.
    fn release(&mut self, slot: Slot, place: Place) {
        let generation = place.generation().saturating_add(1);
        let index = slot.0 & ((1 << INDEX_BITS) - 1);
        let offset = if generation == LAST_GENERATION {
            NO_PLACE
        } else {
            std::mem::replace(&mut self.free, index)
        };
        if let Some(place) = self.places.get_mut(size(index)) {
            *place = Place {
                offset,
                tag: generation << LEN_BITS,
            };
        }
    }

    /// Returns a slot's place, if its key lives.
    fn living(&self, slot: Slot) -> Option<Place> {
        let index = slot.0 & ((1 << INDEX_BITS) - 1);
        self.places
            .get(size(index))
            .filter(|place| place.generation() == slot.0 >> INDEX_BITS)
            .copied()
    }
}

impl fmt::Debug for Arena {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arena")
            .field("protection", &self.protection())
            .field("keys", &self.count)
            .finish_non_exhaustive()
    }
}

/// Returns the protection that an arena of this mode would get now, by mapping a page of it. A
/// larger one may still reach `RLIMIT_MEMLOCK`.
pub fn probe(mode: MemoryMode) -> Memory {
    Mapping::new(mode, 1).protection()
}

/// An index as `usize`; every system that we run on has 32 bits at least.
fn size(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

/// An offset for the table; `make_room` keeps every mapping below 4 GiB.
fn offset(start: usize) -> u32 {
    u32::try_from(start).unwrap_or_else(|_| out_of_memory(start))
}

#[cfg(test)]
#[path = "arena_tests.rs"]
mod tests;
