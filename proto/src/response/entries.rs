//! What is answered of entries.

use serde::{Deserialize, Serialize};

use crate::entry::{Algorithm, Digits, EntryId, Period};
use crate::{Code, Secret};

/// An entry as lists show it; never with its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryInfo {
    /// The id.
    pub id: EntryId,
    /// The service's name.
    pub issuer: String,
    /// The user's name at the service.
    pub account: String,
    /// `totp`, `hotp`, `steam`, `yandex` or `motp`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The hash.
    pub algorithm: Algorithm,
    /// The length of a code.
    pub digits: Digits,
    /// The time step in seconds (time-based types).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// The counter of the next code (HOTP).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter: Option<u64>,
    /// Words to find it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Its number in the trash, if it is there: `tr-1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trash: Option<String>,
    /// In a list: how often a code of it was handed out since the agent started; left out if never.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub used: u32,
    /// The source that it is a view of; absent for our own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks with a reference"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// An entry that an ambiguous query could mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The id.
    pub id: EntryId,
    /// The service's name.
    pub issuer: String,
    /// The user's name at the service.
    pub account: String,
    /// The source that it is a view of; absent for our own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// Everything about one entry but its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// What lists show.
    #[serde(flatten)]
    pub entry: EntryInfo,
    /// A person's remark.
    #[serde(default)]
    pub note: String,
    /// When it was stored, in seconds since 1970.
    pub created: u64,
    /// The key's length in bits.
    pub key_bits: u32,
    /// URI parameters that otpd keeps but doesn't use: their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra: Vec<String>,
}

/// The entries; while locked none, or those of before.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ListAnswer {
    /// Whether the vault is locked: what is listed is remembered, and may be nothing.
    pub locked: bool,
    /// The entries by issuer and account.
    pub entries: Vec<EntryInfo>,
}

/// A code.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeAnswer {
    /// The entry's id.
    pub id: EntryId,
    /// The code.
    pub code: Code,
    /// Seconds until it dies; absent for HOTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_for: Option<u32>,
    /// The time step in seconds; absent for HOTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// The next step's code, when asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Code>,
    /// The source of the entry; absent for our own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// What is shown.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifyAnswer {
    /// The entry's id.
    pub id: EntryId,
    /// Seconds until the notification goes, if nobody closes it before.
    pub valid_for: u32,
}

/// What becomes of a prompt: its code, or a reason to pass it on.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AskpassAnswer {
    /// The entry's id, with the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<EntryId>,
    /// The code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass_on: Option<PassOn>,
}

/// Why a prompt is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PassOn {
    /// It asks for a password, a passphrase, a PIN, a yes or a no.
    NotACode,
    /// No rule answers it.
    NoRule,
    /// This process was given its code: it was refused, or another one is wanted.
    Given,
    /// Something this version doesn't know.
    #[serde(other)]
    Unknown,
}

/// What `add` would do, and the first code to type into the page.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewAnswer {
    /// The code of now; absent where the type's codes come later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// Seconds until it dies; absent for HOTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_for: Option<u32>,
    /// The HOTP counter of this code, which may be later than the URI's. Whoever has used the
    /// code adds the URI with the next counter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter: Option<u64>,
    /// The entry that has this key, type, algorithm, digits and period already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<Candidate>,
    /// Entries of the same issuer and account, which would go to the trash.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supersedes: Vec<Candidate>,
    /// Entries that have this key with another type, algorithm, digits or period.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same_key: Vec<Candidate>,
}

/// An entry was stored, or was there already.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddAnswer {
    /// The entry, new or found.
    pub entry: EntryInfo,
    /// Whether the entry (key, type, algorithm, digits, period) was there already and nothing
    /// was stored.
    pub duplicate: bool,
    /// Older entries of the same issuer and account, now in the trash.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub superseded: Vec<EntryInfo>,
    /// Other entries that have the key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same_key: Vec<Candidate>,
}

/// An entry is out of the list.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveAnswer {
    /// The entry, with its number in the trash unless it was purged.
    pub entry: EntryInfo,
    /// Whether the key was destroyed, backups included.
    pub purged: bool,
}

/// Keys in clear.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportAnswer {
    /// One canonical otpauth URI per entry.
    pub uris: Vec<Secret>,
}

/// How an entry's recovery codes stand.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryCodesAnswer {
    /// The entry.
    pub entry: Candidate,
    /// How many are left.
    pub left: u32,
    /// How many there are, used ones among them.
    pub total: u32,
    /// How many were stored now (`recovery_codes.add`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added: Option<u32>,
    /// The one to use now (`recovery_codes.use`); absent where none was left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// All of them (`recovery_codes.list` with the passphrase).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<Vec<RecoveryCode>>,
}

/// One of a service's one-use codes.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryCode {
    /// The code.
    pub code: Code,
    /// Whether it was handed out.
    pub used: bool,
}

/// What a batch stored, or would store.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportAnswer {
    /// The new entries.
    pub added: Vec<EntryInfo>,
    /// Entries that were there already: the same key, type, algorithm, digits and period.
    pub duplicates: Vec<EntryInfo>,
    /// The new entries whose key another entry has, with another type, algorithm, digits or
    /// period.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same_key: Vec<EntryInfo>,
}
