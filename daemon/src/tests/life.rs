//! Random lives of an agent on its real files, killed at any operation on them, against a model
//! that knows what a person was told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use otp_proto::{Event, LockSource, Request, Response, RpcError, Secret};

use super::life_model::Model;
use super::life_untyped::{Memory, Untyped, plugin};
use super::numbers::Numbers;
use crate::agent::{
    Agent, Caller, Conn, Input, Job, JobDone, Output, PluginDone, PluginTask, Seen, Ticket, Way,
};
use crate::clock::Now;
use crate::config::{Config, MemoryMode};
use crate::platform;
use crate::vault::disk::fault::{self, Lasting};
use crate::vault::job::perform;
use crate::vault::slot::SlotName;
use crate::vault::store::Store;
use crate::vault::tests::samples::Folder;
use crate::vault::{Sealed, State};

/// How many lives there are where `OTPT_LIVES` says nothing.
const LIVES: usize = 100;
const STEPS: u64 = 40;
/// More operations on files than any request needs: some kills come late, some not at all.
const OPERATIONS: usize = 24;
pub(super) const MODE: MemoryMode = MemoryMode::Mlock;

/// Every way in which something outside of a request locks.
const SOURCES: [LockSource; 5] = [
    LockSource::Signal,
    LockSource::Screen,
    LockSource::Session,
    LockSource::Sleep,
    LockSource::Lost,
];

/// What the agent has given out and isn't done.
#[derive(Default)]
struct Out {
    job: Option<Job>,
    store: Option<Sealed>,
    keep: Option<State>,
    plugin: Option<PluginTask>,
}

/// An agent, its files, and the clocks.
pub(super) struct Life {
    folder: Folder,
    store: Store,
    /// Outlives the agent.
    keyring: Arc<Memory>,
    agent: Agent,
    out: Out,
    /// Work is done at once; otherwise only when [`Life::work`] says so.
    is_prompt: bool,
    pub(super) is_open: bool,
    /// A screen was locked, or the like, of which nobody says the end.
    pub(super) is_told: bool,
    wall: Duration,
    boot: Duration,
    tickets: u64,
    /// What was answered, and when.
    pub(super) answers: BTreeMap<u64, (Duration, Result<Response, RpcError>)>,
}

impl Life {
    fn new() -> Self {
        let folder = Folder::new();
        let keyring = Arc::<Memory>::default();
        let store = folder.store().with_keyring(keyring.clone());
        Self {
            agent: Agent::new(
                Config::default(),
                platform::random,
                false,
                otp_proto::Memory::Locked,
            ),
            folder,
            store,
            keyring,
            out: Out::default(),
            is_prompt: true,
            is_open: false,
            is_told: false,
            wall: Duration::from_secs(1_795_000_000),
            boot: Duration::from_secs(100),
            tickets: 0,
            answers: BTreeMap::new(),
        }
    }

    /// The process is gone, and another begins: whatever was out or unanswered is lost.
    fn restart(&mut self) {
        self.out = Out::default();
        self.answers.clear();
        self.is_prompt = true;
        self.is_open = false;
        self.is_told = false;
        self.store = self.fresh();
        let exists = self.store.exists();
        self.agent = Agent::new(
            Config::default(),
            platform::random,
            exists,
            otp_proto::Memory::Locked,
        );
    }

    fn input(&mut self, input: Input) {
        let now = Now {
            wall: self.wall,
            boot: self.boot,
            is_synchronised: Some(true),
        };
        self.agent.input(now, input);
        while let Some(output) = self.agent.output() {
            match output {
                Output::Reply(ticket, answer) => {
                    let is_code = matches!(answer, Ok(Response::Code(_)));
                    assert!(!is_code || self.is_open, "a code while locked");
                    self.answers.insert(ticket.0, (self.wall, answer));
                }
                Output::Job(job) => self.out.job = Some(job),
                Output::Store(sealed) => self.out.store = Some(sealed),
                Output::Keep(state) => self.out.keep = Some(state),
                Output::Plugin(task) => self.out.plugin = Some(task),
                Output::Publish(Event::Locked) => self.is_open = false,
                Output::Publish(Event::Unlocked) => self.is_open = true,
                Output::Shut(_)
                | Output::Prompt(_)
                | Output::EndPrompt
                | Output::PluginReply(_)
                // It comes back, too late.
                | Output::EndPlugin
                | Output::Probe(_)
                | Output::Show(_)
                | Output::Unshow
                | Output::Launch(_)
                | Output::Publish(_)
                | Output::Trim
                | Output::Fetch(_)
                | Output::EndFetch(..)
                | Output::Watch(_)
                | Output::Quit => {}
            }
        }
        if self.is_prompt {
            self.work();
        }
    }

