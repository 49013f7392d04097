//! The slow work beside the loop: key derivations and whole-file reads. Runs on one thread, so
//! that there is one key derivation and its 256 MB at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use otp_proto::{EntryId, RecoveryKey, Secret};
use zeroize::Zeroizing;

use super::digest::{Digest, Digesting};
use super::document::{fingerprint, raise};
use super::fall_back::{fall_back, newest_opens};
use super::seal::{self, MAX_FILE, Sealer, Unsealed, seal};
use super::slot::{IDENTITY, Passphrase, RECOVERY, Recovery, Slot as _, unwrap_with};
use super::store::{Install, Kept, Store};
use super::{
    Document, Entry, Marks, OpenError, Opened, Passing, Sealed, State, backup, durable, rekey,
    restore, several, slots,
};
use crate::agent::{Job, JobDone};
use crate::config::MemoryMode;
use crate::otp::scrubbed;
use crate::platform;
use crate::platform::arena::Arena;

/// Does a job. `wall` is the time since 1970, for the dates of copies.
pub fn perform(store: &Store, mode: MemoryMode, job: Job, wall: Duration) -> JobDone {
    let done = scrubbed(|| match job {
        Job::Create { passphrase } => JobDone::Create(create(store, mode, &passphrase, wall)),
        Job::Discard { device } => JobDone::Discard(discard(store, device)),
        Job::Open { secret } => JobDone::Open(open(store, mode, &secret, wall)),
        Job::Choose { vault, secret } => JobDone::Open(choose(store, mode, (vault, &secret), wall)),
        Job::OpenAuto => JobDone::Open(open_auto(store, mode, wall)),
        Job::OpenWith { identity } => JobDone::Open(open_with(store, mode, &identity, wall)),
        Job::Rewrap { current, new } => JobDone::Rewrap(rewrap(store, &current, &new, wall)),
        Job::Check { secret } => JobDone::Check(check(store, &secret)),
        Job::BackupCheck { identity } => {
            JobDone::BackupCheck(newest_opens(store, mode, &identity, wall))
        }
        Job::Backup => JobDone::Backup(backup(store, wall)),
        Job::Backups => JobDone::Backups(restore::list(store)),
        Job::RestoreBackup(restore) => {
            JobDone::RestoreBackup(restore::restore(store, mode, &restore, wall))
        }
        Job::Purge { identity, ids } => JobDone::Purge(purge(store, mode, &identity, &ids)),
        Job::Slots(job) => JobDone::Slots(slots::perform(store, mode, &job)),
        Job::Rekey {
            passphrase,
            drops_backups,
        } => JobDone::Rekey(rekey::rekey(store, mode, &passphrase, drops_backups, wall)),
    });
    platform::trim_heap();
    done
}

pub(super) type Boxed = Box<Opened>;

/// Makes a vault: its identity, both slots and an empty document, installed together.
fn create(
    store: &Store,
    mode: MemoryMode,
    passphrase: &Secret,
    wall: Duration,
) -> Result<(Boxed, Secret), OpenError> {
    store.tidy()?;
    if store.exists() {
        return Err(OpenError::Exists);
    }
    let mut arena = Arena::new(mode, 256);
    let sealer = Sealer::generate(&mut arena);
    let document = Document {
        device: device(),
        generation: 1,
        entries: Vec::new(),
        trash: Vec::new(),
        tombs: Vec::new(),
        counters: BTreeMap::new(),
    };
    let recovery = recovery(store);

    let identity = sealer.identity(&arena);
    let slot = Passphrase::with_work(passphrase, store.work_factor());
    let (by_passphrase, by_recovery) = (slot.wrap(&identity)?, recovery.wrap(&identity)?);
    let state = State {
        marks: Marks {
            generation: document.generation,
            ..Marks::default()
        },
        since: Some(wall.as_secs()),
        ..State::default()
    };
    // First, because the state of an earlier vault would call this one an old copy.
    store.write_state(&state)?;
    let vault = seal(&document, &arena, &sealer)?;
    let install = Install {
        slots: vec![
            (IDENTITY.into(), by_passphrase),
            (RECOVERY.into(), by_recovery),
        ],
        vault: &vault,
        drops_backups: false,
    };
    store
        .install(&install)
        .inspect_err(|_| store.discard(document.device))?;
    let passing = Passing {
        no_copy: copied(store, &vault, wall),
        ..Passing::default()
    };
    let opened = Opened {
        document,
        arena,
        sealer,
        state,
        rollback: false,
        mended: false,
        warnings: Vec::new(),
        passing,
    };
    Ok((Box::new(opened), recovery.into_key().into_secret()))
}

