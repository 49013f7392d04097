//! What needs slow work: which of it must wait, which a lock ends, and which is answered at once.

use otp_proto::{
    EntryId, Init, Passwd, Rekey, Response, RestoreBackupCommit, RpcError, Secret, StepAnswer,
    Unlock, UnlockAnswer,
};

use super::{Agent, SlotJob, error};
use crate::vault::slot::SlotName;

/// A request that needs slow work.
#[derive(Debug)]
pub(super) enum Task {
    Init(Init),
    Unlock(Unlock),
    /// Of several vaults, this one.
    Choose(EntryId, Secret),
    Passwd(Passwd),
    Reveal(Secret, Revealed),
    Backup,
    BackupCheck,
    Backups,
    RestoreBackup(RestoreBackupCommit),
    Slots(SlotJob),
    /// What the connection's renewal has left when its turn comes: a rekey may be before it.
    KeepRecovery,
    Rekey(Rekey),
    /// What a person typed into the dialog.
    Typed(Secret),
    /// The slots that nobody types.
    Auto,
    /// An identity that hardware has unwrapped.
    Found(SlotName, Secret),
}

/// What is handed out only to whoever knows the passphrase.
#[derive(Debug)]
pub(super) enum Revealed {
    /// The keys of the entries that match.
    Uris(Option<String>),
    /// The recovery codes of one entry.
    Codes(String),
}

impl Task {
    /// Whether it must find the vault's files at rest.
    pub(super) fn needs_rest(&self) -> bool {
        match self {
            Self::Init(_)
            | Self::Unlock(_)
            | Self::Choose(..)
            | Self::Passwd(_)
            | Self::Backup
            | Self::BackupCheck
            | Self::Backups
            | Self::RestoreBackup(_)
            | Self::Slots(_)
            | Self::KeepRecovery
            | Self::Rekey(_)
            | Self::Typed(_)
            | Self::Found(..)
            | Self::Auto => true,
            Self::Reveal(..) => false,
        }
    }

    /// Whether it goes on after a lock that comes before its turn.
    pub(super) fn outlives_lock(&self) -> bool {
        match self {
            Self::Init(_)
            | Self::Passwd(_)
            | Self::Backup
            | Self::Backups
            | Self::Slots(_)
            | Self::KeepRecovery
            | Self::Rekey(_) => true,
            Self::Unlock(_)
            | Self::Choose(..)
            | Self::Reveal(..)
            | Self::BackupCheck
            | Self::RestoreBackup(_)
            | Self::Typed(_)
            | Self::Found(..)
            | Self::Auto => false,
        }
    }
}

impl Agent {
    /// The answer of a task that needs no work, or no longer: things may have changed while it
    /// waited.
    pub(super) fn answer_now(&self, task: &Task) -> Option<Result<Response, RpcError>> {
        let is_locked = self.open.is_none();
        match task {
            Task::Init(_) if self.vault_exists => Some(Err(error::exists())),
            Task::Init(init) if init.passphrase.expose().is_empty() => {
                Some(Err(error::params("the passphrase is empty")))
            }
            Task::Passwd(passwd) if passwd.new.expose().is_empty() => {
                Some(Err(error::params("the new passphrase is empty")))
            }
            Task::Unlock(_) | Task::Choose(..) if !is_locked => {
                Some(Ok(Response::Unlock(UnlockAnswer::default())))
            }
            Task::Found(..) if !is_locked => Some(Ok(Response::Step(StepAnswer::default()))),
            Task::Reveal(..) | Task::BackupCheck if is_locked => Some(Err(error::locked())),
            Task::RestoreBackup(_) if is_locked && self.vault_exists && !self.is_damaged => {
                Some(Err(error::locked()))
            }
            Task::Unlock(_)
            | Task::Choose(..)
            | Task::Passwd(_)
            | Task::Backup
            | Task::Backups
            | Task::Slots(_)
            | Task::KeepRecovery
            | Task::Rekey(_)
                if !self.vault_exists =>
            {
                Some(Err(error::no_vault()))
            }
            Task::Init(_)
            | Task::Unlock(_)
            | Task::Choose(..)
            | Task::Passwd(_)
            | Task::Reveal(..)
            | Task::Backup
            | Task::BackupCheck
            | Task::Backups
            | Task::RestoreBackup(_)
            | Task::Slots(_)
            | Task::KeepRecovery
            | Task::Rekey(_)
            | Task::Typed(_)
            | Task::Found(..)
            | Task::Auto => None,
        }
    }
}
