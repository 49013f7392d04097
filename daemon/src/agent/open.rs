//! The vault while it is unlocked, and how it comes and goes.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use otp_proto::{EntryId, Event, Memory, RpcError};

use super::find::{self, Index, Use};
use super::sources::Live;
use super::{Agent, LockSource, Output, error, info};
use crate::clock::Now;
use crate::config::{LockedList, MemoryMode};
use crate::platform::arena::{Arena, Slot};
use crate::vault::{Document, Entry, Opened, Sealer};

/// An unlocked vault. Dropping it wipes the keys.
#[derive(Debug)]
pub(super) struct Open {
    /// What is on disk and may be seen.
    pub document: Document,
    /// The keys; also those of batches and of changes that aren't on disk yet.
    pub arena: Arena,
    pub sealer: Sealer,
    /// What the vault said when it was opened.
    pub warnings: Vec<String>,
    /// Where entries live that are shown beside these, in the document's order.
    pub sources: Vec<Live>,
    /// Made at the first query after a change of names.
    names: OnceCell<Names>,
    /// When it was unlocked, on the boot clock.
    pub opened_at: Duration,
    /// When it was used last, on the boot clock.
    pub used_at: Duration,
}

/// What entries are found by.
#[derive(Debug)]
struct Names {
    /// Our own entries and those of sources; `None` where all are our own.
    merged: Option<Vec<Arc<Entry>>>,
    index: Index,
}

impl Open {
    /// Finds exactly one entry.
    pub(super) fn find(&self, query: &str) -> Result<&Arc<Entry>, RpcError> {
        self.find_for(Use::Look, query)
    }

    /// Finds exactly one entry that is going to be changed.
    pub(super) fn find_to_change(&self, query: &str) -> Result<&Arc<Entry>, RpcError> {
        self.find_for(Use::Change, query).and_then(own)
    }

    /// Finds exactly one entry, which must be our own.
    pub(super) fn find_own(&self, query: &str) -> Result<&Arc<Entry>, RpcError> {
        self.find(query).and_then(own)
    }

    fn find_for(&self, wanted_for: Use, query: &str) -> Result<&Arc<Entry>, RpcError> {
        let Names { merged, index } = self.names.get_or_init(|| self.names());
        let entries = merged.as_ref().unwrap_or(&self.document.entries);
        let found = find::one(entries, index, query, wanted_for);
        // One that another hides is there by its id.
        found.or_else(|refusal| {
            let id = query.parse().ok();
            id.and_then(|id| self.view(id)).ok_or(refusal)
        })
    }

    /// Whoever has taken an entry over from elsewhere means their own: it hides that of the same
    /// issuer and account.
    fn names(&self) -> Names {
        let own = &self.document.entries;
        if self.views().next().is_none() {
            return Names {
                merged: None,
                index: Index::new(own),
            };
        }
        let hidden: HashSet<_> = own
            .iter()
            .map(|entry| (&entry.issuer, &entry.account))
            .collect();
        let seen = |view: &&Arc<Entry>| !hidden.contains(&(&view.issuer, &view.account));
        let merged: Vec<_> = own
            .iter()
            .chain(self.views().filter(seen))
            .cloned()
            .collect();
        Names {
            index: Index::new(&merged),
            merged: Some(merged),
        }
    }

    /// What sources show.
    fn views(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.sources.iter().flat_map(|live| &live.views)
    }

    /// The view of this id.
    pub(super) fn view(&self, id: EntryId) -> Option<&Arc<Entry>> {
        self.views().find(|view| view.id == id)
    }

    /// The living entry of this id, or the view.
    pub(super) fn entry(&self, id: EntryId) -> Result<&Arc<Entry>, RpcError> {
        let mut entries = self.document.entries.iter();
        let own = entries.find(|entry| entry.id == id);
        own.or_else(|| self.view(id)).ok_or_else(error::not_found)
    }

    /// Our own entries and what sources show.
    pub(super) fn all(&self) -> Cow<'_, [Arc<Entry>]> {
        let own = &self.document.entries;
        if self.views().next().is_none() {
            return Cow::Borrowed(own);
        }
        Cow::Owned(own.iter().chain(self.views()).cloned().collect())
    }

    /// Lets a changed document be seen.
    pub(super) fn show(&mut self, document: Document, has_new_names: bool) {
        self.document = document;
        if has_new_names {
            self.forget_names();
        } else if let Some(Names { merged, .. }) = self.names.get_mut() {
            // Our own come first, in their order, and a counter is part of them.
            let own = merged.iter_mut().flatten().zip(&self.document.entries);
            own.for_each(|(known, entry)| known.clone_from(entry));
        }
    }

    /// Whether what entries are found by is at hand.
    #[cfg(test)]
    pub(super) fn has_names(&self) -> bool {
        self.names.get().is_some()
    }

    /// The names have changed.
    pub(super) fn forget_names(&mut self) {
        self.names.take();
    }
}

/// Refuses an entry that isn't our own.
fn own(entry: &Arc<Entry>) -> Result<&Arc<Entry>, RpcError> {
    match entry.origin() {
        Some(_) => Err(error::read_only(entry)),
        None => Ok(entry),
    }
}

/// The slot that opens the vault by itself.
pub(super) const KEYRING: &str = "keyring";

