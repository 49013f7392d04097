//! What is kept and how it is sealed: `document` (lines and entries), `seal` (age and MAC),
//! `slot` (ways to the identity), `store` (files).

use otp_proto::{Algorithm, Digits, EntryId, Kind};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::platform::arena::{Arena, Slot};

/// An entry in memory; its key is in the arena.
#[derive(Debug, PartialEq, Eq, Clone)]
pub struct Entry {
    pub id: EntryId,
    pub issuer: Box<str>,
    pub account: Box<str>,
    pub kind: Kind,
    pub algorithm: Algorithm,
    pub digits: Digits,
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

/// The rare parts of an entry.
#[derive(Debug, PartialEq, Eq, Clone, Default)]
pub struct More {
    pub tags: Vec<String>,
    pub note: String,
    pub extra: Vec<(String, String)>,
}

/// The last change of an entry.
#[derive(Debug, PartialEq, Eq, Clone, Copy, PartialOrd, Ord)]
pub struct Stamp {
    pub lamport: u64,
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
    pub generation: u64,
    pub counters: BTreeMap<[u8; 8], u64>,
}

/// What is remembered outside the vault, in clear: no name, no key.
#[derive(Debug, PartialEq, Eq, Clone, Default)]
pub struct State {
    pub marks: Marks,
    /// The last time step handed out by `fresh`, by entry.
    pub steps: BTreeMap<EntryId, u64>,
}

/// The vault's content. Cloning shares the entries.
#[derive(Debug, Clone)]
pub struct Document {
    pub device: EntryId,
    pub generation: u64,
    pub entries: Vec<Arc<Entry>>,
    pub trash: Vec<Arc<Entry>>,
    /// Purged or expired entries, which must not come back from another device's file.
    pub tombs: Vec<(EntryId, Stamp)>,
    /// Next counters of HOTP keys that are or were here.
    pub counters: BTreeMap<[u8; 8], u64>,
}

/// An open vault.
#[derive(Debug)]
pub struct Opened {
    pub document: Document,
    pub arena: Arena,
    pub sealer: Sealer,
    pub state: State,
    /// Older than the last generation seen.
    pub rollback: bool,
    /// One line each, for people.
    pub warnings: Vec<String>,
}

/// What sealing needs: the recipient, and where identity and MAC key are in the arena.
#[derive(Debug)]
pub struct Sealer {
    pub identity: Slot,
    pub mac_key: Slot,
}

/// A sealed vault, ready to be written: age ciphertext only.
#[derive(Debug)]
pub struct Sealed {
    pub device: EntryId,
    pub generation: u64,
    pub bytes: Vec<u8>,
}

/// Why a vault can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("no vault")]
    NoVault,
    #[error("wrong passphrase")]
    WrongSecret,
}

/// Why a file couldn't be written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("no space left")]
    Full,
}
