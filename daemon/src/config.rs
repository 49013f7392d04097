//! `otpd.toml`: defaults, and every unknown key refused with its line.

mod askpass;
mod file;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

pub use self::askpass::{AskpassRule, is_for_code};

/// Largest file that is read: hundreds of times what a full configuration needs.
const MAX_FILE: u64 = 64 * 1024;

/// Which memory the keys are kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MemoryMode {
    /// The best that works: `memfd_secret`, else `mlock`, else ordinary memory.
    #[default]
    Auto,
    /// `memfd_secret`, else as `Auto`.
    Secret,
    /// `mlock`, also where `memfd_secret` works.
    Mlock,
}

/// What `list` answers while the vault is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LockedList {
    /// Nothing, and nothing is remembered.
    #[default]
    Empty,
    /// The names that the vault had, out of memory: no key, no code, no note, and nothing on disk.
    Names,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What failed.
    Error,
    /// Also what is odd.
    Warn,
    /// Also starts, stops, locks and unlocks.
    #[default]
    Info,
    /// Also each connection.
    Debug,
    /// Everything.
    Trace,
}

/// Whether something may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Allowance {
    /// Never.
    #[default]
    Deny,
    /// Unasked.
    Allow,
}

/// What a notification shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// The code.
    Code,
    /// That there is one.
    Nothing,
}

/// The configuration of the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `memory = "auto" | "secret" | "mlock"`.
    pub memory: MemoryMode,
    /// `[lock] idle = "4h"`: locks after so long without a request that used a key.
    pub lock_idle: Option<Duration>,
    /// `[lock] max = "12h"`: locks so long after the unlock, whatever happens.
    pub lock_max: Option<Duration>,
    /// `[lock] screen = true`: locks with the screen.
    pub lock_screen: bool,
    /// `[lock] session = true`: locks when the session is left or ends.
    pub lock_session: bool,
    /// `[lock] sleep = true`: locks before suspend and hibernation.
    pub lock_sleep: bool,
    /// `[lock] list = "empty" | "names"`: what a locked vault lists.
    pub lock_list: LockedList,
    /// `[log] level = "info"`; `--log` wins.
    pub log: LogLevel,
    /// `[backup] folder = "/media/usb/otpd"`: where a copy of the vault goes after each change.
    pub backup_folder: Option<PathBuf>,
    /// `[clipboard] clear = "30s"`: how long a copied code stays, at most.
    pub clipboard_clear: Duration,
    /// `[notify] code = true`: whether notifications show the code.
    pub notice_code: Shows,
    /// `[policy] dbus = "allow"`: whether codes leave over D-Bus.
    pub bus_codes: Allowance,
    /// `[[askpass]]`: the prompts of other programs that are answered with a code; the first that
    /// fits counts.
    pub askpass: Vec<AskpassRule>,
    /// `[prompt] program = "pinentry"`: a name to be found in `PATH`, or an absolute path.
    pub prompt: String,
}

impl Default for Config {
    fn default() -> Self {
        const HOUR: u64 = 3600;
        Self {
            memory: MemoryMode::Auto,
            lock_idle: Some(Duration::from_secs(4 * HOUR)),
            lock_max: Some(Duration::from_secs(12 * HOUR)),
            lock_screen: true,
            lock_session: true,
            lock_sleep: true,
            lock_list: LockedList::Empty,
            log: LogLevel::Info,
            backup_folder: None,
            clipboard_clear: Duration::from_secs(30),
            notice_code: Shows::Code,
            bus_codes: Allowance::Deny,
            askpass: Vec::new(),
            prompt: "pinentry".into(),
        }
    }
}

/// What is wrong with a configuration file, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    path: PathBuf,
    line: Option<usize>,
    what: String,
}

impl ConfigError {
    /// A file that was asked for isn't there.
    pub(crate) fn absent(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            line: None,
            what: "no such file".into(),
        }
    }
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.path.display().fmt(f)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.what)
    }
}
impl std::error::Error for ConfigError {}

impl Config {
    /// Takes a text that is right.
    #[cfg(test)]
    pub(crate) fn of(text: &str) -> Self {
        file::parse(text).ok().expect("a configuration")
    }

    /// Reads a file; `None` if there is none.
    ///
    /// # Errors
    /// [`ConfigError`] if it can't be read, is larger than 64 KiB or holds a mistake.
    pub fn read(path: &Path) -> Result<Option<Self>, ConfigError> {
        let error = |what: String| ConfigError {
            path: path.to_owned(),
            line: None,
            what,
        };
        let text = match file::read(path, MAX_FILE) {
            Ok(text) => text,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(error(cause.to_string())),
        };
        file::parse(&text).map(Some).map_err(|mistake| ConfigError {
            line: mistake.line,
            ..error(mistake.what)
        })
    }
}
