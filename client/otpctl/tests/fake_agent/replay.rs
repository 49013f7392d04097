//! An agent that replays answers, and the run of one command against it.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use otp_proto::{
    AddAnswer, Algorithm, Code, CodeAnswer, Digits, Done, EntryId, EntryInfo, ErrorKind,
    ImportAnswer, LockSource, LockSourceInfo, Memory, Period, Request, Response, RpcError, Sight,
    StatusAnswer, UnlockAnswer, decode_request, encode_answer,
};

pub(crate) const URI: &str = "otpauth://totp/Acme:alice?secret=JBSWY3DPEHPK3PXP&issuer=Acme";

pub(crate) type Reply = Result<Response, RpcError>;

/// A folder of its own, removed at the end.
pub(crate) struct Home(pub(crate) PathBuf);

impl Home {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("otpctl-test-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A copy of otpctl whose siblings are scripts.
    ///
    /// Other processes write them: a descriptor for writing that another test's fork inherits
    /// for a moment would make execve(2) fail with ETXTBSY.
    pub(crate) fn with_sibling(&self, name: &str, script: &str) -> PathBuf {
        let program = self.path("otpctl");
        let (text, sibling) = (self.path("script"), self.path(name));
        fs::write(&text, format!("#!/bin/sh\n{script}\n")).unwrap();
        for (from, to) in [
            (Path::new(env!("CARGO_BIN_EXE_otpctl")), &program),
            (&text, &sibling),
        ] {
            let mut install = Command::new("install");
            install.args(["-m", "0755"]).args([from, to]);
            assert!(install.status().unwrap().success());
        }
        program
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// What a run printed and returned.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn command(program: &Path, home: &Home, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args);
    command_of(command, home)
}

/// A command in a home, with its environment only.
pub(crate) fn command_of(mut command: Command, home: &Home) -> Command {
    command
        .env_clear()
        .env("HOME", &home.0)
        .env("PATH", "/usr/bin:/bin")
        .env("OTPD_SOCKET", home.path("otpd.sock"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub(crate) fn finish(mut command: Command, input: &str) -> Ran {
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    let output = child.wait_with_output().unwrap();
    Ran {
        status: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Starts an agent that answers by a function, and hands out the requests that it got.
pub(crate) fn agent(
    home: &Home,
    mut answer: impl FnMut(&Request) -> Reply + Send + 'static,
) -> Receiver<Request> {
    let listener = UnixListener::bind(home.path("otpd.sock")).unwrap();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            serve(&stream.unwrap(), &mut answer, &sender);
        }
    });
    receiver
}

pub(crate) fn serve(
    stream: &UnixStream,
    answer: &mut impl FnMut(&Request) -> Reply,
    sender: &Sender<Request>,
) {
    for line in BufReader::new(stream).split(b'\n') {
        let line = line.unwrap();
        assert!(line.len() <= otp_proto::MAX_REQUEST);
        let (id, request) = decode_request(&line).unwrap();
        let reply = answer(&request);
        // Before the answer, with which otpctl ends and the test looks at what came; a test that
        // does not look has dropped the other end.
        sender.send(request).ok();
        let mut stream = stream;
        stream.write_all(&encode_answer(Some(&id), &reply)).unwrap();
    }
}

/// Runs otpctl once against an agent, without a terminal.
pub(crate) fn run(
    args: &[&str],
    input: &str,
    answer: impl FnMut(&Request) -> Reply + Send + 'static,
) -> (Ran, Vec<Request>) {
    let home = Home::new();
    let requests = agent(&home, answer);
    let ran = finish(
        command(Path::new(env!("CARGO_BIN_EXE_otpctl")), &home, args),
        input,
    );
    (ran, requests.try_iter().collect())
}

pub(crate) fn error(kind: ErrorKind) -> Reply {
    Err(RpcError::new(kind, "the agent's words"))
}

pub(crate) fn code() -> Reply {
    Ok(Response::Code(CodeAnswer {
        source: None,
        id: EntryId::from_random(1),
        code: Code::new("012345".into()),
        valid_for: Some(21),
        period: Some(Period::THIRTY),
        next: None,
    }))
}

pub(crate) fn entry(number: u64, issuer: &str, account: &str) -> EntryInfo {
    EntryInfo {
        source: None,
        id: EntryId::from_random(number),
        issuer: issuer.into(),
        account: account.into(),
        kind: "totp".into(),
        algorithm: Algorithm::Sha1,
        digits: Digits::SIX,
        period: Some(Period::THIRTY),
        counter: None,
        tags: vec!["work".into()],
        trash: None,
        used: 0,
    }
}

pub(crate) fn status(vault: bool, locked: bool) -> Reply {
    Ok(Response::Status(StatusAnswer {
        sources: Vec::new(),
        locked,
        vault,
        version: env!("CARGO_PKG_VERSION").into(),
        protocol: otp_proto::VERSION,
        pid: 7,
        memory: Memory::Secret,
        rollback: false,
        damaged: false,
        entries: None,
        since: 61,
        locks_in: None,
        locks_by: None,
        locked_by: locked.then_some(LockSource::Sleep),
        unlocked_by: None,
        unlock_in: None,
        lock_sources: [
            (LockSource::Screen, Sight::Absent),
            (LockSource::Session, Sight::Watched),
            (LockSource::Sleep, Sight::Off),
        ]
        .map(|(source, state)| LockSourceInfo {
            source,
            state,
            reason: None,
        })
        .into(),
        socket: Some("/run/otpd.sock".into()),
        backup_age: Some(3600),
        copy_age: None,
        copy_due: false,
        clock_synchronised: Some(true),
        clipboard_clear: Some(30),
        warnings: Vec::new(),
    }))
}

/// A locked vault that nobody unlocks for so many seconds.
pub(crate) fn refusing(seconds: u64) -> Reply {
    let mut answer = status(true, true)?;
    if let Response::Status(status) = &mut answer {
        status.unlock_in = Some(seconds);
    }
    Ok(answer)
}

/// An agent with an open vault that accepts everything.
pub(crate) fn willing(request: &Request) -> Reply {
    Ok(match request {
        Request::Status(_) => return status(true, false),
        Request::Add(_) => Response::Add(AddAnswer {
            entry: entry(1, "Acme", "alice"),
            duplicate: false,
            superseded: Vec::new(),
            same_key: Vec::new(),
        }),
        Request::ImportCommit(_) => Response::Import(ImportAnswer {
            added: vec![entry(1, "Acme", "alice")],
            duplicates: vec![entry(2, "Acme", "bob")],
            same_key: vec![entry(1, "Acme", "alice")],
        }),
        Request::Unlock(_) => Response::Unlock(UnlockAnswer::default()),
        _ => Response::Done(Done {}),
    })
}
