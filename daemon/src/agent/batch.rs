//! Importing many entries in one write.

use otp_proto::{ImportAdd, ImportAnswer, ImportCommit, Response, RpcError, parse_uri};

use super::changes::Effect;
use super::entries::{Admitted, Holders, Incoming, Recipe};
use super::outcome::{DONE, Outcome};
use super::{Agent, Conn, error, info};
use crate::clock::Now;
use crate::platform::arena::Slot;

/// Entries in a batch: twice the largest collection that we have heard of.
const MAX_ENTRIES: usize = 20_000;
/// Bytes of URIs in a batch.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Batches at once. People import one file at a time.
const MAX_BATCHES: usize = 4;

/// Entries that came on one connection and aren't stored. Only what wipes their keys may drop
/// it.
#[derive(Debug, Default)]
pub(super) struct Batch {
    entries: Vec<Incoming>,
    bytes: usize,
}

impl Batch {
    pub(super) fn keys(&self) -> impl Iterator<Item = Slot> + use<'_> {
        self.entries
            .iter()
            .flat_map(|incoming| incoming.entry.slots())
    }
}

impl Agent {
    pub(super) fn import_begin(&mut self, conn: Conn) -> Result<Outcome, RpcError> {
        let others = self
            .connections
            .iter()
            .filter(|&(&other, had)| other != conn && had.batch.is_some());
        if others.count() >= MAX_BATCHES {
            return Err(error::busy());
        }
        if let Some(old) = self.connection(conn).batch.replace(Batch::default()) {
            self.wipe(old.keys());
        }
        Ok(DONE)
    }

    pub(super) fn import_add(&mut self, conn: Conn, add: &ImportAdd) -> Result<Outcome, RpcError> {
        let open = self.open.as_mut().ok_or_else(error::locked)?;
        let had = self.connections.get_mut(&conn);
        let batch = had.and_then(|had| had.batch.as_mut());
        let batch = batch.ok_or_else(not_begun)?;
        let uri = add.uri.expose();
        let bytes = batch.bytes.saturating_add(uri.len());
        if batch.entries.len() >= MAX_ENTRIES || bytes > MAX_BYTES {
            return Err(error::invalid(
                "a batch has at most 20000 entries and 16 MiB",
            ));
        }
        let new = parse_uri(uri).map_err(error::uri)?;
        batch.entries.push(Incoming::take(new, &mut open.arena));
        batch.bytes = bytes;
        Ok(DONE)
    }

    pub(super) fn import_commit(
        &mut self,
        now: Now,
        conn: Conn,
        commit: &ImportCommit,
    ) -> Result<Outcome, RpcError> {
        let had = self.connections.get_mut(&conn);
        let batch = had.map(|had| &mut had.batch).ok_or_else(not_begun)?;
        // After a dry run the batch is still there.
        let entries = if commit.dry_run {
            batch.as_ref().map(|batch| batch.entries.clone())
        } else {
            batch.take().map(|batch| batch.entries)
        };
        let entries = entries.ok_or_else(not_begun)?;
        let mut draft = self.draft(now).ok_or_else(error::locked)?;
        let slots = entries.iter().flat_map(|incoming| incoming.entry.slots());
        draft.added.extend(slots);
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        let mut holders = Holders::new(&draft.document, &open.arena);
        let mut answer = ImportAnswer::default();
        let mut unused = Vec::new();
        for incoming in entries {
            let key = incoming.entry.key;
            let slots = incoming.entry.slots();
            let others = holders.find(&open.arena, key);
            let recipe = Recipe::of(&incoming.entry);
            let twin = others.iter().find(|other| Recipe::of(other) == recipe);
            match self.admit(now, &mut draft, incoming, twin.cloned(), false)? {
                Admitted::Added(entry, _) => {
                    if others.iter().any(|other| other.trash.is_none()) {
                        answer.same_key.push(info::entry(&entry));
                    }
                    holders.insert(&open.arena, &entry);
                    answer.added.push(info::entry(&entry));
                }
                Admitted::Duplicate(entry) => {
                    unused.extend(slots);
                    answer.duplicates.push(info::entry(&entry));
                }
            }
        }
        if commit.dry_run {
            return Ok(Outcome::Answer(Response::Import(answer)));
        }
        if answer.added.is_empty() {
            self.wipe(unused);
            return Ok(Outcome::Answer(Response::Import(answer)));
        }
        draft.gone.extend(unused);
        draft.effect = Effect::Answer(Response::Import(answer));
        Ok(Outcome::Store(Box::new(draft)))
    }
}

fn not_begun() -> RpcError {
    error::params("no import was begun on this connection")
}
