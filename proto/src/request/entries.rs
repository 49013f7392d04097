//! What is asked of entries.

use serde::{Deserialize, Serialize};

use crate::wire::is_false;
use crate::{Algorithm, Desktop, Digits, Period, Secret};

/// Lists entries, without codes. Locked: `locked: true`, and an empty list or, where the
/// configuration wants that, the entries that the vault had when it was locked.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// Only entries that match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The trash instead of the entries.
    #[serde(default, skip_serializing_if = "is_false")]
    pub trash: bool,
    /// The names are for a menu on the screen: `denied` while that is locked.
    #[serde(default, skip_serializing_if = "is_false")]
    pub attended: bool,
}

/// Asks for a code. Legal when unlocked. HOTP: the counter is on disk before the answer leaves.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a wish of its own, by its name"
)]
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Get {
    /// An id, `issuer:account`, or part of a name.
    pub query: String,
    /// Also the next step's code (time-based types).
    #[serde(default, skip_serializing_if = "is_false")]
    pub next: bool,
    /// Waits for a code that lives at least so many seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_left: Option<u32>,
    /// Never the same step twice; waits for the next one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub fresh: bool,
    /// The code is for the person at the screen: `denied` while that is locked.
    #[serde(default, skip_serializing_if = "is_false")]
    pub attended: bool,
    /// The agent may ask a person to unlock, and the caller waits.
    #[serde(default, skip_serializing_if = "is_false")]
    pub interactive: bool,
    /// Where the person is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desktop: Option<Box<Desktop>>,
}

/// Shows a code in a notification on the agent's desktop, where it stays until it dies or the vault
/// locks. Legal when unlocked; the answer leaves once it is shown. `denied` while the screen is
/// locked. HOTP: the counter is on disk before, and unless there is a server it stays as it is.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// As in [`Get`].
    pub query: String,
    /// As in [`Get`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub interactive: bool,
    /// Where the person is, and in which language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desktop: Option<Box<Desktop>>,
}

/// Describes one entry, without its key. Legal when unlocked.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// As in [`Get`].
    pub query: String,
}

/// Computes the code of a URI without storing anything, for the check before enrolment, and
/// says what `add` would do. Legal when unlocked.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preview {
    /// An otpauth URI.
    pub uri: Secret,
}

/// Stores an entry; the answer leaves once it is on disk. Legal when unlocked.
/// The same key with the same type, algorithm, digits and period again stores nothing
/// (`duplicate`); anything else for the same issuer and account moves the older entry to the
/// trash.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Add {
    /// An otpauth URI; tags and note travel as `x-otpd-tag` and `x-otpd-note`.
    pub uri: Secret,
}

/// Changes an entry's fields; absent ones stay. Legal when unlocked.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// As in [`Get`].
    pub query: String,
    /// The service's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The user's name at the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// `totp`, `hotp` or `steam`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<Algorithm>,
    /// The length of a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<Digits>,
    /// The time step, for time-based types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// The next counter, for HOTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter: Option<u64>,
    /// All tags, in place of the present ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// The remark; empty removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Moves an entry to the trash for 30 days. Legal when unlocked.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    /// As in [`Get`]; with `purge` also a trash number such as `tr-1`.
    pub query: String,
    /// Destroys the key: entry, trash, and backups rewritten without it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub purge: bool,
}

/// Brings an entry back from the trash. Legal when unlocked.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    /// The entry's id or its trash number (`tr-1`).
    pub id: String,
}

/// Hands out URIs with their keys. Legal when unlocked; the passphrase is asked again.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// The passphrase, asked again.
    pub passphrase: Secret,
    /// Only entries that match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
}

/// Keeps a service's own one-use codes with an entry, behind those it has; the answer leaves
/// once they are on disk. Legal when unlocked. A code that is there already, used or not, is
/// left out.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryCodesAdd {
    /// As in [`Get`].
    pub query: String,
    /// At most [`crate::MAX_RECOVERY_CODES`], each of [`crate::MAX_RECOVERY_CODE`] bytes of
    /// visible ASCII.
    pub codes: Vec<Secret>,
    /// In place of the present ones: the service issued new codes.
    #[serde(default, skip_serializing_if = "is_false")]
    pub replace: bool,
}

/// Says how many codes are left; with the passphrase, asked again, also which. Legal when
/// unlocked.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryCodesList {
    /// As in [`Get`].
    pub query: String,
    /// The passphrase or the recovery key of the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<Secret>,
}

/// Hands out the next code and marks it as used; the answer leaves once that is on disk. Legal
/// when unlocked. Where none is left the answer has no code.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryCodesUse {
    /// As in [`Get`].
    pub query: String,
}

/// Starts a batch on this connection, dropping one begun before. Legal when unlocked.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportBegin {}

/// Adds an entry to the connection's batch; nothing is stored yet.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportAdd {
    /// An otpauth URI.
    pub uri: Secret,
}

/// Stores the batch in one write. An entry that is there already (key, type, algorithm, digits
/// and period) is left out; equal names stay side by side. A connection that ends before this leaves nothing.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportCommit {
    /// Says what would happen and stores nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub dry_run: bool,
}
