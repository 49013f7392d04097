//! To the trash, out of it, and out of everything.

use std::collections::BTreeSet;
use std::sync::Arc;

use otp_proto::{
    EntryId, EntryInfo, ErrorKind, Kind, Remove, RemoveAnswer, Response, Restore, RpcError,
};

use super::changes::Effect;
use super::entries::Recipe;
use super::outcome::Outcome;
use super::{Agent, entries, error, info};
use crate::clock::Now;
use crate::otp::scrubbed;
use crate::vault::Entry;
use crate::vault::document::fingerprint;

impl Agent {
    pub(super) fn remove(&mut self, now: Now, remove: &Remove) -> Result<Outcome, RpcError> {
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        if remove.purge {
            return self.purge(now, &remove.query);
        }
        let id = open.find_to_change(&remove.query)?.id;
        let mut draft = self.draft(now).ok_or_else(error::locked)?;
        let entry = draft.discard(id, now.wall.as_secs());
        let entry = entry.ok_or_else(error::not_found)?;
        draft.effect = Effect::Answer(Response::Remove(RemoveAnswer {
            entry: info::entry(&entry),
            purged: false,
        }));
        Ok(Outcome::Store(Box::new(draft)))
    }

    /// Destroys a key: the entry, trash with the same key, and then the backups' copies.
    fn purge(&self, now: Now, query: &str) -> Result<Outcome, RpcError> {
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        let entry = match in_trash(&open.document.trash, query) {
            Some(entry) => entry,
            // A number that is gone must not be taken for a part of some name.
            None if trash_number(query).is_some() => return Err(error::not_found()),
            None => open.find_to_change(query)?,
        };
        let entry = Arc::clone(entry);
        let mut draft = self.draft(now).ok_or_else(error::locked)?;
        if draft.discard(entry.id, now.wall.as_secs()).is_none() && entry.trash.is_none() {
            return Err(error::not_found());
        }
        let key = open.arena.key(entry.key);
        if entries::holders(&draft.document.entries, &open.arena, key).any(|_| true) {
            // The key would stay, or an entry would go that nobody named.
            return Err(RpcError::new(
                ErrorKind::Denied,
                "another entry has the same key: remove that one first",
            ));
        }
        let before = draft.document.tombs.len();
        draft
            .bury(|other| other.id == entry.id || entries::is_same(open.arena.key(other.key), key));
        let buried = draft.document.tombs.iter().skip(before);
        // An entry that expired just now is buried already.
        let ids: BTreeSet<EntryId> = buried.map(|(id, _)| *id).chain([entry.id]).collect();
        let answer = Response::Remove(RemoveAnswer {
            entry: EntryInfo {
                trash: None,
                ..info::entry(&entry)
            },
            purged: true,
        });
        draft.effect = Effect::Purge(ids.into_iter().collect(), answer);
        Ok(Outcome::Store(Box::new(draft)))
    }

    /// Brings an entry back. One of the same name may have taken its place meanwhile: both stay,
    /// as after an import, and a query for the name asks which. A twin is never there twice.
    pub(super) fn restore(&mut self, now: Now, restore: &Restore) -> Result<Outcome, RpcError> {
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        let document = &open.document;
        let entry = in_trash(&document.trash, &restore.id).ok_or_else(|| {
            RpcError::new(
                ErrorKind::NotFound,
                "nothing of this number or id in the trash",
            )
        })?;
        let key = open.arena.key(entry.key);
        let recipe = Recipe::of(entry);
        if entries::twin(&document.entries, &open.arena, key, recipe).is_some() {
            return Err(RpcError::new(
                ErrorKind::Exists,
                "an entry with the same key is there",
            ));
        }
        let mut draft = self.draft(now).ok_or_else(error::locked)?;
        let place = draft.document.trash.iter().position(|e| e.id == entry.id);
        let mut entry = draft
            .document
            .trash
            .remove(place.ok_or_else(error::not_found)?);
        let changed = Arc::make_mut(&mut entry);
        changed.trash = None;
        changed.stamp = draft.stamp;
        if let Kind::Hotp(counter) = changed.kind {
            let mark = scrubbed(|| fingerprint(key, open.arena.key(open.sealer.mac_key)));
            let seen = draft.document.counters.get(&mark).copied();
            changed.kind = Kind::Hotp(counter.max(seen.unwrap_or(0)));
        }
        let details = info::details(&entry, key);
        draft.document.entries.push(entry);
        draft.effect = Effect::Answer(Response::Details(details));
        Ok(Outcome::Store(Box::new(draft)))
    }
}

/// The number of `tr-1`.
fn trash_number(query: &str) -> Option<u32> {
    query.strip_prefix("tr-")?.parse().ok()
}

/// An entry of the trash by its number (`tr-1`) or its id.
fn in_trash<'a>(trash: &'a [Arc<Entry>], query: &str) -> Option<&'a Arc<Entry>> {
    let number = trash_number(query);
    let id: Option<EntryId> = query.parse().ok();
    trash.iter().find(|entry| {
        id == Some(entry.id) || number.is_some() && number == entry.trash.map(|t| t.number)
    })
}
