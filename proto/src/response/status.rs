//! What the agent says of itself.

use serde::{Deserialize, Serialize};

use crate::SourceInfo;
use crate::wire::is_false;

/// How the keys' memory is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Memory {
    /// `memfd_secret(2)`: not readable even by root through `/proc`.
    Secret,
    /// `mlock(2)` and left out of core dumps.
    Locked,
    /// Ordinary memory, which may be swapped: a limit was reached.
    Unlocked,
}

/// Who locks the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LockSource {
    /// A request.
    Request,
    /// SIGUSR1.
    Signal,
    /// No use for `[lock] idle`.
    Idle,
    /// Unlocked for `[lock] max`.
    Max,
    /// The screen was locked.
    Screen,
    /// The person's session was left or has ended.
    Session,
    /// The system sleeps.
    Sleep,
    /// A source of locks that was seen is seen no more.
    Lost,
    /// Another vault's files are about to take their place, and couldn't yet.
    Files,
    /// The agent ends.
    Stop,
    /// One that this version doesn't know.
    #[serde(other)]
    Unknown,
}

/// Whether a source of locks outside of the agent is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Sight {
    /// Nobody has looked yet.
    Starting,
    /// It locks the vault.
    Watched,
    /// It locks the vault, but perhaps too late.
    Late,
    /// It can't be seen.
    Absent,
    /// The configuration says that it doesn't lock.
    Off,
    /// otpd doesn't know this system's.
    Unsupported,
    /// Something that this version doesn't know.
    #[serde(other)]
    Unknown,
}

/// A source of locks outside of the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockSourceInfo {
    /// `screen`, `session` or `sleep`.
    pub source: LockSource,
    /// Whether it is seen.
    pub state: Sight,
    /// Through what, or why not: in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The agent's state.
#[expect(
    clippy::struct_excessive_bools,
    reason = "scripts read each by its name"
)]
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusAnswer {
    /// Whether the keys are out of memory.
    pub locked: bool,
    /// Whether there is a vault.
    pub vault: bool,
    /// The program's version.
    pub version: String,
    /// The protocol's number ([`crate::VERSION`]).
    pub protocol: u32,
    /// The agent's process id.
    pub pid: u32,
    /// How the keys' memory is protected.
    pub memory: Memory,
    /// Whether the vault that was opened is older than the last one seen.
    pub rollback: bool,
    /// Whether the vault's files were tried and could not be opened, nor could a backup; then one
    /// of the user's own may take their place (`restore_backup`) while it is locked.
    #[serde(default, skip_serializing_if = "is_false")]
    pub damaged: bool,
    /// How many entries there are; absent while locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries: Option<u64>,
    /// Seconds since the vault was locked or unlocked, suspend counted.
    #[serde(default)]
    pub since: u64,
    /// Seconds until the vault locks by itself; absent while locked or without a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locks_in: Option<u64>,
    /// Which limit that will be: `idle` or `max`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locks_by: Option<LockSource>,
    /// Who locked it last; absent before the first lock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_by: Option<LockSource>,
    /// The slot that opened it; absent while locked, and where a backup was put back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlocked_by: Option<String>,
    /// Seconds for which every unlock is refused; absent if none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlock_in: Option<u64>,
    /// The sources of locks outside of the agent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lock_sources: Vec<LockSourceInfo>,
    /// Where the agent listens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<String>,
    /// Seconds since the newest of the automatic backups was written; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_age: Option<u64>,
    /// Seconds since the newest copy outside the vault's disk was made; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_age: Option<u64>,
    /// Whether it is time for another one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub copy_due: bool,
    /// Whether a time service keeps the clock right; absent where nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_synchronised: Option<bool>,
    /// Seconds after which a copied code leaves the clipboard, if it lives so long
    /// (`[clipboard] clear`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clipboard_clear: Option<u32>,
    /// The sources of entries that live elsewhere; none while locked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceInfo>,
    /// What a person should know: one line each, in English.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}