/// Draws a recovery key.
pub(super) fn recovery(store: &Store) -> Recovery {
    let mut bits = Zeroizing::new([0; 16]);
    platform::random(bits.as_mut_slice());
    Recovery::with_work(RecoveryKey::from_random(&bits), store.work_factor())
}

fn discard(store: &Store, device: EntryId) -> Result<(), OpenError> {
    store.discard(device);
    if store.exists() {
        return Err(OpenError::Exists);
    }
    Ok(())
}

/// Draws a device's id.
fn device() -> EntryId {
    let mut bits = [0; 8];
    platform::random(&mut bits);
    EntryId::from_random(u64::from_le_bytes(bits))
}

/// Unwraps the identity with what was typed.
pub(super) fn identity(store: &Store, secret: &Secret) -> Result<Secret, OpenError> {
    let file = if RecoveryKey::parse(secret.expose()).is_ok() {
        RECOVERY
    } else {
        IDENTITY
    };
    let identity = unwrap_with(secret, |file| store.read_slot(file));
    let identity = identity.map_err(|failure| store.why(file, failure))?;
    store.note(file);
    Ok(identity)
}

/// Only looks whether a secret is right, also while the vault is being written.
fn check(store: &Store, secret: &Secret) -> Result<(), OpenError> {
    store.refuse_unfinished()?;
    identity(store, secret).map(drop)
}

fn backup(store: &Store, wall: Duration) -> Result<String, OpenError> {
    store.finish()?;
    Ok(backup::print(&store.read_all()?, wall))
}

fn open(
    store: &Store,
    mode: MemoryMode,
    secret: &Secret,
    wall: Duration,
) -> Result<Boxed, OpenError> {
    store.tidy()?;
    let identity = identity(store, secret)?;
    load_or_fall_back(store, mode, &identity, wall)
}

/// Opens one of several vaults; the others are set aside once it has opened.
fn choose(
    store: &Store,
    mode: MemoryMode,
    (vault, secret): (EntryId, &Secret),
    wall: Duration,
) -> Result<Boxed, OpenError> {
    store.tidy()?;
    let identity = identity(store, secret)?;
    let aside = several::choose(store, mode, &identity, vault, wall)?;
    let mut opened = looked_after(store, load(store, mode, &identity)?, wall);
    opened.warnings.splice(0..0, aside);
    Ok(opened)
}

/// Opens the vault by a slot that nobody types.
fn open_auto(store: &Store, mode: MemoryMode, wall: Duration) -> Result<Boxed, OpenError> {
    store.tidy()?;
    open_untyped(store, mode, &slots::by_keyring(store)?, wall)
}

/// Opens the vault with an identity that hardware has unwrapped.
fn open_with(
    store: &Store,
    mode: MemoryMode,
    identity: &Secret,
    wall: Duration,
) -> Result<Boxed, OpenError> {
    store.tidy()?;
    slots::opens_or_foreign(open_untyped(store, mode, identity, wall))
}

fn open_untyped(
    store: &Store,
    mode: MemoryMode,
    identity: &Secret,
    wall: Duration,
) -> Result<Boxed, OpenError> {
    // A damaged vault is as likely to be another's, with which the slot has nothing to do: only
    // somebody who types what opens it has it replaced.
    Ok(looked_after(store, load(store, mode, identity)?, wall))
}

fn load_or_fall_back(
    store: &Store,
    mode: MemoryMode,
    identity: &Secret,
    wall: Duration,
) -> Result<Boxed, OpenError> {
    let opened = match load(store, mode, identity) {
        Ok(opened) => opened,
        Err(OpenError::Several(folder)) => {
            return Err(several::told(store, mode, identity, folder));
        }
        Err(failure) => fall_back(store, mode, identity, wall, failure)?,
    };
    Ok(looked_after(store, opened, wall))
}

