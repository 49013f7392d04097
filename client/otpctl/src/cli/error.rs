//! What is wrong with a command line, and how it is said.

use super::Verb;
use crate::failure::{Failure, Kind};
use crate::text::{Text, fill};

/// What is wrong with a command line. Never carries a value: it could be a secret.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum UsageError {
    NoVerb,
    UnknownVerb(String),
    Later(String),
    UnknownOption(String),
    NeedsValue(&'static str),
    NoValue(String),
    BadValue(&'static str),
    TooFew(Verb),
    TooMany(Verb),
    /// The first word of a verb that has two, and what the second can be.
    Half(&'static str, String),
    Secret,
}

impl UsageError {
    /// Says it to a person.
    pub(crate) fn into_failure(self, text: &Text) -> Failure {
        let hint = match &self {
            Self::TooFew(verb) | Self::TooMany(verb) => format!("otpctl help {}", verb.name()),
            Self::Secret => "otpctl add".into(),
            Self::Half(first, _) => String::from("otpctl help ") + first,
            Self::NoVerb
            | Self::UnknownVerb(_)
            | Self::Later(_)
            | Self::UnknownOption(_)
            | Self::NeedsValue(_)
            | Self::NoValue(_)
            | Self::BadValue(_) => "otpctl help".into(),
        };
        let cause = match self {
            Self::NoVerb => text.no_verb.into(),
            Self::UnknownVerb(name) => fill(text.unknown_verb, &[&name]),
            Self::Later(name) => fill(text.not_yet, &[&name]),
            Self::UnknownOption(name) => fill(text.unknown_option, &[&name]),
            Self::NeedsValue(name) => fill(text.needs_value, &[name]),
            Self::NoValue(name) => fill(text.takes_no_value, &[&name]),
            Self::BadValue(name) => fill(text.bad_value, &[name]),
            Self::TooFew(verb) => fill(text.too_few, &[verb.name()]),
            Self::TooMany(verb) => fill(text.too_many, &[verb.name()]),
            Self::Secret => text.secret_argument.into(),
            Self::Half(first, words) => fill(text.half_verb, &[first, &words]),
        };
        Failure::new(Kind::Usage, cause).hint(hint).of(text.usage)
    }
}
