//! Putting a backup in the vault's place: a person's own text, or one of the automatic backups.

use std::time::Duration;

use otp_proto::{BackupInfo, Edition, Secret};

use super::document::{fingerprint, raise};
use super::job::{copied, identity};
use super::load::with_state;
use super::seal::{self, MAX_FILE, Unsealed, seal};
use super::slot::{KEYRING, TYPED, unwrap_with};
use super::store::{Install, Kept, Slots, Store};
use super::{Document, Marks, OpenError, Opened, Passing, backup, durable, slots};
use crate::agent::{Present, RestoreJob, Restored, Source};
use crate::config::MemoryMode;

/// What stands for the newest automatic backup that isn't the vault as it is.
const LAST: &str = "last";

/// Lists the automatic backups, the newest first.
pub(super) fn list(store: &Store) -> Result<Vec<BackupInfo>, OpenError> {
    let now = store.generation();
    let kept = store.kept()?;
    let info = |one: &Kept| BackupInfo {
        name: one.name.to_string(),
        generation: one.name.generation,
        written: store.written(one).map(|at| at.as_secs()),
        bytes: one.path.metadata().map_or(0, |found| found.len()),
        current: Some(one.name.generation) == now,
    };
    Ok(kept.iter().rev().map(info).collect())
}

/// Opens a backup and, unless it is a dry run, puts it in the vault's place.
pub(super) fn restore(
    store: &Store,
    mode: MemoryMode,
    job: &RestoreJob,
    wall: Duration,
) -> Result<Restored, OpenError> {
    let Found {
        slots,
        unsealed,
        written,
        from,
    } = match &job.source {
        Source::Text(text) => open_text(mode, text, job.secret.as_ref())?,
        Source::Kept(name) => open_kept(store, mode, name, job)?,
    };
    let backup = Edition {
        generation: unsealed.document.generation,
        written: written.map(|at| at.as_secs()),
    };
    let mut opened = with_state(store, unsealed);
    let present = job.present.as_ref();
    if let Some(present) = present {
        let marks = marks_for(&opened, present);
        let mac_key = opened.arena.key(opened.sealer.mac_key);
        raise(&mut opened.document, &opened.arena, mac_key, &marks);
    }
    opened.document.generation = opened.document.generation.saturating_add(1);
    // It is meant to be older.
    opened.rollback = false;
    opened.warnings.clear();
    opened.passing = Passing::default();
    let mut restored = Restored {
        opened: Box::new(opened),
        backup,
        present_written: store.vault_written().map(|at| at.as_secs()),
        from,
        replaced: None,
    };
    if !job.dry_run {
        restored.replaced = put(store, &mut restored.opened, slots, present, wall)?;
    }
    Ok(restored)
}

/// Puts an opened backup in the vault's place; returns under which name what was there is kept.
fn put(
    store: &Store,
    opened: &mut Opened,
    slots: Option<Slots>,
    present: Option<&Present>,
    wall: Duration,
) -> Result<Option<String>, OpenError> {
    store.tidy()?;
    if present.is_some() {
        // Of several only one would be kept.
        store.device()?;
    }
    let mac_key = opened.arena.key(opened.sealer.mac_key);
    let is_same = present.is_some_and(|present| present.mac_key.expose() == mac_key);
    let replaced = if present.is_some() {
        store.keep_present(slots.is_some())?
    } else {
        store.keep_unopened(slots.is_some(), wall)?;
        None
    };
    let mut slots = match slots {
        None => of_kind(store, |_| true)?,
        // With the same identity, the slots that no backup has still open the vault.
        Some(mut slots) if is_same => {
            slots.extend(of_kind(store, |is_typed| !is_typed)?);
            slots
        }
        Some(slots) => slots,
    };
    let in_keyring = slots::in_keyring(store);
    // The keyring's secret has a device's name, and is of use only with the slot's file.
    let is_of_use =
        in_keyring == Some(opened.document.device) && slots.iter().any(|(file, _)| file == KEYRING);
    if !is_of_use {
        slots.retain(|(file, _)| file != KEYRING);
    }
    let sealed = seal(&opened.document, &opened.arena, &opened.sealer)?;
    let installed = store.install(&Install {
        slots,
        vault: &sealed,
        drops_backups: false,
    });
    installed.map_err(|failure| {
        if store.is_unfinished() {
            OpenError::Unfinished(failure)
        } else {
            failure.into()
        }
    })?;
    if let Some(kept) = &replaced {
        store.let_go(kept);
    }
    opened.passing.no_copy = copied(store, &sealed, wall);
    let useless = in_keyring.filter(|_| !is_of_use);
    opened
        .warnings
        .extend(useless.and_then(|device| slots::forget(store, device)));
    Ok(replaced.map(|name| name.to_string()))
}

