//! The state file: what must never go back, whether the vault is open or not.

use std::collections::BTreeSet;

use otp_proto::{Done, EntryId, Response};

use super::changes::Effect;
use super::{Agent, Output};
use crate::clock::Now;
use crate::vault::document::{fingerprint, raise};
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
    /// Whose marks they are: a fingerprint of the MAC's key.
    whose: Option<[u8; 8]>,
    /// Entries that a purge had taken out and an older vault has brought back.
    returned: Vec<EntryId>,
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
        for (id, step) in known.steps.clone() {
            let last = state.steps.entry(id).or_insert(step);
            *last = step.max(*last);
        }
        state.purges.extend(&known.purges);
        state.since = state.since.or(known.since);
        state.outside = known.outside.or(state.outside);
        state.floor = state.floor.max(known.floor);
        if read != what(state) {
            self.keeping.want();
        }
        self.raise(&known.marks);
        let marks = self.marks();
        if let Some(marks) = marks.filter(|marks| *marks != self.keeping.state.marks) {
            self.keeping.state.marks = marks;
            self.keeping.want();
        }
    }

    /// Raises what was opened to what is remembered of it: where a write of the state has failed,
    /// the file says less.
    fn raise(&mut self, known: &Marks) {
        let Some(open) = &mut self.open else {
            return;
        };
        let mac_key = open.arena.key(open.sealer.mac_key);
        let whose = fingerprint(&[], mac_key);
        if self.keeping.whose.replace(whose) == Some(whose) {
            self.rollback |= open.document.generation < known.generation;
            raise(&mut open.document, &open.arena, mac_key, known);
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
    /// backups, for its purge never reached the disk, unless the vault is older than the one seen
    /// last: then it goes once more.
    pub(super) fn resume_purges(&mut self, is_older: bool) {
        let Some(open) = &self.open else {
            return;
        };
        let document = &open.document;
        let entries = document.entries.iter().chain(&document.trash);
        let there: BTreeSet<EntryId> = entries.map(|entry| entry.id).collect();
        let (there, begun): (Vec<_>, Vec<_>) = {
            let purges = self.keeping.state.purges.iter().copied();
            purges.partition(|id| there.contains(id))
        };
        self.keeping.returned.clear();
        if is_older {
            self.keeping.returned = there;
        } else if !there.is_empty() {
            self.purge_is_done(&there);
        }
        self.jobs.purge = begun;
    }

    /// Takes entries out again that an older vault has brought back; whether there were any.
    pub(super) fn purge_returned(&mut self, now: Now) -> bool {
        if self.keeping.returned.is_empty() || !self.may_change() {
            return false;
        }
        let ids = std::mem::take(&mut self.keeping.returned);
        let Some(mut draft) = self.draft(now) else {
            return false;
        };
        for id in &ids {
            draft.discard(*id, now.wall.as_secs());
        }
        draft.bury(|entry| ids.contains(&entry.id));
        draft.effect = Effect::Purge(ids, Response::Done(Done {}));
        self.store(None, draft);
        true
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
        if result.is_ok() {
            self.passing.no_state = None;
        }
        self.grants_came_back(now, result);
        self.store_held();
    }
}
