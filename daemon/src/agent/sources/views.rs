//! What was read, as entries that look like our own.

use std::collections::HashSet;
use std::sync::Arc;

use otp_proto::{EntryId, parse_uri};
use sha2::{Digest as _, Sha256};

use super::Found;
use crate::agent::entries::Incoming;
use crate::agent::open::Open;
use crate::vault::Entry;

/// Most entries of a source: ten times what the largest collections have.
const MAX_VIEWS: usize = 20_000;

impl Open {
    /// Makes entries of what was read of a source; how many of them can't be.
    pub(super) fn views_of(&mut self, name: &str, found: Vec<Found>) -> (Vec<Arc<Entry>>, u64) {
        let mut taken = self.taken_ids();
        let origin: Arc<str> = name.into();
        let (mut views, mut skipped) = (Vec::with_capacity(found.len()), 0);
        for found in found {
            let new = found.uri.and_then(|uri| parse_uri(uri.expose()).ok());
            let Some(new) = new.filter(|_| views.len() < MAX_VIEWS) else {
                skipped += 1;
                continue;
            };
            let mut entry = Incoming::take(new, &mut self.arena).entry;
            entry.id = id_of(name, &found.id, &mut taken);
            entry.more.get_or_insert_default().origin = Some(Arc::clone(&origin));
            views.push(Arc::new(entry));
        }
        (views, skipped)
    }

    /// The ids that a view can't have.
    fn taken_ids(&self) -> HashSet<EntryId> {
        let document = &self.document;
        let own = document.entries.iter().chain(&document.trash);
        let views = self.sources.iter().flat_map(|live| &live.views);
        let ids = own.chain(views).map(|entry| entry.id);
        let tombs = document.tombs.iter().map(|(id, _)| *id);
        ids.chain(tombs).collect()
    }
}

/// An id that is the same whenever the source is read, unless something else has it.
fn id_of(source: &str, foreign: &str, taken: &mut HashSet<EntryId>) -> EntryId {
    for attempt in 0_u32.. {
        let digest = Sha256::new()
            .chain_update(source)
            .chain_update([0])
            .chain_update(foreign)
            .chain_update(attempt.to_le_bytes())
            .finalize();
        let bits = digest.first_chunk().copied().unwrap_or_default();
        let id = EntryId::from_random(u64::from_le_bytes(bits));
        if taken.insert(id) {
            return id;
        }
    }
    // There are more ids than entries.
    EntryId::from_random(0)
}
