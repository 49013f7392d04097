//! Adding entries, one or many: which are there already, which come back, which give way.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use otp_proto::{
    Add, AddAnswer, Algorithm, Digits, EntryId, Kind, NewEntry, Period, Response, RpcError,
    parse_uri,
};

use super::changes::{Draft, Effect};
use super::outcome::Outcome;
use super::{Agent, error, info};
use crate::clock::Now;
use crate::otp::scrubbed;
use crate::platform::arena::{Arena, Slot};
use crate::vault::document::fingerprint;
use crate::vault::{Document, Entry, More};

/// Parameters that the vault writes itself; someone else's would only be in the way.
const OURS: [&str; 3] = ["x-otpd-id", "x-otpd-created", "x-otpd-stamp"];

/// An entry that isn't in the vault yet; its key is in the arena.
#[derive(Debug, Clone)]
pub(super) struct Incoming {
    pub entry: Entry,
}

/// What became of an entry that was to be added.
pub(super) enum Admitted {
    /// This living entry is its twin.
    Duplicate(Arc<Entry>),
    /// It is there, and these gave way to it.
    Added(Arc<Entry>, Vec<Arc<Entry>>),
}

impl Agent {
    pub(super) fn add(&mut self, now: Now, add: &Add) -> Result<Outcome, RpcError> {
        let new = parse_uri(add.uri.expose()).map_err(error::uri)?;
        let open = self.open.as_mut().ok_or_else(error::locked)?;
        let recipe = Recipe::new(new.kind, new.algorithm, new.digits);
        let holders = holders(&open.document.entries, &open.arena, new.key.expose());
        let holders: Vec<_> = holders.cloned().collect();
        if let Some(entry) = holders.iter().find(|entry| Recipe::of(entry) == recipe) {
            return Ok(Outcome::Answer(Response::Add(AddAnswer {
                entry: info::entry(entry),
                duplicate: true,
                superseded: Vec::new(),
                same_key: Vec::new(),
            })));
        }
        let incoming = Incoming::take(new, &mut open.arena);
        let (key, slots) = (incoming.entry.key, incoming.entry.slots());
        let mut draft = self.draft(now).ok_or_else(error::locked)?;
        draft.added.extend(slots);
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        let bytes = open.arena.key(key);
        let twin = twin(&draft.document.trash, &open.arena, bytes, recipe).cloned();
        let admitted = self.admit(now, &mut draft, incoming, twin, true)?;
        let (entry, superseded) = match admitted {
            Admitted::Duplicate(entry) => (entry, Vec::new()),
            Admitted::Added(entry, superseded) => (entry, superseded),
        };
        let others = holders
            .iter()
            .filter(|other| superseded.iter().all(|older| older.id != other.id));
        let same_key = others.map(|entry| info::candidate(entry)).collect();
        draft.effect = Effect::Answer(Response::Add(AddAnswer {
            entry: info::entry(&entry),
            duplicate: false,
            superseded: info::entries(&superseded),
            same_key,
        }));
        Ok(Outcome::Store(Box::new(draft)))
    }