/// The marks of the present vault, by the fingerprints that a backup's keys have. One with
/// another identity has other fingerprints, and may have the same keys.
fn marks_for(unsealed: &Opened, present: &Present) -> Marks {
    let mac_key = unsealed.arena.key(unsealed.sealer.mac_key);
    let Present {
        marks,
        mac_key: theirs,
        ..
    } = present;
    if theirs.expose() == mac_key {
        return marks.clone();
    }
    let Document { entries, trash, .. } = &unsealed.document;
    let counted = entries.iter().chain(trash);
    let counted = counted.filter(|entry| entry.kind.counter().is_some());
    let counters = counted.filter_map(|entry| {
        let key = unsealed.arena.key(entry.key);
        let next = marks.counters.get(&fingerprint(key, theirs.expose()))?;
        Some((fingerprint(key, mac_key), *next))
    });
    Marks {
        generation: marks.generation,
        counters: counters.collect(),
    }
}

/// An opened backup.
struct Found {
    /// Its own slots; `None` where those that are there open it.
    slots: Option<Slots>,
    unsealed: Unsealed,
    /// In time since 1970.
    written: Option<Duration>,
    /// Which automatic backup it is.
    from: Option<String>,
}

/// Opens a backup's text.
fn open_text(mode: MemoryMode, text: &str, secret: Option<&Secret>) -> Result<Found, OpenError> {
    let backup::Files { slots, vault } = backup::parse(text)?;
    let slots = TYPED.iter().zip(slots);
    let slots: Slots = slots
        .filter_map(|(name, file)| Some(((*name).to_owned(), file?)))
        .collect();
    let secret = secret.ok_or(OpenError::NeedsSecret)?;
    let identity = unwrap_with(secret, |file| of_set(&slots, file)).map_err(of_backup)?;
    let length = vault.len().try_into().unwrap_or(u64::MAX);
    let unsealed = seal::open(vault.as_slice(), length, &identity, mode).map_err(of_backup)?;
    Ok(Found {
        slots: Some(slots),
        unsealed,
        written: backup::made_on(text),
        from: None,
    })
}

/// A slot's file of a backup, which of two ways may have one.
fn of_set(slots: &Slots, file: &str) -> Result<Vec<u8>, OpenError> {
    let slot = slots.iter().find(|(name, _)| name == file);
    slot.map(|(_, bytes)| bytes.clone())
        .ok_or(OpenError::WrongSecret)
}

