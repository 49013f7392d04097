//! Another identity for the vault: after somebody may have seen the one before.

use std::collections::BTreeMap;
use std::time::Duration;

use otp_proto::Secret;

use super::document::fingerprint;
use super::job::{copied, recovery};
use super::load::load;
use super::seal::{Sealer, seal};
use super::slot::{IDENTITY, Passphrase, RECOVERY, Slot as _, SlotName, unwrap_typed};
use super::store::{Install, Store};
use super::{Document, OpenError, slots};
use crate::agent::Rekeyed;
use crate::config::MemoryMode;
use crate::platform::arena::Arena;

/// Writes vault, passphrase's slot and a new recovery key's under a new identity, all together
/// or not at all. The other slots go: nobody is there to wrap for them.
pub(super) fn rekey(
    store: &Store,
    mode: MemoryMode,
    passphrase: &Secret,
    drops_backups: bool,
    wall: Duration,
) -> Result<Rekeyed, OpenError> {
    store.tidy()?;
    let old = unwrap_typed(IDENTITY, passphrase, |file| store.read_slot(file))?;
    let mut opened = load(store, mode, &old)?;
    let removed: Vec<String> = store
        .slots()?
        .iter()
        .filter(|slot| slot.typed().is_none())
        .map(|slot| SlotName::as_str(slot).to_owned())
        .collect();

    let in_keyring = slots::in_keyring(store);
    let sealer = Sealer::generate(&mut opened.arena);
    let before = std::mem::replace(&mut opened.sealer, sealer);
    let (document, arena) = (&mut opened.document, &opened.arena);
    let keys = [&before, &opened.sealer].map(|sealer| arena.key(sealer.mac_key));
    document.counters = recount(document, arena, keys);
    document.generation = document.generation.saturating_add(1);
    for slot in [before.identity, before.mac_key] {
        opened.arena.forget(slot);
    }

    let identity = opened.sealer.identity(&opened.arena);
    let slot = Passphrase::with_work(passphrase, store.work_factor());
    let recovery = recovery(store);
    let slots = vec![
        (IDENTITY.into(), slot.wrap(&identity)?),
        (RECOVERY.into(), recovery.wrap(&identity)?),
    ];
    let mut kept = None;
    if !drops_backups {
        kept = store.keep_present(true)?;
    }
    let vault = seal(&opened.document, &opened.arena, &opened.sealer)?;
    let install = Install {
        slots,
        vault: &vault,
        drops_backups,
    };
    store.install(&install).map_err(|failure| {
        if store.is_unfinished() {
            OpenError::HalfRekeyed(failure)
        } else {
            failure.into()
        }
    })?;
    if let Some(kept) = &kept {
        store.let_go(kept);
    }
    // It was compared with what was seen before, and is newer than that now.
    opened.rollback = false;
    opened.passing.no_copy = copied(store, &vault, wall);
    let left = in_keyring.and_then(|device| slots::forget(store, device));
    opened.warnings.extend(left);
    Ok(Rekeyed {
        opened,
        recovery_key: recovery.into_key().into_secret(),
        removed,
    })
}

/// The next counters by the fingerprints under another MAC key. Those of keys that are neither
/// in the vault nor in its trash can't be carried over.
fn recount(
    document: &Document,
    arena: &Arena,
    [before, after]: [&[u8]; 2],
) -> BTreeMap<[u8; 8], u64> {
    let all = document.entries.iter().chain(&document.trash);
    let counted = all.filter_map(|entry| {
        let key = arena.key(entry.key);
        let next = document.counters.get(&fingerprint(key, before))?;
        Some((fingerprint(key, after), *next))
    });
    counted.collect()
}
