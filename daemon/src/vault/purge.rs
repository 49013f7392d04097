//! Taking keys out of the backups.

use std::collections::BTreeSet;
use std::sync::Arc;

use otp_proto::{EntryId, Secret};

use super::document::fingerprint;
use super::seal::{self, MAX_FILE, Unsealed, seal};
use super::store::{Kept, Store};
use super::{Entry, OpenError, durable};
use crate::config::MemoryMode;

/// Rewrites the backups without some entries, and without others that have the same keys: a key
/// that was removed and added again is there twice.
pub(super) fn purge(
    store: &Store,
    mode: MemoryMode,
    identity: &Secret,
    ids: &[EntryId],
) -> Result<(), OpenError> {
    let ids: BTreeSet<EntryId> = ids.iter().copied().collect();
    let _held = store.hold();
    let kept = store.kept()?;
    let read = |Kept { path, .. }: &Kept| {
        let bytes = durable::read(path, MAX_FILE)?;
        let bytes = bytes.ok_or_else(|| OpenError::Missing(path.clone()))?;
        let length = bytes.len().try_into().unwrap_or(u64::MAX);
        seal::open(bytes.as_slice(), length, identity, mode)
    };
    let mut keys = BTreeSet::new();
    for unsealed in kept.iter().filter_map(|kept| read(kept).ok()) {
        let all = unsealed.document.entries.iter();
        for entry in all.chain(&unsealed.document.trash) {
            if ids.contains(&entry.id) {
                keys.insert(mark(entry, &unsealed));
            }
        }
    }
    let mut outcome = Ok(());
    for kept in &kept {
        let rewritten = match read(kept) {
            Ok(mut unsealed) => {
                if !drop_entries(&mut unsealed, &ids, &keys) {
                    continue;
                }
                seal(&unsealed.document, &unsealed.arena, &unsealed.sealer).ok()
            }
            // What can't be read now may be read another time.
            Err(failure @ (OpenError::Store(_) | OpenError::Unreadable(_))) => {
                outcome = Err(failure);
                continue;
            }
            // Another identity's, or broken: the key may be in it, and nobody can tell.
            Err(_) => None,
        };
        let bytes = rewritten.as_ref().map(|sealed| sealed.bytes.as_slice());
        // One that fails is no reason to leave the key in the others.
        if let Err(failure) = store.replace_backup(&kept.path, bytes) {
            outcome = Err(failure.into());
        }
    }
    outcome
}

fn mark(entry: &Entry, unsealed: &Unsealed) -> [u8; 8] {
    let mac_key = unsealed.arena.key(unsealed.sealer.mac_key);
    fingerprint(unsealed.arena.key(entry.key), mac_key)
}

/// Drops entries by id and by key; returns whether there were any.
fn drop_entries(
    unsealed: &mut Unsealed,
    ids: &BTreeSet<EntryId>,
    keys: &BTreeSet<[u8; 8]>,
) -> bool {
    let stays =
        |entry: &Arc<Entry>| !ids.contains(&entry.id) && !keys.contains(&mark(entry, unsealed));
    let keep = |entries: &[Arc<Entry>]| -> Vec<Arc<Entry>> {
        entries
            .iter()
            .filter(|entry| stays(entry))
            .cloned()
            .collect()
    };
    let document = &unsealed.document;
    let (entries, trash) = (keep(&document.entries), keep(&document.trash));
    let dropped = entries.len() < document.entries.len() || trash.len() < document.trash.len();
    unsealed.document.entries = entries;
    unsealed.document.trash = trash;
    dropped
}
