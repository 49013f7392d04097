//! What was read, as entries that look like our own.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use otp_proto::{
    Algorithm, Digits, EntryId, Key, Kind, MAX_LABEL, NewEntry, Period, RecoveryCodes, clean_label,
    parse_uri,
};
use sha2::{Digest as _, Sha256};

use super::{Found, Holds};
use crate::agent::entries::Incoming;
use crate::agent::open::Open;
use crate::vault::Entry;

/// Most entries of a source: ten times what the largest collections have.
const MAX_VIEWS: usize = 20_000;

impl Open {
    /// Makes entries of what was read of a source; how many of them can't be.
    pub(super) fn views_of(
        &mut self,
        name: &str,
        barren: &BTreeSet<String>,
        found: Vec<Found>,
    ) -> (Vec<Arc<Entry>>, u64) {
        let mut taken = self.taken_ids();
        let origin: Arc<str> = name.into();
        let (mut views, mut skipped) = (Vec::with_capacity(found.len()), 0);
        for Found { id, holds } in found {
            let is_elsewhere = matches!(holds, Holds::Names(..));
            let new = match holds {
                Holds::Uri(uri) => parse_uri(uri.expose()).ok(),
                Holds::Names(issuer, account) => named(&issuer, &account),
                Holds::Nothing | Holds::Code(_) => None,
            };
            let new = new.filter(|_| views.len() < MAX_VIEWS && !barren.contains(&id));
            let Some(new) = new else {
                skipped += 1;
                continue;
            };
            let mut entry = Incoming::take(new, &mut self.arena).entry;
            entry.id = id_of(name, &id, &mut taken);
            let more = entry.more.get_or_insert_default();
            more.origin = Some(Arc::clone(&origin));
            more.foreign = is_elsewhere.then(|| id.into());
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

/// An entry of which only the names are known; what is shown of the rest is what nearly all are.
fn named(issuer: &str, account: &str) -> Option<NewEntry> {
    let (issuer, account) = (clean_label(issuer), clean_label(account));
    let is_usable = issuer.len() <= MAX_LABEL && account.len() <= MAX_LABEL;
    let has_name = !issuer.is_empty() || !account.is_empty();
    (is_usable && has_name).then(|| NewEntry {
        issuer,
        account,
        kind: Kind::Totp(Period::THIRTY),
        algorithm: Algorithm::Sha1,
        digits: Digits::SIX,
        key: Key::new(Vec::new()),
        tags: Vec::new(),
        note: String::new(),
        recovery: RecoveryCodes::default(),
        extra: Vec::new(),
    })
}
