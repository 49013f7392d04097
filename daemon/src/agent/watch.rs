//! The sources of locks outside of the agent: which of them are seen, and which may lock.

use std::time::Duration;

use otp_proto::{LockSourceInfo, Sight};

use super::{Agent, LockSource};
use crate::clock::Now;
use crate::config::Config;

/// Whether a source of locks is seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Seen {
    /// Nobody has looked yet.
    #[default]
    NotYet,
    /// It is; through what.
    Well(String),
    /// It is, but may lock too late; why.
    Late(String),
    /// It isn't; why.
    Not(String),
    /// This system has none that otpd knows.
    Unsupported,
}

impl Seen {
    fn is_seen(&self) -> bool {
        match self {
            Self::Well(_) | Self::Late(_) => true,
            Self::NotYet | Self::Not(_) | Self::Unsupported => false,
        }
    }
}

/// What `status` says of the world beside the vault.
#[derive(Debug, Default)]
pub struct Facts {
    /// Where the agent listens.
    pub endpoint: String,
    /// When the newest of the automatic backups was written, in time since 1970.
    pub backup: Option<Duration>,
}

/// What is known of each source.
#[derive(Debug)]
pub(super) struct Watches([(LockSource, Seen); 3]);

impl Default for Watches {
    fn default() -> Self {
        let sources = [LockSource::Screen, LockSource::Session, LockSource::Sleep];
        Self(sources.map(|source| (source, Seen::NotYet)))
    }
}

impl Agent {
    /// Locks for a source outside, unless the configuration says that it doesn't lock.
    pub(super) fn lock_for(&mut self, now: Now, source: LockSource) {
        if self.obeys(source) {
            self.lock(now, source);
        }
    }

    /// Takes in what can be seen of a source. One that was seen and is no more may be locking
    /// just now: so it does.
    pub(super) fn see(&mut self, now: Now, source: LockSource, seen: Seen) {
        let obeys = self.obeys(source);
        let mut watches = self.watches.0.iter_mut();
        let Some((_, watch)) = watches.find(|(known, _)| *known == source) else {
            return;
        };
        let is_lost = watch.is_seen() && !seen.is_seen();
        *watch = seen;
        if is_lost && obeys {
            self.lock(now, LockSource::Lost);
        }
    }

    /// Whether the system may sleep: no key is in memory, nor in the hands of a job that began
    /// before the lock.
    pub fn is_ready_for_sleep(&self) -> bool {
        let is_wiped = self.open.is_none() && !self.jobs.is_running();
        is_wiped || !self.obeys(LockSource::Sleep)
    }

    fn obeys(&self, source: LockSource) -> bool {
        let Config {
            lock_screen,
            lock_session,
            lock_sleep,
            ..
        } = self.config;
        let outside = [
            (LockSource::Screen, lock_screen),
            (LockSource::Session, lock_session),
            (LockSource::Sleep, lock_sleep),
        ];
        outside
            .iter()
            .all(|(known, locks)| *known != source || *locks)
    }

    pub(super) fn lock_sources(&self) -> Vec<LockSourceInfo> {
        let info = |(source, seen): &(LockSource, Seen)| {
            let (state, reason) = match seen {
                _ if !self.obeys(*source) => (Sight::Off, None),
                Seen::NotYet => (Sight::Starting, None),
                Seen::Well(through) => (Sight::Watched, Some(through)),
                Seen::Late(why) => (Sight::Late, Some(why)),
                Seen::Not(why) => (Sight::Absent, Some(why)),
                Seen::Unsupported => (Sight::Unsupported, None),
            };
            LockSourceInfo {
                source: *source,
                state,
                reason: reason.cloned(),
            }
        };
        self.watches.0.iter().map(info).collect()
    }

    /// What can't be seen, one line each.
    pub(super) fn blind_spots(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let names = [
            "a screen saver that locks the screen",
            "a session that is locked, left or ended",
            "a system that goes to sleep",
        ];
        for ((source, seen), what) in self.watches.0.iter().zip(names) {
            let line = match seen {
                _ if !self.obeys(*source) => continue,
                Seen::NotYet | Seen::Well(_) => continue,
                Seen::Late(why) => format!("{what} may be noticed too late: {why}"),
                Seen::Not(why) => format!("{what} is not noticed: {why}"),
                Seen::Unsupported => format!("{what} is not noticed on this system"),
            };
            lines.push(line);
        }
        lines
    }
}
