//! The core: decides, and does nothing itself. No tokio, files, clock, environment or logging of
//! values in here; time comes as an argument, randomness through a function given at the start.
//!
//! A request passes [`gate`] and is carried out at once, or waits: in `jobs` for the
//! key-derivation thread, in `changes` for the disk, in `wait` for a better code. After every
//! input [`Agent::settle`] starts whatever has become possible.

mod askpass;
mod batch;
mod changes;
mod codes;
mod compare;
mod connection;
mod copies;
mod edit;
mod entries;
mod error;
mod find;
mod fold;
mod gate;
mod hardware;
mod info;
mod io;
mod job;
mod jobs;
mod keeping;
mod needle;
mod notices;
mod open;
mod outcome;
mod prompt;
mod rate;
mod recovery_codes;
mod refusal;
mod remove;
mod restore_backup;
mod slots;
mod sources;
mod status;
mod task;
mod timers;
mod unlock;
mod uses;
mod wait;
mod watch;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

pub use otp_proto::LockSource;
use otp_proto::{EntryInfo, Memory, Request, Response, RpcError};

use self::askpass::Prompted;
use self::changes::Changes;
use self::connection::Connection;
use self::hardware::Hardware;
pub use self::io::{Caller, Conn, Input, Output, Ticket, Way};
pub use self::job::{
    Job, JobDone, PluginDone, PluginTask, Present, Rekeyed, RestoreJob, Restored, SlotDone,
    SlotJob, Source,
};
use self::jobs::Jobs;
use self::keeping::Keeping;
use self::notices::Notices;
pub use self::notices::{Chosen, Launch, Notice};
use self::open::Open;
use self::prompt::Prompts;
pub use self::prompt::{Mistake, PluginQuestion, Prompt, PromptError};
use self::rate::Rates;
use self::refusal::TimedRefusal;
use self::sources::Sources;
pub use self::sources::{Asked, Fetch, FetchError, Found, Holds, Origin};
use self::timers::Timers;
use self::unlock::Refusal;
use self::uses::Uses;
use self::wait::Waiter;
use self::watch::Watches;
pub use self::watch::{Absence, Facts, Seen, Sign};
use crate::clock::Now;
use crate::config::{Config, LockedList, MemoryMode};
use crate::vault::{Passing, no_copy};

/// Where an answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asker {
    ticket: Ticket,
    conn: Conn,
}

/// How long the agent goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    /// Until it is stopped.
    Serving,
    /// Until everything is written.
    Ending,
    /// [`Output::Quit`] was said.
    Ended,
}

/// The state machine. After every `input`, take `output` until it is empty, then sleep until
/// `deadline`.
#[derive(Debug)]
pub struct Agent {
    config: Config,
    /// Why the configuration could not be read again.
    config_fault: Option<String>,
    /// Who has our name on the session bus.
    name_taken: Option<String>,
    random: fn(&mut [u8]),
    vault_exists: bool,
    /// The vault could not be opened though something was typed that may be right: a backup may
    /// take its place.
    is_damaged: bool,
    /// What may be right again before the vault is closed, in words.
    passing: Passing,
    /// Why there is no new copy in the user's folder, in words.
    no_folder: Option<String>,
    /// What the platform's probe says keys would get.
    probed: Memory,
    /// What the configuration said when it was probed or the vault was opened.
    asked: MemoryMode,
    /// The vault while it is unlocked.
    open: Option<Open>,
    /// What a locked vault lists, if the configuration wants that: the living entries at the lock.
    names: Vec<EntryInfo>,
    /// Whether the vault opened last was older than the last one seen.
    rollback: bool,
    /// When it was last locked or unlocked, on the boot clock.
    since: Option<Duration>,
    locked_by: Option<LockSource>,
    /// The name of the slot that opened it.
    unlocked_by: Option<String>,
    refusal: TimedRefusal,
    watches: Watches,
    facts: Facts,
    life: Life,
    connections: BTreeMap<Conn, Connection>,
    rates: Rates,
    jobs: Jobs,
    changes: Changes,
    keeping: Keeping,
    waiters: Vec<Waiter>,
    prompts: Prompts,
    prompted: Prompted,
    notices: Notices,
    uses: Uses,
    hardware: Hardware,
    sources: Sources,
    refusals: Vec<Refusal>,
    timers: Timers,
    outputs: VecDeque<Output>,
}

