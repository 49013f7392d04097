//! Putting a backup in the vault's place.

use std::collections::BTreeSet;
use std::sync::Arc;

use otp_proto::{
    EntryInfo, Key, Response, RestoreBackupAdd, RestoreBackupAnswer, RestoreBackupCommit, RpcError,
};

use super::entries::Recipe;
use super::outcome::{DONE, Outcome};
use super::{Agent, Asker, Conn, Job, Present, error, info};
use crate::clock::Now;
use crate::otp::scrubbed;
use crate::platform::arena::Arena;
use crate::vault::document::fingerprint;
use crate::vault::{Entry, OpenError, Opened};

/// Longest text of a backup in bytes, that of the largest vault.
const MAX_TEXT: usize = 64 * 1024 * 1024;
/// Texts that may be handed over at once. People restore one backup at a time.
const MAX_TEXTS: usize = 2;

impl Agent {
    pub(super) fn restore_backup_begin(&mut self, conn: Conn) -> Result<Outcome, RpcError> {
        let others = self
            .connections
            .iter()
            .filter(|&(&other, had)| other != conn && had.backup.is_some());
        if others.count() >= MAX_TEXTS {
            return Err(error::busy());
        }
        self.connection(conn).backup = Some(String::new());
        Ok(DONE)
    }

    pub(super) fn restore_backup_add(
        &mut self,
        conn: Conn,
        add: &RestoreBackupAdd,
    ) -> Result<Outcome, RpcError> {
        let text = self
            .connections
            .get_mut(&conn)
            .and_then(|had| had.backup.as_mut())
            .ok_or_else(not_begun)?;
        if text.len().saturating_add(add.text.len()) > MAX_TEXT {
            return Err(error::invalid("the backup is longer than 64 MiB"));
        }
        text.push_str(&add.text);
        Ok(DONE)
    }

    /// Makes the job of a commit. A dry run keeps the text for the commit that may follow.
    pub(super) fn restore_backup_job(
        &mut self,
        asker: Asker,
        commit: RestoreBackupCommit,
    ) -> Result<(Job, bool), RpcError> {
        let RestoreBackupCommit {
            passphrase,
            dry_run,
        } = commit;
        let present = self.marks().zip(self.open.as_ref());
        let present = present.map(|(marks, open)| Present {
            marks,
            mac_key: Key::new(open.arena.key(open.sealer.mac_key).to_vec()),
        });
        let kept = self
            .connections
            .get_mut(&asker.conn)
            .map(|had| &mut had.backup)
            .ok_or_else(not_begun)?;
        let text = if dry_run { kept.clone() } else { kept.take() };
        let job = Job::RestoreBackup {
            text: text.ok_or_else(not_begun)?,
            secret: passphrase,
            dry_run,
            present,
        };
        Ok((job, dry_run))
    }

    /// A backup was opened and, unless it was a dry run, is now the vault.
    pub(super) fn restored(
        &mut self,
        now: Now,
        asker: Option<Asker>,
        is_locked: bool,
        dry_run: bool,
        result: Result<Box<Opened>, OpenError>,
    ) {
        let opened = match result {
            Ok(opened) => *opened,
            Err(failure) => return self.refuse(now, asker, &failure),
        };
        let answer = self.compare(&opened);
        if let Some(asker) = asker {
            self.forgive(asker);
        }
        if !dry_run {
            self.vault_exists = true;
            self.is_damaged = false;
            self.names = Vec::new();
            // The vault that was open is no longer there. Who left was still known to have the
            // keys of one of the two.
            if !is_locked && (asker.is_some() || self.open.is_some()) {
                self.adopt(now, opened);
            }
        }
        if let Some(asker) = asker {
            self.reply(asker, Ok(Response::RestoreBackup(answer)));
        }
    }

    /// Says what a backup has that the present vault hasn't, and the other way round. Keys and
    /// their recipes count, because names change.
    fn compare(&self, backup: &Opened) -> RestoreBackupAnswer {
        let count = u64::try_from(backup.document.entries.len()).unwrap_or(u64::MAX);
        let Some(open) = &self.open else {
            return RestoreBackupAnswer {
                entries: count,
                ..RestoreBackupAnswer::default()
            };
        };
        let mac_key = open.arena.key(open.sealer.mac_key);
        let present = &open.document.entries;
        let theirs = &backup.document.entries;
        let held = keys(present, &open.arena, mac_key);
        let brought = keys(theirs, &backup.arena, mac_key);
        RestoreBackupAnswer {
            entries: count,
            missing: without(present, &open.arena, mac_key, &brought),
            returning: without(theirs, &backup.arena, mac_key, &held),
        }
    }
}

fn not_begun() -> RpcError {
    error::params("no backup was begun on this connection")
}

type Print = ([u8; 8], Recipe);

fn print(entry: &Entry, arena: &Arena, mac_key: &[u8]) -> Print {
    let print = scrubbed(|| fingerprint(arena.key(entry.key), mac_key));
    (print, Recipe::of(entry))
}

fn keys(entries: &[Arc<Entry>], arena: &Arena, mac_key: &[u8]) -> BTreeSet<Print> {
    let all = entries.iter();
    all.map(|entry| print(entry, arena, mac_key)).collect()
}

fn without(
    entries: &[Arc<Entry>],
    arena: &Arena,
    mac_key: &[u8],
    others: &BTreeSet<Print>,
) -> Vec<EntryInfo> {
    let missing = entries
        .iter()
        .filter(|entry| !others.contains(&print(entry, arena, mac_key)));
    missing.map(|entry| info::entry(entry)).collect()
}
