//! From a request to what answers it: one table, without a rest.

use otp_proto::{Done, Request, Response, RpcError, UnlockAnswer};

use super::changes::Draft;
use super::task::{Revealed, Task};
use super::{Agent, Asker, SlotJob, error, gate};
use crate::clock::Now;

/// What became of a request.
#[expect(
    clippy::large_enum_variant,
    reason = "one exists at a time, and not for long"
)]
pub(super) enum Outcome {
    /// Answer now.
    Answer(Response),
    /// Answer when this is on disk.
    Store(Box<Draft>),
    /// Something else will answer.
    Later,
}

/// Nothing to say but that it is done.
pub(super) const DONE: Outcome = Outcome::Answer(Response::Done(Done {}));

impl Agent {
    /// Carries out a request that passed the gate, or puts it in its queue.
    pub(super) fn carry_out(&mut self, now: Now, asker: Asker, request: Request) {
        let outcome = if gate::is_change(&request) && !self.may_change() {
            self.changes.wait(asker, request)
        } else {
            self.outcome(now, asker, request)
        };
        self.answer(asker, outcome);
    }

    /// Answers, now or when something is on disk.
    pub(super) fn answer(&mut self, asker: Asker, outcome: Result<Outcome, RpcError>) {
        match outcome {
            Ok(Outcome::Answer(response)) => self.reply(asker, Ok(response)),
            Ok(Outcome::Store(draft)) => self.store(Some(asker), *draft),
            Ok(Outcome::Later) => {}
            Err(error) => self.reply(asker, Err(error)),
        }
    }

    fn outcome(&mut self, now: Now, asker: Asker, request: Request) -> Result<Outcome, RpcError> {
        match request {
            Request::Status(_) => Ok(Outcome::Answer(Response::Status(self.status(now)))),
            Request::List(list) if list.attended && self.is_screen_locked() => {
                Err(error::screen_locked())
            }
            Request::List(list) => Ok(Outcome::Answer(Response::List(self.list(&list)))),
            Request::Subscribe(_) => Ok(DONE),
            Request::Lock(lock) => self.lock_for_a_time(now, asker, &lock),
            Request::Quit(_) => {
                self.stop(now);
                Ok(DONE)
            }
            Request::Init(init) => self.slowly(asker, Task::Init(init)),
            Request::Unlock(unlock) => self.slowly(asker, Task::Unlock(unlock)),
            Request::UnlockVault(unlock) => {
                let vault = unlock.vault.parse().map_err(|_| error::no_such_vault())?;
                self.slowly(asker, Task::Choose(vault, unlock.passphrase))
            }
            // A locked vault didn't pass the gate.
            Request::UnlockAuto(_) => {
                Ok(Outcome::Answer(Response::Unlock(UnlockAnswer::default())))
            }
            Request::UnlockSlot(unlock) => self.unlock_slot(now, asker, unlock),
            Request::Passwd(passwd) => self.slowly(asker, Task::Passwd(passwd)),
            Request::Export(export) => {
                let wanted = Revealed::Uris(export.query);
                self.slowly(asker, Task::Reveal(export.passphrase, wanted))
            }
            Request::Backup(_) => self.slowly(asker, Task::Backup),
            Request::BackupCheck(_) => self.slowly(asker, Task::BackupCheck),
            Request::BackupCopied(_) => {
                self.copied_elsewhere(now);
                Ok(DONE)
            }
            Request::BackupsList(_) => self.slowly(asker, Task::Backups),
            Request::RestoreBackupCommit(commit) => self.slowly(asker, Task::RestoreBackup(commit)),
            Request::Get(get) => self.get(now, asker, get),
            Request::Notify(notify) => self.notify(now, asker, notify),
            Request::Askpass(question) => Ok(Outcome::Answer(self.pass_on(&question))),
            Request::Show(show) => self.show(&show),
            Request::Preview(preview) => self.preview(now, &preview),
            Request::Add(add) => self.add(now, &add),
            Request::Edit(edit) => self.edit(now, edit),
            Request::Remove(remove) => self.remove(now, &remove),
            Request::Restore(restore) => self.restore(now, &restore),
            Request::RecoveryCodesAdd(add) => self.add_recovery_codes(now, &add),
            Request::RecoveryCodesList(list) => self.list_recovery_codes(asker, list),
            Request::RecoveryCodesUse(wanted) => self.use_recovery_code(now, &wanted),
            Request::ImportBegin(_) => self.import_begin(asker.conn),
            Request::ImportAdd(add) => self.import_add(asker.conn, &add),
            Request::ImportCommit(commit) => self.import_commit(now, asker.conn, &commit),
            Request::SlotsList(_) => self.slowly(asker, Task::Slots(SlotJob::List)),
            Request::SlotsAdd(add) => self.add_slot(asker, add),
            Request::SlotsReply(reply) => self.reply_to_hardware(now, asker, reply),
            Request::SlotsTest(test) => self.test_slot(now, asker, test),
            Request::SlotsRemove(remove) => self.remove_slot(asker, remove),
            Request::SourceAdd(add) => self.add_source(asker, add),
            Request::SourceList(_) => Ok(Outcome::Answer(self.list_sources(now))),
            Request::SourceRemove(remove) => self.remove_source(now, &remove),
            Request::SourceSync(sync) => self.sync_sources(asker, sync),
            Request::RecoveryKeyRenew(renew) => {
                let secret = renew.passphrase;
                self.slowly(asker, Task::Slots(SlotJob::Renew { secret }))
            }
            Request::RecoveryKeyKeep(_) => self.slowly(asker, Task::KeepRecovery),
            Request::Rekey(rekey) => self.slowly(asker, Task::Rekey(rekey)),
            Request::RestoreBackupBegin(_) => self.restore_backup_begin(asker.conn),
            Request::RestoreBackupAdd(add) => self.restore_backup_add(asker.conn, &add),
        }
    }
}
