//! Changing an entry's fields.

use std::sync::Arc;

use otp_proto::{
    Algorithm, Digits, Edit, Kind, MAX_LABEL, Period, Response, RpcError, clean_label,
};

use super::changes::Effect;
use super::outcome::Outcome;
use super::{Agent, entries, error, info};
use crate::clock::Now;
use crate::otp::scrubbed;
use crate::vault::Entry;
use crate::vault::document::fingerprint;

/// Tags of an entry; people use a handful.
const MAX_TAGS: usize = 64;

impl Agent {
    pub(super) fn edit(&mut self, now: Now, edit: Edit) -> Result<Outcome, RpcError> {
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        let entry = open.find_to_change(&edit.query)?;
        let key = open.arena.key(entry.key);
        let mark = scrubbed(|| fingerprint(key, open.arena.key(open.sealer.mac_key)));
        let seen = open.document.counters.get(&mark).copied();
        let changed = edited(entry, edit, seen)?;
        if changed == **entry {
            let details = info::details(entry, key);
            return Ok(Outcome::Answer(Response::Details(details)));
        }
        let mut draft = self.draft(now).ok_or_else(error::locked)?;
        if let Kind::Hotp(counter) = changed.kind {
            // A person's word counts more than the mark: a mistyped counter can be put right.
            draft.document.counters.insert(mark, counter);
        }
        draft.periods = Some((entry.id, entry.kind.period(), changed.kind.period()));
        let stamp = draft.stamp;
        let entry = entries::change(&mut draft.document, entry.id, |entry| {
            *entry = Entry { stamp, ..changed };
        });
        let entry = Arc::clone(entry.ok_or_else(error::not_found)?);
        draft.effect = Effect::Answer(Response::Details(info::details(&entry, key)));
        Ok(Outcome::Store(Box::new(draft)))
    }
}

/// An entry with other fields. `seen` is the next counter of its key, where one is remembered.
fn edited(entry: &Entry, edit: Edit, seen: Option<u64>) -> Result<Entry, RpcError> {
    let mut new = entry.clone();
    let typed = Typed {
        period: edit.period,
        counter: edit.counter,
        digits: edit.digits,
        algorithm: edit.algorithm,
    };
    typed.apply(&mut new, edit.kind.as_deref(), seen)?;
    if let Some(issuer) = edit.issuer {
        new.issuer = label(&issuer)?.into();
    }
    if let Some(account) = edit.account {
        new.account = label(&account)?.into();
    }
    if edit.tags.is_some() || edit.note.is_some() {
        let mut more = new.more.map(|more| *more).unwrap_or_default();
        if let Some(tags) = edit.tags {
            more.tags = clean_tags(&tags)?;
        }
        if let Some(note) = edit.note {
            more.note = label(&note)?;
        }
        new.more = entries::boxed(more);
    }
    Ok(new)
}

/// The fields that depend on the type.
struct Typed {
    period: Option<Period>,
    counter: Option<u64>,
    digits: Option<Digits>,
    algorithm: Option<Algorithm>,
}

impl Typed {
    fn apply(
        &self,
        new: &mut Entry,
        word: Option<&str>,
        seen: Option<u64>,
    ) -> Result<(), RpcError> {
        let was_steam = matches!(new.kind, Kind::Steam(_));
        let period = self
            .period
            .or_else(|| new.kind.period())
            .unwrap_or(Period::THIRTY);
        new.kind = match (word, new.kind) {
            (Some("totp"), _) | (None, Kind::Totp(_)) => Kind::Totp(period),
            (Some("steam"), _) | (None, Kind::Steam(_)) => Kind::Steam(period),
            (Some("hotp"), old) => {
                let first = old.counter().or(seen).unwrap_or(0);
                Kind::Hotp(self.counter.unwrap_or(first))
            }
            (None, Kind::Hotp(old)) => Kind::Hotp(self.counter.unwrap_or(old)),
            (None, Kind::Yandex(_)) => Kind::Yandex(period),
            (None, Kind::Motp(_)) => Kind::Motp(period),
            (Some(_), _) => return Err(error::params("the type must be totp, hotp or steam")),
        };
        match new.kind {
            Kind::Hotp(_) if self.period.is_some() => {
                return Err(error::params("an HOTP entry has a counter and no period"));
            }
            Kind::Totp(_) | Kind::Steam(_) | Kind::Yandex(_) | Kind::Motp(_)
                if self.counter.is_some() =>
            {
                return Err(error::params("only HOTP entries have a counter"));
            }
            Kind::Steam(_)
                if self.digits.is_some_and(|digits| digits != Digits::FIVE)
                    || self.algorithm.is_some_and(|hash| hash != Algorithm::Sha1) =>
            {
                return Err(error::params("Steam codes have SHA1 and five letters"));
            }
            Kind::Steam(_) => (new.digits, new.algorithm) = (Digits::FIVE, Algorithm::Sha1),
            Kind::Totp(_) | Kind::Hotp(_) | Kind::Yandex(_) | Kind::Motp(_) => {
                // Five letters are no hint of how many digits it should be.
                let old = if was_steam { Digits::SIX } else { new.digits };
                new.digits = self.digits.unwrap_or(old);
                new.algorithm = self.algorithm.unwrap_or(new.algorithm);
            }
        }
        Ok(())
    }
}

/// Cleans and bounds a name as the parser of URIs does.
fn label(text: &str) -> Result<String, RpcError> {
    let clean = clean_label(text);
    if clean.len() > MAX_LABEL {
        return Err(error::invalid(
            "a name, tag or note is longer than 1024 bytes",
        ));
    }
    Ok(clean)
}

fn clean_tags(tags: &[String]) -> Result<Vec<String>, RpcError> {
    if tags.len() > MAX_TAGS {
        return Err(error::invalid("more than 64 tags"));
    }
    let mut clean = Vec::with_capacity(tags.len());
    for tag in tags {
        let tag = label(tag)?;
        if !tag.is_empty() && !clean.contains(&tag) {
            clean.push(tag);
        }
    }
    Ok(clean)
}
