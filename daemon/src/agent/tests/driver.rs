//! An agent with a fake world around it.

mod asking;

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use super::world::Disk;
use super::*;

pub(super) const PASSPHRASE: &str = "correct horse";
pub(super) const RECOVERY: &str = "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE-FFFFF-GGGGG";
/// RFC 4226's key in base32.
pub(super) const RFC: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
pub(super) const GITHUB: &str =
    "otpauth://totp/GitHub:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=GitHub";

/// A URI of a type, a name `issuer:account` and a key's number.
pub(super) fn uri(kind: &str, name: &str, key: u64) -> String {
    let mut secret = String::new();
    let mut bytes = b"a key of twenty.".to_vec();
    bytes.extend_from_slice(&u32::try_from(key).unwrap().to_be_bytes());
    base32_encode(&bytes, &mut secret);
    let issuer = name.split_once(':').map_or("", |(issuer, _)| issuer);
    format!("otpauth://{kind}/{name}?secret={secret}&issuer={issuer}")
}

/// What the fake thread and disk do by themselves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Habits {
    pub jobs: bool,
    pub stores: bool,
    pub keeps: bool,
}

/// The notification server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    /// It says at once that it is there.
    There,
    /// Until [`Driver::finish_probe`] nobody knows.
    Slow,
}

pub(super) struct Driver {
    pub agent: Agent,
    pub wall: Duration,
    pub boot: Duration,
    pub is_synchronised: Option<bool>,
    pub disk: Disk,
    pub habits: Habits,
    pub answers: BTreeMap<u64, Result<Response, RpcError>>,
    pub events: Vec<Event>,
    pub job: Option<Job>,
    pub store: Option<Sealed>,
    pub keep: Option<State>,
    /// At most one time to stay shut.
    pub shut: Vec<Option<ShutUntil>>,
    pub prompt: Option<Prompt>,
    pub is_prompt_ended: bool,
    /// How many dialogs there were.
    pub prompts: usize,
    /// What a plugin does, and what it was told.
    pub plugin: Option<PluginTask>,
    pub plugin_replies: Vec<SlotsReply>,
    pub is_plugin_ended: bool,
    /// What was to be shown, and what taken away, since somebody looked.
    notices: Vec<Option<Notice>>,
    /// What otpctl was to do.
    pub launches: Vec<Launch>,
    last_notice: u64,
    pub server: Server,
    /// What it was asked.
    probes: Vec<u64>,
    /// What is being read, and which files are watched.
    pub fetches: Vec<Fetch>,
    pub watched: Vec<String>,
    pub has_quit: bool,
    tickets: u64,
}

/// Numbers that look random and are the same in every run of one test.
fn random(out: &mut [u8]) {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut seed = NEXT.fetch_add(1, Ordering::Relaxed);
    for byte in out {
        seed = seed
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        *byte = seed.to_be_bytes()[0];
    }
}

pub(super) fn failure() -> StoreError {
    let error = io::Error::from(io::ErrorKind::StorageFull);
    StoreError::new("write", Path::new("/vault"), &error)
}

impl Driver {
    /// An agent that has never seen a vault.
    pub(super) fn new() -> Self {
        let wall = Duration::from_secs(1_700_000_015);
        Self::start(Disk::default(), wall, Duration::from_secs(100), true)
    }

    /// An unlocked, empty vault, five seconds into a period of 30.
    pub(super) fn unlocked() -> Self {
        let mut driver = Self::new();
        let ticket = driver.ask(
            1,
            Request::Init(Init {
                passphrase: secret(PASSPHRASE),
            }),
        );
        assert!(matches!(driver.answer(ticket), Ok(Response::Init(_))));
        driver.events.clear();
        driver
    }

    /// An unlocked vault with these URIs.
    pub(super) fn with(uris: &[&str]) -> Self {
        let mut driver = Self::unlocked();
        for uri in uris {
            driver.add(uri).unwrap();
        }
        driver.events.clear();
        driver
    }

