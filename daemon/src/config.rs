//! `otpd.toml`: defaults, and every unknown key refused with its line.

use std::time::Duration;

/// Which memory the keys are kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MemoryMode {
    /// The best that works: `memfd_secret`, else `mlock`, else ordinary memory.
    #[default]
    Auto,
    /// `memfd_secret`, else as `Auto`.
    Secret,
    /// `mlock`, also where `memfd_secret` works.
    Mlock,
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
}

impl Default for Config {
    fn default() -> Self {
        const HOUR: u64 = 3600;
        Self {
            memory: MemoryMode::Auto,
            lock_idle: Some(Duration::from_secs(4 * HOUR)),
            lock_max: Some(Duration::from_secs(12 * HOUR)),
        }
    }
}
