//! The grammar. Knows no agent and prints nothing.

mod error;
mod line;
mod parse;
mod verb;

pub(crate) use error::UsageError;
pub(crate) use line::{Asking, Globals, Line, Time};
pub(crate) use parse::{Parsed, parse};
pub(crate) use verb::{Opt, Verb};

#[cfg(test)]
mod tests;
