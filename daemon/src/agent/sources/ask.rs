//! A code of an entry that keeps its key elsewhere: its source is asked each time, and the key is
//! here no longer than somebody waits for the code.

use std::time::Duration;

use otp_proto::{
    CodeAnswer, Desktop, EntryId, ErrorKind, Event, Get, NewEntry, Response, RpcError, Secret,
    parse_uri,
};

use super::fetch::LONGEST;
use super::{Asked, Fetch, FetchError, Found, Holds, Live, Origin, unreadable};
use crate::agent::open::Open;
use crate::agent::outcome::Outcome;
use crate::agent::{Agent, Asker, Output, error, info};
use crate::clock::Now;
use crate::vault::Entry;

/// Most that are asked for at once: each is programs of its own.
const AT_ONCE: usize = 8;
/// Longest that an entry is asked for where a person may be, who types a passphrase.
const ATTENDED: Duration = Duration::from_secs(10 * 60);

/// An entry that is asked for.
#[derive(Debug)]
pub(super) struct Asking {
    pub asker: Asker,
    get: Get,
    entry: EntryId,
    /// Its source.
    name: String,
    /// The reading.
    pub number: u64,
    /// When that must be over, on the boot clock.
    pub until: Duration,
    /// How long it may take.
    longest: Duration,
}

impl Asking {
    /// How long it may take, in seconds.
    pub(super) fn longest(&self) -> u64 {
        self.longest.as_secs()
    }
}

impl Agent {
    /// Whether the key of an entry must be asked for first.
    pub(in crate::agent) fn is_elsewhere(&self, entry: &Entry) -> bool {
        let open = self.open.as_ref();
        entry.foreign().is_some() && open.is_some_and(|open| open.arena.key(entry.key).is_empty())
    }

    /// Asks the source of an entry for its key or code.
    pub(in crate::agent) fn ask_source(
        &mut self,
        now: Now,
        asker: Asker,
        get: Get,
        entry: EntryId,
    ) -> Result<Outcome, RpcError> {
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        let view = open.view(entry).ok_or_else(error::not_found)?;
        let live = open.live_of(view).ok_or_else(error::not_found)?;
        if live.gives_codes() && (get.fresh || get.next || get.min_left.is_some()) {
            let text = "the source gives codes and no keys: there is only the code of now";
            return Err(error::params(text));
        }
        if !get.desktop.as_deref().is_none_or(Desktop::is_usable) {
            return Err(error::odd_desktop());
        }
        if self.sources.asks.len() >= AT_ONCE {
            return Err(error::busy());
        }
        let desktop = get.desktop.clone().filter(|_| get.interactive);
        let wanted = Asked {
            id: view.foreign().unwrap_or_default().to_owned(),
            desktop: desktop.or_else(|| get.interactive.then(Box::default)),
        };
        let name = live.source.name.to_string();
        let origin = Origin {
            what: live.source.what.clone(),
            password: None,
            asked: Some(wanted),
        };
        let longest = if get.interactive { ATTENDED } else { LONGEST };
        self.sources.last += 1;
        let number = self.sources.last;
        self.sources.asks.push(Asking {
            asker,
            get,
            entry,
            name: name.clone(),
            number,
            until: now.boot.saturating_add(longest),
            longest,
        });
        self.outputs.push_back(Output::Fetch(Box::new(Fetch {
            number,
            name,
            origin,
        })));
        Ok(Outcome::Later)
    }

