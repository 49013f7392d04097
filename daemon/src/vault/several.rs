//! More than one vault file where one belongs: another device's, or a copy that somebody put there.
//! What each of them is, is said; which of them is meant, only a person knows.

use std::path::{Path, PathBuf};
use std::time::Duration;

use otp_proto::{EntryId, Secret};

use super::day::Day;
use super::seal::{self, MAX_FILE, Unsealed};
use super::store::{Store, written};
use super::{OpenError, durable};
use crate::config::MemoryMode;

/// Says what each of the files is, the one to keep most likely first.
pub(super) fn told(
    store: &Store,
    mode: MemoryMode,
    identity: &Secret,
    folder: PathBuf,
) -> OpenError {
    let vaults = match store.vaults() {
        Ok(vaults) => vaults,
        Err(failure) => return failure.into(),
    };
    let mut found: Vec<_> = vaults
        .iter()
        .map(|(path, device)| {
            let opened = look(path, mode, identity).and_then(|found| own(found, *device, path));
            let day = written(path).map(Day::of);
            match opened {
                Ok(opened) => {
                    let generation = opened.document.generation;
                    let of = day.map(|day| format!(" of {day}")).unwrap_or_default();
                    let entries = opened.document.entries.len();
                    let said = format!("{device} (generation {generation}{of}, {entries} entries)");
                    (Some((generation, day)), *device, said)
                }
                Err(OpenError::Damaged { line: None, .. }) => {
                    let said = format!("{device} (damaged, or of another identity)");
                    (None, *device, said)
                }
                Err(failure) => (None, *device, format!("{device} ({failure})")),
            }
        })
        .collect();
    found.sort_by_key(|(standing, ..)| std::cmp::Reverse(*standing));
    let newest = found.first().filter(|(standing, ..)| standing.is_some());
    OpenError::SeveralVaults {
        newest: newest.map(|(_, device, _)| *device),
        told: found
            .iter()
            .map(|(.., said)| said.as_str())
            .collect::<Vec<_>>()
            .join(", "),
        folder,
    }
}

/// Keeps one of the files, once it was seen to open, and sets the others aside; a line for people
/// about each.
pub(super) fn choose(
    store: &Store,
    mode: MemoryMode,
    identity: &Secret,
    vault: EntryId,
    wall: Duration,
) -> Result<Vec<String>, OpenError> {
    let vaults = store.vaults()?;
    let chosen = vaults.iter().find(|(_, device)| *device == vault);
    let (path, device) = chosen.ok_or(OpenError::NoSuchVault)?;
    own(look(path, mode, identity)?, *device, path)?;
    let aside = store.set_others_aside(*device, wall)?;
    let line = |path: PathBuf| {
        let path = path.display();
        format!("another vault is kept as {path}; nothing of it was taken over")
    };
    Ok(aside.into_iter().map(line).collect())
}

fn look(path: &Path, mode: MemoryMode, identity: &Secret) -> Result<Unsealed, OpenError> {
    let bytes = durable::read(path, MAX_FILE)?;
    let bytes = bytes.ok_or_else(|| OpenError::Missing(path.to_owned()))?;
    let length = bytes.len().try_into().unwrap_or(u64::MAX);
    seal::open(bytes.as_slice(), length, identity, mode)
}

/// A vault under its own name.
fn own(unsealed: Unsealed, device: EntryId, path: &Path) -> Result<Unsealed, OpenError> {
    let theirs = unsealed.document.device;
    if theirs == device {
        Ok(unsealed)
    } else {
        let path = path.to_owned();
        Err(OpenError::Renamed { path, theirs })
    }
}
