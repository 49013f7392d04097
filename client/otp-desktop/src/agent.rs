//! The agent, asked for what only it knows: whether the vault is open, and when it is no more.

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use otp_proto::{
    Call, Done, Endpoint, Event, Frames, MAX_ANSWER, Status, StatusAnswer, Subscribe, User,
    decode_answer, decode_event, encode_request,
};
use rustix::process::geteuid;
use zeroize::Zeroizing;

use crate::failure::{Failure, reason};

/// Longest wait for an answer that the agent has in memory.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection that hears of every lock.
pub(crate) struct Agent {
    stream: UnixStream,
    frames: Frames,
}

impl Agent {
    /// Subscribes to the agent's events; what its state is from then on.
    pub(crate) fn subscribe() -> Result<(Self, StatusAnswer), Failure> {
        let mut agent = Self::connect().map_err(|error| Failure::NoAgent(reason(&error)))?;
        let asked = agent
            .ask(&Subscribe {})
            .and_then(|Done {}| agent.ask(&Status {}));
        let status = asked.map_err(|error| Failure::NoAgent(reason(&error)))?;
        let set = agent.stream.set_nonblocking(true);
        set.map_err(|error| Failure::NoAgent(reason(&error)))?;
        Ok((agent, status))
    }

    fn connect() -> io::Result<Self> {
        let user = User::Uid(geteuid().as_raw());
        let endpoint =
            otp_proto::endpoint(&|name| std::env::var_os(name), &user, &is_private_folder);
        let stream = match endpoint.map_err(io::Error::other)? {
            Endpoint::Socket(path) => UnixStream::connect(path)?,
            Endpoint::Pipe(_) => return Err(io::ErrorKind::Unsupported.into()),
        };
        // Another user's process could keep a lock from us (`SO_PEERCRED`, unix(7)).
        if rustix::net::sockopt::socket_peercred(&stream)?.uid != geteuid() {
            return Err(io::Error::other("another user's process listens there"));
        }
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream,
            frames: Frames::new(MAX_ANSWER),
        })
    }

    /// Asks once and waits for the answer; a lock meanwhile shows in the next one.
    fn ask<C: Call>(&mut self, question: &C) -> io::Result<C::Answer> {
        self.stream.write_all(&encode_request(1, question))?;
        loop {
            let Some(line) = self.line()? else {
                return Err(io::ErrorKind::UnexpectedEof.into());
            };
            if decode_event(&line).is_none() {
                let answer = decode_answer(&line).map_err(io::Error::other)?;
                return answer.map_err(|error| io::Error::other(error.message));
            }
        }
    }

    /// The next line; none at the end of the connection.
    fn line(&mut self) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        let mut part = [0; 4096];
        loop {
            if let Some(line) = self.frames.next_line().map_err(io::Error::other)? {
                return Ok(Some(line));
            }
            match self.stream.read(&mut part) {
                Ok(0) => return Ok(None),
                Ok(length) => {
                    let read = part.get(..length).unwrap_or_default();
                    self.frames.push(read).map_err(io::Error::other)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether the vault was locked since, as far as was said. An agent that has gone has locked.
    pub(crate) fn has_locked(&mut self) -> bool {
        loop {
            match self.line() {
                Ok(Some(line)) if decode_event(&line) == Some(Event::Locked) => return true,
                Ok(Some(_)) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Ok(None) | Err(_) => return true,
            }
        }
    }
}

impl AsFd for Agent {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// Whether a folder is ours alone: owner, mode 0700, not a link.
fn is_private_folder(path: &Path) -> bool {
    const OTHERS: u32 = 0o077;
    std::fs::symlink_metadata(path).is_ok_and(|found| {
        found.is_dir() && found.uid() == geteuid().as_raw() && found.mode() & OTHERS == 0
    })
}
