//! What is asked of the ways to open the vault.

use serde::{Deserialize, Serialize};

use crate::wire::is_false;
use crate::{Desktop, Secret};

/// Lists the ways to open the vault. Legal when a vault exists, locked or not.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotsList {}

/// Opens the vault by a slot of hardware, whose plugin may say and ask things: the answer is its
/// first step. With `interactive` the agent asks a person through a dialog on their own desktop for
/// what is typed, a PIN above all, while the caller waits; the rest are steps as ever. Legal when a
/// vault exists; unlocked: answers at once. A plugin or a person that refuses is `denied`, `busy`
/// while another plugin is at work.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnlockSlot {
    /// The slot's name.
    pub slot: String,
    /// The agent may ask a person.
    #[serde(default, skip_serializing_if = "is_false")]
    pub interactive: bool,
    /// Where the person is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desktop: Option<Box<Desktop>>,
}

/// Answers the [`Ask`](crate::Ask) of the last step on this connection; the answer is the next
/// step. A message is answered with nothing, a question without an answer is refused. Closing
/// the connection ends the plugin.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotsReply {
    /// What was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Secret>,
    /// What was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yes: Option<bool>,
}

/// How the agent reaches hardware: a plugin of age (c2sp.org/age-plugin).
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginSlot {
    /// The absolute path of its program, `age-plugin-` and a name.
    pub program: String,
    /// Its identity, `AGE-PLUGIN-…`.
    pub identity: Secret,
    /// The recipient that belongs to it, `age1…`; absent where the plugin knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
}

/// Adds a slot that nobody types: `keyring`, with which the vault opens when the agent starts, or
/// with `plugin` one of hardware. The answer is the first step, and for `keyring` the last.
/// Legal when a vault exists, locked or not. `exists` if a slot has this name.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotsAdd {
    /// The slot's name.
    pub slot: String,
    /// The passphrase or the recovery key: whoever adds a way to the keys must have one.
    pub passphrase: Secret,
    /// The hardware.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<PluginSlot>,
}

/// Opens the vault's files by one slot alone, and changes nothing. Legal when a vault exists,
/// locked or not. A wrong secret is answered as by [`Unlock`](crate::Unlock); hardware may take several steps.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotsTest {
    /// The slot's name.
    pub slot: String,
    /// What a person types for it: the passphrase, or the recovery key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<Secret>,
}

/// Removes a slot. Legal when a vault exists, locked or not. The last slot that a person can
/// type stays (`denied`).
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotsRemove {
    /// The slot's name.
    pub slot: String,
    /// What opens the vault afterwards: the passphrase or the recovery key, whichever stays.
    pub passphrase: Secret,
}

/// Makes a new recovery key. Legal when a vault exists, locked or not. The key is kept nowhere:
/// this answer is the only one that has it. It opens the vault, and the one before doesn't, from
/// [`RecoveryKeyKeep`] on.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryKeyRenew {
    /// The passphrase, or the recovery key of today.
    pub passphrase: Secret,
}

/// Puts the recovery key of this connection's last [`RecoveryKeyRenew`] in the place of the one
/// before: to be sent once it was seen. A connection that ends without it has changed nothing,
/// and so has one after which the vault was given another identity.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryKeyKeep {}

/// Gives the vault a new identity: vault, passphrase and a new recovery key are written anew
/// together, and every other slot goes. Legal when a vault exists, locked or not.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rekey {
    /// The passphrase; the recovery key won't do, because the passphrase wraps the new identity.
    pub passphrase: Secret,
    /// Removes the backups, which only the old identity opens.
    #[serde(default, skip_serializing_if = "is_false")]
    pub drop_backups: bool,
}
