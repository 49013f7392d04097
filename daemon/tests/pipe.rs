//! The real otpd on its named pipe, in a home of its own.
#![cfg(windows)]
#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Output, Stdio};

use otp_proto::User;
use otpd::platform::{pipe_access, server, user};
use tempfile::TempDir;

/// A home and a pipe's name.
struct Home {
    folder: TempDir,
    pipe: String,
}

/// A running otpd; ended when it is dropped.
struct Otpd {
    child: Child,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let unique = folder.path().file_name().unwrap().to_string_lossy();
        let pipe = format!(r"\\.\pipe\otpd-{unique}");
        Self { folder, pipe }
    }

    fn command(&self, pipe: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_otpd"));
        command
            .env("LOCALAPPDATA", self.folder.path())
            .env("OTPD_SOCKET", pipe)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        for name in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            command.env_remove(name);
        }
        command
    }

    /// Starts otpd and waits until it is ready.
    fn start(&self) -> Otpd {
        let mut child = self.command(&self.pipe).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("otpd: ready at ") {
            assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "not ready: {said}");
        }
        child.stderr = Some(stderr.into_inner());
        Otpd { child }
    }

    /// Runs another otpd to its end.
    fn run(&self, pipe: &str) -> (Option<i32>, String) {
        let Output { status, stderr, .. } = self.command(pipe).output().unwrap();
        let said = String::from_utf8_lossy(&stderr).into_owned();
        (status.code(), said)
    }

    fn connect(&self) -> File {
        /// `ERROR_PIPE_BUSY`: between two clients the server makes the pipe's next instance.
        const BUSY: i32 = 231;
        loop {
            match OpenOptions::new().read(true).write(true).open(&self.pipe) {
                Err(error) if error.raw_os_error() == Some(BUSY) => std::thread::yield_now(),
                opened => return opened.unwrap(),
            }
        }
    }

    fn ask(&self, method: &str) -> String {
        let mut pipe = self.connect();
        let line = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{method}\"}}\n");
        pipe.write_all(line.as_bytes()).unwrap();
        let mut answer = String::new();
        BufReader::new(pipe).read_line(&mut answer).unwrap();
        answer
    }
}

impl Drop for Otpd {
    fn drop(&mut self) {
        // Fails where it has ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn the_pipe_belongs_to_its_user_and_lets_nobody_else_in() {
    let home = Home::new();
    let otpd = home.start();
    let pipe = home.connect();
    let server = server(&pipe).unwrap();
    assert_eq!(server.pid, Some(otpd.child.id()));
    assert_eq!(server.user, user().unwrap());
    let User::Sid(sid) = server.user else {
        panic!("not a SID");
    };
    let access = pipe_access(&pipe).unwrap();
    // "All rights", in the two spellings that there are for a pipe; `P`: nothing is inherited.
    let alone = |rights: &str| format!("O:{sid}D:P(A;;{rights};;;{sid})");
    assert!([alone("FA"), alone("GA")].contains(&access), "{access}");
}

#[test]
fn the_first_one_serves_the_second_says_so_and_a_stop_frees_the_pipe() {
    let home = Home::new();
    let mut first = home.start();
    let (status, said) = home.run(&home.pipe);
    assert_eq!(status, Some(0), "{said}");
    let expected = format!("otpd: already running (pid {})", first.child.id());
    assert!(said.contains(&expected), "{said}");
    // It is still the first one that answers.
    let pid = format!(r#""pid":{}"#, first.child.id());
    assert!(home.ask("status").contains(&pid));

    assert!(home.ask("quit").contains(r#""result""#));
    assert_eq!(first.child.wait().unwrap().code(), Some(0));
    home.start();
}

#[test]
fn a_killed_one_leaves_nothing_in_the_way() {
    let home = Home::new();
    home.start().child.kill().unwrap();
    home.start();
}

#[test]
fn two_pipes_never_share_a_vault() {
    let home = Home::new();
    let _first = home.start();
    let other = format!("{}-other", home.pipe);
    let (status, said) = home.run(&other);
    assert_eq!(status, Some(1));
    assert!(said.contains("with another socket"), "{said}");
    // The folder was the reason, not the name.
    let elsewhere = Home {
        pipe: other,
        ..Home::new()
    };
    elsewhere.start();
}
