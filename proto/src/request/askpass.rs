//! What other programs ask a person for.

use serde::{Deserialize, Serialize};

use crate::Desktop;

/// Longest prompt in bytes that is compared with the rules; a longer one is passed on.
pub const MAX_PROMPT: usize = 4096;

/// A prompt of ssh, sudo or another program that runs an askpass. Always legal: one that no
/// `[[askpass]]` of the configuration answers, or that asks for something else than a code, is to be
/// passed on to whoever answered before. One that a rule answers becomes a [`Get`](crate::Get)
/// that is `fresh` and `attended`, and for which a person may be asked to unlock; its errors are
/// those of that.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Askpass {
    /// The prompt, as the program gave it.
    pub prompt: String,
    /// Ssh's `SSH_ASKPASS_PROMPT` (ssh(1)): with it the question isn't for a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Who asks; absent where the system doesn't tell, and then no rule answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asker: Option<AskingProcess>,
    /// Where the person is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desktop: Option<Box<Desktop>>,
}

/// The process that has started the askpass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskingProcess {
    /// Its number.
    pub pid: u32,
    /// When it started, in clock ticks since boot (`proc_pid_stat(5)`): with the number it is one
    /// process and no later one.
    pub start: u64,
    /// Its program's path, or only the name of one that runs as root.
    pub program: String,
    /// Only root could have put this program there: its file is root's and nobody else may write it,
    /// or it runs as root.
    pub system: bool,
}
