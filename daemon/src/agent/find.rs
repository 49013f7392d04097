//! From what a person typed to entries. Never a guess: several matches are an error that names
//! them.
//!
//! The stages of a query for one entry: the id; `issuer:account`; an exact issuer or account; a
//! part of a name or tag, without case and width; a name that has the query's characters in
//! their order, from the beginning of a word. The first stage that matches anything decides.

use std::cmp::Ordering;
use std::iter::once;
use std::sync::Arc;

use otp_proto::{EntryId, EntryInfo, RpcError};

use super::fold::fold;
use super::needle::{Needle, Pairs};
use super::{error, info};
use crate::vault::Entry;

/// Candidates that an ambiguous query names: more than a person reads.
const MAX_CANDIDATES: usize = 50;
/// Fewest characters that are looked for one by one: fewer are in too many names.
const MIN_FUZZY: usize = 3;
/// Longest query in bytes; names have 1024 each, and folding makes none three times as long.
const MAX_QUERY: usize = 8 * 1024;

/// What has names to be found by.
pub(super) trait Named {
    fn id(&self) -> EntryId;
    fn issuer(&self) -> &str;
    fn account(&self) -> &str;
    fn tags(&self) -> &[String];
}

impl Named for Arc<Entry> {
    fn id(&self) -> EntryId {
        self.id
    }

    fn issuer(&self) -> &str {
        &self.issuer
    }

    fn account(&self) -> &str {
        &self.account
    }

    fn tags(&self) -> &[String] {
        info::tags(self)
    }
}

impl Named for EntryInfo {
    fn id(&self) -> EntryId {
        self.id
    }

    fn issuer(&self) -> &str {
        &self.issuer
    }

    fn account(&self) -> &str {
        &self.account
    }

    fn tags(&self) -> &[String] {
        &self.tags
    }
}

/// What is known of the names without looking at them: eight bytes an entry, in one piece, where
/// the names themselves are strewn over the heap.
#[derive(Debug)]
pub(super) struct Index(Vec<Pairs>);

impl Index {
    pub(super) fn new(entries: &[Arc<Entry>]) -> Self {
        Self(entries.iter().map(pairs).collect())
    }
}

/// What the entry is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// To read it.
    Look,
    /// To change it: then letters of its name are not enough, and who has them is only named.
    Change,
}

/// Finds exactly one entry. `index` is of the same entries.
pub(super) fn one<'a>(
    entries: &'a [Arc<Entry>],
    index: &Index,
    query: &str,
    wanted_for: Use,
) -> Result<&'a Arc<Entry>, RpcError> {
    if query.trim().is_empty() {
        return Err(error::params("the query is empty"));
    }
    if query.len() > MAX_QUERY {
        return Err(error::not_found());
    }
    if let Some(entry) = by_id(entries, query) {
        return Ok(entry);
    }
    // Whatever matches in the next three stages has the query somewhere in its name or a tag.
    let wanted = Pairs::of(fold(query.trim()));
    let known = entries.iter().zip(&index.0);
    let likely = known.filter(|(_, pairs)| wanted.may_be_in(**pairs));
    let likely: Vec<_> = likely.map(|(entry, _)| entry).collect();
    let mut found = exact(&likely, query);
    if found.is_empty() {
        found = part(likely, query);
    }
    let is_fuzzy = found.is_empty();
    if is_fuzzy {
        found = fuzzy(entries, query);
    }
    match found.as_slice() {
        [] => Err(error::not_found()),
        [entry] if !is_fuzzy || wanted_for == Use::Look => Ok(entry),
        several => {
            let first = several.iter().take(MAX_CANDIDATES);
            let candidates = first.map(|entry| info::candidate(entry)).collect();
            Err(RpcError::ambiguous(candidates))
        }
    }
}

/// Finds every entry that matches, for lists: the id or a part of a name, else a fuzzy match.
/// An empty query matches all.
pub(super) fn all<'a, N: Named>(entries: &'a [N], query: &str) -> Vec<&'a N> {
    if query.trim().is_empty() {
        return entries.iter().collect();
    }
    if query.len() > MAX_QUERY {
        return Vec::new();
    }
    if let Some(entry) = by_id(entries, query) {
        return vec![entry];
    }
    let parts = part(entries.iter(), query);
    if parts.is_empty() {
        fuzzy(entries, query)
    } else {
        parts
    }
}

