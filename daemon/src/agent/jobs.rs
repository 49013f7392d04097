//! The queue in front of the key-derivation thread. One job is out at a time; each secret is
//! checked by itself when its turn comes.

use std::collections::VecDeque;

use otp_proto::{BackupsAnswer, EntryId, Init, Passwd, Rekey, Response, RpcError, Secret, Unlock};

use super::changes::Out;
use super::outcome::Outcome;
use super::task::{Revealed, Task};
use super::{Agent, Asker, Job, JobDone, Output, error};
use crate::clock::Now;
use crate::vault::slot::{SlotName, name_for};

/// Requests that wait for a key derivation, which takes a second each.
const MAX_WAITING: usize = 16;

/// The job that is out, with what its end needs.
#[derive(Debug)]
enum Work {
    Create,
    Discard,
    Open(&'static str),
    Rewrap,
    Check(Revealed),
    Backup,
    BackupCheck,
    Backups,
    RestoreBackup { dry_run: bool },
    Purge(Vec<EntryId>),
    Slots { writes: bool },
    Rekey { drops_backups: bool },
    Typed(&'static str),
    Auto,
    Found(SlotName),
}

impl Work {
    /// Whether the vault may have another identity afterwards, which no slot from before wraps.
    fn ends_identity(&self) -> bool {
        matches!(
            self,
            Self::Create
                | Self::Discard
                | Self::RestoreBackup { dry_run: false }
                | Self::Rekey { .. }
        )
    }
}

#[derive(Debug)]
struct Running {
    /// `None` if nobody waits for it.
    asker: Option<Asker>,
    work: Work,
    /// A lock came in between: what it opens stays shut.
    is_locked: bool,
}

/// The job that is out, and the requests that wait.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    running: Option<Running>,
    /// Nobody waits for what was typed alone.
    queue: VecDeque<(Option<Asker>, Task)>,
    /// Entries to be taken out of the backups; goes before the queue.
    pub purge: Vec<EntryId>,
    /// The device of a vault that is to be removed again; goes before everything.
    pub discard: Option<EntryId>,
}

impl Jobs {
    /// Whether a job is out.
    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Whether a job is out that writes files.
    pub(super) fn is_writing(&self) -> bool {
        self.running.as_ref().is_some_and(|running| {
            matches!(
                running.work,
                Work::Create
                    | Work::Discard
                    | Work::Rewrap
                    | Work::RestoreBackup { dry_run: false }
                    | Work::Purge(_)
                    | Work::Slots { writes: true }
                    | Work::Rekey { .. }
            )
        })
    }

    /// Whether writes must wait, because a job needs the vault's folder for itself. One that is
    /// next counts, so that a stream of changes can't keep it from its turn.
    pub(super) fn wants_folder(&self) -> bool {
        let is_next = self.running.is_none()
            && self
                .queue
                .front()
                .is_some_and(|(_, task)| task.needs_rest());
        self.is_writing() || is_next || !self.purge.is_empty()
    }

    pub(super) fn forget(&mut self, has_left: impl Fn(&Asker) -> bool) {
        self.queue
            .retain(|(asker, _)| !asker.as_ref().is_some_and(&has_left));
        if let Some(running) = &mut self.running {
            running.asker = running.asker.filter(|asker| !has_left(asker));
        }
    }

    /// Whether what was typed into the dialog, or a slot that nobody types, is being tried.
    pub(super) fn is_trying(&self) -> bool {
        let running = self.running.as_ref();
        running.is_some_and(|running| matches!(running.work, Work::Typed(_) | Work::Auto))
    }

    /// Returns who waits for something that a lock ends, after ending it.
    pub(super) fn lock(&mut self) -> Vec<Asker> {
        let mut askers = Vec::new();
        self.queue.retain(|(asker, task)| {
            let stays = task.outlives_lock();
            if !stays {
                askers.extend(*asker);
            }
            stays
        });
        if let Some(running) = &mut self.running {
            running.is_locked = true;
            if matches!(
                running.work,
                Work::Open(_) | Work::Found(_) | Work::Check(_)
            ) {
                askers.extend(running.asker.take());
            }
        }
        askers
    }

