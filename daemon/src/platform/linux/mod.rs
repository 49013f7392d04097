//! Linux.
#![allow(unsafe_code, reason = "system calls that rustix lacks")]

mod activation;
mod code;
mod pages;
mod peer;

use std::io;
use std::mem::MaybeUninit;
use std::path::Path;
use std::time::Duration;

use rustix::process::DumpableBehavior;
use rustix::time::ClockId;

pub use super::unix::{
    create_private, is_private_dir, is_same_disk, make_private_dir, sync_folder, user,
};
pub(super) use super::unix::{lock, page_size, raise_lock_limit, unmap};
pub use activation::{Inherited, take_listeners};
pub use code::release_code;
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

/// Returns the name of the present boot (random(4), `boot_id`); `None` if `/proc` isn't there.
pub fn boot_id() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}

/// Returns whether the kernel's clock is kept right by NTP or PTP (adjtimex(2)); where a filter
/// of system calls forbids the question, systemd-timesyncd's flag file answers it, but only with
/// yes. `None` if nobody knows.
pub fn is_synchronised() -> Option<bool> {
    /// The kernel's answer while `STA_UNSYNC` is set.
    const UNSYNCHRONISED: libc::c_int = libc::TIME_ERROR;
    let mut state = MaybeUninit::<libc::timex>::zeroed();
    // SAFETY: all-zero asks and changes nothing (`modes` is 0); the kernel fills the rest in.
    match unsafe { libc::adjtimex(state.as_mut_ptr()) } {
        UNSYNCHRONISED => Some(false),
        0.. => Some(true),
        _ => Path::new("/run/systemd/timesync/synchronized")
            .exists()
            .then_some(true),
    }
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
