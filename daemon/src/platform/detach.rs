//! Leaving the session and the descriptors of the program that started us (daemon(7)).
#![allow(
    unsafe_code,
    reason = "descriptors that nobody owns are closed by number"
)]

use std::fs::File;
use std::io::{self, Write as _};

/// Leaves the starter's session and folder, and closes every descriptor but the standard ones,
/// so that a pipe which the starter held (`otpctl get x | cat`) ends with the starter. To be
/// called before this process opens anything.
///
/// # Errors
/// What the system refused. That we lead a session already is none.
pub fn detach() -> io::Result<()> {
    rustix::process::setsid().or_else(|error| {
        if error == rustix::io::Errno::PERM {
            rustix::process::getsid(None)
        } else {
            Err(error)
        }
    })?;
    std::env::set_current_dir("/")?;
    close_others();
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
fn close_others() {
    // SAFETY: nothing in this process has opened a descriptor yet, so none above 2 has an owner.
    let done = unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0) };
    if done != 0 {
        close_one_by_one();
    }
}

#[cfg(not(target_os = "linux"))]
fn close_others() {
    close_one_by_one();
}

/// For systems without `close_range(2)`, which Linux has since 5.9.
fn close_one_by_one() {
    const MOST: u64 = 65_536;
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    for number in 3..i32::try_from(limit.unwrap_or(MOST).min(MOST)).unwrap_or(1024) {
        // SAFETY: as above; closing a number that isn't open only fails.
        unsafe { libc::close(number) };
    }
}
