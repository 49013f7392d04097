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

impl Agent {
    /// Begins a reading that is wanted, if none goes on: a key derivation takes what memory and
    /// processors there are. Somebody waits for one that is to be added.
    pub(in crate::agent) fn start_fetches(&mut self, now: Now) {
        let Some(open) = &mut self.open else {
            return;
        };
        let number = self.sources.last + 1;
        let until = now.boot.saturating_add(LONGEST);
        let adding = self.sources.adding.as_mut();
        let is_out = |live: &Live| matches!(live.stage, Stage::Out(_));
        if open.sources.iter().any(is_out)
            || adding
                .as_ref()
                .is_some_and(|adding| adding.number().is_some())
        {
            return;
        }
        let mut begun = adding.and_then(|adding| adding.begin(number, until));
        if let Some(fetch) = &begun {
            let file = fetch.origin.file();
            let changed = &mut self.sources.changed;
            changed.retain(|known| Some(known.as_str()) != file);
        }
        for live in &mut open.sources {
            if begun.is_some() {
                break;
            }
            if live.stage != Stage::Wanted {
                continue;
            }
            live.stage = Stage::Resting;
            begun = origin(live, &open.arena).map(|origin| {
                live.stage = Stage::Out(Reading {
                    number,
                    until,
                    is_again: false,
                    is_trial: live.trying.is_some(),
                });
                Fetch {
                    number,
                    name: live.source.name.to_string(),
                    origin,
                }
            });
        }
        if let Some(fetch) = begun {
            self.sources.last = number;
            // Before it is read, so that no change is missed.
            self.watch_files(true);
            self.outputs.push_back(Output::Fetch(Box::new(fetch)));
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
            let seconds = LONGEST.as_secs();
            let failure = FetchError::Failed(format!("it took longer than {seconds} s"));
            let why = Some(failure.clone());
            self.outputs.push_back(Output::EndFetch(number, why));
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