/// 2020-01-01: a clock before it was never set.
const FIRST_CREDIBLE: Duration = Duration::from_secs(1_577_836_800);

impl Agent {
    /// Takes over a vault that a job has opened.
    pub(super) fn adopt(&mut self, now: Now, opened: Opened) {
        let Opened {
            document,
            arena,
            sealer,
            state,
            rollback,
            mended,
            warnings,
            passing,
        } = opened;
        // What is being read belongs to the vault that goes.
        self.end_sources(&error::replaced());
        // Their keys were in the arena that goes.
        self.drop_batches();
        self.open = Some(Open {
            document,
            arena,
            sealer,
            warnings,
            sources: Vec::new(),
            names: OnceCell::new(),
            opened_at: now.boot,
            used_at: now.boot,
        });
        self.names = Vec::new();
        self.vault_exists = true;
        self.is_damaged = false;
        self.passing = passing;
        self.asked = self.config.memory;
        self.rollback = rollback;
        self.since = Some(now.boot);
        self.adopt_state(state);
        // Written with the next change.
        let seconds = now.wall.as_secs();
        self.keeping.state.since.get_or_insert(seconds);
        self.outputs.push_back(Output::Publish(Event::Unlocked));
        self.outputs.push_back(Output::Trim);
        self.reconcile_sources();
        self.resume_purges(self.rollback || mended);
        self.drop_expired(now);
    }

    /// Takes over a vault that a slot has opened.
    pub(super) fn adopt_by(&mut self, now: Now, opened: Opened, slot: &str) {
        self.adopt(now, opened);
        self.unlocked_by = Some(slot.to_owned());
    }

    /// Takes over a vault that a slot has opened with the help of a person.
    pub(super) fn adopt_for_person(&mut self, now: Now, opened: Opened, slot: &str) {
        self.adopt_by(now, opened, slot);
        self.watches.person_came();
    }

    /// Wipes the keys, and answers whoever waits for them.
    pub(super) fn lock(&mut self, now: Now, source: LockSource) {
        // An unlock that is under way was asked for before the lock.
        for asker in self.jobs.lock() {
            self.reply(asker, Err(error::locked()));
        }
        self.end_prompts(&error::locked());
        // Whatever a plugin is at work for, it has the identity in its hands.
        self.end_hardware(&error::locked());
        self.end_sources(&error::locked());
        self.prompts.let_go(self.jobs.is_trying());
        let Some(open) = self.open.take() else {
            return;
        };
        if self.config.lock_list == LockedList::Names && source != LockSource::Stop {
            self.names = info::entries(find::sorted(open.document.entries.iter().collect()));
        }
        drop(open);
        self.passing.no_state = None;
        self.passing.damaged = None;
        self.hide_from_lock();
        self.since = Some(now.boot);
        self.locked_by = Some(source);
        self.unlocked_by = None;
        self.drop_batches();
        for asker in self.abandon_changes() {
            self.reply(asker, Err(error::locked()));
        }
        for waiter in std::mem::take(&mut self.waiters) {
            self.reply(waiter.asker, Err(error::locked()));
        }
        self.outputs.push_back(Output::Publish(Event::Locked));
        self.outputs.push_back(Output::Trim);
    }

    /// Wipes keys that nothing refers to any more.
    pub(super) fn wipe(&mut self, keys: impl IntoIterator<Item = Slot>) {
        if let Some(open) = &mut self.open {
            for key in keys {
                open.arena.forget(key);
            }
        }
    }

    /// How the keys are protected, or would be.
    pub(super) fn memory(&self) -> Memory {
        self.open
            .as_ref()
            .map_or(self.probed, |open| open.arena.protection())
    }

    /// What a person should know now, one line each.
    pub(super) fn warnings(&self, now: Now) -> Vec<String> {
        let mut lines = Vec::new();
        let mut say = |line: &str| {
            if !lines.iter().any(|said| said == line) {
                lines.push(line.to_owned());
            }
        };
        if let Some(open) = &self.open {
            open.warnings.iter().for_each(|line| say(line));
        }
        self.passing.lines().for_each(|line| say(line));
        if let Some(failure) = &self.prompts.auto_failure {
            say(failure);
        }
        if self.asked == MemoryMode::Secret && self.memory() != Memory::Secret {
            say(match self.memory() {
                Memory::Locked => {
                    "no secret memory (memfd_secret) can be had: the keys' memory is only locked"
                }
                Memory::Secret | Memory::Unlocked => {
                    "no secret memory (memfd_secret) can be had: the keys' memory is ordinary"
                }
            });
        }
        if self.memory() == Memory::Unlocked {
            say("the keys' memory can be swapped out: raise the limit of locked memory");
        }
        if let Some(line) = &self.no_folder {
            say(line);
        }
        if let Some(line) = self.refusal.lost() {
            say(line);
        }
        if self.keeping.has_failed {
            say("the state file could not be written: an older vault would not be noticed");
        }
        if now.wall < FIRST_CREDIBLE {
            say("the clock shows a date before 2020: codes will be wrong");
        }
        lines
    }

    fn drop_batches(&mut self) {
        for connection in self.connections.values_mut() {
            connection.batch = None;
        }
    }
}
