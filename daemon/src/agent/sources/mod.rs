//! Entries that live elsewhere: read-only views beside the vault's own, and never in it.
//!
//! Each source is read by programs of its own, beside the loop ([`Output::Fetch`]): one reading at a
//! time, with an end that the agent sets, and nobody who asks for a code waits for it. What was read
//! last stays until something better is read. Views, passwords and whatever is on its way go with a
//! lock.

mod add;
mod ask;
mod fetch;
mod reading;
mod views;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use otp_proto::{
    Done, EntryId, ErrorKind, Response, RpcError, SourceInfo, SourceKind, SourceRemove,
    SourceState, SourceSync, SourcesAnswer,
};

pub(super) use self::add::NewSource;
pub use self::reading::{Asked, Fetch, FetchError, Found, Holds, Origin};
use super::changes::Effect;
use super::outcome::Outcome;
use super::{Agent, Asker, Output, error};
use crate::clock::Now;
use crate::platform::arena::Slot;
use crate::vault::source::{Gives, Keeper, Password, What};
use crate::vault::{Entry, Source};

/// What goes on about sources.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// The number of the last reading.
    last: u64,
    /// A source that is to be added.
    adding: Option<add::Adding>,
    /// Who waits until one of them, or each, was read.
    syncs: Vec<Sync>,
    /// What single entries are asked for.
    asks: Vec<ask::Asking>,
    /// Entries of theirs whose keys are here for somebody who waits for a code.
    lent: Vec<EntryId>,
    /// The files whose changes are noticed.
    watched: Vec<String>,
    /// Those that have changed while they were no source's yet.
    changed: Vec<String>,
}

#[derive(Debug)]
struct Sync {
    asker: Asker,
    name: Option<String>,
}

/// A source of the open vault.
#[derive(Debug)]
pub(super) struct Live {
    source: Arc<Source>,
    /// What was read last.
    pub(super) views: Vec<Arc<Entry>>,
    skipped: u64,
    /// What is left out of it: entries that have proved to hold nothing.
    barren: BTreeSet<String>,
    /// When that was, on the boot clock.
    read_at: Option<Duration>,
    /// Why the last reading failed, if it did.
    failure: Option<FetchError>,
    /// The password that was typed since the vault was opened.
    typed: Option<Slot>,
    /// One that was typed and isn't known to be right.
    trying: Option<Slot>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Resting,
    /// It is to be read.
    Wanted,
    /// It is being read.
    Out(Reading),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reading {
    number: u64,
    /// When it must be over, on the boot clock.
    until: Duration,
    /// Something changed meanwhile.
    is_again: bool,
    /// It uses what is being tried.
    is_trial: bool,
}

impl Live {
    fn new(source: Arc<Source>) -> Self {
        let mut new = Self {
            source,
            views: Vec::new(),
            skipped: 0,
            barren: BTreeSet::new(),
            read_at: None,
            failure: None,
            typed: None,
            trying: None,
            stage: Stage::Resting,
        };
        if new.is_readable() {
            new.stage = Stage::Wanted;
        }
        new
    }

    /// The password to be used; `Err` if it must be asked for.
    fn password(&self) -> Result<Option<Slot>, ()> {
        let What::Kdbx { password, .. } = self.source.what else {
            return Ok(None);
        };
        match (self.trying.or(self.typed), password) {
            (Some(typed), _) => Ok(Some(typed)),
            (None, Password::Kept(kept)) => Ok(Some(kept)),
            (None, Password::None) => Ok(None),
            (None, Password::Asked) => Err(()),
        }
    }

    fn is_readable(&self) -> bool {
        self.password().is_ok()
    }

    /// Has it read, now or once more after the reading that is out.
    fn want(&mut self) {
        match &mut self.stage {
            Stage::Out(reading) => reading.is_again = true,
            stage @ (Stage::Resting | Stage::Wanted) => *stage = Stage::Wanted,
        }
    }

    fn file(&self) -> Option<&str> {
        reading::file(&self.source.what)
    }

    /// Whether its programs give codes, and no keys.
    fn gives_codes(&self) -> bool {
        match &self.source.what {
            What::Lines { gives, .. } => *gives == Gives::Code,
            What::Preset(_) => true,
            What::Kdbx { .. } | What::Store { .. } => false,
        }
    }

    /// What of it is in the arena, but for what the vault keeps.
    fn slots(&self) -> impl Iterator<Item = Slot> {
        let views = self.views.iter().flat_map(|view| view.slots());
        views.chain(self.typed).chain(self.trying)
    }

