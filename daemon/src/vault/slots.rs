//! The work on slots: what is there, whether it opens the vault, and what may go.

use otp_proto::{Secret, SlotInfo};

use super::job::{identity, load, recovery};
use super::slot::{IDENTITY, KEYRING, RECOVERY, Slot as _, SlotName, keyring, unwrap_typed};
use super::store::Store;
use super::{OpenError, StoreError};
use crate::agent::{SlotDone, SlotJob};
use crate::config::MemoryMode;

/// Does some work on the slots.
pub(super) fn perform(
    store: &Store,
    mode: MemoryMode,
    job: &SlotJob,
) -> Result<SlotDone, OpenError> {
    if job.writes() {
        store.tidy()?;
    } else {
        store.finish()?;
    }
    match job {
        SlotJob::List => Ok(SlotDone::Slots(list(store)?)),
        SlotJob::Test { slot, secret } => {
            let secret = secret.as_ref();
            test(store, mode, slot, secret)?;
            Ok(SlotDone::Done)
        }
        SlotJob::Remove { slot, secret } => {
            remove(store, mode, slot, secret)?;
            Ok(SlotDone::Done)
        }
        SlotJob::AddKeyring { secret } => {
            add_keyring(store, mode, secret)?;
            Ok(SlotDone::Done)
        }
        SlotJob::Renew { secret } => renew(store, mode, secret),
        SlotJob::KeepRecovery { wrapped } => {
            store.write_slot(RECOVERY, wrapped)?;
            Ok(SlotDone::Done)
        }
    }
}

fn list(store: &Store) -> Result<Vec<SlotInfo>, StoreError> {
    let info = |slot: SlotName| SlotInfo {
        name: slot.as_str().to_owned(),
        kind: slot.kind(),
    };
    Ok(store.slots()?.into_iter().map(info).collect())
}

/// Opens the vault by one slot alone.
fn test(
    store: &Store,
    mode: MemoryMode,
    slot: &SlotName,
    secret: Option<&Secret>,
) -> Result<(), OpenError> {
    if !store.slots()?.contains(slot) {
        return Err(OpenError::NoSlot);
    }
    let identity = match (slot.typed(), secret) {
        (Some(file), Some(secret)) => unwrap_typed(file, secret, |file| store.read_slot(file))?,
        (Some(_), None) => return Err(OpenError::WrongSecret),
        (None, _) => by_keyring(store)?,
    };
    opens(store, mode, &identity)
}

/// Whether an identity is the vault's.
fn opens(store: &Store, mode: MemoryMode, identity: &Secret) -> Result<(), OpenError> {
    match load(store, mode, identity) {
        Ok(_) => Ok(()),
        // Its whole header is another's, or it is broken: the vault's own slot would tell.
        Err(OpenError::Damaged { line: None, .. }) => Err(OpenError::ForeignSlot),
        Err(failure) => Err(failure),
    }
}

/// Removes a slot once what stays was seen to open the vault.
fn remove(
    store: &Store,
    mode: MemoryMode,
    slot: &SlotName,
    secret: &Secret,
) -> Result<(), OpenError> {
    let slots = store.slots()?;
    if !slots.contains(slot) {
        return Err(OpenError::NoSlot);
    }
    let identity = match slot.typed() {
        None => identity(store, secret)?,
        Some(file) => {
            let mut others = slots.iter().filter_map(SlotName::typed);
            let other = others.find(|&other| other != file);
            let other = other.ok_or(OpenError::LastSlot)?;
            unwrap_typed(other, secret, |file| store.read_slot(file))?
        }
    };
    opens(store, mode, &identity)?;
    store.remove_slot(slot)?;
    if slot.typed().is_none() {
        forget(store);
    }
    Ok(())
}

/// Unwraps the identity with what the keyring keeps.
pub(super) fn by_keyring(store: &Store) -> Result<Secret, OpenError> {
    // Looked at first: without the slot nobody asks the keyring for anything.
    if !store.slots()?.iter().any(|slot| slot.file() == KEYRING) {
        return Err(OpenError::NoSlot);
    }
    let secret = store.keyring().read(store.device()?)?;
    keyring::unwrap(&secret, &store.read_slot(KEYRING)?)
}

/// Adds the keyring's slot, with a secret of its own.
fn add_keyring(store: &Store, mode: MemoryMode, secret: &Secret) -> Result<(), OpenError> {
    let identity = identity(store, secret)?;
    opens(store, mode, &identity)?;
    let device = store.device()?;
    let drawn = keyring::draw();
    let wrapped = keyring::wrap(&drawn, &identity)?;
    let copy = Secret::copy_of(drawn.expose());
    store.keyring().write(device, drawn)?;
    // What it gives back at the next login is what counts.
    let kept = store.keyring().read(device)?;
    if kept != copy {
        return Err(keyring::KeyringError::Missing.into());
    }
    store.write_slot(KEYRING, &wrapped).inspect_err(|_| {
        forget(store);
    })?;
    Ok(())
}

/// Removes the keyring's secret, as far as that can be done; without its slot it opens nothing.
pub(super) fn forget(store: &Store) {
    if let Ok(device) = store.device() {
        store.keyring().remove(device).ok();
    }
}

/// Makes another recovery key. It opens nothing before it was seen, which
/// [`SlotJob::KeepRecovery`] says; a person who looks away then has the passphrase, too.
fn renew(store: &Store, mode: MemoryMode, secret: &Secret) -> Result<SlotDone, OpenError> {
    let slots = store.slots()?;
    if !slots.iter().any(|slot| slot.typed() == Some(IDENTITY)) {
        return Err(OpenError::OnlyRecovery);
    }
    let identity = identity(store, secret)?;
    opens(store, mode, &identity)?;
    let recovery = recovery(store);
    let wrapped = recovery.wrap(&identity)?;
    Ok(SlotDone::RecoveryKey {
        key: recovery.into_key().into_secret(),
        wrapped,
    })
}
