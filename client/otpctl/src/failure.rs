//! Why a command failed: its kind decides the exit status, its text is for people.

use std::io;
use std::ops::{Deref, DerefMut};
use std::process::ExitCode;

use otp_proto::ErrorKind;

/// What kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The agent's answer.
    Rpc(ErrorKind),
    /// The command line can't be meant.
    Usage,
    /// The agent can't be reached.
    Unreachable,
    /// A URI, picture or file isn't what it should be.
    BadInput,
    /// A person said no.
    Refused,
    /// The reader of the output left; not a failure at all.
    OutputClosed,
    /// Anything else.
    Other,
}

/// A failure on its way to the person: a pointer, since nearly every answer of this program may
/// be one, and would otherwise have the size of all its words.
#[derive(Debug)]
pub(crate) struct Failure(Box<Words>);

/// The words of a failure.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) kind: Kind,
    /// What failed; set where the verb is known.
    pub(crate) what: &'static str,
    pub(crate) cause: String,
    /// Lines below the message: the candidates of a query.
    pub(crate) details: String,
    /// A line that can be pasted into a shell.
    pub(crate) hint: Option<String>,
}

impl Deref for Failure {
    type Target = Words;

    fn deref(&self) -> &Words {
        &self.0
    }
}

impl DerefMut for Failure {
    fn deref_mut(&mut self) -> &mut Words {
        &mut self.0
    }
}

impl Failure {
    pub(crate) fn new(kind: Kind, cause: impl Into<String>) -> Self {
        Self(Box::new(Words {
            kind,
            what: "",
            cause: cause.into(),
            details: String::new(),
            hint: None,
        }))
    }

    /// The same with another cause.
    pub(crate) fn because(mut self, cause: impl Into<String>) -> Self {
        self.cause = cause.into();
        self
    }

    /// Names what failed, unless that is known already.
    pub(crate) fn of(mut self, what: &'static str) -> Self {
        if self.what.is_empty() {
            self.what = what;
        }
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The output can't be written; a reader that left is no failure.
    pub(crate) fn output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::new(Kind::OutputClosed, "")
        } else {
            Self::io(error)
        }
    }

    /// The system refused something.
    pub(crate) fn io(error: &io::Error) -> Self {
        Self::new(Kind::Other, reason(error))
    }

    /// Whether the agent says that the vault is locked.
    pub(crate) fn is_locked(&self) -> bool {
        self.kind == Kind::Rpc(ErrorKind::Locked)
    }

    /// Returns the exit status: the one place that decides it.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.kind {
            Kind::OutputClosed => 0,
            Kind::Other => 1,
            Kind::Usage => 2,
            Kind::Refused => 6,
            Kind::Unreachable => 7,
            Kind::BadInput => 8,
            Kind::Rpc(kind) => kind.exit_status(),
        })
    }
}

/// What the system says, without its number.
pub(crate) fn reason(error: &io::Error) -> String {
    let mut text = error.to_string();
    if let Some(end) = text.find(" (os error") {
        text.truncate(end);
    }
    text
}
