//! The time for which nobody unlocks, after `lock` with a time.
//!
//! It keeps what opens a vault by itself or by habit from doing so. It is no boundary: whoever may
//! ask the agent may also end it, so that a secret to end the time early would protect nothing.

use std::time::Duration;

use otp_proto::{ErrorKind, Lock, MAX_REFUSAL, RpcError};

use super::outcome::{DONE, Outcome};
use super::{Agent, LockSource, error};
use crate::clock::Now;

impl Agent {
    /// Locks, and refuses every unlock for the time that was asked for; for no time at all, such
    /// a time ends.
    pub(super) fn lock_for_a_time(&mut self, now: Now, lock: &Lock) -> Result<Outcome, RpcError> {
        if lock.seconds.is_some_and(|seconds| seconds > MAX_REFUSAL) {
            return Err(error::params("the time is longer than a year"));
        }
        self.lock(now, LockSource::Request);
        if let Some(seconds) = lock.seconds {
            let time = Duration::from_secs(seconds);
            self.refused_until = now.boot.checked_add(time);
        }
        Ok(DONE)
    }

    /// How long every unlock will be refused, if it is.
    pub(super) fn refused_for(&self, now: Now) -> Option<Duration> {
        let left = self.refused_until?.saturating_sub(now.boot);
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
}

/// Seconds until something is over: never 0 before.
pub(super) fn whole(left: Duration) -> u64 {
    left.as_secs() + u64::from(left.subsec_nanos() > 0)
}