    fn start(disk: Disk, wall: Duration, boot: Duration, is_same_boot: bool) -> Self {
        let is_synchronised = None;
        let now = Now {
            wall,
            boot,
            is_synchronised,
        };
        let shut = disk.shut.as_ref();
        let facts = Facts {
            shut_until: shut.and_then(|shut| shut.at(now, is_same_boot)),
            ..Facts::default()
        };
        let agent = Agent::new(
            Config::default(),
            random,
            disk.vault.is_some(),
            Memory::Locked,
        );
        Self {
            agent: agent.with_facts(facts),
            wall,
            boot,
            is_synchronised,
            disk,
            habits: Habits {
                jobs: true,
                stores: true,
                keeps: true,
            },
            answers: BTreeMap::new(),
            events: Vec::new(),
            job: None,
            store: None,
            keep: None,
            shut: Vec::new(),
            prompt: None,
            is_prompt_ended: false,
            prompts: 0,
            plugin: None,
            plugin_replies: Vec::new(),
            is_plugin_ended: false,
            notices: Vec::new(),
            launches: Vec::new(),
            last_notice: 0,
            server: Server::There,
            probes: Vec::new(),
            fetches: Vec::new(),
            watched: Vec::new(),
            has_quit: false,
            tickets: 0,
        }
    }

    /// The same disk, another agent.
    pub(super) fn restart(self) -> Self {
        Self {
            tickets: self.tickets,
            ..Self::start(self.disk, self.wall, self.boot, true)
        }
    }

    /// The same disk, another boot.
    pub(super) fn reboot(self) -> Self {
        Self {
            tickets: self.tickets,
            ..Self::start(self.disk, self.wall, Duration::from_secs(20), false)
        }
    }

    /// The agent is killed, just before or just after what is being written has reached the
    /// disk.
    pub(super) fn kill(mut self, is_written: bool) -> Self {
        if let Some(sealed) = self.store.take().filter(|_| is_written) {
            self.disk.vault = Some(sealed.bytes);
        }
        if let Some(state) = self.keep.take().filter(|_| is_written) {
            self.disk.state = state;
        }
        if let Some(shut) = self.shut.pop().filter(|_| is_written) {
            self.disk.shut = shut;
        }
        self.restart()
    }

    pub(super) fn next_ticket(&self) -> u64 {
        self.tickets + 1
    }

    pub(super) fn now(&self) -> Now {
        Now {
            wall: self.wall,
            boot: self.boot,
            is_synchronised: self.is_synchronised,
        }
    }

    pub(super) fn input(&mut self, input: Input) {
        self.agent.input(self.now(), input);
        self.run();
    }

    /// Does what the agent wants done, as far as the habits go.
    fn run(&mut self) {
        loop {
            while let Some(output) = self.agent.output() {
                match output {
                    Output::Reply(ticket, answer) => {
                        let is_code = matches!(answer, Ok(Response::Code(_)));
                        assert!(!is_code || self.agent.open.is_some(), "a code while locked");
                        let again = self.answers.insert(ticket.0, answer);
                        assert!(again.is_none(), "two answers to one ticket");
                    }
                    Output::Job(job) => {
                        assert!(self.job.replace(job).is_none(), "two jobs are out");
                    }
                    Output::Store(sealed) => {
                        assert!(self.store.replace(sealed).is_none(), "two stores are out");
                    }
                    Output::Keep(state) => {
                        assert!(self.keep.replace(state).is_none(), "two keeps are out");
                    }
                    Output::Shut(shut) => {
                        assert!(self.shut.is_empty(), "two times are out");
                        self.shut.push(shut);
                    }
                    Output::Prompt(prompt) => {
                        assert!(self.prompt.replace(prompt).is_none(), "two dialogs are out");
                        self.prompts += 1;
                    }
                    Output::EndPrompt => {
                        assert!(self.prompt.is_some(), "no dialog is out");
                        self.is_prompt_ended = true;
                    }
                    Output::Plugin(task) => {
                        assert!(self.plugin.replace(task).is_none(), "two plugins are out");
                    }
                    Output::PluginReply(reply) => self.plugin_replies.push(reply),
                    Output::EndPlugin => {
                        assert!(self.plugin.is_some(), "no plugin is out");
                        self.is_plugin_ended = true;
                    }
                    Output::Probe(number) => self.probes.push(number),
                    Output::Show(notice) => {
                        self.last_notice = notice.number;
                        self.notices.push(Some(*notice));
                    }
                    Output::Unshow => self.notices.push(None),
                    Output::Launch(launch) => self.launches.push(*launch),
                    Output::Fetch(fetch) => {
                        let mut out = self.fetches.iter();
                        assert!(out.all(|out| out.name != fetch.name), "it is read twice");
                        self.fetches.push(*fetch);
                    }
                    Output::EndFetch(number, _) => {
                        let out = self.fetches.iter().position(|out| out.number == number);
                        self.fetches.remove(out.expect("it is being read"));
                    }
                    Output::Watch(files) => self.watched = files,
                    Output::Publish(event) => self.events.push(event),
                    Output::Trim => {}
                    Output::Quit => {
                        assert!(!self.has_quit, "it quits twice");
                        self.has_quit = true;
                    }
                }
            }
            if self.habits.stores && self.store.is_some() {
                self.finish_store(Ok(()));
            } else if self.habits.keeps && self.keep.is_some() {
                self.finish_keep(Ok(()));
            } else if self.habits.keeps && !self.shut.is_empty() {
                self.finish_shut(Ok(()));
            } else if self.habits.jobs && self.job.is_some() {
                self.finish_job();
            } else if self.server == Server::There && !self.probes.is_empty() {
                self.finish_probe(Ok(()));
            } else {
                return;
            }
        }
    }