    /// Puts an entry into a draft.
    ///
    /// `twin` has its key and its [`Recipe`]. A living one makes it a duplicate. One in the trash
    /// comes back: it keeps its id, its place in time and what the new URI doesn't say (tags,
    /// note), and takes over the rest, so that no entry is ever in the vault twice.
    ///
    /// With `by_name`, living entries of the same issuer and account go to the trash: that is
    /// what a service means by a new key. Entries that lack either are left alone. Recovery codes
    /// belong to the account and go on with the new entry, unless it brings its own.
    pub(super) fn admit(
        &self,
        now: Now,
        draft: &mut Draft,
        incoming: Incoming,
        twin: Option<Arc<Entry>>,
        by_name: bool,
    ) -> Result<Admitted, RpcError> {
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        let wall = now.wall.as_secs();
        let mut entry = incoming.entry;
        match twin {
            Some(twin) if twin.trash.is_none() => return Ok(Admitted::Duplicate(twin)),
            Some(twin) => {
                draft.document.trash.retain(|other| other.id != twin.id);
                // Two slots with the same bytes: the new one goes when this is on disk.
                draft.gone.push(entry.key);
                if entry.codes().is_some() {
                    draft.gone.extend(twin.codes());
                }
                (entry.id, entry.key, entry.created) = (twin.id, twin.key, twin.created);
                entry.more = merged(entry.more, twin.more.as_deref());
                if let (Kind::Hotp(new), Kind::Hotp(old)) = (entry.kind, twin.kind) {
                    entry.kind = Kind::Hotp(new.max(old));
                }
            }
            None => {
                entry.id = self.unused_id(&draft.document);
                entry.created = wall;
            }
        }
        entry.stamp = draft.stamp;
        if let Kind::Hotp(counter) = entry.kind {
            let mac_key = open.arena.key(open.sealer.mac_key);
            let mark = scrubbed(|| fingerprint(open.arena.key(entry.key), mac_key));
            let next = draft.document.counters.entry(mark).or_default();
            *next = counter.max(*next);
            entry.kind = Kind::Hotp(*next);
        }
        let mut superseded = Vec::new();
        if by_name {
            let same = same_name(&draft.document, &entry.issuer, &entry.account);
            let ids: Vec<EntryId> = same.map(|older| older.id).collect();
            for id in ids {
                if entry.codes().is_none()
                    && let Some(codes) = take_codes(&mut draft.document, id)
                {
                    let more = entry.more.get_or_insert_default();
                    more.codes = Some(codes);
                }
                superseded.extend(draft.discard(id, wall));
            }
        }
        let entry = Arc::new(entry);
        draft.document.entries.push(Arc::clone(&entry));
        Ok(Admitted::Added(entry, superseded))
    }

    /// Draws an id that nothing has or had.
    fn unused_id(&self, document: &Document) -> EntryId {
        loop {
            let mut bits = [0; 8];
            (self.random)(&mut bits);
            let id = EntryId::from_random(u64::from_le_bytes(bits));
            let mut entries = document.entries.iter().chain(&document.trash);
            let is_view = self
                .open
                .as_ref()
                .is_some_and(|open| open.view(id).is_some());
            let is_used = is_view
                || entries.any(|entry| entry.id == id)
                || document.tombs.iter().any(|(tomb, _)| *tomb == id);
            if !is_used {
                return id;
            }
        }
    }
}

impl Incoming {
    /// Moves a key into the arena.
    pub(super) fn take(new: NewEntry, arena: &mut Arena) -> Self {
        let NewEntry {
            issuer,
            account,
            kind,
            algorithm,
            digits,
            key,
            mut tags,
            note,
            recovery,
            mut extra,
        } = new;
        tags.retain(|tag| !tag.is_empty());
        extra.retain(|(name, _)| !OURS.contains(&name.as_str()));
        let more = More {
            tags,
            note,
            codes: (!recovery.is_empty()).then(|| arena.put(recovery.expose())),
            extra,
            origin: None,
            foreign: None,
        };
        Self {
            entry: Entry {
                id: EntryId::from_random(0),
                issuer: issuer.into(),
                account: account.into(),
                kind,
                algorithm,
                digits,
                key: arena.put(key.expose()),
                created: 0,
                stamp: crate::vault::Stamp {
                    lamport: 0,
                    device: EntryId::from_random(0),
                },
                more: boxed(more),
                trash: None,
            },
        }
    }
}

/// Keeps the rare parts only where there are any.
pub(super) fn boxed(more: More) -> Option<Box<More>> {
    (more != More::default()).then(|| Box::new(more))
}

/// What a new URI says, and where it says nothing, what an older entry said.
fn merged(new: Option<Box<More>>, old: Option<&More>) -> Option<Box<More>> {
    let mut more = new.map(|more| *more).unwrap_or_default();
    if let Some(old) = old {
        if more.tags.is_empty() {
            more.tags.clone_from(&old.tags);
        }
        if more.note.is_empty() {
            more.note.clone_from(&old.note);
        }
        more.codes = more.codes.or(old.codes);
    }
    boxed(more)
}

