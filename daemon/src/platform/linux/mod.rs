//! Linux.
#![allow(unsafe_code, reason = "system calls that rustix lacks")]

mod activation;
mod pages;
mod peer;

use std::io;
use std::time::Duration;

use rustix::process::DumpableBehavior;
use rustix::time::ClockId;

pub use super::unix::{create_private, is_private_dir, make_private_dir, sync_folder, user};
pub(super) use super::unix::{lock, page_size, raise_lock_limit, unmap};
pub use activation::{Inherited, take_listeners};
pub(super) use pages::{map, map_secret};
pub use peer::peer;

/// Closes this process to others: it can't be traced nor its memory read by other processes of
/// the same user (`PR_SET_DUMPABLE`, ptrace(2)), it leaves no core file, and its files are for
/// the user alone (umask 077). The first statement of `main`, before configuration and
/// environment are read.
///
/// # Errors
/// Whatever the kernel refused; the process must not go on.
pub fn harden() -> io::Result<()> {
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    super::unix::no_core_no_access()
}

/// Returns the time since boot, suspend counted (`CLOCK_BOOTTIME`).
pub fn boot() -> Duration {
    let time = rustix::time::clock_gettime(ClockId::Boottime);
    Duration::try_from(time).unwrap_or_default()
}

/// Returns a process's program, for people; `None` if it is gone or hides it.
pub fn process_name(pid: u32) -> Option<String> {
    let program = std::fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    Some(program.to_string_lossy().into_owned())
}

/// Returns whether no other thread of this process exists; true if `/proc` isn't there to tell.
pub(super) fn is_single_threaded() -> bool {
    std::fs::read_dir("/proc/self/task").map_or(true, |tasks| tasks.count() <= 1)
}

#[cfg(test)]
mod tests;
