//! A vault's file that can't be read: the newest backup that opens takes its place.

use std::time::Duration;

use otp_proto::{BackupCheckAnswer, Secret};

use super::document::VAULT;
use super::job::with_state;
use super::seal::{self, MAX_FILE, Unsealed};
use super::store::{Kept, Store};
use super::{OpenError, Opened, Sealed, StoreError, durable};
use crate::config::MemoryMode;

/// Opens the newest good backup instead of a vault that failed to open, and puts it in the vault's
/// place where that can be done.
///
/// # Errors
/// The failure, where it isn't an accident's: a file that decrypts and has a wrong MAC is somebody's
/// work, and one of a later version is fine. [`OpenError::NoBackup`] if no backup opens.
pub(super) fn fall_back(
    store: &Store,
    mode: MemoryMode,
    identity: &Secret,
    wall: Duration,
    failure: OpenError,
) -> Result<Opened, OpenError> {
    let is_accident = matches!(
        failure,
        OpenError::Damaged {
            file: VAULT,
            line: None
        } | OpenError::Missing(_)
            | OpenError::Unreadable(_)
            | OpenError::Store(StoreError::TooLarge { .. })
    );
    if !is_accident {
        return Err(failure);
    }
    let Some((kept, good, unsealed)) = newest(store, mode, identity)? else {
        return Err(OpenError::NoBackup(Box::new(failure)));
    };
    let mended = store.mend(&good, wall);
    let mut opened = with_state(store, unsealed);
    let seen = opened.state.marks.generation;
    let mut said = vec![format!(
        "{failure}: the backup {}, {} old, took its place",
        kept.name,
        age(store.written(&kept), wall)
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
                store.saw(good.generation);
            } else {
                store.saw_damage(good.generation);
            }
            said.push(format!("that may not last: {error}"));
        }
    }
    opened.warnings.insert(0, said.join("; "));
    Ok(opened)
}

/// The newest backup that opens, and its file.
fn newest(
    store: &Store,
    mode: MemoryMode,
    identity: &Secret,
) -> Result<Option<(Kept, Sealed, Unsealed)>, StoreError> {
    let opens = |kept: Kept| {
        let bytes = durable::read(&kept.path, MAX_FILE).ok()??;
        let length = bytes.len().try_into().ok()?;
        let unsealed = seal::open(bytes.as_slice(), length, identity, mode).ok()?;
        let sealed = Sealed {
            device: unsealed.document.device,
            generation: unsealed.document.generation,
            bytes,
        };
        Some((kept, sealed, unsealed))
    };
    Ok(store.kept()?.into_iter().rev().find_map(opens))
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
