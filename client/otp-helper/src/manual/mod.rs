//! Manual pages, and completions of `otpctl` for the shells.

mod completions;
mod man;
pub mod table;

pub use completions::{SHELLS, Shell};
pub use man::{PAGES, Page};