/// Takes an entry's recovery codes away from it, for another to have.
fn take_codes(document: &mut Document, id: EntryId) -> Option<Slot> {
    let mut codes = None;
    change(document, id, |entry| {
        if let Some(mut more) = entry.more.take() {
            codes = more.codes.take();
            entry.more = boxed(*more);
        }
    });
    codes
}

/// Changes a living entry of a draft's document; returns it as it is then.
pub(super) fn change(
    document: &mut Document,
    id: EntryId,
    change: impl FnOnce(&mut Entry),
) -> Option<&Arc<Entry>> {
    let mut entries = document.entries.iter_mut();
    let entry = entries.find(|entry| entry.id == id)?;
    change(Arc::make_mut(entry));
    Some(entry)
}

/// What makes codes of a key, its counter aside. Entries with one key and different recipes are
/// different entries: one service may want both counted and timed codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Recipe {
    kind: &'static str,
    period: Option<u32>,
    algorithm: &'static str,
    digits: u8,
}

impl Recipe {
    pub(super) fn new(kind: Kind, algorithm: Algorithm, digits: Digits) -> Self {
        Self {
            kind: kind.word(),
            period: kind.period().map(Period::seconds),
            algorithm: algorithm.name(),
            digits: digits.value(),
        }
    }

    pub(super) fn of(entry: &Entry) -> Self {
        Self::new(entry.kind, entry.algorithm, entry.digits)
    }
}

/// Who has a key.
pub(super) fn holders<'a>(
    entries: &'a [Arc<Entry>],
    arena: &Arena,
    key: &[u8],
) -> impl Iterator<Item = &'a Arc<Entry>> {
    let entries = entries.iter();
    entries.filter(move |entry| is_same(arena.key(entry.key), key))
}

/// Who has a key and makes the same codes of it.
pub(super) fn twin<'a>(
    entries: &'a [Arc<Entry>],
    arena: &Arena,
    key: &[u8],
    recipe: Recipe,
) -> Option<&'a Arc<Entry>> {
    holders(entries, arena, key).find(|entry| Recipe::of(entry) == recipe)
}

/// Living entries of an issuer and account, both of which must be there.
pub(super) fn same_name<'a>(
    document: &'a Document,
    issuer: &str,
    account: &str,
) -> impl Iterator<Item = &'a Arc<Entry>> {
    let is_named = !issuer.is_empty() && !account.is_empty();
    let entries = document.entries.iter().filter(move |_| is_named);
    entries.filter(move |entry| *entry.issuer == *issuer && *entry.account == *account)
}

/// Whether two keys are equal, in a time that doesn't depend on where they differ.
pub(super) fn is_same(one: &[u8], other: &[u8]) -> bool {
    let differences = one.iter().zip(other);
    one.len() == other.len() && differences.fold(0, |seen, (a, b)| seen | (a ^ b)) == 0
}

/// Who has which key, for many at once.
pub(super) struct Holders(HashMap<u64, Vec<Arc<Entry>>>);

impl Holders {
    pub(super) fn new(document: &Document, arena: &Arena) -> Self {
        let mut holders = Self(HashMap::new());
        for entry in document.trash.iter().chain(&document.entries) {
            holders.insert(arena, entry);
        }
        holders
    }

    pub(super) fn insert(&mut self, arena: &Arena, entry: &Arc<Entry>) {
        let digest = digest(arena.key(entry.key));
        self.0.entry(digest).or_default().push(Arc::clone(entry));
    }

    /// Returns who has a key; the living first, so that they count where it is in the trash too.
    pub(super) fn find(&self, arena: &Arena, key: Slot) -> Vec<Arc<Entry>> {
        let key = arena.key(key);
        let found = self.0.get(&digest(key));
        let mut holders = found.map_or(Vec::new(), |found| {
            holders(found, arena, key).cloned().collect()
        });
        holders.sort_by_key(|entry| entry.trash.is_some());
        holders
    }
}

/// A number by which keys are sorted; equality is checked with [`is_same`].
fn digest(key: &[u8]) -> u64 {
    scrubbed(|| {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        hasher.finish()
    })
}
