//! What happens by itself, and when; all on the boot clock.

use std::time::Duration;

use super::{Agent, LockSource};
use crate::clock::Now;

/// The reasons to wake up.
#[derive(Debug, Clone, Copy)]
enum Timer {
    /// Unused for too long.
    Idle,
    /// Unlocked for too long.
    Max,
    /// A delayed refusal is due.
    Refusal,
    /// The time is over for which every unlock is refused.
    Shut,
    /// Someone's code is there, or the wall clock must be looked at.
    Code,
    /// A dialog hangs.
    Prompt,
    /// A plugin hangs, or whoever it has asked.
    Plugin,
    /// A source takes too long.
    Fetch,
    /// A code that is shown dies.
    Notice,
    /// Whether somebody is at the computer isn't known for too long.
    Watch,
}

/// When each is due.
#[derive(Debug, Default)]
pub(super) struct Timers([Option<Duration>; 10]);

impl Timers {
    fn set(&mut self, timer: Timer, at: Option<Duration>) {
        let place = match timer {
            Timer::Idle => 0,
            Timer::Max => 1,
            Timer::Refusal => 2,
            Timer::Code => 3,
            Timer::Prompt => 4,
            Timer::Plugin => 5,
            Timer::Watch => 6,
            Timer::Notice => 7,
            Timer::Shut => 8,
            Timer::Fetch => 9,
        };
        if let Some(slot) = self.0.get_mut(place) {
            *slot = at;
        }
    }

    pub(super) fn earliest(&self) -> Option<Duration> {
        self.0.iter().flatten().min().copied()
    }
}

impl Agent {
    pub(super) fn set_timers(&mut self, now: Now) {
        let (idle, max) = self.lock_times();
        let refusal = self.refusals.iter().map(|refusal| refusal.due).min();
        let code = self.wake_for_codes(now);
        self.timers.set(Timer::Idle, idle);
        self.timers.set(Timer::Max, max);
        self.timers.set(Timer::Refusal, refusal);
        self.timers.set(Timer::Shut, self.refusal.deadline());
        self.timers.set(Timer::Code, code);
        self.timers.set(Timer::Prompt, self.prompts.deadline());
        self.timers.set(Timer::Plugin, self.hardware.deadline());
        self.timers.set(Timer::Fetch, self.fetch_deadline());
        self.timers.set(Timer::Notice, self.notices.deadline());
        self.timers.set(Timer::Watch, self.watch_deadline(now));
    }

    /// When the vault locks by itself: unused, and at the latest.
    pub(super) fn lock_times(&self) -> (Option<Duration>, Option<Duration>) {
        let Some(open) = &self.open else {
            return (None, None);
        };
        let after = |start: Duration, limit: Option<Duration>| start.checked_add(limit?);
        (
            after(open.used_at, self.config.lock_idle),
            after(open.opened_at, self.config.lock_max),
        )
    }

    pub(super) fn lock_if_due(&mut self, now: Now) {
        let (idle, max) = self.lock_times();
        let is_due = |at: Option<Duration>| at.is_some_and(|at| at <= now.boot);
        if is_due(max) {
            self.lock(now, LockSource::Max);
        } else if is_due(idle) {
            self.lock(now, LockSource::Idle);
        }
    }
}
