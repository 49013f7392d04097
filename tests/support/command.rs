//! Running a program to its end, with its output.

use std::io::{Read, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;

use super::PATIENCE;

/// What a program left behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    /// Insists on an exit status.
    #[track_caller]
    pub(crate) fn exits(self, status: i32) -> Self {
        assert_eq!(self.status.code(), Some(status), "{self:#?}");
        self
    }

    /// Returns stdout without its last newline.
    pub(crate) fn line(&self) -> &str {
        self.stdout.strip_suffix('\n').unwrap_or(&self.stdout)
    }

    /// Reads stdout as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// Runs a command with this text on its stdin. It is ended if it takes too long: end of file on
/// its outputs is waited for, so a detached child that keeps them open counts as a hang.
#[track_caller]
pub(crate) fn run(command: &mut Command, stdin: &[u8]) -> Outcome {
    let mut child = command
        .stdin(if stdin.is_empty() {
            Stdio::null()
        } else {
            Stdio::piped()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let input = child.stdin.take().map(|mut pipe| {
        let text = stdin.to_vec();
        // A program may end without reading everything.
        thread::spawn(move || drop(pipe.write_all(&text)))
    });
    let (done, both) = mpsc::channel();
    let outputs: [Box<dyn Read + Send>; 2] = [
        Box::new(child.stdout.take().unwrap()),
        Box::new(child.stderr.take().unwrap()),
    ];
    let readers = outputs.map(|mut output| {
        let done = done.clone();
        thread::spawn(move || {
            let mut bytes = Vec::new();
            output.read_to_end(&mut bytes).ok();
            done.send(()).ok();
            String::from_utf8_lossy(&bytes).into_owned()
        })
    });
    for _ in 0..2 {
        if both.recv_timeout(PATIENCE).is_err() {
            child.kill().ok();
            panic!("{command:?} did not end");
        }
    }
    let status = child.wait().unwrap();
    if let Some(input) = input {
        input.join().unwrap();
    }
    let [stdout, stderr] = readers.map(|reader| reader.join().unwrap());
    assert!(
        status.signal().is_none_or(|signal| signal != 6),
        "aborted: {stderr}"
    );
    Outcome {
        status,
        stdout,
        stderr,
    }
}