    /// Does what is out, and what comes of it if that is done at once.
    fn work(&mut self) {
        if let Some(sealed) = self.out.store.take() {
            let written = self.store.write_vault(&sealed, self.wall);
            let is_written = written.is_ok();
            self.input(Input::Stored(written));
            if is_written {
                let copied = self.store.copy(&sealed, self.wall);
                self.input(Input::Copied(copied));
            }
        } else if let Some(state) = self.out.keep.take() {
            let written = self.store.write_state(&state);
            self.input(Input::Kept(written));
        } else if let Some(job) = self.out.job.take() {
            let done = perform(&self.store, MODE, job, self.wall);
            self.input(Input::JobDone(done));
        } else if let Some(task) = self.out.plugin.take() {
            let done = plugin(&self.store, task);
            self.input(Input::PluginDone(done));
        }
    }

    /// The files, as another start finds them.
    fn fresh(&self) -> Store {
        self.folder.store().with_keyring(self.keyring.clone())
    }

    pub(super) fn is_idle(&self) -> bool {
        let Out {
            job,
            store,
            keep,
            plugin,
        } = &self.out;
        job.is_none() && store.is_none() && keep.is_none() && plugin.is_none()
    }

    /// Does everything that is out.
    pub(super) fn rest(&mut self) {
        self.is_prompt = true;
        while !self.is_idle() {
            self.work();
        }
        // Answers that were put off.
        self.pass(20.0);
    }

    /// Asks on a connection of its own: a wrong secret delays the next answer of its own alone.
    pub(super) fn ask(&mut self, request: Request) -> u64 {
        self.ask_on(self.tickets + 1, request)
    }

    /// The connection and the ticket that come next.
    pub(super) fn next_conn(&self) -> u64 {
        self.tickets + 1
    }

    pub(super) fn next_ticket(&self) -> u64 {
        self.tickets + 1
    }

    pub(super) fn ask_on(&mut self, conn: u64, request: Request) -> u64 {
        self.tickets += 1;
        let caller = Caller {
            way: Way::Socket,
            conn: Conn(conn),
            uid: Some(1000),
            pid: None,
        };
        self.input(Input::Request(Ticket(self.tickets), caller, request));
        self.tickets
    }

    /// Asks and waits for the answer; returns when it came, too.
    pub(super) fn call_at(&mut self, request: Request) -> (Duration, Result<Response, RpcError>) {
        let ticket = self.ask(request);
        self.rest();
        self.answers.remove(&ticket).expect("it is answered")
    }

    pub(super) fn call(&mut self, request: Request) -> Result<Response, RpcError> {
        self.call_at(request).1
    }

    /// Lets both clocks run, waking the agent whenever it wants to be.
    fn pass(&mut self, seconds: f64) {
        let end = self.boot + Duration::from_secs_f64(seconds);
        loop {
            let wake = self.agent.deadline().filter(|&at| at <= end);
            let step = wake.unwrap_or(end).saturating_sub(self.boot);
            self.boot += step;
            self.wall += step;
            if wake.is_none() {
                return;
            }
            self.input(Input::Tick);
        }
    }

    /// The vault as a person with one of its secrets finds it after another start.
    pub(super) fn opens(&self, by: &str) -> bool {
        let secret = Secret::copy_of(by);
        self.opens_with(Job::Open { secret })
    }

    /// The same by a slot that nobody types.
    pub(super) fn opens_by(&self, slot: Untyped) -> bool {
        let job = match slot {
            Untyped::Keyring => Job::OpenAuto,
            Untyped::Hardware => {
                let task = PluginTask::Unwrap { slot: slot.name() };
                let Ok(PluginDone::Identity(identity)) = plugin(&self.fresh(), task) else {
                    return false;
                };
                Job::OpenWith { identity }
            }
        };
        self.opens_with(job)
    }

    /// Whether a slot is there.
    pub(super) fn has(&self, slot: &SlotName) -> bool {
        self.fresh().slots().expect("a folder").contains(slot)
    }

