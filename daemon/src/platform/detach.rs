//! Leaving the session and the descriptors of the program that started us (daemon(7)).
#![allow(
    unsafe_code,
    reason = "descriptors that nobody owns are closed by number"
)]

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsRawFd, RawFd};

use super::Inherited;

/// The first descriptor that isn't a standard one.
const FIRST: RawFd = 3;

/// Leaves the starter's session and folder, and closes every descriptor but the standard ones
/// and the socket that was handed over, so that a pipe which the starter held
/// (`otpctl get x | cat`) ends with the starter. To be called before this process opens anything
/// else.
///
/// # Errors
/// What the system refused. That we lead a session already is none.
pub fn detach(kept: Option<&Inherited>) -> io::Result<()> {
    rustix::process::setsid().or_else(|error| {
        if error == rustix::io::Errno::PERM {
            rustix::process::getsid(None)
        } else {
            Err(error)
        }
    })?;
    std::env::set_current_dir("/")?;
    match kept.map(AsRawFd::as_raw_fd) {
        Some(kept) => {
            close_between(FIRST, kept);
            close_between(kept.saturating_add(1), RawFd::MAX);
        }
        None => close_between(FIRST, RawFd::MAX),
    }
    Ok(())
}

/// Writes the line that the starter waits for to stdout, and lets go of it.
///
/// # Errors
/// Failures to write; a starter that is gone is none.
pub fn tell_starter(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    match stdout
        .write_all(line.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error),
        _ => {}
    }
    let null = File::options().read(true).write(true).open("/dev/null")?;
    Ok(rustix::stdio::dup2_stdout(null)?)
}

#[cfg(target_os = "linux")]
fn close_between(first: RawFd, end: RawFd) {
    let last = end.saturating_sub(1);
    if first > last {
        return;
    }
    // SAFETY: nothing in this process has opened a descriptor yet, so none of these has an owner.
    let done = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    if done != 0 {
        close_one_by_one(first, end);
    }
}

#[cfg(not(target_os = "linux"))]
fn close_between(first: RawFd, end: RawFd) {
    close_one_by_one(first, end);
}

/// For systems without `close_range(2)`, which Linux has since 5.9.
fn close_one_by_one(first: RawFd, end: RawFd) {
    const MOST: u64 = 65_536;
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let limit = RawFd::try_from(limit.unwrap_or(MOST).min(MOST)).unwrap_or(1024);
    for number in first..end.min(limit) {
        // SAFETY: as above; closing a number that isn't open only fails.
        unsafe { libc::close(number) };
    }
}