    fn info(&self, now: Now) -> SourceInfo {
        let unasked = || FetchError::Password("its password is needed".into());
        let failure = self.failure.clone();
        let failure = failure.or_else(|| (!self.is_readable()).then(unasked));
        let state = match (&failure, self.read_at) {
            (None, Some(_)) => SourceState::Ready,
            (None, None) => SourceState::Loading,
            (Some(_), Some(_)) => SourceState::Stale,
            (Some(FetchError::Password(_) | FetchError::Person(_)), None) => SourceState::Locked,
            (Some(FetchError::Damaged(_) | FetchError::Failed(_)), None) => SourceState::Failed,
        };
        let needs_password = matches!(failure, Some(FetchError::Password(_)));
        let (kind, place) = match &self.source.what {
            What::Kdbx { file, .. } => (SourceKind::Kdbx, file),
            What::Store { program, store, .. } => match program {
                Keeper::Pass => (SourceKind::Pass, store),
                Keeper::Gopass => (SourceKind::Gopass, store),
            },
            What::Lines { list, .. } => (SourceKind::Command, list),
            What::Preset(name) => (SourceKind::Command, name),
        };
        SourceInfo {
            name: self.source.name.to_string(),
            kind,
            place: place.to_string(),
            state,
            needs_password,
            entries: u64::try_from(self.views.len()).unwrap_or(u64::MAX),
            skipped: self.skipped,
            since: self.read_at.map(|at| now.boot.saturating_sub(at).as_secs()),
            cause: failure.map(|failure| failure.to_string()),
        }
    }
}

impl Agent {
    /// Says how every source stands, or the one of this name.
    pub(super) fn source_infos(&self, now: Now, name: Option<&str>) -> Vec<SourceInfo> {
        let live = self.open.as_ref().map_or(&[][..], |open| &open.sources);
        let chosen = live
            .iter()
            .filter(|live| name.is_none_or(|name| *live.source.name == *name));
        chosen.map(|live| live.info(now)).collect()
    }

    pub(super) fn list_sources(&self, now: Now) -> Response {
        Response::Sources(SourcesAnswer {
            sources: self.source_infos(now, None),
        })
    }

    pub(super) fn remove_source(
        &mut self,
        now: Now,
        remove: &SourceRemove,
    ) -> Result<Outcome, RpcError> {
        let mut draft = self.draft(now).ok_or_else(error::locked)?;
        let sources = &mut draft.document.sources;
        let is_it = |source: &Arc<Source>| *source.name == *remove.name;
        let place = sources.iter().position(is_it).ok_or_else(no_source)?;
        draft.gone.extend(sources.remove(place).slot());
        draft.effect = Effect::Answer(Response::Done(Done {}));
        Ok(Outcome::Store(Box::new(draft)))
    }

    pub(super) fn sync_sources(
        &mut self,
        asker: Asker,
        sync: SourceSync,
    ) -> Result<Outcome, RpcError> {
        let open = self.open.as_mut().ok_or_else(error::locked)?;
        if let Some(name) = &sync.name {
            let mut live = open.sources.iter_mut();
            let live = live.find(|live| *live.source.name == **name);
            let live = live.ok_or_else(no_source)?;
            if let Some(password) = &sync.password {
                // Else the answer about one password would be taken for that about another.
                if live.trying.is_some() {
                    return Err(error::busy());
                }
                live.trying = Some(open.arena.put(password.expose().as_bytes()));
            } else if !live.is_readable() {
                let needed = FetchError::Password("its password is needed".into());
                return Err(unreadable(name, &needed));
            }
            live.barren.clear();
            live.want();
        } else {
            for live in open.sources.iter_mut().filter(|live| live.is_readable()) {
                live.barren.clear();
                live.want();
            }
        }
        let name = sync.name;
        self.sources.syncs.push(Sync { asker, name });
        Ok(Outcome::Later)
    }

    /// Answers whoever waits for sources that were read.
    pub(super) fn answer_syncs(&mut self, now: Now) {
        let Some(open) = &self.open else {
            return;
        };
        let is_due = |sync: &mut Sync| {
            let live = open.sources.iter().filter(|live| {
                let name = sync.name.as_deref();
                name.is_none_or(|name| *live.source.name == *name)
            });
            live.into_iter().all(|live| live.stage == Stage::Resting)
        };
        let due: Vec<Sync> = self.sources.syncs.extract_if(.., is_due).collect();
        for Sync { asker, name } in due {
            let answer = self.synced(now, name.as_deref());
            self.reply(asker, answer);
        }
    }

    fn synced(&self, now: Now, name: Option<&str>) -> Result<Response, RpcError> {
        let sources = self.source_infos(now, name);
        if let Some(name) = name {
            let open = self.open.as_ref().ok_or_else(error::locked)?;
            let mut live = open.sources.iter();
            let live = live.find(|live| *live.source.name == *name);
            if let Some(failure) = &live.ok_or_else(no_source)?.failure {
                return Err(unreadable(name, failure));
            }
        }
        Ok(Response::Sources(SourcesAnswer { sources }))
    }

