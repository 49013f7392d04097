//! Slow work: what the key-derivation thread is asked to do, and what comes back.

use otp_proto::{EntryId, Key, Secret};

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
    /// Open a backup's text and, unless `dry_run`, put it in the vault's place.
    RestoreBackup {
        /// The text that [`Job::Backup`] made.
        text: String,
        /// The backup's passphrase or recovery key.
        secret: Secret,
        /// Change nothing.
        dry_run: bool,
        /// The present vault, which the new one must not fall behind.
        present: Option<Present>,
    },
    /// Rewrite every backup without these entries.
    Purge {
        /// The vault's identity.
        identity: Secret,
        /// The entries.
        ids: Vec<EntryId>,
    },
}

/// What a restored vault must not fall behind.
#[derive(Debug)]
pub struct Present {
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
    /// See [`Job::RestoreBackup`].
    RestoreBackup(Result<Box<Opened>, OpenError>),
    /// See [`Job::Purge`].
    Purge(Result<(), OpenError>),
}