    /// Empties the queue; returns who waited.
    pub(super) fn clear(&mut self) -> Vec<Asker> {
        self.queue
            .drain(..)
            .filter_map(|(asker, _)| asker)
            .collect()
    }

    /// Tries the slots that nobody types, after whatever waits already.
    pub(super) fn try_auto(&mut self) {
        self.queue.push_back((None, Task::Auto));
    }

    /// Tries what was typed into the dialog, after whatever waits already.
    pub(super) fn try_typed(&mut self, secret: Secret) {
        self.queue.push_back((None, Task::Typed(secret)));
    }
}

impl Agent {
    /// Puts a task in the queue, unless it can be answered at once.
    pub(super) fn slowly(&mut self, asker: Asker, task: Task) -> Result<Outcome, RpcError> {
        if let Some(answer) = self.answer_now(&task) {
            return answer.map(Outcome::Answer);
        }
        if self.jobs.queue.len() >= MAX_WAITING {
            return Err(error::busy());
        }
        self.jobs.queue.push_back((Some(asker), task));
        Ok(Outcome::Later)
    }

    /// Gives out the next job, if one can go; whether the queue moved.
    pub(super) fn start_job(&mut self, _: Now) -> bool {
        if self.jobs.running.is_some() {
            return false;
        }
        if let Some(device) = self.jobs.discard.take() {
            self.give_out(None, Job::Discard { device }, Work::Discard);
            return true;
        }
        let is_storing = matches!(self.changes.out, Some(Out::Store { .. }));
        if !self.jobs.purge.is_empty() && !is_storing {
            return self.start_purge();
        }
        let is_at_rest = self.changes.out.is_none() && self.keeping.is_idle();
        let may_go = |(_, task): &(Option<Asker>, Task)| is_at_rest || !task.needs_rest();
        if !self.jobs.queue.front().is_some_and(may_go) {
            return false;
        }
        let Some((asker, task)) = self.jobs.queue.pop_front() else {
            return false;
        };
        if let (Some(answer), Some(asker)) = (self.answer_now(&task), asker) {
            self.reply(asker, answer);
            return true;
        }
        let (job, work) = match task {
            Task::Init(Init { passphrase }) => (Job::Create { passphrase }, Work::Create),
            Task::Unlock(Unlock { passphrase }) => {
                let work = Work::Open(name_for(&passphrase));
                (Job::Open { secret: passphrase }, work)
            }
            Task::Choose(vault, secret) => {
                let work = Work::Open(name_for(&secret));
                (Job::Choose { vault, secret }, work)
            }
            Task::Passwd(Passwd { current, new }) => (Job::Rewrap { current, new }, Work::Rewrap),
            Task::Reveal(secret, wanted) => (Job::Check { secret }, Work::Check(wanted)),
            Task::Backup => (Job::Backup, Work::Backup),
            Task::Backups => (Job::Backups, Work::Backups),
            Task::BackupCheck => {
                let Some(open) = &self.open else {
                    return true;
                };
                let identity = open.sealer.identity(&open.arena);
                (Job::BackupCheck { identity }, Work::BackupCheck)
            }
            Task::Slots(job) => {
                let writes = job.writes();
                (Job::Slots(job), Work::Slots { writes })
            }
            Task::KeepRecovery => {
                let Some(asker) = asker else {
                    return true;
                };
                match self.keep_recovery_job(asker) {
                    Ok(job) => (Job::Slots(job), Work::Slots { writes: true }),
                    Err(failure) => {
                        self.reply(asker, Err(failure));
                        return true;
                    }
                }
            }
            Task::Rekey(Rekey {
                passphrase,
                drop_backups: drops_backups,
            }) => {
                let job = Job::Rekey {
                    passphrase,
                    drops_backups,
                };
                (job, Work::Rekey { drops_backups })
            }
            Task::Typed(secret) if self.prompts.is_waited_for() => {
                let work = Work::Typed(name_for(&secret));
                (Job::Open { secret }, work)
            }
            Task::Found(slot, identity) => (Job::OpenWith { identity }, Work::Found(slot)),
            Task::Auto if self.open.is_none() => (Job::OpenAuto, Work::Auto),
            // Everybody left, or the vault is open.
            Task::Typed(_) | Task::Auto => {
                self.prompts.is_tried();
                return true;
            }
            Task::RestoreBackup(commit) => {
                let Some(asker) = asker else {
                    return true;
                };
                match self.restore_backup_job(asker, commit) {
                    Ok((job, dry_run)) => (job, Work::RestoreBackup { dry_run }),
                    Err(failure) => {
                        self.reply(asker, Err(failure));
                        return true;
                    }
                }
            }
        };
        self.give_out(asker, job, work);
        true
    }

