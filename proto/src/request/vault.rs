//! What is asked of the agent and the vault as a whole.

use serde::{Deserialize, Serialize};

use crate::wire::is_false;
use crate::{Desktop, Secret};

/// Asks for the agent's state. Always legal.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {}

/// Makes the vault and leaves it unlocked. Legal when there is none; else `exists`.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Init {
    /// The passphrase that will wrap the vault's identity.
    pub passphrase: Secret,
}

/// Unlocks with the passphrase or the recovery key. Legal always; unlocked: answers at once.
/// Refused for a time after [`Lock::seconds`].
/// A wrong secret is `denied` after a delay that grows with each failure of this connection.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unlock {
    /// The passphrase, or the recovery key as it was printed.
    pub passphrase: Secret,
}

/// Unlocks where more than one vault file is in its folder: with the one that is named, once it
/// has opened; the others are kept and no longer in the way. Legal when a vault exists; unlocked:
/// answers at once. `not_found` if none has that name.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnlockVault {
    /// The file's name without its end.
    pub vault: String,
    /// As in [`Unlock`].
    pub passphrase: Secret,
}

/// Unlocks without a secret in the request: by the slots that nobody types, and with `interactive`
/// else by asking a person through a dialog on their own desktop, while the caller waits.
/// Legal when a vault exists; unlocked: answers at once.
/// `locked` where nobody may be asked, `denied` where the person doesn't want to.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnlockAuto {
    /// The agent may ask a person.
    #[serde(default, skip_serializing_if = "is_false")]
    pub interactive: bool,
    /// Where the person is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desktop: Option<Box<Desktop>>,
}

/// Wipes the keys from memory. Always legal.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// Refuses to open a vault for so many seconds, suspend counted, at most
    /// [`crate::MAX_REFUSAL`]; 0 ends such a time. Absent: as it was.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
}

/// Changes the passphrase. Legal when a vault exists; locked or not.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passwd {
    /// The passphrase (or recovery key) of today.
    pub current: Secret,
    /// The passphrase from now on.
    pub new: Secret,
}

/// Keeps the connection open for events ([`crate::Event`]), one notification a line. Always legal.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscribe {}

/// Asks the agent to finish its writes, lock and end. Always legal.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quit {}
