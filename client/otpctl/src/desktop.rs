//! `otp-desktop`: takes the screen or the clipboard for us. What it takes goes to `otp-helper`
//! by a pipe and never through this process. What it is to copy comes by another one, once it has
//! said that it can.

use std::io::{self, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use otp_proto::ErrorKind;

use crate::failure::{Failure, Kind, reason};
use crate::text::{Text, fill};
use crate::{os, sibling};

/// Most bytes that are read of what it says: a message and a hint.
const LONGEST: u64 = 4096;
/// Most bytes of a line in which it says how far it is.
const LONGEST_WORD: u64 = 64;
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
    let mut desktop = Desktop::spawn(args, Stdio::piped())?;
    if let Some(mut stdin) = desktop.stdin.take() {
        // One that ended already has its status.
        stdin.write_all(names.as_bytes()).ok();
    }
    let mut number = String::new();
    if let Some(mut chosen) = desktop.stdout.take() {
        chosen.read_to_string(&mut number).ok();
    }
    desktop.end()?;
    Ok(number.trim_end().parse().ok())
}

/// One run of otp-desktop. Dropping it leaves the clipboard as it is.
pub(crate) struct Desktop {
    child: Child,
    /// Its end, or a word before it, is what `clip --then-clear` waits for.
    stdin: Option<ChildStdin>,
    /// Where one that takes an order says how far it is.
    stdout: Option<ChildStdout>,
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
        let mut desktop = Self::spawn(args, stdin)?;
        match desktop.stdout.take() {
            Some(stdout) => Ok((desktop, stdout)),
            None => Err(DesktopError::Spawn(io::ErrorKind::BrokenPipe.into())),
        }
    }

    /// Starts it for something that it does with a code, and returns when it can do that: what
    /// fails here costs no code of a counter.
    pub(crate) fn prepare(args: &[&str]) -> Result<Self, DesktopError> {
        let mut desktop = Self::spawn(args, Stdio::piped())?;
        if desktop.word().is_none() {
            desktop.end()?;
            return Err(DesktopError::Spawn(io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(desktop)
    }

    fn spawn(args: &[&str], stdin: Stdio) -> Result<Self, DesktopError> {
        let program = sibling::find("otp-desktop").ok_or(DesktopError::NoProgram)?;
        let mut child = Command::new(program)
            .args(args)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(DesktopError::Spawn)?;
        Ok(Self {
            stdin: child.stdin.take(),
            stdout: child.stdout.take(),
            child,
        })
    }

    /// Has it done, and returns what it says then. It may stay behind; a failure is its end.
    pub(crate) fn order(mut self, order: &str) -> Result<String, DesktopError> {
        if let Some(mut stdin) = self.stdin.take() {
            // One that ended already has its status.
            stdin.write_all(order.as_bytes()).ok();
        }
        match self.word() {
            Some(word) => Ok(word),
            None => self.end().map(|()| String::new()),
        }
    }

    /// The next line that it says; none if it has ended.
    fn word(&mut self) -> Option<String> {
        let mut stdout = self.stdout.as_mut()?.take(LONGEST_WORD);
        let (mut word, mut byte) = (Vec::new(), [0]);
        while matches!(stdout.read(&mut byte), Ok(1)) {
            if byte == *b"\n" {
                return String::from_utf8(word).ok();
            }
            word.extend(byte);
        }
        None
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

impl DesktopError {
    /// Says it to a person.
    pub(crate) fn into_failure(self, text: &Text) -> Failure {
        match self {
            Self::NoProgram => Failure::new(Kind::Other, text.no_desktop),
            Self::Spawn(error) => {
                let cause = fill(text.cannot_run, &["otp-desktop", &reason(&error)]);
                Failure::new(Kind::Other, cause)
            }
            Self::Failed {
                status,
                cause,
                hint,
            } => {
                let kind = match status {
                    Some(5) => Kind::Rpc(ErrorKind::Locked),
                    Some(6) => Kind::Refused,
                    Some(8) => Kind::BadInput,
                    _ => Kind::Other,
                };
                let cause = if cause.is_empty() {
                    text.desktop_failed.into()
                } else {
                    cause
                };
                let mut failure = Failure::new(kind, cause);
                failure.hint = hint;
                failure
            }
        }
    }
}
