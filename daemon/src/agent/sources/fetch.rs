//! Readings: how they begin, and what comes of them.

use std::sync::Arc;
use std::time::Duration;

use otp_proto::{Event, Secret};

use super::{Fetch, FetchError, Found, Live, Origin, Reading, Stage};
use crate::agent::{Agent, Output};
use crate::clock::Now;
use crate::platform::arena::Arena;

/// Readings that go on at once.
const AT_ONCE: usize = 4;
/// Longest that a reading takes.
pub(super) const LONGEST: Duration = Duration::from_secs(30);

impl Agent {
    /// Begins the readings that are wanted, of which somebody waits for one that is to be added.
    /// Databases are opened one at a time: a key derivation takes what memory and processors there
    /// are.
    pub(in crate::agent) fn start_fetches(&mut self, now: Now) {
        let Some(open) = &mut self.open else {
            return;
        };
        let until = now.boot.saturating_add(LONGEST);
        let is_out = |live: &&Live| matches!(live.stage, Stage::Out(_));
        let out = open.sources.iter().filter(is_out);
        let mut count = out.clone().count();
        let mut is_hard_at_work = out.into_iter().any(|live| live.file().is_some());
        let adding = self.sources.adding.as_mut();
        if let Some(adding) = adding.as_deref().filter(|adding| adding.number().is_some()) {
            count += 1;
            is_hard_at_work |= adding.file().is_some();
        }
        let mut begun = Vec::new();
        let mut may_begin = |is_hard: bool| {
            let may = count < AT_ONCE && !(is_hard && is_hard_at_work);
            if may {
                count += 1;
                is_hard_at_work |= is_hard;
            }
            may
        };
        if let Some(adding) = adding.filter(|adding| adding.is_wanted())
            && may_begin(adding.file().is_some())
        {
            self.sources.last += 1;
            let changed = &mut self.sources.changed;
            changed.retain(|known| Some(known.as_str()) != adding.file());
            begun.push(adding.begin(self.sources.last, until));
        }
        for live in &mut open.sources {
            if live.stage != Stage::Wanted || !may_begin(live.file().is_some()) {
                continue;
            }
            let Some(origin) = origin(live, &open.arena) else {
                live.stage = Stage::Resting;
                continue;
            };
            self.sources.last += 1;
            let number = self.sources.last;
            live.stage = Stage::Out(Reading {
                number,
                until,
                is_again: false,
                is_trial: live.trying.is_some(),
            });
            begun.push(Fetch {
                number,
                name: live.source.name.to_string(),
                origin,
            });
        }
        if !begun.is_empty() {
            // Before they are read, so that no change is missed.
            self.watch_files(true);
            let begun = begun.into_iter();
            self.outputs
                .extend(begun.map(|fetch| Output::Fetch(Box::new(fetch))));
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
        let mut asks = self.sources.asks.iter();
        if let Some(place) = asks.position(|asking| asking.number == number) {
            let asking = self.sources.asks.swap_remove(place);
            return self.fetched_for(now, asking, result);
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
        let mut before = std::mem::take(&mut live.views);
        let name = live.source.name.clone();
        let barren = std::mem::take(&mut live.barren);
        let (mut views, skipped) = open.views_of(&name, &barren, found);
        // Somebody still waits with a key that was opened for it.
        let lent = &self.sources.lent;
        for old in before.iter_mut().filter(|view| lent.contains(&view.id)) {
            if let Some(new) = views.iter_mut().find(|view| view.id == old.id) {
                let (old, new) = (Arc::make_mut(old), Arc::make_mut(new));
                std::mem::swap(&mut old.key, &mut new.key);
                (new.kind, new.algorithm, new.digits) = (old.kind, old.algorithm, old.digits);
            }
        }
        if let Some(live) = open.sources.get_mut(place) {
            (live.views, live.skipped, live.barren) = (views, skipped, barren);
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
        let asks = self.sources.asks.iter().map(|asking| asking.until);
        out.chain(adding.and_then(super::add::Adding::until))
            .chain(asks)
            .min()
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
        let late = late.chain(adding.and_then(super::add::Adding::number));
        let late = late.map(|number| (number, LONGEST.as_secs()));
        let asks = self.sources.asks.iter();
        let asks = asks.filter(|asking| is_late(asking.until));
        let late: Vec<(u64, u64)> = late
            .chain(asks.map(|asking| (asking.number, asking.longest())))
            .collect();
        for (number, seconds) in late {
            let failure = FetchError::Failed(format!("it took longer than {seconds} s"));
            let why = Some(failure.clone());
            self.outputs.push_back(Output::EndFetch(number, why));
            self.fetched(now, number, Err(failure));
        }
    }
}

/// Where a source is read now; `None` without its password.
fn origin(live: &Live, arena: &Arena) -> Option<Origin> {
    let password = match live.password().ok()? {
        Some(slot) => Some(Secret::copy_of(std::str::from_utf8(arena.key(slot)).ok()?)),
        None => None,
    };
    Some(Origin {
        what: live.source.what.clone(),
        password,
        asked: None,
    })
}
