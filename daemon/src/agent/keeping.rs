//! The state file: what must never go back, whether the vault is open or not.

use std::collections::BTreeSet;

use otp_proto::EntryId;

use super::{Agent, Output};
use crate::clock::Now;
use crate::vault::{Marks, State, StoreError};

/// The state, and whether it is on disk. It holds no secret and outlives a lock, so that what
/// the disk thread finishes later is still noted.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    /// What should be on disk.
    pub state: State,
    /// It isn't, and no write that holds it is out.
    is_due: bool,
    /// A write is out.
    is_out: bool,
    /// The last write failed.
    pub has_failed: bool,
}

impl Keeping {
    /// Whether nothing is being written or waits for it.
    pub(super) fn is_idle(&self) -> bool {
        !self.is_out && !self.is_due
    }

    /// Asks for a write after the one that may be out.
    pub(super) fn want(&mut self) {
        self.is_due = true;
    }
}

impl Agent {
    /// Takes over the state that a job has read.
    pub(super) fn adopt_state(&mut self, state: State) {
        let known = std::mem::replace(&mut self.keeping.state, state);
        let state = &mut self.keeping.state;
        let what = |state: &State| {
            let State { steps, purges, .. } = state;
            (steps.clone(), purges.clone(), state.outside, state.floor)
        };
        let read = what(state);
        // What was noted since the job has read it, or what a write that failed should have kept.
        for (id, step) in known.steps {
            let last = state.steps.entry(id).or_insert(step);
            *last = step.max(*last);
        }
        state.purges.extend(known.purges);
        state.since = state.since.or(known.since);
        state.outside = known.outside.or(state.outside);
        state.floor = state.floor.max(known.floor);
        if read != what(state) {
            self.keeping.want();
        }
        let marks = self.marks();
        if let Some(marks) = marks.filter(|marks| *marks != self.keeping.state.marks) {
            self.keeping.state.marks = marks;
            self.keeping.want();
        }
    }

    /// Keeps what is to be purged, before it goes out of the vault: whatever ends the process
    /// after that, the next unlock takes it out of the backups. Returns whether it has gone to
    /// the disk thread; an earlier write may be on its way yet.
    pub(super) fn intend_purge(&mut self, ids: &[EntryId]) -> bool {
        self.keeping.state.purges.extend(ids);
        self.keeping.want();
        self.keep();
        !self.keeping.is_due
    }

    /// A purge is complete, or hasn't happened.
    pub(super) fn purge_is_done(&mut self, ids: &[EntryId]) {
        for id in ids {
            self.keeping.state.purges.remove(id);
        }
        self.keeping.want();
    }

    /// Completes purges that were begun, after an unlock. What is in the vault stays in the
    /// backups: its purge never reached the disk, or an older vault was put back.
    pub(super) fn resume_purges(&mut self) {
        let Some(open) = &self.open else {
            return;
        };
        let document = &open.document;
        let entries = document.entries.iter().chain(&document.trash);
        let there: BTreeSet<EntryId> = entries.map(|entry| entry.id).collect();
        let (idle, begun): (Vec<_>, Vec<_>) = {
            let purges = self.keeping.state.purges.iter().copied();
            purges.partition(|id| there.contains(id))
        };
        if !idle.is_empty() {
            self.purge_is_done(&idle);
        }
        self.jobs.purge = begun;
    }

    /// What an open vault must not fall behind.
    pub(super) fn marks(&self) -> Option<Marks> {
        self.open.as_ref().map(|open| Marks {
            generation: open.document.generation,
            counters: open.document.counters.clone(),
        })
    }

    /// Gives the state to the disk thread, if it changed and no job may be writing it.
    pub(super) fn keep(&mut self) {
        if !self.keeping.is_due || self.keeping.is_out || self.jobs.is_writing() {
            return;
        }
        self.keeping.is_due = false;
        self.keeping.is_out = true;
        self.grants_go_out();
        self.outputs
            .push_back(Output::Keep(self.keeping.state.clone()));
    }

    /// The state is on disk, or isn't.
    pub(super) fn kept(&mut self, now: Now, result: Result<(), StoreError>) {
        if !std::mem::take(&mut self.keeping.is_out) {
            return;
        }
        self.keeping.has_failed = result.is_err();
        self.grants_came_back(now, result);
        self.store_held();
    }
}