impl Agent {
    /// Starts locked. `vault_exists` is what the store found at the start; `memory` is what the
    /// platform's probe says keys would get.
    pub fn new(config: Config, random: fn(&mut [u8]), vault_exists: bool, memory: Memory) -> Self {
        Self {
            asked: config.memory,
            config,
            config_fault: None,
            name_taken: None,
            random,
            vault_exists,
            is_damaged: false,
            passing: Passing::default(),
            no_folder: None,
            probed: memory,
            open: None,
            names: Vec::new(),
            rollback: false,
            since: None,
            locked_by: None,
            unlocked_by: None,
            refusal: TimedRefusal::default(),
            watches: Watches::default(),
            facts: Facts::default(),
            life: Life::Serving,
            connections: BTreeMap::new(),
            rates: Rates::default(),
            jobs: Jobs::default(),
            changes: Changes::default(),
            keeping: Keeping::default(),
            waiters: Vec::new(),
            prompts: Prompts::default(),
            prompted: Prompted::default(),
            notices: Notices::default(),
            uses: Uses::default(),
            hardware: Hardware::default(),
            sources: Sources::default(),
            refusals: Vec::new(),
            timers: Timers::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Tells what the agent can't find out.
    #[must_use]
    pub fn with_facts(mut self, facts: Facts) -> Self {
        self.refusal
            .resume(facts.shut_until, facts.shut_lost.as_deref());
        self.facts = facts;
        self
    }

    /// Takes in what happened.
    pub fn input(&mut self, now: Now, input: Input) {
        self.since.get_or_insert(now.boot);
        // First of all, so that nothing is served after a suspend that outlived a timer.
        self.lock_if_due(now);
        match input {
            Input::Request(ticket, caller, request) => self.request(now, ticket, caller, request),
            Input::Gone(ticket) => self.forget(|asker| asker.ticket == ticket),
            Input::Closed(conn) => {
                self.forget(|asker| asker.conn == conn);
                self.close(conn);
                self.end_hardware_of(conn);
            }
            Input::JobDone(done) => self.job_done(now, done),
            Input::Stored(result) => self.stored(now, result),
            Input::Kept(result) => self.kept(now, result),
            Input::Shut(result) => self.shut_kept(result),
            Input::Copied(result) => self.passing.no_copy = result.err().as_ref().map(no_copy),
            Input::Damaged(line) => {
                self.passing.damaged = line.filter(|_| self.open.is_some());
            }
            Input::InFolder(result) => self.copied_to_folder(now, result),
            Input::Prompted(answer) => self.prompted(now, answer),
            Input::PluginAsked(ask) => self.hardware_asks(now, ask),
            Input::PluginDone(result) => self.hardware_done(result),
            Input::Fetched(number, result) => self.fetched(now, number, result),
            Input::FileChanged(file) => self.file_changed(&file),
            Input::Shown(number, result) => self.shown(now, number, result),
            Input::Probed(number, result) => self.probed(now, number, result),
            Input::Chosen(number, chosen) => self.chosen(now, number, chosen),
            Input::Lock(source) => self.lock_for(now, source),
            Input::Absence(absence, sign) => self.sign(now, absence, sign),
            Input::Seen(source, seen) => self.see(now, source, seen),
            Input::Begin => self.begin(now),
            Input::Reload(config) => {
                if config.backup_folder != self.config.backup_folder {
                    self.no_folder = None;
                }
                if config.lock_list == LockedList::Empty {
                    self.names = Vec::new();
                }
                self.config = config;
                self.config_fault = None;
                self.lock_if_due(now);
            }
            Input::NotReloaded(why) => self.config_fault = Some(why),
            Input::NameTaken(who) => self.name_taken = who,
            Input::Stop => self.stop(now),
            Input::Tick => {}
        }
        self.settle(now);
    }

    /// Returns the next thing to do.
    #[must_use]
    pub fn output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Returns when to call again with [`Input::Tick`], on the boot clock.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.timers.earliest()
    }

    /// Returns who locked the vault last, for the log; `None` before the first lock.
    #[must_use]
    pub fn locked_by(&self) -> Option<LockSource> {
        self.locked_by
    }

    fn request(&mut self, now: Now, ticket: Ticket, caller: Caller, request: Request) {
        let asker = Asker {
            ticket,
            conn: caller.conn,
        };
        let request = self.by_rule(asker, caller, request);
        match self.gate(now, caller, &request) {
            Ok(()) => self.carry_out(now, asker, request),
            Err(refusal) => self.ask_or_refuse(asker, caller, request, refusal),
        }
    }

    /// Starts everything that has become possible, and sets the timers.
    fn settle(&mut self, now: Now) {
        self.end_late_fetches(now);
        while self.purge_returned(now)
            || self.start_change(now)
            || self.finish_adding(now)
            || self.start_job(now)
        {}
        self.start_fetches(now);
        self.answer_syncs(now);
        self.begin_if_known(now);
        self.serve_prompted(now);
        self.ask_for_hardware(now);
        self.end_late_hardware(now);
        // It may have put one in the queue.
        while self.start_job(now) {}
        self.serve_waiters(now);
        self.take_back_lent();
        self.take_away_if_due(now);
        self.send_refusals(now);
        self.keep();
        self.end_refusal(now);
        self.keep_shut(now);
        self.quit_if_done();
        self.set_timers(now);
    }

    fn reply(&mut self, asker: Asker, answer: Result<Response, RpcError>) {
        let Some(answer) = self.shown_instead(asker, answer) else {
            return;
        };
        if let Ok(answer) = &answer {
            self.uses.count(answer);
        }
        let answer = self.for_prompt(asker, answer);
        self.outputs.push_back(Output::Reply(asker.ticket, answer));
    }

    /// Ends whatever waits for callers that have left; they get no answer.
    fn forget(&mut self, has_left: impl Fn(&Asker) -> bool) {
        self.jobs.forget(&has_left);
        self.changes.forget(&has_left);
        self.refusal.forget(&has_left);
        self.waiters.retain(|waiter| !has_left(&waiter.asker));
        self.prompts.forget(&has_left);
        self.prompted.forget(&has_left);
        self.notices.forget(&has_left);
        self.forget_hardware(&has_left);
        self.forget_sources(&has_left);
        self.refusals.retain(|refusal| !has_left(&refusal.asker));
    }

    /// Returns whether it was asked to end; it does once everything is on disk.
    pub fn is_ending(&self) -> bool {
        self.life != Life::Serving
    }

    fn stop(&mut self, now: Now) {
        self.life = Life::Ending;
        self.lock(now, LockSource::Stop);
        for asker in self.jobs.clear() {
            self.reply(asker, Err(error::ending()));
        }
        self.end_prompts(&error::ending());
        self.end_hardware(&error::ending());
        for refusal in std::mem::take(&mut self.refusals) {
            self.reply(refusal.asker, Err(error::ending()));
        }
    }

    fn quit_if_done(&mut self) {
        let is_written = self.changes.out.is_none()
            && self.keeping.is_idle()
            && self.refusal.is_kept()
            && !self.jobs.is_writing();
        if is_written && self.life == Life::Ending {
            self.life = Life::Ended;
            self.outputs.push_back(Output::Quit);
        }
    }
}

#[cfg(test)]
mod tests;
