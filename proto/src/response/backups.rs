//! What is answered of backups.

use serde::{Deserialize, Serialize};

use crate::EntryInfo;
use crate::wire::is_false;

/// A backup's text.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupAnswer {
    /// ASCII-armored age files with a heading each.
    pub text: String,
    /// The vault's generation in it; absent while locked.
    pub generation: Option<u64>,
    /// How many entries it holds; absent while locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries: Option<u64>,
}

/// An automatic backup that was opened.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupCheckAnswer {
    /// The file's name.
    pub name: String,
    /// Seconds since it was written; absent where the clock was set back since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<u64>,
    /// The vault's generation in it.
    pub generation: u64,
    /// How many entries it holds.
    pub entries: u64,
}

/// An automatic backup, by what its name and its file say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupInfo {
    /// The file's name.
    pub name: String,
    /// The vault's generation in it.
    pub generation: u64,
    /// When it was written, in seconds since 1970; absent where the file can't be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<u64>,
    /// The file's length.
    pub bytes: u64,
    /// Whether it is the vault as it is now.
    #[serde(default, skip_serializing_if = "is_false")]
    pub current: bool,
}

/// The automatic backups.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupsAnswer {
    /// The newest first.
    pub backups: Vec<BackupInfo>,
}

/// A state of a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// Its generation.
    pub generation: u64,
    /// When it was written, in seconds since 1970, of a text only the day; absent where nobody
    /// knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<u64>,
}

/// An entry that a backup has otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedEntry {
    /// As it is in the present vault.
    pub before: EntryInfo,
    /// As it is in the backup.
    pub after: EntryInfo,
    /// What differs: `issuer account type algorithm digits period key tags note recovery_codes
    /// extra`.
    pub fields: Vec<String>,
}

/// What a backup holds, or what was put back.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RestoreBackupAnswer {
    /// How many entries the backup holds.
    pub entries: u64,
    /// Entries of the present vault that the backup doesn't hold.
    #[serde(default)]
    pub missing: Vec<EntryInfo>,
    /// Entries of the backup that the present vault doesn't hold.
    #[serde(default)]
    pub returning: Vec<EntryInfo>,
    /// Entries that both hold, with something else in them. Counters don't count: they never go
    /// back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<ChangedEntry>,
    /// The backup's state of the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<Edition>,
    /// The present one; absent while locked and where there is no vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present: Option<Edition>,
    /// The name of the automatic backup that was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The name under which what was replaced is an automatic backup now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<String>,
    /// What a person should know now: one line each, in English.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}
