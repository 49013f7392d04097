//! Callers who wait for a better code: one that lives longer, or one nobody was given yet.
//!
//! A step that `fresh` hands out is noted in the state file before its code leaves, so that it
//! is handed out once even if the agent is locked, killed or started again in between. The wall
//! clock is looked at anew at every turn; while someone waits there is one at least each second.

use std::time::Duration;

use otp_proto::{EntryId, ErrorKind, Get, Kind, Period, Response, RpcError};

use super::outcome::Outcome;
use super::{Agent, Asker, error};
use crate::clock::Now;
use crate::otp;
use crate::vault::StoreError;

/// Callers that may wait at once.
const MAX_WAITING: usize = 64;
/// How often the wall clock is looked at: it may be set while someone waits.
const GLANCE: Duration = Duration::from_secs(1);
/// A last step so many periods ahead means that the clock was set back.
const MAX_PERIODS_AHEAD: u64 = 2;

/// A caller who waits.
#[derive(Debug)]
pub(super) struct Waiter {
    pub asker: Asker,
    pub entry: EntryId,
    with_next: bool,
    min_left: Option<u32>,
    is_fresh: bool,
    is_attended: bool,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The code isn't good enough yet.
    Waiting,
    /// A step is his, and is to be noted.
    Granted(Grant),
    /// The note is being written.
    Writing(Grant),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Grant {
    step: u64,
    /// What was noted before.
    before: Option<u64>,
}

/// What a look at the clock says to a waiter.
enum Look {
    /// Wait until this moment of the wall clock.
    Until(Duration),
    /// This step is good.
    Good(u64),
}

impl Agent {
    pub(super) fn wait_for_code(
        &mut self,
        asker: Asker,
        entry: EntryId,
        get: &Get,
    ) -> Result<Outcome, RpcError> {
        if self.waiters.len() >= MAX_WAITING {
            return Err(error::busy());
        }
        self.waiters.push(Waiter {
            asker,
            entry,
            with_next: get.next,
            min_left: get.min_left,
            is_fresh: get.fresh,
            is_attended: get.attended,
            stage: Stage::Waiting,
        });
        Ok(Outcome::Later)
    }

    /// Serves whoever's code is good now, in the order they came.
    pub(super) fn serve_waiters(&mut self, now: Now) {
        for mut waiter in std::mem::take(&mut self.waiters) {
            if waiter.stage == Stage::Waiting {
                match self.look(now, &waiter) {
                    Ok(Look::Until(_)) => {}
                    Ok(Look::Good(step)) if waiter.is_fresh => {
                        let steps = &mut self.keeping.state.steps;
                        let before = steps.insert(waiter.entry, step);
                        waiter.stage = Stage::Granted(Grant { step, before });
                        self.keeping.want();
                    }
                    Ok(Look::Good(_)) => {
                        self.serve(now, &waiter);
                        continue;
                    }
                    Err(refusal) => {
                        self.reply(waiter.asker, Err(refusal));
                        continue;
                    }
                }
            }
            self.waiters.push(waiter);
        }
    }

    /// What is granted goes into the write that begins now.
    pub(super) fn grants_go_out(&mut self) {
        for waiter in &mut self.waiters {
            if let Stage::Granted(grant) = waiter.stage {
                waiter.stage = Stage::Writing(grant);
            }
        }
    }

    /// The write is on disk, or isn't.
    pub(super) fn grants_came_back(&mut self, now: Now, result: Result<(), StoreError>) {
        let refusal = result.err().map(|failure| error::storage(&failure));
        for mut waiter in std::mem::take(&mut self.waiters) {
            let Stage::Writing(Grant { step, before }) = waiter.stage else {
                self.waiters.push(waiter);
                continue;
            };
            if let Some(refusal) = &refusal {
                self.take_step_back(waiter.entry, step, before);
                self.reply(waiter.asker, Err(refusal.clone()));
            } else if self.is_still_good(now, &waiter, step) {
                self.serve(now, &waiter);
            } else {
                // The disk was slower than the code: his is the next one.
                waiter.stage = Stage::Waiting;
                self.waiters.push(waiter);
            }
        }
    }

