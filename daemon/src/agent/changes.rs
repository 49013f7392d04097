//! Changes of the vault: one at a time, durable before visible.
//!
//! A change is made in a copy of the document (entries are shared), sealed, and given to the disk
//! thread. When it is on disk the copy takes the document's place and the answer leaves; if it
//! isn't, the copy is dropped, new keys are wiped, and nothing has happened.

use std::collections::VecDeque;
use std::sync::Arc;

use otp_proto::{EntryId, ErrorKind, Event, Period, Request, Response, RpcError};

use super::outcome::Outcome;
use super::sources::NewSource;
use super::{Agent, Asker, Output, error};
use crate::clock::Now;
use crate::otp::scrubbed;
use crate::platform::arena::Slot;
use crate::vault::{Document, Entry, Marks, OpenError, Sealed, Stamp, StoreError, Trash, seal};

/// Requests that wait for the disk. A store takes milliseconds; more than this is a dead disk.
const MAX_WAITING: usize = 64;
/// How long a removed entry can be brought back: 30 days, in seconds.
const TRASH_LIFE: u64 = 30 * 24 * 60 * 60;

/// The change that is out, and those that wait.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub out: Option<Out>,
    queue: VecDeque<(Asker, Request)>,
}

/// A change on its way to the disk.
#[derive(Debug)]
pub(super) enum Out {
    /// The vault is being written.
    Store {
        /// `None` if nobody waits for it.
        asker: Option<Asker>,
        /// `None` once a lock came in between.
        draft: Option<Box<Draft>>,
        marks: Marks,
        /// Not given out yet: what is being kept must be on disk before it.
        held: Option<Sealed>,
    },
    /// The vault is written, the backups are being rewritten.
    Purge {
        asker: Option<Asker>,
        answer: Response,
    },
}

/// A changed document before it is on disk.
#[derive(Debug)]
pub(super) struct Draft {
    pub document: Document,
    /// The stamp of this change.
    pub stamp: Stamp,
    /// New keys, wiped if the change fails.
    pub added: Vec<Slot>,
    /// Keys that go, wiped once the change is on disk.
    pub gone: Vec<Slot>,
    /// A time-based entry whose period is another one now: before and after.
    pub periods: Option<(EntryId, Option<Period>, Option<Period>)>,
    pub effect: Effect,
}

/// What follows when a change is on disk.
#[derive(Debug)]
pub(super) enum Effect {
    /// Nobody asked.
    Nothing,
    /// This is the answer.
    Answer(Response),
    /// The entries of a new source are shown, and it is the answer.
    Source(Box<NewSource>),
    /// The code of a HOTP entry at this counter is the answer.
    Code(EntryId, u64),
    /// The backups are rewritten without these entries, then this is the answer.
    Purge(Vec<EntryId>, Response),
}

impl Changes {
    /// Puts a request behind the change that is out.
    pub(super) fn wait(&mut self, asker: Asker, request: Request) -> Result<Outcome, RpcError> {
        if self.queue.len() >= MAX_WAITING {
            return Err(error::busy());
        }
        self.queue.push_back((asker, request));
        Ok(Outcome::Later)
    }

    pub(super) fn forget(&mut self, has_left: impl Fn(&Asker) -> bool) {
        self.queue.retain(|(asker, _)| !has_left(asker));
        if let Some(Out::Store { asker, .. } | Out::Purge { asker, .. }) = &mut self.out {
            *asker = asker.filter(|asker| !has_left(asker));
        }
    }
}

impl Draft {
    /// Moves an entry to the trash. Its number is one that nothing has had: that of this change,
    /// or where several go at once the next one, which then counts as the change's.
    pub(super) fn discard(&mut self, id: EntryId, wall: u64) -> Option<Arc<Entry>> {
        let place = self.document.entries.iter().position(|e| e.id == id)?;
        let mut entry = self.document.entries.remove(place);
        let last = self.document.trash.iter().filter_map(|e| e.trash);
        let last = last.map(|trash| trash.number).max().unwrap_or(0);
        let change = u32::try_from(self.stamp.lamport).unwrap_or(u32::MAX);
        let number = last.saturating_add(1).max(change);
        let changed = Arc::make_mut(&mut entry);
        changed.trash = Some(Trash {
            number,
            since: wall,
        });
        changed.stamp = Stamp {
            lamport: self.stamp.lamport.max(number.into()),
            ..self.stamp
        };
        self.document.trash.push(Arc::clone(&entry));
        Some(entry)
    }

