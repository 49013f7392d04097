//! Manual pages, and completions of `otpctl` for the shells.

mod completions;
mod daily;
mod man;
pub mod table;
mod upkeep;

pub use completions::{SHELLS, Shell};
pub use man::{PAGES, Page};