/// Puts entries into the order of lists.
pub(super) fn sorted(mut entries: Vec<&Arc<Entry>>) -> Vec<&Arc<Entry>> {
    entries.sort_by(|one, other| order(one, other));
    entries
}

/// The order of lists: by issuer and account as people sort them, then by their bytes.
pub(super) fn order(one: &Entry, other: &Entry) -> Ordering {
    fold(&one.issuer)
        .cmp(fold(&other.issuer))
        .then_with(|| fold(&one.account).cmp(fold(&other.account)))
        .then_with(|| one.issuer.cmp(&other.issuer))
        .then_with(|| one.account.cmp(&other.account))
        .then_with(|| one.id.cmp(&other.id))
}

fn by_id<'a, N: Named>(entries: &'a [N], query: &str) -> Option<&'a N> {
    let id: EntryId = query.parse().ok()?;
    entries.iter().find(|entry| entry.id() == id)
}

/// The entry or entries whose whole name it is, else those with this issuer or account.
fn exact<'a>(entries: &[&'a Arc<Entry>], query: &str) -> Vec<&'a Arc<Entry>> {
    let chosen = |is_chosen: &dyn Fn(&Entry) -> bool| {
        let all = entries.iter().copied();
        all.filter(|entry| is_chosen(entry)).collect::<Vec<_>>()
    };
    let whole = chosen(&|entry| is_whole_name(entry, query));
    if whole.is_empty() {
        chosen(&|entry| *entry.issuer == *query || *entry.account == *query)
    } else {
        whole
    }
}

/// Whether the query is `issuer:account`; either may hold colons itself.
fn is_whole_name(entry: &Entry, query: &str) -> bool {
    query
        .strip_prefix(&*entry.issuer)
        .and_then(|rest| rest.strip_prefix(':'))
        == Some(&*entry.account)
}

/// Whether a text names this entry as a whole, by its id, issuer and account, or either of them: for
/// who asks without anybody looking.
pub(super) fn is_named(entry: &Entry, text: &str) -> bool {
    let is = |name: &str| fold(name).eq(fold(text));
    let whole = name_of(&entry.issuer, &entry.account);
    text.parse() == Ok(entry.id) || whole.eq(fold(text)) || is(&entry.issuer) || is(&entry.account)
}

fn part<'a, N: Named>(entries: impl IntoIterator<Item = &'a N>, query: &str) -> Vec<&'a N> {
    let needle = Needle::new(query.trim());
    let is_in_tags = |entry: &N| {
        let mut tags = entry.tags().iter();
        tags.any(|tag| needle.is_in(fold(tag)))
    };
    let entries = entries.into_iter();
    entries
        .filter(|entry| needle.is_in(name(*entry)) || is_in_tags(entry))
        .collect()
}

fn fuzzy<'a, N: Named>(entries: &'a [N], query: &str) -> Vec<&'a N> {
    let wanted: Vec<char> = fold(query).filter(|c| !c.is_whitespace()).collect();
    if wanted.len() < MIN_FUZZY {
        return Vec::new();
    }
    let mut letters = Vec::new();
    let matches = |entry: &&N| {
        letters.clear();
        letters.extend(name(*entry));
        let words = letters.split_inclusive(|c| !c.is_alphanumeric());
        let mut start = 0;
        words.into_iter().any(|word| {
            let rest = letters.get(start..).unwrap_or_default();
            start += word.len();
            rest.first() == wanted.first() && has_in_order(rest, &wanted)
        })
    };
    entries.iter().filter(matches).collect()
}

fn has_in_order(text: &[char], wanted: &[char]) -> bool {
    let mut rest = wanted.iter().peekable();
    for c in text {
        rest.next_if_eq(&c);
    }
    rest.peek().is_none()
}

/// `issuer:account`, folded.
fn name<N: Named>(entry: &N) -> impl Iterator<Item = char> {
    name_of(entry.issuer(), entry.account())
}

fn name_of(issuer: &str, account: &str) -> impl Iterator<Item = char> {
    fold(issuer).chain(once(':')).chain(fold(account))
}

fn pairs(entry: &Arc<Entry>) -> Pairs {
    let tags = info::tags(entry).iter();
    tags.fold(Pairs::of(name(entry)), |pairs, tag| {
        pairs.and(Pairs::of(fold(tag)))
    })
}