    /// Takes trash out for good, leaving tombs.
    pub(super) fn bury(&mut self, is_gone: impl Fn(&Entry) -> bool) {
        let stamp = self.stamp;
        let Self { document, gone, .. } = self;
        let (trash, tombs) = (&mut document.trash, &mut document.tombs);
        trash.retain(|entry| {
            let goes = is_gone(entry);
            if goes {
                tombs.push((entry.id, stamp));
                gone.extend(entry.slots());
            }
            !goes
        });
    }
}

/// Whether an entry's time in the trash is over. A clock that is known to be set by nobody must
/// not destroy keys: a dead battery or a date that somebody tries can be years ahead.
fn has_expired(entry: &Entry, now: Now) -> bool {
    let wall = now.wall.as_secs();
    let is_over = |trash: Trash| wall >= trash.since.saturating_add(TRASH_LIFE);
    now.is_synchronised != Some(false) && entry.trash.is_some_and(is_over)
}

impl Agent {
    /// Whether a change may be started now.
    pub(super) fn may_change(&self) -> bool {
        self.changes.out.is_none() && !self.jobs.wants_folder()
    }

    /// Starts a change: a copy with the next generation, without what has expired. `None` if the
    /// vault is locked.
    pub(super) fn draft(&self, now: Now) -> Option<Draft> {
        let mut document = self.open.as_ref()?.document.clone();
        document.generation = document.generation.saturating_add(1);
        let entries = document.entries.iter().chain(&document.trash);
        let stamps = entries.map(|entry| entry.stamp);
        let stamps = stamps.chain(document.tombs.iter().map(|(_, stamp)| *stamp));
        let last = stamps.map(|stamp| stamp.lamport).max().unwrap_or(0);
        let stamp = Stamp {
            lamport: last.saturating_add(1),
            device: document.device,
        };
        let mut draft = Draft {
            document,
            stamp,
            added: Vec::new(),
            gone: Vec::new(),
            periods: None,
            effect: Effect::Nothing,
        };
        draft.bury(|entry| has_expired(entry, now));
        Some(draft)
    }

    /// Drops trash whose time is over, after an unlock.
    pub(super) fn drop_expired(&mut self, now: Now) {
        let is_needed = self.open.as_ref().is_some_and(|open| {
            let mut trash = open.document.trash.iter();
            trash.any(|entry| has_expired(entry, now))
        });
        if let Some(draft) = self.draft(now).filter(|_| is_needed && self.may_change()) {
            self.store(None, draft);
        }
    }

    /// Seals a change and gives it to the disk thread.
    pub(super) fn store(&mut self, asker: Option<Asker>, draft: Draft) {
        let Some(open) = &self.open else {
            return;
        };
        match scrubbed(|| seal::seal(&draft.document, &open.arena, &open.sealer)) {
            Ok(sealed) => {
                let is_noted = if let Effect::Purge(ids, _) = &draft.effect {
                    self.intend_purge(ids)
                } else {
                    true
                };
                let held = if is_noted {
                    self.outputs.push_back(Output::Store(sealed));
                    None
                } else {
                    Some(sealed)
                };
                self.changes.out = Some(Out::Store {
                    asker,
                    held,
                    marks: Marks {
                        generation: draft.document.generation,
                        counters: draft.document.counters.clone(),
                    },
                    draft: Some(Box::new(draft)),
                });
            }
            Err(failure) => self.take_back(asker, draft, &failure),
        }
    }

    /// Gives out a vault that waited for the state before it.
    pub(super) fn store_held(&mut self) {
        if let Some(Out::Store { held, .. }) = &mut self.changes.out
            && let Some(sealed) = held.take()
        {
            self.keep();
            self.outputs.push_back(Output::Store(sealed));
        }
    }

