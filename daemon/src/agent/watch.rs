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

/// A state in which nobody is at the computer, by whoever knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// The screen saver of this name shows itself.
    Saver(&'static str),
    /// logind calls the session locked.
    Hint,
    /// Another session is in front, or the session has ended.
    Left,
    /// The system is about to sleep.
    Sleep,
}

impl Absence {
    fn source(self) -> LockSource {
        match self {
            Self::Saver(_) | Self::Hint => LockSource::Screen,
            Self::Left => LockSource::Session,
            Self::Sleep => LockSource::Sleep,
        }
    }
}

/// What is said of an [`Absence`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It has begun.
    Begun,
    /// It is over.
    Over,
    /// Whoever would say that it is over is gone.
    Lost,
}

/// What `status` says of the world beside the vault, and what an earlier run has left behind.
#[derive(Debug, Default)]
pub struct Facts {
    /// Where the agent listens.
    pub endpoint: String,
    /// When the newest of the automatic backups was written, in time since 1970.
    pub backup: Option<Duration>,
    /// Until when every unlock is refused, on the boot clock.
    pub shut_until: Option<Duration>,
    /// Why that isn't known.
    pub shut_lost: Option<String>,
}

/// How long what opens the vault by itself waits to know whether somebody is at the computer:
/// as long as anything on a bus may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is known of each source.
#[derive(Debug)]
pub(super) struct Watches {
    seen: [(LockSource, Seen); 3],
    /// Until when one that nobody has looked at is waited for, on the boot clock.
    until: Option<Duration>,
    /// What has begun and isn't over.
    absences: Vec<Absence>,
    /// Sources that have locked, of which nobody says when that is over.
    told: Vec<LockSource>,
}

impl Default for Watches {
    fn default() -> Self {
        let sources = [LockSource::Screen, LockSource::Session, LockSource::Sleep];
        Self {
            seen: sources.map(|source| (source, Seen::NotYet)),
            until: None,
            absences: Vec::new(),
            told: Vec::new(),
        }
    }
}

impl Watches {
    /// A person has opened the vault: whatever nobody would say the end of is over.
    pub(super) fn person_came(&mut self) {
        self.told.clear();
    }

    fn was_told(&mut self, source: LockSource) {
        let is_source = self.seen.iter().any(|(known, _)| *known == source);
        if is_source && !self.told.contains(&source) {
            self.told.push(source);
        }
    }
}

impl Agent {
    /// Locks for a source outside, unless the configuration says that it doesn't lock.
    pub(super) fn lock_for(&mut self, now: Now, source: LockSource) {
        self.watches.was_told(source);
        if source == LockSource::Screen {
            self.hide_from_screen();
        }
        if self.obeys(source) {
            self.lock(now, source);
        }
    }

    /// Takes in that somebody has left the computer, or is back.
    pub(super) fn sign(&mut self, now: Now, absence: Absence, sign: Sign) {
        let source = absence.source();
        let watches = &mut self.watches;
        let before = watches.absences.len();
        watches.absences.retain(|known| *known != absence);
        let had_begun = watches.absences.len() < before;
        match sign {
            Sign::Begun => {
                if source == LockSource::Screen {
                    self.hide_from_screen();
                }
                let watches = &mut self.watches;
                watches.absences.push(absence);
                if self.obeys(source) {
                    self.lock(now, source);
                }
            }
            Sign::Over if had_begun => watches.told.retain(|told| *told != source),
            Sign::Lost if had_begun => watches.was_told(source),
            Sign::Over | Sign::Lost => {}
        }
    }

    /// Whether a source that locks says that nobody is at the computer.
    pub(super) fn is_away(&self) -> bool {
        let absences = self.watches.absences.iter().map(|absence| absence.source());
        let mut sources = absences.chain(self.watches.told.iter().copied());
        sources.any(|source| self.obeys(source))
    }

    /// Whether the screen is locked, whatever that does to the vault.
    pub(super) fn is_screen_locked(&self) -> bool {
        let mut absences = self.watches.absences.iter();
        // Where nobody says that it is over, it lasts until somebody unlocks; where it doesn't
        // lock, nobody would.
        let is_told = self.watches.told.contains(&LockSource::Screen);
        absences.any(|absence| absence.source() == LockSource::Screen)
            || is_told && self.obeys(LockSource::Screen)
    }

    /// Lets what opens the vault by itself wait for those who look whether somebody is at the
    /// computer; they have just begun.
    pub(super) fn wait_for_watches(&mut self, now: Now) {
        self.watches.until = now.boot.checked_add(PATIENCE);
    }

    /// Until when that isn't known, and is waited for.
    pub(super) fn watch_deadline(&self, now: Now) -> Option<Duration> {
        let until = self.watches.until.filter(|until| *until > now.boot)?;
        let mut seen = self.watches.seen.iter();
        let is_open = seen.any(|(source, seen)| *seen == Seen::NotYet && self.obeys(*source));
        is_open.then_some(until)
    }

    /// Takes in what can be seen of a source. One that was seen and is no more may be locking
    /// just now: so it does.
    pub(super) fn see(&mut self, now: Now, source: LockSource, seen: Seen) {
        let obeys = self.obeys(source);
        let mut watches = self.watches.seen.iter_mut();
        let Some((_, watch)) = watches.find(|(known, _)| *known == source) else {
            return;
        };
        let is_lost = watch.is_seen() && !seen.is_seen();
        *watch = seen;
        if is_lost && obeys {
            self.lock(now, LockSource::Lost);
        }
    }

    /// Whether the system may sleep: no key is in memory, nor in the hands of a job or a plugin that
    /// began before the lock.
    pub fn is_ready_for_sleep(&self) -> bool {
        let is_wiped = self.open.is_none() && !self.jobs.is_running() && !self.hardware.is_out();
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
        self.watches.seen.iter().map(info).collect()
    }

    /// What can't be seen, one line each.
    pub(super) fn blind_spots(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let names = [
            "a screen saver that locks the screen",
            "a session that is locked, left or ended",
            "a system that goes to sleep",
        ];
        for ((source, seen), what) in self.watches.seen.iter().zip(names) {
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
