//! A vault's file that can't be read: the newest backup that opens takes its place.

use std::time::Duration;

use otp_proto::{BackupCheckAnswer, Secret};

use super::digest::digest;
use super::document::VAULT;
use super::job::Boxed;
use super::load::{on_disk, with_state};
use super::seal::{self, MAX_FILE, Unsealed};
use super::store::{Kept, Store};
use super::{OpenError, Opened, Sealed, StoreError, durable};
use crate::config::MemoryMode;

/// Opens the newest good backup instead of a vault that failed to open, and puts it in the vault's
/// place where that can be done.
///
/// Only a file that was read whole, twice, and is none of ours is damaged. What can't be read now
/// may be read another time, and a file that isn't there may be on a disk that isn't: then
/// everything stays as it is.
///
/// # Errors
/// The failure, where it isn't an accident's: a file that decrypts and has a wrong MAC is somebody's
/// work, and one of a later version is fine. [`OpenError::NoVaultFile`]; [`OpenError::NoBackup`] if
/// no backup opens, [`OpenError::NotNow`] if one can't be read.
pub(super) fn fall_back(
    store: &Store,
    mode: MemoryMode,
    identity: &Secret,
    wall: Duration,
    failure: OpenError,
) -> Result<Boxed, OpenError> {
    if let OpenError::Missing(folder) = failure {
        let newest = newest(store, mode, identity).ok().flatten();
        let backup = newest.map(|(kept, ..)| kept.name.to_string());
        return Err(OpenError::NoVaultFile { folder, backup });
    }
    let is_broken = matches!(
        failure,
        OpenError::Damaged {
            file: VAULT,
            line: None
        }
    );
    let is_too_large = matches!(failure, OpenError::Store(StoreError::TooLarge { .. }));
    if !is_broken && !is_too_large {
        return Err(failure);
    }
    if is_broken && let Some(opened) = again(store, mode, identity)? {
        return Ok(opened);
    }
    let (kept, good, unsealed) = match newest(store, mode, identity) {
        Ok(Some(newest)) => newest,
        Ok(None) => return Err(OpenError::NoBackup(Box::new(failure))),
        Err(unread) => return Err(OpenError::NotNow(Box::new(failure), unread)),
    };
    Ok(Box::new(put(
        store,
        wall,
        &failure,
        (&kept, &good, unsealed),
    )))
}

/// Looks at a vault once more that seemed to be damaged; `None` if it is.
fn again(store: &Store, mode: MemoryMode, identity: &Secret) -> Result<Option<Boxed>, OpenError> {
    let (bytes, device) = store.read_vault()?;
    let length = bytes.len().try_into().unwrap_or(u64::MAX);
    let opened = seal::open(bytes.as_slice(), length, identity, mode).ok();
    let opened = opened.filter(|unsealed| unsealed.document.device == device);
    let seen = |unsealed| on_disk(store, unsealed, digest(&bytes)).seen(store);
    Ok(opened.map(seen))
}

/// Puts a backup in the place of a damaged vault, and says so.
fn put(
    store: &Store,
    wall: Duration,
    failure: &OpenError,
    (kept, good, unsealed): (&Kept, &Sealed, Unsealed),
) -> Opened {
    let mended = store.mend(good, wall);
    let mut opened = with_state(store, unsealed);
    let seen = opened.state.marks.generation;
    let mut said = vec![format!(
        "{failure}: the backup {}, {} old, took its place",
        kept.name,
        age(store.written(kept), wall)
    )];
    said.push(match seen.checked_sub(good.generation) {
        Some(0) => "no change is missing".into(),
        Some(1) => "the last change is missing".into(),
        Some(changes) if seen > 0 => format!("the last {changes} changes are missing"),
        _ => "what was changed after it is missing".into(),
    });
    match mended {
        Ok(aside) => said.extend(
            aside
                .iter()
                .map(|path| format!("the damaged file is {}", path.display())),
        ),
        Err(error) => {
            let is_good = |(there, _): (Vec<u8>, _)| there == good.bytes;
            if store.read_vault().is_ok_and(is_good) {
                store.saw(good.generation, digest(&good.bytes));
            } else {
                store.saw_damage(good.generation);
            }
            said.push(format!("that may not last: {error}"));
        }
    }
    opened.mended = true;
    opened.warnings.insert(0, said.join("; "));
    opened
}

/// The newest backup that opens, and its file.
///
/// # Errors
/// One that can't be read now: an older one would lose what it holds.
fn newest(
    store: &Store,
    mode: MemoryMode,
    identity: &Secret,
) -> Result<Option<(Kept, Sealed, Unsealed)>, StoreError> {
    for kept in store.kept()?.into_iter().rev() {
        let bytes = match durable::read(&kept.path, MAX_FILE) {
            Ok(Some(bytes)) => bytes,
            Ok(None) | Err(StoreError::TooLarge { .. }) => continue,
            Err(unread) => return Err(unread),
        };
        let length = bytes.len().try_into().unwrap_or(u64::MAX);
        if let Ok(unsealed) = seal::open(bytes.as_slice(), length, identity, mode) {
            let sealed = Sealed {
                device: unsealed.document.device,
                generation: unsealed.document.generation,
                bytes,
            };
            return Ok(Some((kept, sealed, unsealed)));
        }
    }
    Ok(None)
}

/// Opens the newest backup, to see that it would do.
///
/// # Errors
/// [`OpenError::BackupFails`]; there is none, or it can't be read.
pub(super) fn newest_opens(
    store: &Store,
    mode: MemoryMode,
    identity: &Secret,
    wall: Duration,
) -> Result<BackupCheckAnswer, OpenError> {
    let newest = store.kept()?.pop().ok_or(OpenError::NoBackups)?;
    let bytes = durable::read(&newest.path, MAX_FILE)?;
    let bytes = bytes.ok_or_else(|| OpenError::Missing(newest.path.clone()))?;
    let length = bytes.len().try_into().unwrap_or(u64::MAX);
    let unsealed = seal::open(bytes.as_slice(), length, identity, mode)
        .map_err(|failure| OpenError::BackupFails(newest.path.clone(), Box::new(failure)))?;
    let written = store.written(&newest);
    Ok(BackupCheckAnswer {
        name: newest.name.to_string(),
        age: written.and_then(|written| Some(wall.checked_sub(written)?.as_secs())),
        generation: unsealed.document.generation,
        entries: unsealed
            .document
            .entries
            .len()
            .try_into()
            .unwrap_or(u64::MAX),
    })
}

/// How long ago something was written, in words.
pub(super) fn age(written: Option<Duration>, wall: Duration) -> String {
    let Some(age) = written.and_then(|written| wall.checked_sub(written)) else {
        return "a moment".into();
    };
    let minutes = age.as_secs() / 60;
    let (count, unit) = match minutes {
        0 => return "less than a minute".into(),
        1..60 => (minutes, "minute"),
        60..2880 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}
