//! The slow work beside the loop: key derivations and whole-file reads. Runs on one thread, so
//! that there is one key derivation and its 256 MB at a time.

use std::collections::BTreeMap;
use std::time::Duration;

use otp_proto::{EntryId, RecoveryKey, Secret};
use zeroize::Zeroizing;

use super::fall_back::{fall_back, newest_opens};
use super::load::load;
use super::seal::{Sealer, seal};
use super::slot::{IDENTITY, Passphrase, RECOVERY, Recovery, Slot as _, unwrap_with};
use super::store::{Install, Store};
use super::{
    Document, Marks, OpenError, Opened, Passing, Sealed, State, backup, purge, rekey, restore,
    several, slots,
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
        Job::Purge { identity, ids } => JobDone::Purge(purge::purge(store, mode, &identity, &ids)),
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
        sources: Vec::new(),
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

/// Makes the copy of the day, if there is none, and tells of files set aside.
fn looked_after(store: &Store, mut opened: Boxed, wall: Duration) -> Boxed {
    if let Some(vault) = store.uncopied() {
        opened.passing.no_copy = copied(store, &vault, wall);
    }
    opened.passing.damaged = damaged_files(store);
    opened
}

/// What people are told where files set aside are kept.
pub fn damaged_files(store: &Store) -> Option<String> {
    let folder = store.damaged()?;
    Some(format!(
        "files set aside are kept: once nothing is missed, remove {}",
        folder.display()
    ))
}

/// Makes the dated copy of a vault that was just put into place; a line for people if that failed.
/// The vault is as safe as it was before.
pub(super) fn copied(store: &Store, vault: &Sealed, wall: Duration) -> Option<String> {
    let failed = store.copy(vault, wall).err();
    failed.as_ref().map(super::no_copy)
}

fn rewrap(store: &Store, current: &Secret, new: &Secret, wall: Duration) -> Result<(), OpenError> {
    store.tidy()?;
    let identity = identity(store, current)?;
    let wrapped = Passphrase::with_work(new, store.work_factor()).wrap(&identity)?;
    store.keep_if_changed(IDENTITY, wall)?;
    Ok(store.write_slot(IDENTITY, &wrapped)?)
}