    fn start_purge(&mut self) -> bool {
        let Some(open) = &self.open else {
            return false;
        };
        let identity = open.sealer.identity(&open.arena);
        let ids = std::mem::take(&mut self.jobs.purge);
        let job = Job::Purge {
            identity,
            ids: ids.clone(),
        };
        self.give_out(None, job, Work::Purge(ids));
        true
    }

    fn give_out(&mut self, asker: Option<Asker>, job: Job, work: Work) {
        if work.ends_identity() {
            for had in self.connections.values_mut() {
                had.recovery = None;
            }
        }
        self.jobs.running = Some(Running {
            asker,
            work,
            is_locked: false,
        });
        self.outputs.push_back(Output::Job(job));
    }

    /// The job that was out is finished.
    pub(super) fn job_done(&mut self, now: Now, done: JobDone) {
        let Some(Running {
            asker,
            work,
            is_locked,
        }) = self.jobs.running.take()
        else {
            return;
        };
        match (work, done) {
            (Work::Create, JobDone::Create(result)) => self.created(now, asker, is_locked, result),
            // What can't be removed is there, with or without a recovery key.
            (Work::Discard, JobDone::Discard(result)) => self.vault_exists = result.is_err(),
            (Work::Open(slot), JobDone::Open(result)) => {
                self.opened(now, asker, is_locked, slot, result);
            }
            (Work::Rewrap, JobDone::Rewrap(result)) => self.rewrapped(now, asker, result),
            (Work::Check(wanted), JobDone::Check(result)) => {
                self.checked(now, asker, &wanted, result);
            }
            (Work::Backup, JobDone::Backup(result)) => self.backed_up(asker, result),
            (Work::BackupCheck, JobDone::BackupCheck(result)) => {
                let answer = result.map(Response::BackupCheck);
                if let Some(asker) = asker {
                    self.reply(asker, answer.map_err(|failure| error::open(&failure)));
                }
            }
            (Work::Backups, JobDone::Backups(result)) => {
                let answer = result.map(|backups| Response::Backups(BackupsAnswer { backups }));
                if let Some(asker) = asker {
                    self.reply(asker, answer.map_err(|failure| error::open(&failure)));
                }
            }
            (Work::RestoreBackup { dry_run }, JobDone::RestoreBackup(result)) => {
                self.restored(now, asker, is_locked, dry_run, result);
            }
            (Work::Purge(ids), JobDone::Purge(result)) => self.purged(&ids, result),
            (Work::Slots { .. }, JobDone::Slots(result)) => self.slots_done(now, asker, result),
            (Work::Rekey { drops_backups }, JobDone::Rekey(result)) => {
                self.rekeyed(now, asker, drops_backups, result);
            }
            (Work::Auto, JobDone::Open(result)) => self.auto_opened(now, is_locked, result),
            (Work::Found(slot), JobDone::Open(result)) => {
                self.hardware_opened(now, asker.filter(|_| !is_locked), &slot, result);
            }
            (Work::Typed(slot), JobDone::Open(result)) => {
                self.typed(now, is_locked, slot, result);
            }
            // Not what was given out: whoever waits gets no answer that could be wrong.
            (
                Work::Create
                | Work::Discard
                | Work::Open(_)
                | Work::Rewrap
                | Work::Check(_)
                | Work::Backup
                | Work::BackupCheck
                | Work::Backups
                | Work::RestoreBackup { .. }
                | Work::Purge(_)
                | Work::Slots { .. }
                | Work::Rekey { .. }
                | Work::Typed(_)
                | Work::Found(_)
                | Work::Auto,
                _,
            ) => {}
        }
    }
}
