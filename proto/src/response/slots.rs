//! What is answered of the ways to open the vault.

use serde::{Deserialize, Serialize};

use crate::Secret;

/// A new vault's recovery key, shown once.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitAnswer {
    /// The recovery key in its canonical form.
    pub recovery_key: Secret,
}

/// The vault is open.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UnlockAnswer {
    /// Whether this request opened it, or it was open.
    pub opened: bool,
    /// What a person should know now: one line each, in English.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// What kind of way to the vault's identity a slot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SlotKind {
    /// The passphrase.
    Passphrase,
    /// The printed recovery key.
    Recovery,
    /// A secret in the keyring of the session.
    Keyring,
    /// Hardware, through one of age's plugins.
    Plugin,
    /// Something this version doesn't know.
    #[serde(other)]
    Unknown,
}

/// A way to open the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotInfo {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: SlotKind,
}

/// The ways to open the vault.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotsAnswer {
    /// Those that a person types come first.
    pub slots: Vec<SlotInfo>,
}

/// What a plugin says or asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AskKind {
    /// Something to read, such as to touch the key.
    Message,
    /// A text.
    Text,
    /// A text that isn't shown while it is typed, such as a PIN.
    Secret,
    /// One of two.
    Confirm,
    /// Something this version doesn't know.
    #[serde(other)]
    Unknown,
}

/// A step of a plugin that goes to a person. Its texts are the plugin's, of one line each and
/// without control characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// What it is.
    pub kind: AskKind,
    /// What to show.
    pub text: String,
    /// What `yes` is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yes: Option<String>,
    /// What `no` is called; absent where there is no choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no: Option<String>,
}

/// A step of something that hardware takes part in, or its end.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StepAnswer {
    /// What comes next, to be answered with `slots.reply`; absent once it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<Ask>,
    /// What a person should know now: one line each, in English.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A new recovery key, shown once.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewAnswer {
    /// The recovery key in its canonical form.
    pub recovery_key: Secret,
}

/// The vault has a new identity.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RekeyAnswer {
    /// The new recovery key in its canonical form, shown once.
    pub recovery_key: Secret,
    /// The slots that went with the old identity.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
    /// What a person should know now: one line each, in English.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}
