//! Slow work: what the key-derivation thread is asked to do, and what comes back.

use otp_proto::{BackupCheckAnswer, BackupInfo, Edition, EntryId, Key, Secret, SlotInfo};

use crate::vault::slot::{PluginFile, SlotName};
use crate::vault::{Marks, OpenError, Opened};

/// Slow work. Each is answered by the [`JobDone`] of the same name.
#[derive(Debug)]
pub enum Job {
    /// Make identity, recovery key and an empty vault.
    Create {
        /// Wraps the identity.
        passphrase: Secret,
    },
    /// Remove a vault that [`Job::Create`] has made and whose recovery key nobody has seen.
    Discard {
        /// The device in whose name it was made.
        device: EntryId,
    },
    /// Unwrap the identity with a passphrase or recovery key and load the vault.
    Open {
        /// Either of them.
        secret: Secret,
    },
    /// As [`Job::Open`], of more than one vault file with this one; answered as that.
    Choose {
        /// Whose it is.
        vault: EntryId,
        /// Passphrase or recovery key.
        secret: Secret,
    },
    /// Unwrap the identity by a slot that nobody types and load the vault; answered as
    /// [`Job::Open`].
    OpenAuto,
    /// Load the vault with an identity that hardware has unwrapped; answered as [`Job::Open`].
    OpenWith {
        /// The identity's text.
        identity: Secret,
    },
    /// Wrap the identity anew.
    Rewrap {
        /// Passphrase or recovery key of today.
        current: Secret,
        /// Passphrase from now on.
        new: Secret,
    },
    /// Only check a passphrase (or recovery key).
    Check {
        /// What was typed.
        secret: Secret,
    },
    /// Read identity, recovery and vault as one text.
    Backup,
    /// Open the newest of the automatic backups.
    BackupCheck {
        /// The vault's identity.
        identity: Secret,
    },
    /// Say which automatic backups there are.
    Backups,
    /// Open a backup and, unless it is a dry run, put it in the vault's place.
    RestoreBackup(RestoreJob),
    /// Rewrite every backup without these entries.
    Purge {
        /// The vault's identity.
        identity: Secret,
        /// The entries.
        ids: Vec<EntryId>,
    },
    /// Work on the slots.
    Slots(SlotJob),
    /// Give the vault another identity.
    Rekey {
        /// The passphrase; wraps the new identity, too.
        passphrase: Secret,
        /// Remove the backups.
        drops_backups: bool,
    },
}

/// Work on the slots.
#[derive(Debug)]
pub enum SlotJob {
    /// Say which are there.
    List,
    /// Open the vault by one of them.
    Test {
        /// Which.
        slot: SlotName,
        /// What was typed for it.
        secret: Option<Secret>,
    },
    /// Remove one.
    Remove {
        /// Which.
        slot: SlotName,
        /// What opens the vault afterwards.
        secret: Secret,
    },
    /// Let the session's keyring open the vault.
    AddKeyring {
        /// Passphrase or recovery key.
        secret: Secret,
    },
    /// Unwrap the identity for a plugin that is to wrap it, too.
    Reveal {
        /// The slot to be, which isn't there yet.
        slot: SlotName,
        /// Passphrase or recovery key.
        secret: Secret,
    },
    /// Keep what a plugin has wrapped.
    AddPlugin {
        /// The slot.
        slot: SlotName,
        /// What opens it.
        plugin: PluginFile,
        /// Its file.
        wrapped: Vec<u8>,
        /// What is in it, which has to be the vault's identity still.
        identity: Secret,
    },
    /// See whether an identity that a plugin has unwrapped opens the vault.
    Opens {
        /// The identity's text.
        identity: Secret,
    },
    /// Make another recovery key, and change nothing yet.
    Renew {
        /// Passphrase or recovery key of today.
        secret: Secret,
    },
    /// Let the recovery key that [`Self::Renew`] made open the vault, and no other.
    KeepRecovery {
        /// The identity, wrapped by it.
        wrapped: Vec<u8>,
    },
}

impl SlotJob {
    /// Whether it writes into the vault's folder.
    pub fn writes(&self) -> bool {
        match self {
            Self::List
            | Self::Test { .. }
            | Self::Reveal { .. }
            | Self::Opens { .. }
            | Self::Renew { .. } => false,
            Self::Remove { .. }
            | Self::AddKeyring { .. }
            | Self::AddPlugin { .. }
            | Self::KeepRecovery { .. } => true,
        }
    }
}

