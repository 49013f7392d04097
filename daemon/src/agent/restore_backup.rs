//! Putting a backup in the vault's place.

use otp_proto::{Key, Response, RestoreBackupAdd, RestoreBackupCommit, RpcError};

use super::outcome::{DONE, Outcome};
use super::{Agent, Asker, Conn, Job, Present, RestoreJob, Restored, Source, error};
use crate::clock::Now;
use crate::vault::OpenError;

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
            from,
            dry_run,
        } = commit;
        let source = match from {
            Some(name) => Source::Kept(name),
            None => Source::Text(self.text(asker.conn, dry_run).ok_or_else(not_begun)?),
        };
        let present = self.marks().zip(self.open.as_ref());
        let present = present.map(|(marks, open)| Present {
            identity: open.sealer.identity(&open.arena),
            marks,
            mac_key: Key::new(open.arena.key(open.sealer.mac_key).to_vec()),
        });
        let job = Job::RestoreBackup(RestoreJob {
            source,
            secret: passphrase,
            dry_run,
            present,
        });
        Ok((job, dry_run))
    }

    /// The text that was handed over on a connection.
    fn text(&mut self, conn: Conn, stays: bool) -> Option<String> {
        let kept = &mut self.connections.get_mut(&conn)?.backup;
        if stays { kept.clone() } else { kept.take() }
    }

    /// A backup was opened and, unless it was a dry run, is now the vault.
    pub(super) fn restored(
        &mut self,
        now: Now,
        asker: Option<Asker>,
        is_locked: bool,
        dry_run: bool,
        result: Result<Restored, OpenError>,
    ) {
        let restored = match result {
            Ok(restored) => restored,
            Err(failure) => return self.refuse(now, asker, &failure),
        };
        let mut answer = self.compare(&restored);
        answer.warnings.clone_from(&restored.opened.warnings);
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
                self.adopt(now, *restored.opened);
            }
        }
        if let Some(asker) = asker {
            self.reply(asker, Ok(Response::RestoreBackup(answer)));
        }
    }
}

fn not_begun() -> RpcError {
    error::params("no backup was begun on this connection")
}
