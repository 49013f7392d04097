//! What the parts of the vault do together.

mod away;
mod crash;
mod damage;
mod elsewhere;
mod files;
mod format;
mod golden;
#[cfg(unix)]
pub(super) mod interop;
mod jobs;
mod keyring;
mod months;
mod purge;
mod restore;
pub(crate) mod samples;
mod several;
mod slots;
mod texts;