/// Opens an automatic backup: with the open vault's identity or, where something was typed, with
/// the slots that it opens, those kept from before another identity among them.
fn open_kept(
    store: &Store,
    mode: MemoryMode,
    name: &str,
    job: &RestoreJob,
) -> Result<Found, OpenError> {
    let kept = chosen(store, name)?;
    let bytes = durable::read(&kept.path, MAX_FILE)?.ok_or(OpenError::NoSuchBackup)?;
    let open = |identity: &Secret| {
        let length = bytes.len().try_into().unwrap_or(u64::MAX);
        seal::open(bytes.as_slice(), length, identity, mode)
    };
    let found = |slots: Option<Slots>, unsealed: Unsealed| Found {
        slots,
        unsealed,
        written: store.written(&kept),
        from: Some(kept.name.to_string()),
    };
    // Nobody can tell a broken header from another identity's.
    let is_foreign = |failure: &OpenError| matches!(failure, OpenError::Damaged { line: None, .. });
    let Some(secret) = &job.secret else {
        let present = job.present.as_ref().ok_or(OpenError::NeedsSecret)?;
        return match open(&present.identity) {
            Ok(unsealed) => Ok(found(None, unsealed)),
            Err(failure) if is_foreign(&failure) => Err(OpenError::NeedsSecret),
            Err(failure) => Err(of_backup(failure)),
        };
    };
    let refused = match identity(store, secret) {
        Ok(identity) => match open(&identity) {
            Ok(unsealed) => return Ok(found(None, unsealed)),
            Err(failure) if is_foreign(&failure) => OpenError::BadBackup(
                "is damaged, or of an identity that what was typed does not open",
            ),
            Err(failure) => return Err(of_backup(failure)),
        },
        Err(failure) => failure,
    };
    for slots in store.kept_slots(&kept.name)? {
        if let Ok(identity) = unwrap_with(secret, |file| of_set(&slots, file))
            && let Ok(unsealed) = open(&identity)
        {
            return Ok(found(Some(slots), unsealed));
        }
    }
    Err(refused)
}

/// Finds an automatic backup by its name, or by [`LAST`].
fn chosen(store: &Store, name: &str) -> Result<Kept, OpenError> {
    let now = store.generation();
    let mut kept = store.kept()?.into_iter().rev();
    if name == LAST {
        let last = kept.find(|kept| Some(kept.name.generation) != now);
        return last.ok_or(OpenError::NoBackups);
    }
    let named = kept.find(|kept| kept.name.to_string() == name);
    named.ok_or(OpenError::NoSuchBackup)
}

/// What is wrong is the backup, and not the present vault.
fn of_backup(failure: OpenError) -> OpenError {
    match failure {
        // It is read out of memory: what can't be read on is damaged.
        OpenError::Damaged { .. } | OpenError::Unreadable(_) => OpenError::BadBackup("is damaged"),
        OpenError::Forged => {
            OpenError::BadBackup("is forged or was changed: its vault's MAC is wrong")
        }
        OpenError::TooCostly(_) => OpenError::BadBackup("asks for more work than a passphrase may"),
        OpenError::NoVault
        | OpenError::Exists
        | OpenError::WrongSecret
        | OpenError::MistypedRecovery(_)
        | OpenError::Missing(_)
        | OpenError::TooNew(_)
        | OpenError::Several(_)
        | OpenError::Renamed { .. }
        | OpenError::NoBackup(_)
        | OpenError::Slot { .. }
        | OpenError::NoBackups
        | OpenError::NoSuchBackup
        | OpenError::SeveralVaults { .. }
        | OpenError::NoSuchVault
        | OpenError::NoVaultFile { .. }
        | OpenError::NotNow(..)
        | OpenError::NotAsItWas(_)
        | OpenError::NeedsSecret
        | OpenError::BackupFails(..)
        | OpenError::NotABackup(_)
        | OpenError::BadBackup(_)
        | OpenError::Unfinished(_)
        | OpenError::HalfRekeyed(_)
        | OpenError::NoSlot
        | OpenError::LastSlot
        | OpenError::OnlyRecovery
        | OpenError::ForeignSlot
        | OpenError::Rekeyed
        | OpenError::SlotExists
        | OpenError::Keyring(_)
        | OpenError::Plugin(_)
        | OpenError::Wrap
        | OpenError::Store(_) => failure,
    }
}

/// Reads the slots that are there, of those that a person types and the others.
fn of_kind(store: &Store, is_wanted: impl Fn(bool) -> bool) -> Result<Slots, OpenError> {
    let mut files = Slots::new();
    for slot in store.slots()? {
        if is_wanted(slot.typed().is_some()) {
            for file in [slot.file()].into_iter().chain(slot.companion()) {
                let bytes = store.read_slot(&file)?;
                files.push((file, bytes));
            }
        }
    }
    Ok(files)
}
