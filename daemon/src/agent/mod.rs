//! The core: decides, and does nothing itself. No tokio, files, clock, environment or logging of
//! values in here; time comes as an argument, randomness through a function given at the start.

use std::time::Duration;

use otp_proto::{Event, Request, Response, RpcError, Secret};

use crate::clock::Now;
use crate::config::Config;
use crate::vault::{OpenError, Opened, State, StoreError};

/// One request in flight; `run` hands them out and never reuses a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// One connection; batches and failed unlocks belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Conn(pub u64);

/// Who asks, as the front-end learnt it from the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The connection.
    pub conn: Conn,
    /// The peer's user id, where the system has one.
    pub uid: Option<u32>,
    /// The peer's process id, where it is known. Advice for people, not a boundary.
    pub pid: Option<u32>,
}

/// Who wants the vault locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockSource {
    /// SIGUSR1.
    Signal,
    /// A request.
    Request,
    /// No use for `lock_idle`.
    Idle,
    /// Unlocked for `lock_max`.
    Max,
    /// The agent ends.
    Stop,
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
    /// Lock now.
    Lock(LockSource),
    /// The configuration was read again.
    Reload(Config),
    /// Finish writes, lock, end ([`Output::Quit`]).
    Stop,
    /// Time passed; [`Agent::deadline`] was reached.
    Tick,
}

/// What is to be done.
#[derive(Debug)]
pub enum Output {
    /// Answer a request.
    Reply(Ticket, Result<Response, RpcError>),
    /// Do slow work on the key-derivation thread; at most one is out at a time.
    Job(Job),
    /// Write the vault durably and keep a backup of it; at most one is out.
    Store(crate::vault::Sealed),
    /// Write the state file durably; at most one is out.
    Keep(State),
    /// Tell subscribers.
    Publish(Event),
    /// Everything is written and wiped: end the process.
    Quit,
}

/// Slow work. Each is answered by the [`JobDone`] of the same name.
#[derive(Debug)]
pub enum Job {
    /// Make identity, recovery key and an empty vault.
    Create {
        /// Wraps the identity.
        passphrase: Secret,
    },
    /// Unwrap the identity with a passphrase or recovery key and load the vault.
    Open {
        /// Either of them.
        secret: Secret,
    },
    /// Wrap the identity anew.
    Rewrap {
        /// Passphrase or recovery key of today.
        current: Secret,
        /// Passphrase from now on.
        new: Secret,
    },
    /// Only check a passphrase (or recovery key).
    Check {
        /// What was typed.
        secret: Secret,
    },
    /// Read identity, recovery and vault as one text.
    Backup,
    /// Open a backup's text and, unless `dry_run`, put it in the vault's place.
    RestoreBackup {
        /// The text that [`Job::Backup`] made.
        text: String,
        /// The backup's passphrase or recovery key.
        secret: Secret,
        /// Change nothing.
        dry_run: bool,
        /// HOTP marks and generation of the present vault, which the new one must not fall behind.
        present: Option<crate::vault::Marks>,
    },
    /// Rewrite every backup without these entries.
    Purge {
        /// The vault's identity.
        identity: Secret,
        /// The entries.
        ids: Vec<otp_proto::EntryId>,
    },
}

/// The end of a [`Job`].
#[derive(Debug)]
pub enum JobDone {
    /// See [`Job::Create`]; with the recovery key's canonical form.
    Create(Result<(Box<Opened>, Secret), OpenError>),
    /// See [`Job::Open`].
    Open(Result<Box<Opened>, OpenError>),
    /// See [`Job::Rewrap`].
    Rewrap(Result<(), OpenError>),
    /// See [`Job::Check`].
    Check(Result<(), OpenError>),
    /// See [`Job::Backup`]: the text.
    Backup(Result<String, OpenError>),
    /// See [`Job::RestoreBackup`].
    RestoreBackup(Result<Box<Opened>, OpenError>),
    /// See [`Job::Purge`].
    Purge(Result<(), OpenError>),
}

/// The state machine. After every `input`, take `output` until it is empty, then sleep until
/// `deadline`.
#[derive(Debug)]
pub struct Agent {
    config: Config,
}

impl Agent {
    /// Starts locked. `vault_exists` is what the store found at the start; `memory` is what the
    /// platform's probe says keys would get.
    pub fn new(
        config: Config,
        random: fn(&mut [u8]),
        vault_exists: bool,
        memory: otp_proto::Memory,
    ) -> Self {
        let _ = (random, vault_exists, memory);
        Self { config }
    }

    /// Takes in what happened.
    pub fn input(&mut self, now: Now, input: Input) {
        let _ = (now, input, &self.config);
    }

    /// Returns the next thing to do.
    #[must_use]
    pub fn output(&mut self) -> Option<Output> {
        None
    }

    /// Returns when to call again with [`Input::Tick`], on the boot clock.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        None
    }
}
