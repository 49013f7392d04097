//! From the vault's file to an open vault, compared with what is remembered of it.

use otp_proto::Secret;

use super::digest::{Digest, Digesting};
use super::document::raise;
use super::job::Boxed;
use super::seal::{self, Unsealed};
use super::store::Store;
use super::{OpenError, Opened, Passing};
use crate::config::MemoryMode;

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
