//! What is read elsewhere, and what comes of it.

use otp_proto::{Code, Desktop, Secret};

use crate::vault::source::What;

/// What is to be read.
#[derive(Debug)]
pub struct Fetch {
    /// Which reading it is.
    pub number: u64,
    /// The source's name.
    pub name: String,
    /// What is read, and where.
    pub origin: Origin,
}

/// What is read, and where.
#[derive(Debug)]
pub struct Origin {
    /// Where entries are.
    pub what: What,
    /// The password of a database, if it has one.
    pub password: Option<Secret>,
    /// The entry that is asked for; all of them are listed where there is none.
    pub asked: Option<Asked>,
}

/// An entry whose key or code is asked for.
#[derive(Debug)]
pub struct Asked {
    /// What the source calls it.
    pub id: String,
    /// Where a person may be asked; `None` if nobody may.
    pub desktop: Option<Box<Desktop>>,
}

impl Origin {
    /// Returns the file whose changes are noticed.
    pub fn file(&self) -> Option<&str> {
        file(&self.what)
    }
}

/// The file whose changes are noticed. Only a database is one, and opening it is hard work.
pub(super) fn file(what: &What) -> Option<&str> {
    match what {
        What::Kdbx { file, .. } => Some(file),
        What::Store { .. } | What::Lines { .. } | What::Preset(_) => None,
    }
}

/// An entry that was read.
#[derive(Debug)]
pub struct Found {
    /// What the source calls it, whatever its names are.
    pub id: String,
    /// What was found of it.
    pub holds: Holds,
}

/// What was found of an entry.
#[derive(Debug)]
pub enum Holds {
    /// Nothing that makes codes.
    Nothing,
    /// Its otpauth URI.
    Uri(Secret),
    /// Its issuer and account; the rest is asked for when it is wanted.
    Names(String, String),
    /// Its code of now.
    Code(Code),
}

/// Why nothing was read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The password is missing or wrong.
    #[error("{0}")]
    Password(String),
    /// A person is needed, and nobody may be asked.
    #[error("{0}")]
    Person(String),
    /// What was read isn't what it should be.
    #[error("{0}")]
    Damaged(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}
