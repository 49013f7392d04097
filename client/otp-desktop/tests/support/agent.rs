//! A stand-in for otpd: it tells its state, and its events when the test says so.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::chown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::{self, Receiver};

use rustix::process::Uid;
use rustix::thread::set_thread_uid;
use tempfile::TempDir;

/// An agent on a socket of its own. Dropping it ends its connections.
pub(crate) struct Agent {
    folder: TempDir,
    subscribers: Receiver<UnixStream>,
}

impl Agent {
    /// One whose vault is open; codes stay on the clipboard for so many seconds.
    pub(crate) fn start(clear: u32) -> Self {
        Self::with(&format!("\"locked\":false,\"clipboard_clear\":{clear}"))
    }

    /// One that says this of its state.
    pub(crate) fn with(fields: &str) -> Self {
        Self::run(fields, None)
    }

    /// One of another user.
    pub(crate) fn of(user: Option<u32>, clear: u32) -> Self {
        let fields = format!("\"locked\":false,\"clipboard_clear\":{clear}");
        Self::run(&fields, user)
    }

    fn run(fields: &str, user: Option<u32>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        chown(folder.path(), user, user).unwrap();
        let socket = folder.path().join("agent");
        let (subscribed, subscribers) = mpsc::channel();
        let (ready, is_ready) = mpsc::channel();
        let status = format!(
            "{{{fields},\"vault\":true,\"version\":\"0\",\"protocol\":1,\"pid\":1,\
             \"memory\":\"locked\",\"rollback\":false}}"
        );
        std::thread::spawn(move || {
            // A socket's peer is whoever has begun to listen.
            if let Some(user) = user.map(Uid::from_raw) {
                set_thread_uid(user).unwrap();
            }
            let listener = UnixListener::bind(socket).unwrap();
            ready.send(()).unwrap();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                // Subscribed first, so that no lock is missed; then asked.
                let dialogue = [("\"subscribe\"", "{}"), ("\"status\"", &*status)];
                for ((method, answer), line) in dialogue.into_iter().zip(lines) {
                    let line = line.unwrap();
                    assert!(line.contains(method), "{line}");
                    let answer = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{answer}}}\n");
                    stream.write_all(answer.as_bytes()).unwrap();
                }
                if subscribed.send(stream).is_err() {
                    return;
                }
            }
        });
        is_ready.recv().unwrap();
        Self {
            folder,
            subscribers,
        }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("agent")
    }

    /// Lets a program know it.
    pub(crate) fn announce<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("OTPD_SOCKET", self.socket())
    }

    /// The connection of the next one who has subscribed.
    pub(crate) fn subscriber(&self) -> UnixStream {
        self.subscribers.recv().unwrap()
    }
}

/// Says that something has happened.
pub(crate) fn tell(mut subscriber: &UnixStream, event: &str) {
    let line = format!(
        "{{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{{\"event\":\"{event}\"}}}}\n"
    );
    subscriber.write_all(line.as_bytes()).unwrap();
}