/// The end of a [`SlotJob`].
#[derive(Debug)]
pub enum SlotDone {
    /// See [`SlotJob::List`].
    Slots(Vec<SlotInfo>),
    /// Nothing more to say.
    Done,
    /// See [`SlotJob::Remove`]: what a person should know, one line each.
    Removed(Vec<String>),
    /// See [`SlotJob::Reveal`].
    Identity(Secret),
    /// See [`SlotJob::Renew`].
    RecoveryKey {
        /// Its canonical form.
        key: Secret,
        /// The identity, wrapped by it.
        wrapped: Vec<u8>,
    },
}

/// A vault with a new identity.
#[derive(Debug)]
pub struct Rekeyed {
    /// The vault.
    pub opened: Box<Opened>,
    /// The new recovery key's canonical form.
    pub recovery_key: Secret,
    /// The slots that went with the old identity.
    pub removed: Vec<String>,
}

/// A backup that is to be put in the vault's place.
#[derive(Debug)]
pub struct RestoreJob {
    /// Which.
    pub source: Source,
    /// Its passphrase or recovery key.
    pub secret: Option<Secret>,
    /// Change nothing.
    pub dry_run: bool,
    /// The open vault.
    pub present: Option<Present>,
}

/// Where a backup is.
#[derive(Debug)]
pub enum Source {
    /// The text that [`Job::Backup`] made.
    Text(String),
    /// The automatic one of this name, or `last`.
    Kept(String),
}

/// A backup that was opened.
#[derive(Debug)]
pub struct Restored {
    /// The vault as it is now, or would be.
    pub opened: Box<Opened>,
    /// What the backup said of itself.
    pub backup: Edition,
    /// When the vault before it was written, in seconds since 1970.
    pub present_written: Option<u64>,
    /// The automatic backup's name.
    pub from: Option<String>,
    /// As what the vault before it is kept.
    pub replaced: Option<String>,
}

/// What a restored vault must not fall behind, and what opens its backups.
#[derive(Debug)]
pub struct Present {
    /// The identity's text.
    pub identity: Secret,
    /// HOTP marks and generation.
    pub marks: Marks,
    /// The MAC's key, with which the marks' fingerprints were made; the backup's may be another.
    pub mac_key: Key,
}

/// The end of a [`Job`].
#[derive(Debug)]
pub enum JobDone {
    /// See [`Job::Create`]; with the recovery key's canonical form.
    Create(Result<(Box<Opened>, Secret), OpenError>),
    /// See [`Job::Discard`].
    Discard(Result<(), OpenError>),
    /// See [`Job::Open`].
    Open(Result<Box<Opened>, OpenError>),
    /// See [`Job::Rewrap`].
    Rewrap(Result<(), OpenError>),
    /// See [`Job::Check`].
    Check(Result<(), OpenError>),
    /// See [`Job::Backup`]: the text.
    Backup(Result<String, OpenError>),
    /// See [`Job::BackupCheck`].
    BackupCheck(Result<BackupCheckAnswer, OpenError>),
    /// See [`Job::Backups`].
    Backups(Result<Vec<BackupInfo>, OpenError>),
    /// See [`Job::RestoreBackup`].
    RestoreBackup(Result<Restored, OpenError>),
    /// See [`Job::Purge`].
    Purge(Result<(), OpenError>),
    /// See [`Job::Slots`].
    Slots(Result<SlotDone, OpenError>),
    /// See [`Job::Rekey`].
    Rekey(Result<Rekeyed, OpenError>),
}

/// What a plugin of age is needed for; it is done beside everything else, because it waits for
/// hardware and a person.
#[derive(Debug)]
pub enum PluginTask {
    /// Unwrap the identity by a slot.
    Unwrap {
        /// Which.
        slot: SlotName,
    },
    /// Wrap the identity, and see that it comes back.
    Wrap {
        /// With what.
        plugin: PluginFile,
        /// The identity's text.
        identity: Secret,
    },
}

/// The end of a [`PluginTask`].
#[derive(Debug)]
pub enum PluginDone {
    /// See [`PluginTask::Unwrap`]: the identity's text.
    Identity(Secret),
    /// See [`PluginTask::Wrap`]: the slot's file.
    Wrapped {
        /// With what.
        plugin: PluginFile,
        /// The file.
        wrapped: Vec<u8>,
        /// What is in it.
        identity: Secret,
    },
}
