//! What the agent is told, and what it wants done.

use otp_proto::{Ask, Event, LockSource, Request, Response, RpcError, Secret, SlotsReply};

use super::{
    Absence, Chosen, Fetch, FetchError, Found, Job, JobDone, Launch, Notice, PluginDone,
    PluginTask, Prompt, PromptError, Seen, Sign,
};
use crate::config::Config;
use crate::vault::{OpenError, Sealed, ShutUntil, State, StoreError};

/// One request in flight; `run` hands them out and never reuses a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// One connection; batches and failed unlocks belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Conn(pub u64);

/// The front-end that a request came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The socket or the pipe: everything.
    Socket,
    /// D-Bus: what shows no key, and codes only if the configuration says so.
    Bus,
}

/// Who asks, as the front-end learnt it from the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// How.
    pub way: Way,
    /// The connection.
    pub conn: Conn,
    /// The peer's user id, where the system has one.
    pub uid: Option<u32>,
    /// The peer's process id, where it is known. Advice for people, not a boundary.
    pub pid: Option<u32>,
}

/// What can happen.
#[derive(Debug)]
pub enum Input {
    /// A request came; it is answered by one [`Output::Reply`] with the same ticket.
    Request(Ticket, Caller, Request),
    /// The caller left before its answer; whatever waits for it ends.
    Gone(Ticket),
    /// A connection ended; its batch and its failure count are forgotten.
    Closed(Conn),
    /// The [`Job`] given out last is finished.
    JobDone(JobDone),
    /// The vault given out by [`Output::Store`] is on disk, or isn't.
    Stored(Result<(), StoreError>),
    /// The state given out by [`Output::Keep`] is on disk, or isn't.
    Kept(Result<(), StoreError>),
    /// What [`Output::Shut`] gave out is on disk, or isn't.
    Shut(Result<(), StoreError>),
    /// The dated copy of a vault that was written is there, or isn't.
    Copied(Result<(), StoreError>),
    /// Whether damaged files are kept, in words; told after each copy.
    Damaged(Option<String>),
    /// A copy was put into the user's folder, on another disk or not; or why it wasn't.
    InFolder(Result<Option<bool>, String>),
    /// The dialog given out by [`Output::Prompt`] is over: what was typed, or why nothing was.
    Prompted(Result<Secret, PromptError>),
    /// The plugin that is out says or asks something; it waits for [`Output::PluginReply`].
    PluginAsked(Ask),
    /// The plugin given out by [`Output::Plugin`] is done, or isn't.
    PluginDone(Result<PluginDone, OpenError>),
    /// The reading of this number, given out by [`Output::Fetch`], is over.
    Fetched(u64, Result<Vec<Found>, FetchError>),
    /// A file that [`Output::Watch`] names has changed.
    FileChanged(String),
    /// Somebody else has our name on the session bus, and who; or nobody any more.
    NameTaken(Option<String>),
    /// The notice of this number, given out by [`Output::Show`], is shown, or why it isn't.
    Shown(u64, Result<(), String>),
    /// Whether notices can be shown, asked by [`Output::Probe`] with this number, or why not.
    Probed(u64, Result<(), String>),
    /// A person has chosen something in the notification of this number.
    Chosen(u64, Chosen),
    /// Lock now, if the configuration lets this source lock. Nobody will say when that is over.
    Lock(LockSource),
    /// Somebody has left the computer, or is back: as [`Self::Lock`] at its beginning, and until
    /// its end nothing opens the vault by itself.
    Absence(Absence, Sign),
    /// A source of locks can be seen, or can't.
    Seen(LockSource, Seen),
    /// The agent was just started, and slots are there that nobody types: try them once it is
    /// known whether somebody is at the computer.
    Begin,
    /// The configuration was read again.
    Reload(Config),
    /// The configuration could not be read again, and why.
    NotReloaded(String),
    /// Finish writes, lock, end ([`Output::Quit`]).
    Stop,
    /// Time passed; [`Agent::deadline`](super::Agent::deadline) was reached.
    Tick,
}

/// What is to be done.
#[derive(Debug)]
pub enum Output {
    /// Answer a request.
    Reply(Ticket, Result<Response, RpcError>),
    /// Do slow work on the key-derivation thread; at most one is out at a time. Work that writes
    /// into the vault's folder is given out only while no [`Self::Store`] is.
    Job(Job),
    /// Write the vault durably and keep a backup of it; at most one is out.
    Store(Sealed),
    /// Write the state file durably; at most one is out.
    Keep(State),
    /// Note durably until when every unlock is refused, or that none is; at most one is out.
    Shut(Option<ShutUntil>),
    /// Ask a person for the passphrase or what a plugin wants; at most one dialog is out.
    Prompt(Prompt),
    /// Nobody waits for the dialog any more: end it. It is over with [`Input::Prompted`].
    EndPrompt,
    /// Find out whether notices can be shown; each is over with [`Input::Probed`].
    Probe(u64),
    /// Show a notice in the place of the one before; each is over with [`Input::Shown`].
    Show(Box<Notice>),
    /// Take away what is shown, or is about to be.
    Unshow,
    /// Start what a person has chosen in a notification.
    Launch(Box<Launch>),
    /// Let a plugin do something; at most one is out.
    Plugin(PluginTask),
    /// Answer what it has asked.
    PluginReply(SlotsReply),
    /// End it: it is over with [`Input::PluginDone`].
    EndPlugin,
    /// Read a source of entries; each is over with [`Input::Fetched`].
    Fetch(Box<Fetch>),
    /// End the reading of this number, with every program that takes part; why, where that is a
    /// failure of the source.
    EndFetch(u64, Option<FetchError>),
    /// Notice changes of these files, and of no others any more.
    Watch(Vec<String>),
    /// Tell subscribers.
    Publish(Event),
    /// Much memory isn't needed any more: give it back to the system.
    Trim,
    /// Everything is written and wiped: end the process.
    Quit,
}
