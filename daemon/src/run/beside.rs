//! Slow work beside the loop: threads that hand back one [`Done`] each time.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use otp_proto::{Ask, Dirs, Secret, SlotsReply};
use tokio::sync::mpsc;

use super::folder::Folder;
use crate::agent::{
    Fetch, FetchError, Found, Input, Job, JobDone, PluginDone, PluginTask, Prompt, PromptError,
};
use crate::clock;
use crate::config::{Config, ConfigError, MemoryMode};
use crate::effect::fetch::{self, Programs};
use crate::effect::files::Files;
use crate::effect::plugin::{self, Conversation};
use crate::effect::prompt::{self, Dialog};
use crate::lifecycle::service;
use crate::vault::job::{damaged_files, perform};
use crate::vault::store::Store;
use crate::vault::{OpenError, Sealed, ShutUntil, State, StoreError};

/// Results that may wait for the loop: one job, one vault, two copies of it, what is kept of damaged
/// files, one state, one time to stay shut, one configuration, one dialog, one plugin with a question
/// and its end, three readings and a file that has changed. Whoever finds no room waits.
pub(crate) const WAITING: usize = 15;

/// How long the disk is left alone after a write before the vault is copied, so that nobody who
/// writes often waits for copies.
const SETTLE: Duration = Duration::from_millis(100);

/// How long the end of the process waits for the last copy: less than whoever takes over does.
const LAST_COPY: Duration = Duration::from_secs(1);

/// How long a reading waits until its file is watched, which a slow disk may delay.
const UNWATCHED: Duration = Duration::from_secs(5);

/// After how many writes without such a rest the vault is copied all the same.
const PATIENCE: usize = 50;

/// What a thread has done.
#[derive(Debug)]
pub(crate) enum Done {
    Job(JobDone),
    Stored(Result<(), StoreError>),
    Copied(Result<(), StoreError>),
    Damaged(Option<String>),
    InFolder(Result<Option<bool>, OpenError>),
    Kept(Result<(), StoreError>),
    Shut(Result<(), StoreError>),
    Configuration(Result<Option<Config>, ConfigError>),
    Prompted(Result<Secret, PromptError>),
    PluginAsked(Ask),
    Plugin(Result<PluginDone, OpenError>),
    /// A reading's number, and what was read.
    Fetched(u64, Result<Vec<Found>, FetchError>),
    FileChanged(String),
}

/// What the disk thread writes, in the order it was given.
enum Write {
    Vault(Sealed),
    State(State),
    Shut(Option<ShutUntil>),
}

/// The threads, and what they work on.
pub(crate) struct Beside {
    store: Arc<Store>,
    /// The vault's folder.
    folder: PathBuf,
    configuration: PathBuf,
    memory: Cell<MemoryMode>,
    done: mpsc::Sender<Done>,
    /// The key derivation that is out.
    job: RefCell<Option<JoinHandle<()>>>,
    /// The dialog that is out.
    dialog: RefCell<Dialog>,
    /// The plugin that is out.
    plugin: RefCell<Conversation>,
    /// The readings that are out, by their numbers, with their sources' names.
    fetches: RefCell<BTreeMap<u64, (String, Programs)>>,
    files: RefCell<Files>,
    /// Why each source could not be read the last time, so that the log says it once.
    unread: RefCell<BTreeMap<String, String>>,
    /// Started with the first write: most sessions only read.
    disk: RefCell<Option<SyncSender<Write>>>,
    /// Closed when that thread has ended.
    disk_ended: RefCell<Option<Receiver<()>>>,
    copies: Arc<Folder>,
    /// Why there was no copy in the folder the last time, so that the log says it once.
    no_folder: RefCell<Option<String>>,
}

