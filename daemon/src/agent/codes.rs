//! Codes: those answered at once, and HOTP's, which leave once their counter is on disk.

use std::sync::Arc;

use otp_proto::{
    CodeAnswer, EntryId, Get, Kind, Period, Preview, PreviewAnswer, Request, Response, RpcError,
    parse_uri,
};

use super::changes::Effect;
use super::entries::Recipe;
use super::outcome::Outcome;
use super::{Agent, Asker, entries, error, info};
use crate::clock::Now;
use crate::otp::{self, scrubbed};
use crate::vault::Entry;
use crate::vault::document::fingerprint;

impl Agent {
    pub(super) fn get(&mut self, now: Now, asker: Asker, get: Get) -> Result<Outcome, RpcError> {
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        if get.attended && self.is_screen_locked() {
            return Err(error::screen_locked());
        }
        let entry = open.find(&get.query)?;
        // What is found by may be older than what was learned of it.
        let entry = match entry.foreign() {
            Some(_) => open.entry(entry.id)?,
            None => entry,
        };
        if self.is_elsewhere(entry) {
            let id = entry.id;
            return self.ask_source(now, asker, get, id);
        }
        let period = match entry.kind {
            Kind::Hotp(_) if entry.origin().is_some() => return Err(error::foreign_counter(entry)),
            Kind::Hotp(_) if get.min_left.is_some() => {
                return Err(error::params("an HOTP code has no end to wait for"));
            }
            Kind::Hotp(_) if !self.may_change() => {
                return self.changes.wait(asker, Request::Get(get));
            }
            Kind::Hotp(counter) => {
                return self.count(now, entry, counter);
            }
            Kind::Totp(period) | Kind::Steam(period) => period,
            Kind::Yandex(_) | Kind::Motp(_) => return Err(error::unsupported(otp::Unsupported)),
        };
        match get.min_left {
            Some(0) => return Err(error::params("the seconds to be left must be at least 1")),
            Some(least) if least > period.seconds() => {
                return Err(error::params("more seconds to be left than the period has"));
            }
            Some(_) | None => {}
        }
        if get.fresh || get.min_left.is_some() {
            return self.wait_for_code(asker, entry.id, &get);
        }
        let answer = self.code_of_now(now, entry, period, get.next)?;
        Ok(Outcome::Answer(answer))
    }

    /// The code of a time-based entry, and the next one if asked.
    pub(super) fn code_of_now(
        &self,
        now: Now,
        entry: &Entry,
        period: Period,
        with_next: bool,
    ) -> Result<Response, RpcError> {
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        // It went while somebody waited.
        if self.is_elsewhere(entry) {
            return Err(error::not_found());
        }
        let code = |wall| {
            let key = open.arena.key(entry.key);
            otp::code(entry.kind, entry.algorithm, entry.digits, key, wall)
                .map_err(error::unsupported)
        };
        let left = otp::left(period, now.wall);
        let next = std::time::Duration::from_secs(u64::from(left));
        Ok(Response::Code(CodeAnswer {
            id: entry.id,
            code: code(now.wall)?,
            valid_for: Some(left),
            period: Some(period),
            next: with_next
                .then(|| code(now.wall.saturating_add(next)))
                .transpose()?,
            source: info::source(entry),
        }))
    }

    /// Puts a HOTP counter one on; its code is the answer when that is on disk. A key has one
    /// counter: what another entry with the same key has used isn't used again.
    fn count(&self, now: Now, entry: &Entry, counter: u64) -> Result<Outcome, RpcError> {
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        let key = open.arena.key(entry.key);
        let mark = scrubbed(|| fingerprint(key, open.arena.key(open.sealer.mac_key)));
        let seen = open.document.counters.get(&mark).copied();
        let counter = counter.max(seen.unwrap_or(0));
        let Some(next) = counter.checked_add(1) else {
            return Err(error::invalid("the counter is at its end"));
        };
        let mut draft = self.draft(now).ok_or_else(error::locked)?;
        let (id, stamp) = (entry.id, draft.stamp);
        let entry = entries::change(&mut draft.document, id, |entry| {
            entry.kind = Kind::Hotp(next);
            entry.stamp = stamp;
        });
        entry.ok_or_else(error::not_found)?;
        draft.document.counters.insert(mark, next);
        draft.effect = Effect::Code(id, counter);
        Ok(Outcome::Store(Box::new(draft)))
    }

    /// The code of a HOTP entry at a counter that is on disk.
    pub(super) fn code_of_counter(
        &self,
        now: Now,
        id: EntryId,
        counter: u64,
    ) -> Result<Response, RpcError> {
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        let entry = open.entry(id)?;
        let key = open.arena.key(entry.key);
        let kind = Kind::Hotp(counter);
        let code = otp::code(kind, entry.algorithm, entry.digits, key, now.wall)
            .map_err(error::unsupported)?;
        Ok(Response::Code(CodeAnswer {
            id,
            code,
            valid_for: None,
            period: None,
            next: None,
            source: None,
        }))
    }

    /// Says what `add` would do with a URI, and computes its first code.
    pub(super) fn preview(&self, now: Now, preview: &Preview) -> Result<Outcome, RpcError> {
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        let new = parse_uri(preview.uri.expose()).map_err(error::uri)?;
        let key = new.key.expose();
        let kind = match new.kind {
            Kind::Hotp(counter) => {
                let mac_key = open.arena.key(open.sealer.mac_key);
                let mark = scrubbed(|| fingerprint(key, mac_key));
                let seen = open.document.counters.get(&mark).copied();
                Kind::Hotp(counter.max(seen.unwrap_or(0)))
            }
            other @ (Kind::Totp(_) | Kind::Steam(_) | Kind::Yandex(_) | Kind::Motp(_)) => other,
        };
        let code = otp::code(kind, new.algorithm, new.digits, key, now.wall).ok();
        let recipe = Recipe::new(new.kind, new.algorithm, new.digits);
        let holders = entries::holders(&open.document.entries, &open.arena, key);
        let (twins, mut others): (Vec<_>, Vec<_>) =
            holders.partition(|entry| Recipe::of(entry) == recipe);
        let mut supersedes = Vec::new();
        if twins.is_empty() {
            supersedes.extend(entries::same_name(
                &open.document,
                &new.issuer,
                &new.account,
            ));
            others.retain(|other| supersedes.iter().all(|older| older.id != other.id));
        } else {
            others.clear();
        }
        let candidates = |entries: Vec<&Arc<Entry>>| {
            let entries = entries.into_iter();
            entries.map(|entry| info::candidate(entry)).collect()
        };
        let left = |period| otp::left(period, now.wall);
        Ok(Outcome::Answer(Response::Preview(PreviewAnswer {
            valid_for: kind.period().filter(|_| code.is_some()).map(left),
            counter: kind.counter().filter(|_| code.is_some()),
            code,
            duplicate_of: twins.first().map(|entry| info::candidate(entry)),
            supersedes: candidates(supersedes),
            same_key: candidates(others),
        })))
    }
}
