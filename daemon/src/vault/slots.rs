//! The work on slots: what is there, whether it opens the vault, and what may go.

use otp_proto::{EntryId, Secret, SlotInfo, SlotKind};
use zeroize::Zeroizing;

use super::job::{identity, recovery};
use super::load::look_into;
use super::slot::{
    IDENTITY, KEYRING, KeyringError, PluginFile, RECOVERY, Slot as _, SlotName, keyring,
    unwrap_typed,
};
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
            Ok(SlotDone::Removed(remove(store, mode, slot, secret)?))
        }
        SlotJob::AddKeyring { secret } => {
            add_keyring(store, mode, secret)?;
            Ok(SlotDone::Done)
        }
        SlotJob::Reveal { slot, secret } => {
            if store.slots()?.contains(slot) {
                return Err(OpenError::SlotExists);
            }
            let identity = identity(store, secret)?;
            opens(store, mode, &identity)?;
            Ok(SlotDone::Identity(identity))
        }
        SlotJob::AddPlugin {
            slot,
            plugin,
            wrapped,
            identity,
        } => {
            add_plugin(store, slot, plugin, wrapped, || {
                opens(store, mode, identity)
            })?;
            Ok(SlotDone::Done)
        }
        SlotJob::Opens { identity } => {
            opens(store, mode, identity)?;
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
        (None, _) if slot.kind() == SlotKind::Keyring => by_keyring(store)?,
        // A plugin is asked beside the jobs.
        (None, _) => return Err(OpenError::NoSlot),
    };
    opens(store, mode, &identity)
}

/// Whether an identity is the vault's.
fn opens(store: &Store, mode: MemoryMode, identity: &Secret) -> Result<(), OpenError> {
    opens_or_foreign(look_into(store, mode, identity)).map(drop)
}

/// What it means that an identity which a slot gave doesn't open the vault.
pub(super) fn opens_or_foreign<T>(loaded: Result<T, OpenError>) -> Result<T, OpenError> {
    loaded.map_err(|failure| {
        if matches!(failure, OpenError::Damaged { line: None, .. }) {
            // Its whole header is another's, or it is broken: the vault's own slot would tell.
            OpenError::ForeignSlot
        } else {
            failure
        }
    })
}

/// Removes a slot once what stays was seen to open the vault. Returns what a person should know.
fn remove(
    store: &Store,
    mode: MemoryMode,
    slot: &SlotName,
    secret: &Secret,
) -> Result<Vec<String>, OpenError> {
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
    if slot.kind() != SlotKind::Keyring {
        return Ok(Vec::new());
    }
    Ok(Vec::from_iter(forget(store, store.device()?)))
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
    let slot = SlotName::of_file(KEYRING).filter(|slot| {
        let slots = store.slots();
        slots.is_ok_and(|slots| slots.contains(slot))
    });
    if let Some(slot) = slot {
        // A crash must not leave it with another secret than it has. One in a keyring that can't be
        // used now stays.
        match store.keyring().read(device) {
            Ok(_) | Err(KeyringError::Missing) => store.remove_slot(&slot)?,
            Err(failure) => return Err(failure.into()),
        }
    }
    let drawn = keyring::draw();
    let wrapped = keyring::wrap(&drawn, &identity)?;
    let copy = Secret::copy_of(drawn.expose());
    // A keyring that is locked or hangs keeps the secret of before, which its slot needs.
    store.keyring().write(device, drawn)?;
    // What it gives back at the next login is what counts.
    let kept = store.keyring().read(device).map_err(OpenError::from);
    let is_kept = kept.and_then(|kept| {
        if kept == copy {
            Ok(())
        } else {
            Err(KeyringError::Missing.into())
        }
    });
    let done = is_kept.and_then(|()| Ok(store.write_slot(KEYRING, &wrapped)?));
    done.inspect_err(|failure| {
        if !matches!(failure, OpenError::Store(StoreError::Unsure(_))) {
            // What failed is what is told.
            forget(store, device);
        }
    })
}

/// Writes a plugin's slot. Its own file comes last: without it there is no slot. Hardware and a
/// person took their time, so that the identity may be another one by now.
fn add_plugin(
    store: &Store,
    slot: &SlotName,
    plugin: &PluginFile,
    wrapped: &[u8],
    is_still_ours: impl FnOnce() -> Result<(), OpenError>,
) -> Result<(), OpenError> {
    let (Some(companion), Some(text)) = (slot.companion(), plugin.print()) else {
        return Err(OpenError::NoSlot);
    };
    if store.slots()?.contains(slot) {
        return Err(OpenError::SlotExists);
    }
    is_still_ours().map_err(|failure| {
        if matches!(failure, OpenError::ForeignSlot) {
            OpenError::Rekeyed
        } else {
            failure
        }
    })?;
    match store.write_slot(&companion, text.as_bytes()) {
        // Alone it is no slot, and the next write syncs the same folder.
        Ok(()) | Err(StoreError::Unsure(_)) => {}
        Err(failure) => return Err(failure.into()),
    }
    Ok(store.write_slot(&slot.file(), wrapped)?)
}

/// Reads a plugin's slot: with what, and the file that it opens.
///
/// # Errors
/// [`OpenError::NoSlot`], [`OpenError::Damaged`], or those of reading.
pub fn read_plugin(store: &Store, slot: &SlotName) -> Result<(PluginFile, Vec<u8>), OpenError> {
    let companion = slot.companion().ok_or(OpenError::NoSlot)?;
    if !store.slots()?.contains(slot) {
        return Err(OpenError::NoSlot);
    }
    let text = Zeroizing::new(store.read_slot(&companion)?);
    let text = std::str::from_utf8(&text).ok();
    let plugin = text.and_then(PluginFile::parse);
    let plugin = plugin.ok_or(OpenError::Damaged {
        file: "the plugin's file",
        line: None,
    })?;
    Ok((plugin, store.read_slot(&slot.file())?))
}

/// Removes the keyring's secret, which without its slot opens nothing; a line for people if that
/// failed.
pub(super) fn forget(store: &Store, device: EntryId) -> Option<String> {
    match store.keyring().remove(device) {
        Ok(()) | Err(KeyringError::Missing) => None,
        Err(failure) => Some(format!(
            "the keyring holds a secret that opens nothing any more: {failure}"
        )),
    }
}

/// Returns whose secret the keyring holds for a slot that is there.
pub(super) fn in_keyring(store: &Store) -> Option<EntryId> {
    let slots = store.slots().ok()?;
    let has_slot = slots.iter().any(|slot| slot.kind() == SlotKind::Keyring);
    store.device().ok().filter(|_| has_slot)
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