impl Beside {
    pub(crate) fn new(
        store: Store,
        dirs: &Dirs,
        configuration: PathBuf,
        config: &Config,
        done: mpsc::Sender<Done>,
    ) -> Self {
        let copies = Arc::new(Folder::default());
        copies.choose(config.backup_folder.clone());
        Self {
            store: Arc::new(store),
            folder: dirs.data.clone(),
            configuration,
            memory: Cell::new(config.memory),
            done,
            job: RefCell::new(None),
            dialog: RefCell::default(),
            plugin: RefCell::default(),
            fetches: RefCell::default(),
            files: RefCell::default(),
            unread: RefCell::default(),
            disk: RefCell::new(None),
            disk_ended: RefCell::new(None),
            copies,
            no_folder: RefCell::default(),
        }
    }

    /// Starts a job; without a thread for it, it has failed at once.
    pub(super) fn start(&self, job: Job) -> Result<(), JobDone> {
        let failed = failure(&job);
        let (store, done) = (Arc::clone(&self.store), self.done.clone());
        let (memory, wall) = (self.memory.get(), clock::now().wall);
        let work = move || hand_back(&done, Done::Job(perform(&store, memory, job, wall)));
        let thread =
            spawn("otpd-job", work).map_err(|error| failed(self.no_thread(&error).into()))?;
        *self.job.borrow_mut() = Some(thread);
        Ok(())
    }

    /// Starts a dialog on a thread of its own, for nobody knows how long.
    pub(super) fn prompt(&self, prompt: Prompt) -> Result<(), PromptError> {
        let dialog = Dialog::default();
        let (own, done) = (dialog.clone(), self.done.clone());
        *self.dialog.borrow_mut() = dialog;
        let program = prompt.program.clone();
        let work = move || hand_back(&done, Done::Prompted(prompt::ask(&prompt, &own)));
        let started = spawn("otpd-prompt", work);
        let failed = |error: io::Error| PromptError::Failed(program, error.to_string());
        started.map(drop).map_err(failed)
    }

    /// Ends the dialog that is out.
    pub(super) fn end_prompt(&self) {
        self.dialog.borrow().end();
    }

    /// Starts a plugin on a thread of its own, for nobody knows how long.
    pub(super) fn plugin(&self, task: PluginTask) -> Result<(), OpenError> {
        let (conversation, away) = Conversation::new();
        *self.plugin.borrow_mut() = conversation;
        let (store, done) = (Arc::clone(&self.store), self.done.clone());
        let work = move || {
            let tell = |ask| hand_back(&done, Done::PluginAsked(ask));
            let result = plugin::perform(&store, task, &away, tell);
            away.end();
            hand_back(&done, Done::Plugin(result));
        };
        let started = spawn("otpd-plugin", work);
        started
            .map(drop)
            .map_err(|error| self.no_thread(&error).into())
    }

    /// Answers what the plugin has asked.
    pub(super) fn reply_to_plugin(&self, reply: SlotsReply) {
        self.plugin.borrow().reply(reply);
    }

    /// Ends the plugin that is out.
    pub(super) fn end_plugin(&self) {
        self.plugin.borrow_mut().end();
    }

    /// Reads a source on a thread of its own, for nobody knows how long.
    pub(super) fn fetch(&self, fetch: Fetch) -> Result<(), FetchError> {
        let Fetch {
            number,
            name,
            origin,
        } = fetch;
        let programs = Programs::default();
        let (own, done) = (programs.clone(), self.done.clone());
        self.fetches.borrow_mut().insert(number, (name, programs));
        let watched = origin
            .file()
            .and_then(|file| self.files.borrow().begun(file));
        let work = move || {
            // What changes from here on is told.
            if let Some(watched) = watched {
                watched.wait(UNWATCHED);
            }
            let result = fetch::read(origin, &own);
            hand_back(&done, Done::Fetched(number, result));
        };
        let started = spawn("otpd-fetch", work);
        let failed = |error: io::Error| FetchError::Failed(error.to_string());
        started.map(drop).map_err(failed)
    }

    /// Ends a reading that is out; why, where that is a failure of the source.
    pub(super) fn end_fetch(&self, number: u64, why: Option<&FetchError>) {
        let fetch = self.fetches.borrow_mut().remove(&number);
        if let Some((name, programs)) = fetch {
            programs.end();
            if why.is_some() {
                self.note_reading(name, why);
            }
        }
    }

