//! What is asked of backups.

use serde::{Deserialize, Serialize};

use crate::Secret;
use crate::wire::is_false;

/// Asks for a backup: identity, recovery and vault, each encrypted, as one text. Legal when a
/// vault exists, locked or not.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {}

/// Opens the newest of the automatic backups, and changes nothing. Legal when unlocked. `storage`
/// if it doesn't open.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupCheck {}

/// Lists the automatic backups, and opens none. Legal when a vault exists, locked or not.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupsList {}

/// Tells that a backup was put somewhere else than on the vault's disk, so that nobody is
/// reminded of one for a month. Legal when a vault exists, locked or not.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupCopied {}

/// Starts to hand over a backup on this connection. Always legal.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoreBackupBegin {}

/// Hands over a piece of the backup's text, in order.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoreBackupAdd {
    /// At most 32 KiB of it.
    pub text: String,
}

/// Opens the backup and puts it in the vault's place; the answer leaves once it is on disk, and
/// the vault is unlocked. Where a vault exists it must be unlocked, unless it could not be opened
/// ([`crate::StatusAnswer::damaged`]), and its files are kept; counters never go back.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoreBackupCommit {
    /// The backup's passphrase or recovery key. An automatic backup of an open vault needs none,
    /// unless it is from before a new identity; then `denied` asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<Secret>,
    /// An automatic backup instead of what was handed over: its name ([`BackupsList`]), or `last`
    /// for the vault as it was before the last write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Says what the backup holds and changes nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub dry_run: bool,
}
