//! What is kept and how: `document` (lines and entries), `envelope` (an age file), `seal` (the
//! vault's, with its MAC), `slot` (ways to the identity), `store` (files), `job` (the slow work).
//! Knows nothing of requests, answers and codes. The format is in `docs/vault-format.md`.

mod backup;
mod day;
mod digest;
pub(crate) mod disk;
pub mod document;
mod durable;
mod envelope;
mod error;
mod fall_back;
pub mod job;
mod line;
mod lines;
mod load;
mod purge;
mod rekey;
mod restore;
pub mod seal;
mod several;
mod shut;
pub mod slot;
mod slots;
pub mod source;
pub mod state;
pub mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use otp_proto::{Algorithm, Digits, EntryId, Kind};

pub use error::{OpenError, StoreError};
pub use seal::Sealer;
pub use shut::ShutUntil;
pub use slots::read_plugin;
pub use source::Source;

use crate::platform::arena::{Arena, Slot};

/// An entry in memory; its key is in the arena.
#[derive(Debug, PartialEq, Eq, Clone)]
pub struct Entry {
    /// Drawn at random when the entry was made.
    pub id: EntryId,
    /// The service's name; may be empty.
    pub issuer: Box<str>,
    /// The user's name at the service; may be empty.
    pub account: Box<str>,
    /// The type, with period or next counter.
    pub kind: Kind,
    /// The hash.
    pub algorithm: Algorithm,
    /// The length of a code.
    pub digits: Digits,
    /// Where the key is.
    pub key: Slot,
    /// Seconds since 1970.
    pub created: u64,
    /// Lamport number of the last change and the device that made it.
    pub stamp: Stamp,
    /// What most entries lack.
    pub more: Option<Box<More>>,
    /// Set while the entry is in the trash.
    pub trash: Option<Trash>,
}

impl Entry {
    /// Returns where its recovery codes are, if it has any.
    pub fn codes(&self) -> Option<Slot> {
        self.more.as_ref()?.codes
    }

    /// Returns the source that it is a view of; `None` for our own.
    pub fn origin(&self) -> Option<&Arc<str>> {
        self.more.as_ref()?.origin.as_ref()
    }

    /// Returns what its source calls it, where its key or code is asked for there each time.
    pub fn foreign(&self) -> Option<&str> {
        self.more.as_ref()?.foreign.as_deref()
    }

    /// Returns what of it is in the arena.
    pub fn slots(&self) -> impl Iterator<Item = Slot> + use<> {
        [self.key].into_iter().chain(self.codes())
    }
}

/// The rare parts of an entry.
#[derive(Debug, PartialEq, Eq, Clone, Default)]
pub struct More {
    /// Words to find the entry by.
    pub tags: Vec<String>,
    /// A person's remark.
    pub note: String,
    /// Where the service's own one-use codes are, as [`otp_proto::RecoveryCodes`] lends them.
    pub codes: Option<Slot>,
    /// URI parameters that otpd doesn't use, in their order.
    pub extra: Vec<(String, String)>,
    /// The name of the source that it is a view of; never written.
    pub origin: Option<Arc<str>>,
    /// What that calls it, where its key or code is asked for there each time; never written.
    pub foreign: Option<Box<str>>,
}

/// The last change of an entry.
#[derive(Debug, PartialEq, Eq, Clone, Copy, PartialOrd, Ord)]
pub struct Stamp {
    /// Grows with every change.
    pub lamport: u64,
    /// Who made the change.
    pub device: EntryId,
}

/// An entry's place in the trash.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub struct Trash {
    /// `tr-N`.
    pub number: u32,
    /// When it was removed, in seconds since 1970.
    pub since: u64,
}

/// Next HOTP counters by key fingerprint, and the generation: what must never go back.
#[derive(Debug, PartialEq, Eq, Clone, Default)]
pub struct Marks {
    /// The number of the last write; 0 if none was seen.
    pub generation: u64,
    /// Next counters by [`document::fingerprint`].
    pub counters: BTreeMap<[u8; 8], u64>,
}

/// What is remembered outside the vault, in clear: no name, no key.
#[derive(Debug, PartialEq, Eq, Clone, Default)]
pub struct State {
    /// Generation and counters.
    pub marks: Marks,
    /// The last time step handed out by `fresh`, by entry.
    pub steps: BTreeMap<EntryId, u64>,
    /// Entries that a purge takes out of vault and backups, until it is complete.
    pub purges: BTreeSet<EntryId>,
    /// Since when this vault is looked after here, in seconds since 1970.
    pub since: Option<u64>,
    /// When the newest copy outside the vault's disk was made, in seconds since 1970.
    pub outside: Option<u64>,
    /// Copies in the user's folder below this generation hold a purged key.
    pub floor: u64,
}

/// The vault's content. Cloning shares the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Whose file it is.
    pub device: EntryId,
    /// Grows with every write.
    pub generation: u64,
    /// The living entries.
    pub entries: Vec<Arc<Entry>>,
    /// The removed entries; each has [`Entry::trash`].
    pub trash: Vec<Arc<Entry>>,
    /// Purged or expired entries, which must not come back from another device's file.
    pub tombs: Vec<(EntryId, Stamp)>,
    /// Next counters of HOTP keys that are or were here.
    pub counters: BTreeMap<[u8; 8], u64>,
    /// Where entries live that are shown beside these.
    pub sources: Vec<Arc<Source>>,
}

/// An open vault.
#[derive(Debug)]
pub struct Opened {
    /// What is in it.
    pub document: Document,
    /// The keys, the identity and the MAC key.
    pub arena: Arena,
    /// What writing it needs.
    pub sealer: Sealer,
    /// What was remembered outside of it.
    pub state: State,
    /// Older than the last generation seen.
    pub rollback: bool,
    /// A backup that has taken a damaged vault's place.
    pub mended: bool,
    /// One line each, for people.
    pub warnings: Vec<String>,
    /// What else people are told, for as long as it is so.
    pub passing: Passing,
}

/// What is wrong with the files around a vault, and may be right again before it is closed: lines
/// for people.
#[derive(Debug, Default)]
pub struct Passing {
    /// The dated copy couldn't be made.
    pub no_copy: Option<String>,
    /// The state is missing or damaged.
    pub no_state: Option<String>,
    /// Damaged files are kept.
    pub damaged: Option<String>,
}

impl Passing {
    /// Returns the lines.
    pub fn lines(&self) -> impl Iterator<Item = &String> {
        let Self {
            no_copy,
            no_state,
            damaged,
        } = self;
        [no_state, no_copy, damaged].into_iter().flatten()
    }
}

#[cfg(test)]
impl Opened {
    /// Everything that people are told.
    pub fn told(&self) -> Vec<String> {
        let warnings = self.warnings.iter();
        warnings.chain(self.passing.lines()).cloned().collect()
    }
}

/// What people are told where the dated copy of a vault couldn't be made.
pub fn no_copy(error: &StoreError) -> String {
    format!("there is no copy of the vault for today: {error}")
}

/// A sealed vault, ready to be written: age ciphertext only.
#[derive(Debug)]
pub struct Sealed {
    /// Names the file.
    pub device: EntryId,
    /// The document's.
    pub generation: u64,
    /// The file.
    pub bytes: Vec<u8>,
}

#[cfg(test)]
pub(crate) mod tests;
