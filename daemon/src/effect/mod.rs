//! What the agent wants done outside: one [`crate::agent::Output`] each.

mod askpass;
mod assuan;
pub(crate) mod keyring;
pub(crate) mod prompt;