/// Makes the copy of the day, if there is none, and tells of damaged files.
fn looked_after(store: &Store, mut opened: Boxed, wall: Duration) -> Boxed {
    if let Some(vault) = store.uncopied() {
        opened.passing.no_copy = copied(store, &vault, wall);
    }
    opened.passing.damaged = damaged_files(store);
    opened
}

/// What people are told where damaged files are kept.
pub fn damaged_files(store: &Store) -> Option<String> {
    let folder = store.damaged()?;
    Some(format!(
        "damaged files are kept: once nothing is missed, remove {}",
        folder.display()
    ))
}

/// Makes the dated copy of a vault that was just put into place; a line for people if that failed.
/// The vault is as safe as it was before.
pub(super) fn copied(store: &Store, vault: &Sealed, wall: Duration) -> Option<String> {
    let failed = store.copy(vault, wall).err();
    failed.as_ref().map(super::no_copy)
}

/// Loads the vault with its identity.
pub(super) fn load(store: &Store, mode: MemoryMode, identity: &Secret) -> Result<Boxed, OpenError> {
    Ok(look_into(store, mode, identity)?.seen(store))
}

/// A vault as it lies on the disk.
pub(super) struct OnDisk {
    /// The file's own generation, which what is remembered doesn't raise.
    generation: u64,
    whole: Digest,
    opened: Boxed,
}

impl OnDisk {
    /// Notes that it is what the next write follows.
    pub(super) fn seen(self, store: &Store) -> Boxed {
        store.saw(self.generation, self.whole);
        self.opened
    }
}

/// Loads the vault while it may be written: what is seen may be old already.
pub(super) fn look_into(
    store: &Store,
    mode: MemoryMode,
    identity: &Secret,
) -> Result<OnDisk, OpenError> {
    let (file, device, length) = store.open_vault()?;
    let mut file = Digesting::new(file);
    let unsealed = seal::open(&mut file, length, identity, mode)?;
    let theirs = unsealed.document.device;
    if theirs != device {
        // A write would go to another file.
        let path = store.vault_path(device);
        return Err(OpenError::Renamed { path, theirs });
    }
    Ok(on_disk(store, unsealed, file.finish()))
}

/// What a vault that was opened says of itself.
pub(super) fn on_disk(store: &Store, unsealed: Unsealed, whole: Digest) -> OnDisk {
    let generation = unsealed.document.generation;
    let mut opened = with_state(store, unsealed);
    if opened.rollback {
        opened.warnings.push(format!(
            "the vault is older (generation {generation}) than the one seen last ({})",
            opened.state.marks.generation
        ));
    }
    OnDisk {
        generation,
        whole,
        opened: Box::new(opened),
    }
}

/// Compares a vault with what is remembered of it, and raises it to that.
pub(super) fn with_state(store: &Store, unsealed: Unsealed) -> Opened {
    let Unsealed {
        mut document,
        arena,
        sealer,
    } = unsealed;
    let (state, warning) = store.read_state();
    let rollback = document.generation < state.marks.generation;
    raise(
        &mut document,
        &arena,
        arena.key(sealer.mac_key),
        &state.marks,
    );
    Opened {
        document,
        arena,
        sealer,
        state,
        rollback,
        mended: false,
        warnings: Vec::new(),
        passing: Passing {
            no_state: warning,
            ..Passing::default()
        },
    }
}

fn rewrap(store: &Store, current: &Secret, new: &Secret, wall: Duration) -> Result<(), OpenError> {
    store.tidy()?;
    let identity = identity(store, current)?;
    let wrapped = Passphrase::with_work(new, store.work_factor()).wrap(&identity)?;
    store.keep_if_changed(IDENTITY, wall)?;
    Ok(store.write_slot(IDENTITY, &wrapped)?)
}

/// Rewrites the backups without some entries, and without others that have the same keys: a key
/// that was removed and added again is there twice.
fn purge(
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
