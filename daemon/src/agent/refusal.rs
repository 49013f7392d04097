//! The time for which nobody unlocks, after `lock` with a time. A restart of the agent doesn't end
//! it: it is on disk before it is answered.
//!
//! It keeps what opens a vault by itself or by habit from doing so. It is no boundary: whoever may
//! ask the agent may also end it, so that a secret to end the time early would protect nothing.

use std::time::Duration;

use otp_proto::{Done, ErrorKind, Lock, MAX_REFUSAL, Response, RpcError};

use super::outcome::{DONE, Outcome};
use super::{Agent, Asker, LockSource, Output, error};
use crate::clock::Now;
use crate::vault::{ShutUntil, StoreError};

/// Until when every unlock is refused, and whether that is on disk.
#[derive(Debug, Default)]
pub(super) struct TimedRefusal {
    /// On the boot clock.
    until: Option<Duration>,
    /// It isn't on disk, and no write that has it is out.
    is_due: bool,
    /// A write is out.
    is_out: bool,
    /// Why it isn't known whether an earlier run has left such a time, in words.
    lost: Option<String>,
    /// Who waits for the write that is due, and for the one that is out.
    askers: [Vec<Asker>; 2],
}

impl TimedRefusal {
    /// Goes on with what an earlier run has left. It is noted anew, by the clock of this boot.
    pub(super) fn resume(&mut self, until: Option<Duration>, lost: Option<&str>) {
        (self.until, self.is_due) = (until, until.is_some());
        let told = |why| format!("how long the vault was to stay locked is not known: {why}");
        self.lost = lost.map(told);
    }

    /// When it is over.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.until
    }

    /// What a person should know of it.
    pub(super) fn lost(&self) -> Option<&str> {
        self.lost.as_deref()
    }

    /// Somebody has locked since, and could say for how long.
    pub(super) fn is_told(&mut self) {
        self.lost = None;
    }

    /// Whether nothing is being written or waits for it.
    pub(super) fn is_kept(&self) -> bool {
        !self.is_out && !self.is_due
    }

    pub(super) fn forget(&mut self, has_left: impl Fn(&Asker) -> bool) {
        for askers in &mut self.askers {
            askers.retain(|asker| !has_left(asker));
        }
    }
}

impl Agent {
    /// Locks, and refuses every unlock for the time that was asked for; for no time at all, such
    /// a time ends.
    pub(super) fn lock_for_a_time(
        &mut self,
        now: Now,
        asker: Asker,
        lock: &Lock,
    ) -> Result<Outcome, RpcError> {
        if lock.seconds.is_some_and(|seconds| seconds > MAX_REFUSAL) {
            return Err(error::params("the time is longer than a year"));
        }
        self.lock(now, LockSource::Request);
        self.refusal.is_told();
        let Some(seconds) = lock.seconds else {
            return Ok(DONE);
        };
        let until = now.boot.checked_add(Duration::from_secs(seconds));
        let until = until.filter(|_| seconds > 0);
        if until.is_none() && self.refusal.until.is_none() && self.refusal.is_kept() {
            return Ok(DONE);
        }
        self.refusal.until = until;
        self.refusal.is_due = true;
        let [due, _] = &mut self.refusal.askers;
        due.push(asker);
        Ok(Outcome::Later)
    }

    /// How long every unlock will be refused, if it is.
    pub(super) fn refused_for(&self, now: Now) -> Option<Duration> {
        let left = self.refusal.until?.saturating_sub(now.boot);
        (!left.is_zero()).then_some(left)
    }

    /// Refuses what would open a vault.
    pub(super) fn refuse_to_open(&self, now: Now) -> Result<(), RpcError> {
        let Some(left) = self.refused_for(now) else {
            return Ok(());
        };
        let text = format!("locked for another {} s", whole(left));
        Err(RpcError::new(ErrorKind::Refused, text))
    }

    /// Ends a time that has passed, on disk too: no clock that has lost the date must bring it back.
    pub(super) fn end_refusal(&mut self, now: Now) {
        if self.refusal.until.is_some_and(|until| until <= now.boot) {
            self.refusal.until = None;
            self.refusal.is_due = true;
        }
    }

    /// Gives the time to the disk thread.
    pub(super) fn keep_shut(&mut self, now: Now) {
        if !self.refusal.is_due || self.refusal.is_out {
            return;
        }
        let shut = self.refused_for(now);
        let shut = shut.map(|left| ShutUntil::new(left, now.boot, now.wall));
        self.refusal.is_due = false;
        self.refusal.is_out = true;
        let [due, out] = &mut self.refusal.askers;
        out.append(due);
        self.outputs.push_back(Output::Shut(shut));
    }

    /// The time is on disk, or isn't.
    pub(super) fn shut_kept(&mut self, result: Result<(), StoreError>) {
        self.refusal.is_out = false;
        let [_, out] = &mut self.refusal.askers;
        let askers = std::mem::take(out);
        let failure = result.err().map(|failure| {
            let text =
                format!("locked, but a restart of the agent changes for how long: {failure}");
            RpcError::new(ErrorKind::Incomplete, text)
        });
        for asker in askers {
            let answer = match &failure {
                None => Ok(Response::Done(Done {})),
                Some(failure) => Err(failure.clone()),
            };
            self.reply(asker, answer);
        }
    }
}

/// Seconds until something is over: never 0 before.
pub(super) fn whole(left: Duration) -> u64 {
    left.as_secs() + u64::from(left.subsec_nanos() > 0)
}