    fn opens_with(&self, job: Job) -> bool {
        let done = perform(&self.fresh(), MODE, job, self.wall);
        let JobDone::Open(Ok(opened)) = done else {
            return false;
        };
        // A crash leaves a whole vault: nothing was there to be mended.
        let mended = |line: &String| line.contains("took its place");
        assert!(!opened.warnings.iter().any(mended), "{:?}", opened.warnings);
        true
    }
}

/// One thing that happens.
fn step(life: &mut Life, model: &mut Model, numbers: &mut Numbers) {
    match numbers.below(27) {
        0..=7 => write(life, model, numbers),
        8..=11 => model.get(life, numbers),
        12 | 13 => model.unlock_by_passphrase(life),
        14 => model.unlock_by_recovery_key(life),
        15 => model.unlock_by_something_else(life, numbers),
        16 => {
            let source = SOURCES[numbers.index(SOURCES.len())];
            life.input(Input::Seen(source, Seen::Well("a test".into())));
            life.input(Input::Lock(source));
            let away = [LockSource::Screen, LockSource::Session, LockSource::Sleep];
            life.is_told = life.is_told || away.contains(&source);
            assert!(!life.is_open, "{source:?} didn't lock");
        }
        17 => {
            model.lock(life);
            assert!(!life.is_open);
        }
        18 => life.pass([1.0, 30.0, 3600.0, 100_000.0][numbers.index(4)]),
        19 => life.is_prompt = false,
        20 => life.work(),
        21..=23 => model.unlock_untyped(life, numbers),
        24 => model.take_backup(life),
        25 => {
            // A person takes their time with the hardware, and somebody else changes the identity.
            life.rest();
            life.is_prompt = false;
            model.add_untyped(life, Untyped::Hardware);
            life.work();
            model.rekey(life, false);
        }
        _ => life.rest(),
    }
}

/// One thing that writes.
fn write(life: &mut Life, model: &mut Model, numbers: &mut Numbers) {
    match numbers.below(22) {
        0..=4 => model.add(life),
        5 | 6 => model.get(life, numbers),
        7 | 18..=20 => model.remove(life, numbers),
        8 => model.passwd(life),
        9 | 10 => model.renew(life),
        12..=14 => model.add_untyped(life, Untyped::any(numbers)),
        15 => model.remove_untyped(life, numbers),
        16 | 17 => model.restore(life, numbers),
        11 => model.rekey(life, numbers.below(2) == 0),
        _ => model.remove_slot(life, numbers.below(2) == 0),
    }
}

#[test]
fn no_key_is_lost_and_no_code_given_while_locked_whatever_happens_in_a_life() {
    let lives = std::env::var("OTPT_LIVES").ok();
    let lives = lives.and_then(|lives| lives.parse().ok()).unwrap_or(LIVES);
    let mut seen = [0_usize; 10];
    for seed in 0..lives {
        let mut numbers = Numbers(seed.try_into().expect("a seed"));
        let mut life = Life::new();
        let mut model = Model::new(&mut life);
        for _ in 0..STEPS {
            if numbers.below(8) > 0 {
                step(&mut life, &mut model, &mut numbers);
                model.look(&mut life);
                continue;
            }
            // kill -9 at some operation on a file, or, if there are fewer, right after it.
            model.unlock_by_passphrase(&mut life);
            life.rest();
            model.look(&mut life);
            let at = numbers.index(OPERATIONS);
            let ((), is_reached) = fault::at(at, Lasting::Crash, || {
                write(&mut life, &mut model, &mut numbers);
                life.rest();
            });
            model.look_at_the_last(&mut life, is_reached);
            seen[0] += usize::from(is_reached);
            life.restart();
            model.restarted(&life);
        }
        life.rest();
        model.look(&mut life);
        life.restart();
        model.restarted(&life);
        let counts = model.compare(&mut life);
        for (sum, count) in seen[1..].iter_mut().zip(counts) {
            *sum += count;
        }
    }
    // The lives do reach what they are to prove: kills in the middle of something, keys kept,
    // codes, unlocks by passphrase and by recovery key, refusals; and, more seldom, unlocks by
    // keyring and by hardware, purges, and backups put back.
    let (often, seldom) = seen.split_at(6);
    assert!(often.iter().all(|&count| count > lives / 2), "{seen:?}");
    assert!(seldom.iter().all(|&count| count > lives / 50), "{seen:?}");
}