    pub(super) fn finish_store(&mut self, result: Result<(), StoreError>) {
        let sealed = self.store.take().expect("a store is out");
        if result.is_ok() {
            self.disk.vault = Some(sealed.bytes);
            self.disk.stores += 1;
        }
        self.input(Input::Stored(result));
    }

    pub(super) fn finish_keep(&mut self, result: Result<(), StoreError>) {
        let state = self.keep.take().expect("a keep is out");
        if result.is_ok() {
            self.disk.state = state;
        }
        self.input(Input::Kept(result));
    }

    pub(super) fn finish_shut(&mut self, result: Result<(), StoreError>) {
        let shut = self.shut.pop().expect("a time is out");
        if result.is_ok() {
            self.disk.shut = shut;
        }
        self.input(Input::Shut(result));
    }

    /// Everything that locks was looked at, and nothing does.
    pub(super) fn see_everything(&mut self) {
        for source in [LockSource::Screen, LockSource::Session, LockSource::Sleep] {
            self.input(Input::Seen(source, Seen::Well("a test".into())));
        }
    }

    /// The dialog ends with this.
    pub(super) fn finish_prompt(&mut self, answer: Result<&str, PromptError>) {
        self.prompt.take().expect("a dialog is out");
        self.is_prompt_ended = false;
        self.input(Input::Prompted(answer.map(secret)));
    }

    /// The plugin ends with this.
    pub(super) fn finish_plugin(&mut self, result: Result<PluginDone, OpenError>) {
        self.plugin.take().expect("a plugin is out");
        self.is_plugin_ended = false;
        self.input(Input::PluginDone(result));
    }

    pub(super) fn finish_job(&mut self) {
        let job = self.job.take().expect("a job is out");
        let done = self.disk.perform(job);
        self.input(Input::JobDone(done));
    }

    /// Lets both clocks run, waking the agent whenever it wants to be.
    pub(super) fn pass(&mut self, seconds: f64) {
        let end = self.boot + Duration::from_secs_f64(seconds);
        for _ in 0..10_000 {
            let wake = self.agent.deadline().filter(|&at| at <= end);
            let step = wake.unwrap_or(end).saturating_sub(self.boot);
            self.boot += step;
            self.wall += step;
            if wake.is_none() {
                return;
            }
            self.input(Input::Tick);
        }
        panic!("it never sleeps");
    }

    /// Sets the wall clock, and lets the agent notice by itself.
    pub(super) fn set_wall(&mut self, by: i64) {
        let by_much = Duration::from_secs(by.unsigned_abs());
        if by < 0 {
            self.wall -= by_much;
        } else {
            self.wall += by_much;
        }
    }
}

pub(super) fn secret(text: &str) -> Secret {
    Secret::copy_of(text)
}

pub(super) fn get(query: &str) -> Get {
    Get {
        query: query.to_owned(),
        ..Get::default()
    }
}

pub(super) fn code(answer: Response) -> CodeAnswer {
    let Response::Code(answer) = answer else {
        panic!("{answer:?}");
    };
    answer
}