    /// Follows the document that may be seen now: sources that it has and those that it hasn't.
    pub(super) fn reconcile_sources(&mut self) {
        let Some(open) = &mut self.open else {
            return;
        };
        let known = open.sources.iter().map(|live| &live.source);
        if known.eq(&open.document.sources) {
            return;
        }
        let mut before = std::mem::take(&mut open.sources);
        let mut after = Vec::with_capacity(open.document.sources.len());
        for source in &open.document.sources {
            let place = before.iter().position(|live| live.source == *source);
            after.push(match place {
                Some(place) => before.swap_remove(place),
                None => Live::new(Arc::clone(source)),
            });
        }
        open.sources = after;
        open.forget_names();
        for gone in before {
            if let Stage::Out(reading) = gone.stage {
                self.outputs
                    .push_back(Output::EndFetch(reading.number, None));
            }
            self.wipe(gone.slots());
        }
        self.watch_files(false);
    }

    /// A file has changed that a source is read from.
    pub(super) fn file_changed(&mut self, file: &str) {
        if let Some(open) = &mut self.open {
            let live = open.sources.iter_mut();
            live.filter(|live| live.file() == Some(file) && live.is_readable())
                .for_each(Live::want);
        }
        let changed = &mut self.sources.changed;
        if !changed.iter().any(|known| known == file) {
            changed.push(file.to_owned());
        }
    }

    /// Has the files of sources watched, and that of one which is to be added; `again` also where
    /// they are, for the watching may have failed.
    fn watch_files(&mut self, again: bool) {
        let live = self.open.as_ref().map_or(&[][..], |open| &open.sources);
        let files = live.iter().filter_map(Live::file);
        let adding = self.sources.adding.as_ref();
        let files = files.chain(adding.and_then(add::Adding::file));
        let mut files: Vec<String> = files.map(str::to_owned).collect();
        files.sort_unstable();
        files.dedup();
        self.sources.changed.retain(|file| files.contains(file));
        if again || files != self.sources.watched {
            self.sources.watched.clone_from(&files);
            self.outputs.push_back(Output::Watch(files));
        }
    }

    /// Ends whatever goes on about sources, for a lock; their views go with the vault.
    pub(super) fn end_sources(&mut self, why: &RpcError) {
        let live = self.open.as_ref().map_or(&[][..], |open| &open.sources);
        let mut numbers: Vec<u64> = Vec::new();
        for live in live {
            if let Stage::Out(reading) = live.stage {
                numbers.push(reading.number);
            }
        }
        if let Some(adding) = self.sources.adding.take() {
            numbers.extend(adding.number());
            self.reply(adding.asker, Err(why.clone()));
        }
        for asking in std::mem::take(&mut self.sources.asks) {
            numbers.push(asking.number);
            self.reply(asking.asker, Err(why.clone()));
        }
        self.sources.lent.clear();
        let ends = numbers.into_iter();
        self.outputs
            .extend(ends.map(|number| Output::EndFetch(number, None)));
        for sync in std::mem::take(&mut self.sources.syncs) {
            self.reply(sync.asker, Err(why.clone()));
        }
        self.sources.changed.clear();
        if !std::mem::take(&mut self.sources.watched).is_empty() {
            self.outputs.push_back(Output::Watch(Vec::new()));
        }
    }

    /// Ends what callers wait for that have left.
    pub(super) fn forget_sources(&mut self, has_left: impl Fn(&Asker) -> bool) {
        self.sources.syncs.retain(|sync| !has_left(&sync.asker));
        let asks = &mut self.sources.asks;
        for left in asks.extract_if(.., |asking| has_left(&asking.asker)) {
            self.outputs.push_back(Output::EndFetch(left.number, None));
        }
        let adding = &mut self.sources.adding;
        let left = adding.take_if(|adding| has_left(&adding.asker));
        if let Some(left) = left {
            let end = left.number().map(|number| Output::EndFetch(number, None));
            self.outputs.extend(end);
            self.watch_files(false);
        }
    }
}

fn no_source() -> RpcError {
    RpcError::new(ErrorKind::NotFound, "there is no such source")
}

/// Why a source can't be read, for who has named it.
fn unreadable(name: &str, failure: &FetchError) -> RpcError {
    let kind = match failure {
        FetchError::Password(_) => ErrorKind::Denied,
        FetchError::Person(_) => ErrorKind::SourceLocked,
        FetchError::Damaged(_) => ErrorKind::Invalid,
        FetchError::Failed(_) => ErrorKind::Unavailable,
    };
    RpcError::new(kind, format!("cannot read {name}: {failure}"))
}
