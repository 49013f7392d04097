//! macOS and the BSDs: the limits alone.

use std::io;

use super::unix;

/// Leaves no core, and makes new files the user's own.
///
/// # Errors
/// Those of setrlimit(2).
pub fn harden() -> io::Result<()> {
    unix::harden()
}

/// Limits CPU time and files, for what is to be computed with threads.
///
/// # Errors
/// Those of setrlimit(2).
pub fn confine_reading() -> io::Result<()> {
    unix::computing_limits()
}

/// Does nothing more.
///
/// # Errors
/// None.
pub fn confine_computing(_memory: u64) -> io::Result<()> {
    Ok(())
}

/// Limits CPU time, files and children.
///
/// # Errors
/// Those of setrlimit(2).
pub fn confine() -> io::Result<()> {
    unix::limits()
}
