//! Systems where record locks and flock(2) exclude each other: the file's text alone. It is good
//! enough for a message, not for a signal.

#![expect(
    clippy::unnecessary_wraps,
    reason = "the same signatures on every system"
)]

use std::fs::File;
use std::io;

use super::Holder;

/// The text was written; there is nothing to add.
pub(in super::super) fn mark(_file: &File) -> io::Result<()> {
    Ok(())
}

/// Empties the text.
pub(in super::super) fn unmark(file: &File) {
    // Then newcomers take us for serving a little longer.
    file.set_len(0).ok();
}

/// Returns the holder, if there is one that serves.
pub(in super::super) fn witness(file: &File) -> Option<Holder> {
    Holder::read(file)
}

/// Asks nobody: the text may be a dead process's. The holder sees within 30 s that its socket
/// was replaced, and leaves.
pub(in super::super) fn ask_to_leave(_file: &File, _holder: Holder) -> io::Result<()> {
    Ok(())
}
