//! Sockets that systemd made and hands over (`sd_listen_fds(3)`).

use std::io;
use std::ops::Range;
use std::os::fd::{BorrowedFd, FromRawFd as _, OwnedFd, RawFd};

use rustix::io::FdFlags;
use rustix::net::{AddressFamily, SocketType, sockopt};

use crate::platform::environment::remove_env;

/// A listening socket that somebody else made.
pub type Inherited = OwnedFd;

/// The first descriptor handed over (`SD_LISTEN_FDS_START`).
const FIRST: RawFd = 3;
/// More sockets than any unit of ours names.
const MOST: RawFd = 16;

/// Takes the sockets that systemd hands over: none if it didn't start us. Removes the variables
/// that say so, so that no child takes them for its own. Before any thread starts and before
/// anything is opened.
///
/// # Errors
/// If what was handed over isn't a listening Unix stream socket; all of it is closed then.
pub fn take_listeners() -> io::Result<Vec<Inherited>> {
    let range = announced(&|name| std::env::var(name).ok(), std::process::id());
    for name in [
        "LISTEN_PID",
        "LISTEN_PIDFDID",
        "LISTEN_FDS",
        "LISTEN_FDNAMES",
    ] {
        remove_env(name)?;
    }
    adopt(range?)
}

/// Reads which descriptors are meant for us.
pub(super) fn announced(
    env: &dyn Fn(&str) -> Option<String>,
    own_pid: u32,
) -> io::Result<Range<RawFd>> {
    let (Some(pid), Some(count)) = (env("LISTEN_PID"), env("LISTEN_FDS")) else {
        return Ok(FIRST..FIRST);
    };
    // A parent was activated and started us without clearing its environment.
    if pid.parse() != Ok(own_pid) {
        return Ok(FIRST..FIRST);
    }
    let count = count
        .parse()
        .ok()
        .filter(|count| (0..=MOST).contains(count))
        .ok_or_else(|| invalid("LISTEN_FDS is no number of sockets"))?;
    Ok(FIRST..FIRST.saturating_add(count))
}

/// Takes descriptors over and checks them.
pub(super) fn adopt(range: Range<RawFd>) -> io::Result<Vec<Inherited>> {
    let owned: Vec<_> = range.map(own).collect::<io::Result<_>>()?;
    for socket in &owned {
        rustix::io::fcntl_setfd(socket, FdFlags::CLOEXEC)?;
        let fits = sockopt::socket_domain(socket)? == AddressFamily::UNIX
            && sockopt::socket_type(socket)? == SocketType::STREAM
            && sockopt::socket_acceptconn(socket)?;
        if !fits {
            return Err(invalid("not a listening unix stream socket"));
        }
    }
    Ok(owned)
}

/// Takes a descriptor over, if there is one of this number.
fn own(fd: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: borrowed for one call only, which says EBADF if it isn't open.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    rustix::io::fcntl_getfd(borrowed)?;
    // SAFETY: it is open, and by the protocol it was opened for us; nobody else here knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}
