//! Why a bus, or somebody on it, is of no use.

use std::fmt;

use super::Which;

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nobody listens.
    Unreachable(Which),
    /// No answer within the time.
    Silent(Which),
    /// The connection has ended.
    Lost(Which),
    /// The answer is an error, or not what was asked for.
    Refused,
}

impl Fault {
    pub(crate) fn of(which: Which, error: &zbus::Error) -> Self {
        if matches!(
            error,
            zbus::Error::MethodError(..) | zbus::Error::Variant(_)
        ) {
            Self::Refused
        } else {
            Self::Lost(which)
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(which) => write!(f, "{} cannot be reached", which.name()),
            Self::Silent(which) => write!(f, "{} does not answer", which.name()),
            Self::Lost(which) => write!(f, "the connection to {} was lost", which.name()),
            Self::Refused => f.write_str("the answer is a refusal"),
        }
    }
}
