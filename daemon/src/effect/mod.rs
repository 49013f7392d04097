//! What the agent wants done outside: one [`crate::agent::Output`] each.

mod askpass;
mod assuan;
pub(crate) mod fetch;
pub(crate) mod files;
pub(crate) mod keyring;
pub(crate) mod launch;
pub(crate) mod notify;
pub(crate) mod plugin;
pub(crate) mod prompt;

/// A system's word in the style of our own: without its capital and its number.
fn cause(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_lowercase().chain(chars));
    first.map(Iterator::collect).unwrap_or_default()
}
