//! What the parts of the vault do together.

mod crash;
mod files;
mod format;
mod golden;
#[cfg(unix)]
pub(super) mod interop;
mod jobs;
mod keyring;
pub(crate) mod samples;
mod slots;
