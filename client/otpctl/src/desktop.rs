//! `otp-desktop`: takes the screen or the clipboard for us. What it takes goes to `otp-helper`
//! by a pipe and never through this process.

use std::io::{self, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::{os, sibling};

/// Most bytes that are read of what it says: a message and a hint.
const LONGEST: u64 = 4096;
/// Has `clip` wait for a word on its standard input.
pub(crate) const THEN_CLEAR: &str = "--then-clear";
/// What it prints before its message.
const PREFIX: &str = "otp-desktop: ";

/// Has a person choose one of some names, one a line; its number, if it can be read. In the terminal,
/// or in a window.
pub(crate) fn pick(names: &str, in_terminal: bool) -> Result<Option<usize>, DesktopError> {
    let args: &[&str] = if in_terminal {
        &["pick", "--terminal"]
    } else {
        &["pick"]
    };
    let (mut desktop, mut chosen) = Desktop::run(args, Stdio::piped())?;
    if let Some(mut stdin) = desktop.stdin.take() {
        // One that ended already has its status.
        stdin.write_all(names.as_bytes()).ok();
    }
    let mut number = String::new();
    chosen.read_to_string(&mut number).ok();
    desktop.end()?;
    Ok(number.trim_end().parse().ok())
}

/// One run of otp-desktop. Dropping it leaves the clipboard as it is.
pub(crate) struct Desktop {
    child: Child,
    /// Its end, or a word before it, is what `clip --then-clear` waits for.
    stdin: Option<ChildStdin>,
}

/// Why nothing was taken.
#[derive(Debug)]
pub(crate) enum DesktopError {
    /// No `otp-desktop` beside us, in libexec or in `PATH`.
    NoProgram,
    /// It can't be run.
    Spawn(io::Error),
    /// It ended with this status and said why, in the person's language, perhaps with a hint.
    Failed {
        status: Option<i32>,
        cause: String,
        hint: Option<String>,
    },
}

impl Desktop {
    /// Starts it; what it takes comes out of the pipe. It asks the desktop, so that it gets the
    /// whole environment of the session.
    pub(crate) fn start(args: &[&str]) -> Result<(Self, ChildStdout), DesktopError> {
        let stdin = if args.contains(&THEN_CLEAR) {
            Stdio::piped()
        } else {
            Stdio::null()
        };
        Self::run(args, stdin)
    }

    fn run(args: &[&str], stdin: Stdio) -> Result<(Self, ChildStdout), DesktopError> {
        let program = sibling::find("otp-desktop").ok_or(DesktopError::NoProgram)?;
        let mut child = Command::new(program)
            .args(args)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(DesktopError::Spawn)?;
        let stdin = child.stdin.take();
        match child.stdout.take() {
            Some(stdout) => Ok((Self { child, stdin }, stdout)),
            None => Err(DesktopError::Spawn(io::ErrorKind::BrokenPipe.into())),
        }
    }

    /// Waits for its end: only then is it known whether all was well.
    pub(crate) fn end(self) -> Result<(), DesktopError> {
        self.end_with("")
    }

    /// Has the clipboard emptied, if it still holds what was taken.
    pub(crate) fn clear(self) -> Result<(), DesktopError> {
        self.end_with("clear\n")
    }

    /// Ends it, because nobody reads what it takes.
    pub(crate) fn stop(mut self) {
        os::terminate(&mut self.child);
        self.end().ok();
    }

    fn end_with(mut self, word: &str) -> Result<(), DesktopError> {
        if let Some(mut stdin) = self.stdin.take() {
            // One that ended already has its status.
            stdin.write_all(word.as_bytes()).ok();
        }
        let mut said = Vec::new();
        if let Some(stderr) = self.child.stderr.take() {
            stderr.take(LONGEST).read_to_end(&mut said).ok();
        }
        let status = self.child.wait().map_err(DesktopError::Spawn)?;
        if status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&said);
        let mut lines = said.lines().map(otp_proto::clean_label);
        let cause = lines.next().unwrap_or_default();
        Err(DesktopError::Failed {
            status: status.code(),
            cause: cause.strip_prefix(PREFIX).unwrap_or(&cause).to_owned(),
            hint: lines
                .next()
                .and_then(|line| Some(line.split_once(": ")?.1.to_owned())),
        })
    }
}