    /// Notices changes of these files alone.
    pub(super) fn watch(&self, files: Vec<String>) {
        let done = self.done.clone();
        let tell = move |file| hand_back(&done, Done::FileChanged(file));
        self.files.borrow_mut().watch(files, tell);
    }

    /// Says in the log why a source can't be read, once.
    fn note_reading(&self, name: String, failure: Option<&FetchError>) {
        let mut unread = self.unread.borrow_mut();
        if let Some(failure) = failure {
            let cause = failure.to_string();
            if unread.get(&name) != Some(&cause) {
                tracing::warn!(source = name, error = cause, "a source can't be read");
                unread.insert(name, cause);
            }
        } else {
            unread.remove(&name);
        }
    }

    /// Writes the vault.
    pub(super) fn store(&self, sealed: Sealed) -> Result<(), StoreError> {
        self.write(Write::Vault(sealed))
    }

    /// Writes the state file.
    pub(super) fn keep(&self, state: State) -> Result<(), StoreError> {
        if self.copies.raise_floor(state.floor) {
            self.ring();
        }
        self.write(Write::State(state))
    }

    /// Writes until when every unlock is refused.
    pub(super) fn shut(&self, shut: Option<ShutUntil>) -> Result<(), StoreError> {
        self.write(Write::Shut(shut))
    }

    /// Reads the configuration again.
    pub(super) fn read_configuration(&self) {
        let (path, done) = (self.configuration.clone(), self.done.clone());
        let work = move || hand_back(&done, Done::Configuration(Config::read(&path)));
        if let Err(error) = spawn("otpd-config", work) {
            tracing::error!(%error, "cannot read the configuration");
            service::ready();
        }
    }

    /// Clears up after a thread, and says what its result means to the agent.
    pub(super) fn ended(&self, done: Done) -> Result<Input, ConfigError> {
        Ok(match done {
            Done::Job(done) => {
                if let Some(thread) = self.job.borrow_mut().take() {
                    // A panic would have ended the process.
                    thread.join().ok();
                }
                if let JobDone::Open(Ok(opened)) = &done {
                    self.copies.raise_floor(opened.state.floor);
                }
                // Whatever it was, the vault or its slots may be others now.
                self.ring();
                Input::JobDone(done)
            }
            Done::Stored(result) => {
                if result.is_ok() {
                    self.ring();
                }
                Input::Stored(result)
            }
            Done::InFolder(result) => {
                let result = result.map_err(|error| error.to_string());
                let failure = result.as_ref().err().cloned();
                if let Some(error) = &failure
                    && failure != *self.no_folder.borrow()
                {
                    tracing::warn!(%error, "no new copy of the vault in the backup folder");
                }
                *self.no_folder.borrow_mut() = failure;
                Input::InFolder(result)
            }
            Done::Copied(result) => {
                if let Err(error) = &result {
                    tracing::warn!(%error, "no copy of the vault for today");
                }
                Input::Copied(result)
            }
            Done::Damaged(line) => Input::Damaged(line),
            Done::Kept(result) => Input::Kept(result),
            Done::Shut(result) => Input::Shut(result),
            Done::Prompted(answer) => Input::Prompted(answer),
            Done::PluginAsked(ask) => Input::PluginAsked(ask),
            Done::Plugin(result) => Input::PluginDone(result),
            Done::Fetched(number, result) => {
                let fetch = self.fetches.borrow_mut().remove(&number);
                // One that was ended has nothing to say.
                if let Some((name, _)) = fetch {
                    self.note_reading(name, result.as_ref().err());
                }
                Input::Fetched(number, result)
            }
            Done::FileChanged(file) => Input::FileChanged(file),
            Done::Configuration(read) => {
                service::ready();
                let config = read?.unwrap_or_default();
                self.memory.set(config.memory);
                self.copies.choose(config.backup_folder.clone());
                self.ring();
                Input::Reload(config)
            }
        })
    }

    fn ring(&self) {
        self.copies.ring(&self.store, &self.done);
    }

