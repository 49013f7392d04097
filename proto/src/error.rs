//! What can go wrong, as numbers and words that scripts may rely on.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Candidate;

/// The kind of an error: a stable word and JSON-RPC number, and otpctl's exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The line isn't JSON (-32700).
    Syntax,
    /// The JSON isn't a request of this protocol (-32600).
    Envelope,
    /// This agent doesn't know the method (-32601).
    Method,
    /// The method's parameters are wrong or unknown (-32602).
    Params,
    /// Something failed inside the agent (-32603).
    Internal,
    /// The vault is locked (-32000).
    Locked,
    /// No entry matches (-32001).
    NotFound,
    /// Several entries match; `data.candidates` names them (-32002).
    Ambiguous,
    /// Policy, a person or a wrong passphrase refused (-32003).
    Denied,
    /// An entry, URI or file isn't acceptable (-32004).
    Invalid,
    /// Disk or memory failed; nothing was changed (-32005).
    Storage,
    /// There is no vault yet (-32006).
    NoVault,
    /// Too many codes in a short time (-32007).
    RateLimited,
    /// Too much waits already; try again (-32008).
    Busy,
    /// The entry's type can be stored, but this version can't compute its codes (-32009).
    Unsupported,
    /// What was to be made is there already (-32010).
    Exists,
    /// It was done, but not to its end; the next unlock or start completes it (-32011).
    Incomplete,
    /// Every unlock is refused for a time (-32012).
    Refused,
    /// A source of entries can't be read (-32013).
    Unavailable,
    /// A source needs a person, and none may be asked (-32014).
    SourceLocked,
    /// A kind that this version doesn't know.
    Unknown(i32),
}

/// Every kind with its number and word: the one table behind the conversions.
const KINDS: [(ErrorKind, i32, &str); 20] = [
    (ErrorKind::Syntax, -32700, "syntax"),
    (ErrorKind::Envelope, -32600, "envelope"),
    (ErrorKind::Method, -32601, "method"),
    (ErrorKind::Params, -32602, "params"),
    (ErrorKind::Internal, -32603, "internal"),
    (ErrorKind::Locked, -32000, "locked"),
    (ErrorKind::NotFound, -32001, "not_found"),
    (ErrorKind::Ambiguous, -32002, "ambiguous"),
    (ErrorKind::Denied, -32003, "denied"),
    (ErrorKind::Invalid, -32004, "invalid"),
    (ErrorKind::Storage, -32005, "storage"),
    (ErrorKind::NoVault, -32006, "no_vault"),
    (ErrorKind::RateLimited, -32007, "rate_limited"),
    (ErrorKind::Busy, -32008, "busy"),
    (ErrorKind::Unsupported, -32009, "unsupported"),
    (ErrorKind::Exists, -32010, "exists"),
    (ErrorKind::Incomplete, -32011, "incomplete"),
    (ErrorKind::Refused, -32012, "refused"),
    (ErrorKind::Unavailable, -32013, "unavailable"),
    (ErrorKind::SourceLocked, -32014, "source_locked"),
];

impl ErrorKind {
    /// Returns the JSON-RPC error number.
    pub fn number(self) -> i32 {
        if let Self::Unknown(number) = self {
            return number;
        }
        KINDS
            .iter()
            .find(|(kind, ..)| *kind == self)
            .map_or(-32603, |row| row.1)
    }

    /// Returns the stable word, `data.kind` of the answer.
    pub fn word(self) -> &'static str {
        KINDS
            .iter()
            .find(|(kind, ..)| *kind == self)
            .map_or("unknown", |row| row.2)
    }

    /// Reads a JSON-RPC error number.
    pub fn from_number(number: i32) -> Self {
        KINDS
            .iter()
            .find(|row| row.1 == number)
            .map_or(Self::Unknown(number), |row| row.0)
    }

    /// Returns otpctl's exit status (the table in otpctl(1)).
    pub fn exit_status(self) -> u8 {
        match self {
            Self::Params => 2,
            Self::NotFound => 3,
            Self::Ambiguous => 4,
            Self::Locked | Self::NoVault | Self::SourceLocked => 5,
            Self::Denied | Self::RateLimited | Self::Refused => 6,
            Self::Invalid => 8,
            Self::Syntax
            | Self::Envelope
            | Self::Method
            | Self::Internal
            | Self::Storage
            | Self::Busy
            | Self::Unsupported
            | Self::Exists
            | Self::Incomplete
            | Self::Unavailable
            | Self::Unknown(_) => 1,
        }
    }
}

/// An error answer. The message is for people: lower case, without a secret or an input's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RpcError {
    code: i32,
    /// What failed, for a person.
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<ErrorData>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ErrorData {
    #[serde(default)]
    kind: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<Candidate>,
}

impl RpcError {
    /// Makes an error of a kind with its text.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            code: kind.number(),
            message: message.into(),
            data: Some(ErrorData {
                kind: kind.word().into(),
                candidates: Vec::new(),
            }),
        }
    }

    /// Makes the error of a query with several matches.
    pub fn ambiguous(candidates: Vec<Candidate>) -> Self {
        let mut error = Self::new(ErrorKind::Ambiguous, "several entries match");
        if let Some(data) = &mut error.data {
            data.candidates = candidates;
        }
        error
    }

    /// Returns the kind.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::from_number(self.code)
    }

    /// Returns the entries that an ambiguous query could mean.
    pub fn candidates(&self) -> &[Candidate] {
        self.data.as_ref().map_or(&[], |data| &data.candidates)
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
impl std::error::Error for RpcError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_comes_back_from_its_number() {
        for (kind, number, word) in KINDS {
            assert_eq!(kind.number(), number);
            assert_eq!(kind.word(), word);
            assert_eq!(ErrorKind::from_number(number), kind);
        }
        assert_eq!(ErrorKind::from_number(-1), ErrorKind::Unknown(-1));
    }
}