    /// The change is on disk, or isn't.
    pub(super) fn stored(&mut self, now: Now, result: Result<(), StoreError>) {
        let Some(Out::Store {
            asker,
            draft,
            marks,
            held: None,
        }) = self
            .changes
            .out
            .take_if(|out| matches!(out, Out::Store { held: None, .. }))
        else {
            return;
        };
        match (result, draft) {
            (Ok(()), draft) => {
                self.keeping.state.marks = marks;
                self.keeping.want();
                self.facts.backup = Some(now.wall);
                if let Some(draft) = draft {
                    self.show_change(now, asker, *draft);
                }
            }
            (Err(failure), Some(draft)) => {
                // Where nobody waits for an answer, the next unlock decides.
                if let (Effect::Purge(ids, _), true) = (&draft.effect, asker.is_some()) {
                    self.purge_is_done(ids);
                }
                self.take_back(asker, *draft, &failure);
            }
            (Err(_), None) => {}
        }
    }

    /// Lets a change that is on disk be seen.
    fn show_change(&mut self, now: Now, asker: Option<Asker>, draft: Draft) {
        for (id, _) in &draft.document.tombs {
            self.keeping.state.steps.remove(id);
        }
        if let Some((id, before, after)) = draft.periods {
            self.count_steps_anew(id, before, after);
        }
        if let Some(open) = &mut self.open {
            let is_count = matches!(draft.effect, Effect::Code(..));
            open.show(draft.document, !is_count);
        }
        self.wipe(draft.gone);
        self.reconcile_sources();
        match draft.effect {
            Effect::Nothing => {}
            Effect::Answer(response) => {
                if let Some(asker) = asker {
                    self.reply(asker, Ok(response));
                }
            }
            Effect::Source(new) => {
                let answer = self.show_source(now, *new);
                if let Some(asker) = asker {
                    self.reply(asker, Ok(answer));
                }
                // Said already.
                return;
            }
            Effect::Code(id, counter) => {
                if let Some(asker) = asker {
                    let answer = self.code_of_counter(now, id, counter);
                    self.reply(asker, answer);
                }
                // Nothing that a list shows has changed.
                return;
            }
            Effect::Purge(ids, answer) => {
                self.jobs.purge.extend(ids);
                self.changes.out = Some(Out::Purge { asker, answer });
            }
        }
        self.outputs.push_back(Output::Publish(Event::Changed));
    }

    /// The backups are rewritten, or aren't.
    pub(super) fn purged(&mut self, ids: &[EntryId], result: Result<(), OpenError>) {
        let out = self
            .changes
            .out
            .take_if(|out| matches!(out, Out::Purge { .. }));
        let answer = match result {
            Ok(()) => {
                let last = self.keeping.state.marks.generation;
                self.keeping.state.floor = last.max(self.keeping.state.floor);
                self.purge_is_done(ids);
                Ok(())
            }
            // The next unlock tries again.
            Err(failure) => Err(RpcError::new(
                ErrorKind::Incomplete,
                format!("the entry is gone, but a backup may still hold its key: {failure}"),
            )),
        };
        if let Some(Out::Purge {
            asker: Some(asker),
            answer: response,
        }) = out
        {
            self.reply(asker, answer.map(|()| response));
        }
    }

    /// Undoes a change that didn't reach the disk.
    fn take_back(&mut self, asker: Option<Asker>, draft: Draft, failure: &StoreError) {
        self.wipe(draft.added);
        if let Some(asker) = asker {
            self.reply(asker, Err(error::storage(failure)));
        }
    }

    /// Starts the next change that waits; whether there was one.
    pub(super) fn start_change(&mut self, now: Now) -> bool {
        if !self.may_change() {
            return false;
        }
        let Some((asker, request)) = self.changes.queue.pop_front() else {
            return false;
        };
        self.carry_out(now, asker, request);
        true
    }

    /// Drops what isn't on disk, for a lock; returns who waits.
    pub(super) fn abandon_changes(&mut self) -> Vec<Asker> {
        let mut askers = Vec::new();
        match &mut self.changes.out {
            Some(Out::Store {
                asker, draft, held, ..
            }) => {
                askers.extend(asker.take());
                let draft = draft.take();
                if held.is_some() {
                    self.changes.out = None;
                    if let Some(Effect::Purge(ids, _)) = draft.map(|draft| draft.effect) {
                        self.purge_is_done(&ids);
                    }
                }
            }
            Some(Out::Purge { asker, .. }) => {
                askers.extend(asker.take());
                if !self.jobs.purge.is_empty() {
                    self.changes.out = None;
                }
            }
            None => {}
        }
        // Without the identity they can't be rewritten; the next unlock does it.
        self.jobs.purge.clear();
        askers.extend(self.changes.queue.drain(..).map(|(asker, _)| asker));
        askers
    }
}
