//! Readings: how they begin, and what comes of them.

use std::time::Duration;

use otp_proto::{Event, Secret};

use super::{Fetch, FetchError, Found, Live, Origin, Reading, Stage};
use crate::agent::{Agent, Output};
use crate::clock::Now;
use crate::platform::arena::Arena;
use crate::vault::source::What;

/// Longest that a reading takes.
pub(super) const LONGEST: Duration = Duration::from_secs(30);
/// Readings that go on at once: a key derivation takes what memory and processors there are.
const AT_ONCE: usize = 2;

impl Agent {
    /// Begins the readings that are wanted.
    pub(in crate::agent) fn start_fetches(&mut self, now: Now) {
        let Some(open) = &mut self.open else {
            return;
        };
        let is_out = |live: &&Live| matches!(live.stage, Stage::Out(_));
        let out = open.sources.iter().filter(is_out).count();
        let wanted = open.sources.iter_mut();
        let wanted = wanted.filter(|live| live.stage == Stage::Wanted);
        let mut begun = Vec::new();
        for live in wanted.take(AT_ONCE.saturating_sub(out)) {
            let Some(origin) = origin(live, &open.arena) else {
                live.stage = Stage::Resting;
                continue;
            };
            self.sources.last += 1;
            let number = self.sources.last;
            live.stage = Stage::Out(Reading {
                number,
                until: now.boot.saturating_add(LONGEST),
                is_again: false,
                is_trial: live.trying.is_some(),
            });
            begun.push(Output::Fetch(Box::new(Fetch {
                number,
                name: live.source.name.to_string(),
                origin,
            })));
        }
        if !begun.is_empty() {
            // Before they are read, so that no change is missed.
            self.watch_files(true);
            self.outputs.extend(begun);
        }
    }

    /// A reading is over.
    pub(in crate::agent) fn fetched(
        &mut self,
        now: Now,
        number: u64,
        result: Result<Vec<Found>, FetchError>,
    ) {
        let adding = self.sources.adding.as_ref();
        if adding.is_some_and(|adding| adding.number() == Some(number)) {
            return self.fetched_to_add(result);
        }
        let Some(open) = &mut self.open else {
            return;
        };
        let mut places = open.sources.iter().enumerate();
        let found = places.find_map(|(place, live)| match live.stage {
            Stage::Out(reading) if reading.number == number => Some((place, reading)),
            Stage::Out(_) | Stage::Wanted | Stage::Resting => None,
        });
        let Some((place, reading)) = found else {
            return;
        };
        let Some(live) = open.sources.get_mut(place) else {
            return;
        };
        live.stage = if reading.is_again {
            Stage::Wanted
        } else {
            Stage::Resting
        };
        let tried = live.trying.take_if(|_| reading.is_trial);
        let useless = if result.is_ok() && tried.is_some() {
            std::mem::replace(&mut live.typed, tried)
        } else {
            tried
        };
        match result {
            Ok(found) => {
                live.failure = None;
                self.show_views(now, place, found);
            }
            Err(failure) => live.failure = Some(failure),
        }
        self.wipe(useless);
    }

    /// Puts what was read in the place of what was read before.
    pub(super) fn show_views(&mut self, now: Now, place: usize, found: Vec<Found>) {
        let Some(open) = &mut self.open else {
            return;
        };
        let Some(live) = open.sources.get_mut(place) else {
            return;
        };
        let before = std::mem::take(&mut live.views);
        let name = live.source.name.clone();
        let (views, skipped) = open.views_of(&name, found);
        if let Some(live) = open.sources.get_mut(place) {
            (live.views, live.skipped) = (views, skipped);
            live.read_at = Some(now.boot);
        }
        open.forget_names();
        self.wipe(before.iter().flat_map(|view| view.slots()));
        self.outputs.push_back(Output::Publish(Event::Changed));
    }

    /// When a reading must be over, on the boot clock.
    pub(in crate::agent) fn fetch_deadline(&self) -> Option<Duration> {
        let live = self.open.as_ref().map_or(&[][..], |open| &open.sources);
        let out = live.iter().filter_map(|live| match live.stage {
            Stage::Out(reading) => Some(reading.until),
            Stage::Wanted | Stage::Resting => None,
        });
        let adding = self.sources.adding.as_ref();
        out.chain(adding.and_then(super::add::Adding::until)).min()
    }

    /// Ends readings that take too long.
    pub(in crate::agent) fn end_late_fetches(&mut self, now: Now) {
        let live = self.open.as_ref().map_or(&[][..], |open| &open.sources);
        let late = live.iter().filter_map(|live| match live.stage {
            Stage::Out(reading) if reading.until <= now.boot => Some(reading.number),
            Stage::Out(_) | Stage::Wanted | Stage::Resting => None,
        });
        let adding = self.sources.adding.as_ref();
        let is_late = |until: Duration| until <= now.boot;
        let adding = adding.filter(|adding| adding.until().is_some_and(is_late));
        let late: Vec<u64> = late
            .chain(adding.and_then(super::add::Adding::number))
            .collect();
        for number in late {
            self.outputs.push_back(Output::EndFetch(number));
            let seconds = LONGEST.as_secs();
            let failure = FetchError::Failed(format!("it took longer than {seconds} s"));
            self.fetched(now, number, Err(failure));
        }
    }
}

/// Where a source is read now; `None` without its password.
fn origin(live: &Live, arena: &Arena) -> Option<Origin> {
    let password = live.password().ok()?;
    let What::Kdbx { file, key_file, .. } = &live.source.what;
    let password = match password {
        Some(slot) => Some(Secret::copy_of(std::str::from_utf8(arena.key(slot)).ok()?)),
        None => None,
    };
    Some(Origin::Kdbx {
        file: file.to_string(),
        key_file: key_file.as_deref().map(str::to_owned),
        password,
    })
}
