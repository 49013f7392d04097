//! Entries as answers show them: everything but the key.

use std::sync::Arc;

use otp_proto::{Candidate, Details, EntryInfo};

use crate::vault::Entry;

pub(super) fn entry(entry: &Entry) -> EntryInfo {
    EntryInfo {
        id: entry.id,
        issuer: entry.issuer.to_string(),
        account: entry.account.to_string(),
        kind: entry.kind.word().to_owned(),
        algorithm: entry.algorithm,
        digits: entry.digits,
        period: entry.kind.period(),
        counter: entry.kind.counter(),
        tags: tags(entry).to_vec(),
        trash: entry.trash.map(|trash| format!("tr-{}", trash.number)),
        used: 0,
        source: source(entry),
    }
}

pub(super) fn entries<'a>(all: impl IntoIterator<Item = &'a Arc<Entry>>) -> Vec<EntryInfo> {
    all.into_iter().map(|one| entry(one)).collect()
}

pub(super) fn candidate(entry: &Entry) -> Candidate {
    Candidate {
        id: entry.id,
        issuer: entry.issuer.to_string(),
        account: entry.account.to_string(),
        source: source(entry),
    }
}

/// The source that an entry is a view of.
pub(super) fn source(entry: &Entry) -> Option<String> {
    entry.origin().map(|origin| origin.as_ref().to_owned())
}

pub(super) fn details(entry: &Entry, key: &[u8]) -> Details {
    let more = entry.more.as_deref();
    let extra = more.map(|more| more.extra.iter().map(|(name, _)| name.clone()).collect());
    Details {
        entry: self::entry(entry),
        note: more.map(|more| more.note.clone()).unwrap_or_default(),
        created: entry.created,
        // A key has at most 1024 bytes.
        key_bits: u32::try_from(key.len().saturating_mul(8)).unwrap_or(u32::MAX),
        extra: extra.unwrap_or_default(),
    }
}

pub(super) fn tags(entry: &Entry) -> &[String] {
    entry.more.as_ref().map_or(&[], |more| &more.tags)
}
