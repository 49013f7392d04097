//! What a backup would change: two vaults, entry by entry, without their keys.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use otp_proto::{ChangedEntry, Edition, EntryInfo, RestoreBackupAnswer};

use super::entries::Recipe;
use super::open::Open;
use super::{Agent, Restored, find, info};
use crate::otp::scrubbed;
use crate::platform::arena::{Arena, Slot};
use crate::vault::document::fingerprint;
use crate::vault::{Entry, Opened};

/// A key's fingerprint, and how codes are made of it.
type Print = ([u8; 8], Recipe);

impl Agent {
    /// Says what a backup has that the present vault hasn't, the other way round, and what both
    /// have with something else in it.
    pub(super) fn compare(&self, restored: &Restored) -> RestoreBackupAnswer {
        let Restored {
            opened,
            backup,
            present_written,
            from,
            replaced,
        } = restored;
        let answer = RestoreBackupAnswer {
            entries: u64::try_from(opened.document.entries.len()).unwrap_or(u64::MAX),
            backup: Some(*backup),
            from: from.clone(),
            replaced: replaced.clone(),
            ..RestoreBackupAnswer::default()
        };
        let Some(open) = &self.open else {
            return answer;
        };
        let pairs = pairs(open, opened);
        let (mut held, mut brought) = (HashSet::new(), HashSet::new());
        let mut changed = Vec::new();
        for (before, after) in &pairs {
            held.insert(before.id);
            brought.insert(after.id);
            let fields = differences((before, &open.arena), (after, &opened.arena));
            if !fields.is_empty() {
                changed.push((before, after, fields));
            }
        }
        changed.sort_by(|one, other| find::order(one.0, other.0));
        let changed = changed.into_iter().map(|(before, after, fields)| {
            let fields = fields.into_iter().map(str::to_owned).collect();
            ChangedEntry {
                before: info::entry(before),
                after: info::entry(after),
                fields,
            }
        });
        let rest = |entries: &[Arc<Entry>], paired: &HashSet<_>| -> Vec<EntryInfo> {
            let mut rest: Vec<_> = entries
                .iter()
                .filter(|entry| !paired.contains(&entry.id))
                .collect();
            rest.sort_by(|one, other| find::order(one, other));
            info::entries(rest)
        };
        RestoreBackupAnswer {
            missing: rest(&open.document.entries, &held),
            returning: rest(&opened.document.entries, &brought),
            changed: changed.collect(),
            present: Some(Edition {
                generation: open.document.generation,
                written: *present_written,
            }),
            ..answer
        }
    }
}

/// The entries that are in both: by their ids, else by key and recipe, for a vault that was made
/// anew has other ids.
fn pairs<'a>(open: &'a Open, backup: &'a Opened) -> Vec<(&'a Arc<Entry>, &'a Arc<Entry>)> {
    let mac_key = open.arena.key(open.sealer.mac_key);
    let print = |entry: &Entry, arena: &Arena| -> Print {
        let print = scrubbed(|| fingerprint(arena.key(entry.key), mac_key));
        (print, Recipe::of(entry))
    };
    let theirs = &backup.document.entries;
    let by_id: HashMap<_, _> = theirs.iter().map(|entry| (entry.id, entry)).collect();
    let (mut pairs, mut alone) = (Vec::new(), Vec::new());
    for entry in &open.document.entries {
        match by_id.get(&entry.id) {
            Some(same) => pairs.push((entry, *same)),
            None => alone.push(entry),
        }
    }
    let ids: HashSet<_> = pairs.iter().map(|(entry, _)| entry.id).collect();
    let mut by_print: BTreeMap<Print, Vec<&Arc<Entry>>> = BTreeMap::new();
    for entry in theirs.iter().filter(|entry| !ids.contains(&entry.id)) {
        let same = by_print.entry(print(entry, &backup.arena)).or_default();
        same.push(entry);
    }
    for entry in alone {
        let same = by_print.get_mut(&print(entry, &open.arena));
        if let Some(same) = same.and_then(Vec::pop) {
            pairs.push((entry, same));
        }
    }
    pairs
}

/// What differs between two states of an entry. A counter doesn't count.
fn differences(before: (&Entry, &Arena), after: (&Entry, &Arena)) -> Vec<&'static str> {
    let ((before, arena), (after, others)) = (before, after);
    let is_same =
        |one: Slot, other: Slot| super::entries::is_same(arena.key(one), others.key(other));
    let has_same_codes = match (before.codes(), after.codes()) {
        (Some(one), Some(other)) => is_same(one, other),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    let extra = |entry: &Entry| entry.more.as_ref().map(|more| more.extra.clone());
    let note = |entry: &Entry| entry.more.as_ref().map(|more| more.note.clone());
    let fields = [
        ("issuer", before.issuer != after.issuer),
        ("account", before.account != after.account),
        ("type", before.kind.word() != after.kind.word()),
        ("algorithm", before.algorithm != after.algorithm),
        ("digits", before.digits != after.digits),
        ("period", before.kind.period() != after.kind.period()),
        ("key", !is_same(before.key, after.key)),
        ("tags", info::tags(before) != info::tags(after)),
        (
            "note",
            note(before).unwrap_or_default() != note(after).unwrap_or_default(),
        ),
        ("recovery_codes", !has_same_codes),
        (
            "extra",
            extra(before).unwrap_or_default() != extra(after).unwrap_or_default(),
        ),
    ];
    let differing = fields.into_iter().filter(|(_, differs)| *differs);
    differing.map(|(field, _)| field).collect()
}
