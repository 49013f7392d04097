//! Errors that more than one file gives. No text quotes what was sent.

use otp_proto::{ErrorKind, RpcError, UriError};

use crate::otp::Unsupported;
use crate::vault::slot::PluginError;
use crate::vault::{Entry, OpenError, StoreError};

pub(super) fn params(text: &'static str) -> RpcError {
    RpcError::new(ErrorKind::Params, text)
}

pub(super) fn odd_desktop() -> RpcError {
    params("a variable of the desktop can't be used")
}

pub(super) fn invalid(text: &'static str) -> RpcError {
    RpcError::new(ErrorKind::Invalid, text)
}

pub(super) fn busy() -> RpcError {
    RpcError::new(ErrorKind::Busy, "too much waits already")
}

pub(super) fn locked() -> RpcError {
    RpcError::new(ErrorKind::Locked, "the vault is locked")
}

pub(super) fn away() -> RpcError {
    let text = "the vault is locked: nothing opens it by itself while the screen is";
    RpcError::new(ErrorKind::Locked, text)
}

pub(super) fn screen_locked() -> RpcError {
    RpcError::new(ErrorKind::Denied, "the screen is locked")
}

/// The configuration shows no code, and a counter has no other way to the same one.
pub(super) fn lost_in_a_notice() -> RpcError {
    let text = "the configuration shows no code in a notification, and a counter's would be lost";
    RpcError::new(ErrorKind::Denied, text)
}

pub(super) fn ending() -> RpcError {
    RpcError::new(ErrorKind::Locked, "the agent is ending")
}

pub(super) fn no_vault() -> RpcError {
    RpcError::new(ErrorKind::NoVault, "there is no vault")
}

pub(super) fn exists() -> RpcError {
    RpcError::new(ErrorKind::Exists, "there is a vault already")
}

pub(super) fn not_found() -> RpcError {
    RpcError::new(ErrorKind::NotFound, "no entry matches")
}

/// A change of an entry that isn't ours.
pub(super) fn read_only(entry: &Entry) -> RpcError {
    let source = entry.origin().map_or("", |origin| origin);
    let text = format!("the entry belongs to the source {source}, and is read-only here");
    RpcError::new(ErrorKind::Denied, text)
}

/// A code of a counter that isn't ours to move on.
pub(super) fn foreign_counter(entry: &Entry) -> RpcError {
    let source = entry.origin().map_or("", |origin| origin);
    let text = format!(
        "the entry belongs to the source {source}: its counter can't be moved on from here, \
         only by its own program"
    );
    RpcError::new(ErrorKind::Denied, text)
}

pub(super) fn replaced() -> RpcError {
    RpcError::new(
        ErrorKind::Busy,
        "another vault has taken its place meanwhile",
    )
}

pub(super) fn no_such_vault() -> RpcError {
    open(&OpenError::NoSuchVault)
}

pub(super) fn uri(error: UriError) -> RpcError {
    RpcError::new(ErrorKind::Invalid, error.to_string())
}

pub(super) fn unsupported(error: Unsupported) -> RpcError {
    RpcError::new(ErrorKind::Unsupported, error.to_string())
}

pub(super) fn storage(error: &StoreError) -> RpcError {
    RpcError::new(storage_kind(error), error.to_string())
}

fn storage_kind(error: &StoreError) -> ErrorKind {
    if matches!(error, StoreError::Unsure(_)) {
        ErrorKind::Incomplete
    } else {
        ErrorKind::Storage
    }
}

/// A vault that can't be opened for another reason than what was typed.
pub(super) fn open(error: &OpenError) -> RpcError {
    let kind = match error {
        OpenError::NoVault => ErrorKind::NoVault,
        OpenError::Exists | OpenError::SlotExists => ErrorKind::Exists,
        OpenError::WrongSecret
        | OpenError::NeedsSecret
        | OpenError::MistypedRecovery(_)
        | OpenError::LastSlot
        | OpenError::OnlyRecovery
        | OpenError::Plugin(PluginError::Said(_) | PluginError::Nothing) => ErrorKind::Denied,
        OpenError::NotABackup(_) | OpenError::BadBackup(_) | OpenError::TooNew(_) => {
            ErrorKind::Invalid
        }
        OpenError::Unfinished(_) | OpenError::HalfRekeyed(_) => ErrorKind::Incomplete,
        OpenError::NoSlot | OpenError::NoSuchBackup | OpenError::NoSuchVault => ErrorKind::NotFound,
        OpenError::Keyring(_) | OpenError::Plugin(_) | OpenError::Rekeyed => ErrorKind::Internal,
        OpenError::Store(failure) => storage_kind(failure),
        OpenError::Damaged { .. }
        | OpenError::Missing(_)
        | OpenError::Forged
        | OpenError::TooCostly(_)
        | OpenError::Several(_)
        | OpenError::SeveralVaults { .. }
        | OpenError::NoVaultFile { .. }
        | OpenError::NotNow(..)
        | OpenError::NotAsItWas(_)
        | OpenError::Renamed { .. }
        | OpenError::NoBackup(_)
        | OpenError::Slot { .. }
        | OpenError::NoBackups
        | OpenError::BackupFails(..)
        | OpenError::ForeignSlot
        | OpenError::Wrap
        | OpenError::Unreadable(_) => ErrorKind::Storage,
    };
    RpcError::new(kind, error.to_string())
}