    fn write(&self, write: Write) -> Result<(), StoreError> {
        let mut disk = self.disk.borrow_mut();
        let queue = match disk.take() {
            Some(queue) => queue,
            None => self.start_disk().map_err(|error| self.no_thread(&error))?,
        };
        // The agent has at most one of each out, so there is room.
        let sent = queue.try_send(write);
        *disk = Some(queue);
        sent.map_err(|error| self.no_thread(&io::Error::other(error.to_string())))
    }

    fn no_thread(&self, error: &io::Error) -> StoreError {
        StoreError::new("start a thread for", &self.folder, error)
    }

    fn start_disk(&self) -> io::Result<SyncSender<Write>> {
        let (queue, writes) = sync_channel(3);
        let (ending, ended) = sync_channel(0);
        let (store, done) = (Arc::clone(&self.store), self.done.clone());
        let work = move || {
            write_all(&store, &writes, &done);
            drop::<SyncSender<()>>(ending);
        };
        spawn("otpd-disk", work)?;
        *self.disk_ended.borrow_mut() = Some(ended);
        Ok(queue)
    }

    /// Waits for a copy that is being made or is due, so that none is left half made.
    pub(super) fn finish(&self) {
        self.disk.borrow_mut().take();
        if let Some(ended) = self.disk_ended.borrow_mut().take() {
            ended.recv_timeout(LAST_COPY).ok();
        }
        self.copies.rest(LAST_COPY);
    }
}

fn write_all(store: &Store, writes: &Receiver<Write>, done: &mpsc::Sender<Done>) {
    let mut uncopied: Option<Sealed> = None;
    let mut put_off = 0;
    loop {
        let write = match &uncopied {
            None => writes.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(_) if put_off >= PATIENCE => Err(RecvTimeoutError::Timeout),
            Some(_) => writes.recv_timeout(SETTLE),
        };
        match write {
            Ok(Write::Vault(sealed)) => {
                let written = store.write_vault(&sealed, clock::now().wall);
                if written.is_ok() {
                    uncopied = Some(sealed);
                    put_off += 1;
                }
                hand_back(done, Done::Stored(written));
            }
            Ok(Write::State(state)) => hand_back(done, Done::Kept(store.write_state(&state))),
            Ok(Write::Shut(shut)) => {
                hand_back(done, Done::Shut(store.write_shut(shut.as_ref())));
            }
            Err(failure) => {
                if let Some(sealed) = uncopied.take() {
                    put_off = 0;
                    hand_back(done, Done::Copied(store.copy(&sealed, clock::now().wall)));
                    hand_back(done, Done::Damaged(damaged_files(store)));
                }
                if failure == RecvTimeoutError::Disconnected {
                    return;
                }
            }
        }
    }
}

pub(super) fn spawn(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    Builder::new().name(name.into()).spawn(work)
}

/// Fails only when the loop has ended without waiting; then nobody wants the result.
pub(super) fn hand_back(done: &mpsc::Sender<Done>, result: Done) {
    done.blocking_send(result).ok();
}

/// How a job of this kind fails.
fn failure(job: &Job) -> fn(OpenError) -> JobDone {
    match job {
        Job::Create { .. } => |error| JobDone::Create(Err(error)),
        Job::Discard { .. } => |error| JobDone::Discard(Err(error)),
        Job::Open { .. } | Job::Choose { .. } | Job::OpenAuto | Job::OpenWith { .. } => {
            |error| JobDone::Open(Err(error))
        }
        Job::Rewrap { .. } => |error| JobDone::Rewrap(Err(error)),
        Job::Check { .. } => |error| JobDone::Check(Err(error)),
        Job::Backup => |error| JobDone::Backup(Err(error)),
        Job::BackupCheck { .. } => |error| JobDone::BackupCheck(Err(error)),
        Job::Backups => |error| JobDone::Backups(Err(error)),
        Job::RestoreBackup(_) => |error| JobDone::RestoreBackup(Err(error)),
        Job::Purge { .. } => |error| JobDone::Purge(Err(error)),
        Job::Slots(_) => |error| JobDone::Slots(Err(error)),
        Job::Rekey { .. } => |error| JobDone::Rekey(Err(error)),
    }
}

#[cfg(test)]
mod tests;