    /// What was asked for is there, or isn't.
    pub(super) fn fetched_for(
        &mut self,
        now: Now,
        asking: Asking,
        result: Result<Vec<Found>, FetchError>,
    ) {
        let Asking {
            asker,
            get,
            entry,
            name,
            ..
        } = asking;
        let outcome = match result.map(|found| found.into_iter().next()) {
            Err(failure) => Err(unreadable(&name, &failure)),
            Ok(Some(Found {
                holds: Holds::Uri(uri),
                ..
            })) => self
                .lend(entry, &uri)
                .and_then(|()| self.get_lent(now, asker, get, entry)),
            Ok(Some(Found {
                holds: Holds::Code(code),
                ..
            })) => {
                // As of an own entry: it may have been locked while somebody was asked.
                if get.attended && self.is_screen_locked() {
                    Err(error::screen_locked())
                } else {
                    self.foreign_code(entry, code)
                }
            }
            Ok(Some(_) | None) => Err(self.leave_out(entry)),
        };
        self.answer(asker, outcome);
    }

    fn get_lent(
        &mut self,
        now: Now,
        asker: Asker,
        get: Get,
        entry: EntryId,
    ) -> Result<Outcome, RpcError> {
        let query = entry.to_string();
        self.get(now, asker, Get { query, ..get })
    }

    fn foreign_code(&self, entry: EntryId, code: otp_proto::Code) -> Result<Outcome, RpcError> {
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        let view = open.view(entry).ok_or_else(error::not_found)?;
        Ok(Outcome::Answer(Response::Code(CodeAnswer {
            id: entry,
            code,
            valid_for: None,
            period: None,
            next: None,
            source: info::source(view),
        })))
    }

    /// Puts a key that was read beside its entry.
    fn lend(&mut self, entry: EntryId, uri: &Secret) -> Result<(), RpcError> {
        let new: NewEntry = parse_uri(uri.expose()).map_err(error::uri)?;
        let open = self.open.as_mut().ok_or_else(error::locked)?;
        let key = open.arena.put(new.key.expose());
        let Some(view) = open.view_mut(entry) else {
            open.arena.forget(key);
            return Err(error::not_found());
        };
        let empty = std::mem::replace(&mut view.key, key);
        (view.kind, view.algorithm, view.digits) = (new.kind, new.algorithm, new.digits);
        open.arena.forget(empty);
        self.sources.lent.push(entry);
        Ok(())
    }

    /// Wipes the keys that nobody waits with any more.
    pub(in crate::agent) fn take_back_lent(&mut self) {
        let waiters = &self.waiters;
        let is_over = |entry: &mut EntryId| waiters.iter().all(|waiter| waiter.entry != *entry);
        let over: Vec<EntryId> = self.sources.lent.extract_if(.., is_over).collect();
        let Some(open) = &mut self.open else {
            return;
        };
        for entry in over {
            let empty = open.arena.put(&[]);
            let key = match open.view_mut(entry) {
                Some(view) => std::mem::replace(&mut view.key, empty),
                None => empty,
            };
            open.arena.forget(key);
        }
    }

    /// Shows an entry no more that holds no key.
    fn leave_out(&mut self, entry: EntryId) -> RpcError {
        let refusal = RpcError::new(
            ErrorKind::NotFound,
            "there is no one-time password in the entry",
        );
        let Some(open) = &mut self.open else {
            return refusal;
        };
        for live in &mut open.sources {
            let place = live.views.iter().position(|view| view.id == entry);
            if let Some(place) = place {
                let view = live.views.remove(place);
                live.skipped += 1;
                live.barren.extend(view.foreign().map(str::to_owned));
                view.slots().for_each(|slot| open.arena.forget(slot));
                open.forget_names();
                self.outputs.push_back(Output::Publish(Event::Changed));
                break;
            }
        }
        refusal
    }
}

impl Open {
    fn live_of(&self, view: &Entry) -> Option<&Live> {
        let origin = view.origin()?;
        let mut live = self.sources.iter();
        live.find(|live| *live.source.name == **origin)
    }

    fn view_mut(&mut self, id: EntryId) -> Option<&mut Entry> {
        let views = self.sources.iter_mut().flat_map(|live| &mut live.views);
        let mut views = views.filter(|view| view.id == id);
        views.next().map(std::sync::Arc::make_mut)
    }
}
