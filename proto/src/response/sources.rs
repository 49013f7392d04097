//! What is answered of entries that live elsewhere.

use serde::{Deserialize, Serialize};

use crate::wire::is_false;

/// What kind of program or file has the entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SourceKind {
    /// A database of KeePass or KeePassXC.
    #[default]
    Kdbx,
    /// A store of pass.
    Pass,
    /// A store of gopass.
    Gopass,
    /// A program that lists entries and gives their codes.
    Command,
    /// Something this version doesn't know.
    #[serde(other)]
    Unknown,
}

/// How a source stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SourceState {
    /// It is being read for the first time.
    Loading,
    /// Its entries are shown.
    Ready,
    /// Its entries are shown as they were read before; they can't be read now.
    Stale,
    /// Its password is needed.
    Locked,
    /// It can't be read.
    Failed,
    /// Something this version doesn't know.
    #[serde(other)]
    Unknown,
}

/// A source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceInfo {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: SourceKind,
    /// The file, folder or program that it is.
    pub place: String,
    /// How it stands.
    pub state: SourceState,
    /// Its password is missing or wrong: `source.sync` takes it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub needs_password: bool,
    /// How many of its entries are shown.
    pub entries: u64,
    /// How many can't be, for what is in them is no key.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skipped: u64,
    /// Seconds since it was read; absent if it wasn't yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// Why it can't be read: one line, in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks with a reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The sources.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SourcesAnswer {
    /// In the order in which they were added.
    pub sources: Vec<SourceInfo>,
}
