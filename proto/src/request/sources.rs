//! What is asked of entries that live elsewhere.

use serde::{Deserialize, Serialize};

use crate::wire::is_false;
use crate::{Secret, SourceKind};

/// Shows the entries of another program beside our own, read-only. The answer leaves once they were
/// read and the source is on disk. Legal when unlocked. `exists` if a source has this name,
/// `denied` for a wrong password; a source that can't be read isn't added.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceAdd {
    /// What to call it: one to 32 of `a-z 0-9 -`, not beginning or ending with `-`.
    pub name: String,
    /// What it is.
    pub kind: SourceKind,
    /// The database (`kdbx`), as an absolute path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The database's key file, as an absolute path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_file: Option<String>,
    /// The database's password; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// The store (`pass`, `gopass`), as an absolute path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// The folder in it that has the entries; absent if all of it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// The line that lists the entries (`command`): `id TAB issuer TAB account` each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The line that gives the code of the entry `{id}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The line that gives its otpauth URI instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// A known program (`command`), whose lines needn't be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// Keeps the password in the vault. Otherwise it is forgotten with a lock, and asked for again
    /// by [`SourceSync`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub remember: bool,
}

/// Lists the sources and how they stand. Legal when unlocked.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceList {}

/// Shows the entries of a source no more; they themselves stay where they are. Legal when unlocked;
/// the answer leaves once it is on disk.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceRemove {
    /// Its name.
    pub name: String,
}

/// Reads one source again, or all that can be read without a password. Legal when unlocked; the
/// answer leaves when they were read. A named source that can't be read is an error: `denied`
/// where a password is missing or wrong, else `unavailable`.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSync {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its password, until the next lock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
}