    /// When the next waiter may be served, at the latest a second from now.
    pub(super) fn wake_for_codes(&self, now: Now) -> Option<Duration> {
        let waiting = self
            .waiters
            .iter()
            .filter(|waiter| waiter.stage == Stage::Waiting);
        let waits = waiting.map(|waiter| match self.look(now, waiter) {
            Ok(Look::Until(moment)) => moment.saturating_sub(now.wall).min(GLANCE),
            Ok(Look::Good(_)) | Err(_) => Duration::ZERO,
        });
        waits.min().map(|wait| now.boot.saturating_add(wait))
    }

    /// Is the code of this moment good enough for a waiter, or when might one be?
    fn look(&self, now: Now, waiter: &Waiter) -> Result<Look, RpcError> {
        let period = self.period_of(waiter.entry)?;
        if waiter.is_attended && self.is_screen_locked() {
            return Err(error::screen_locked());
        }
        if waiter
            .min_left
            .is_some_and(|least| least > period.seconds())
        {
            return Err(error::params("the entry's period was changed meanwhile"));
        }
        let step = otp::step(period, now.wall);
        let end = end_of(step, period);
        let last = self.keeping.state.steps.get(&waiter.entry);
        if let Some(&last) = last.filter(|_| waiter.is_fresh) {
            let good_from = end_of(last, period);
            let limit = u64::from(period.seconds()).saturating_mul(MAX_PERIODS_AHEAD);
            if good_from > now.wall.saturating_add(Duration::from_secs(limit)) {
                return Err(RpcError::new(
                    ErrorKind::Denied,
                    "the clock was set back: a later code than that of now was handed out",
                ));
            }
            if step <= last {
                return Ok(Look::Until(good_from));
            }
        }
        if is_long_enough(waiter.min_left, period, now.wall) {
            Ok(Look::Good(step))
        } else {
            Ok(Look::Until(end))
        }
    }

    /// The period of an entry that has been there when the wait began.
    fn period_of(&self, id: EntryId) -> Result<Period, RpcError> {
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        match open.entry(id)?.kind {
            Kind::Totp(period) | Kind::Steam(period) => Ok(period),
            Kind::Hotp(_) | Kind::Yandex(_) | Kind::Motp(_) => {
                Err(error::params("the entry's type was changed meanwhile"))
            }
        }
    }

    fn is_still_good(&self, now: Now, waiter: &Waiter, step: u64) -> bool {
        self.period_of(waiter.entry).is_ok_and(|period| {
            otp::step(period, now.wall) == step && is_long_enough(waiter.min_left, period, now.wall)
        })
    }

    /// Turns the last step handed out into one of a new period: the one in which the old step
    /// ends, so that no moment's code is handed out twice.
    pub(super) fn count_steps_anew(
        &mut self,
        id: EntryId,
        before: Option<Period>,
        after: Option<Period>,
    ) {
        let steps = &mut self.keeping.state.steps;
        if before == after {
            return;
        }
        if let (Some(last), Some(before), Some(after)) = (steps.remove(&id), before, after) {
            let end = end_of(last, before).saturating_sub(Duration::from_secs(1));
            steps.insert(id, otp::step(after, end));
        }
        self.keeping.want();
    }

    fn take_step_back(&mut self, entry: EntryId, step: u64, before: Option<u64>) {
        let steps = &mut self.keeping.state.steps;
        if steps.get(&entry) == Some(&step) {
            match before {
                Some(before) => steps.insert(entry, before),
                None => steps.remove(&entry),
            };
        }
    }

    fn serve(&mut self, now: Now, waiter: &Waiter) {
        let answer = self.code_for(now, waiter);
        self.reply(waiter.asker, answer);
    }

    fn code_for(&self, now: Now, waiter: &Waiter) -> Result<Response, RpcError> {
        let period = self.period_of(waiter.entry)?;
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        let entry = open.entry(waiter.entry)?;
        self.code_of_now(now, entry, period, waiter.with_next)
    }
}

/// The moment at which a step is over.
fn end_of(step: u64, period: Period) -> Duration {
    let end = step
        .saturating_add(1)
        .saturating_mul(u64::from(period.seconds()));
    Duration::from_secs(end)
}

/// Whether a code of now lives for so many seconds. The second that has begun doesn't count,
/// but for a whole period, which no code has left once its step has begun.
fn is_long_enough(min_left: Option<u32>, period: Period, wall: Duration) -> bool {
    let Some(least) = min_left else {
        return true;
    };
    let left = otp::left(period, wall);
    let has_begun = u32::from(wall.subsec_nanos() > 0);
    left.saturating_sub(has_begun) >= least || left >= least && least == period.seconds()
}
