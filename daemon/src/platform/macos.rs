//! macOS. Type-checked, not yet run on one.
#![allow(unsafe_code, reason = "system calls that rustix lacks")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};
use std::ptr::{null_mut, slice_from_raw_parts};
use std::time::Duration;

use otp_proto::User;
use rustix::io::FdFlags;
use rustix::time::ClockId;

use super::pages::Pages;
pub use super::unix::{
    create_private, is_private_dir, is_same_disk, make_private_dir, sync_folder, user,
};
pub(super) use super::unix::{lock, map_private as map, page_size, raise_lock_limit, unmap};
use super::{LAUNCHD_SOCKET, Peer};

/// A listening socket that somebody else made.
pub type Inherited = OwnedFd;

/// Closes this process to others: no debugger attaches (`PT_DENY_ATTACH`, ptrace(2)), it leaves
/// no core file, and its files are for the user alone (umask 077). The first statement of
/// `main`, before configuration and environment are read. Reading the memory of another process
/// takes its task port, which a program signed with the hardened runtime gives to nobody.
///
/// # Errors
/// Whatever the kernel refused; the process must not go on.
pub fn harden() -> io::Result<()> {
    // SAFETY: this request takes no address.
    if unsafe { libc::ptrace(libc::PT_DENY_ATTACH, 0, null_mut(), 0) } != 0 {
        return Err(io::Error::last_os_error());
    }
    super::unix::no_core_no_access()
}

/// There is no such memory here.
pub(super) fn map_secret(_len: usize) -> io::Result<Pages> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Returns the time since boot, sleep counted: macOS's `CLOCK_MONOTONIC` goes on in sleep
/// (`clock_gettime(3)`).
pub fn boot() -> Duration {
    let time = rustix::time::clock_gettime(ClockId::Monotonic);
    Duration::try_from(time).unwrap_or_default()
}

/// Always `None`: a boot has no name here.
pub fn boot_id() -> Option<String> {
    None
}

/// Always `None`: macOS doesn't tell.
pub fn is_synchronised() -> Option<bool> {
    None
}

/// Returns who connected. The process may be the one that made the socket, if it was handed on.
///
/// # Errors
/// If this isn't a connected Unix socket.
pub fn peer(socket: impl AsFd) -> io::Result<Peer> {
    let fd = socket.as_fd().as_raw_fd();
    let (mut uid, mut gid) = (u32::MAX, u32::MAX);
    // SAFETY: both addresses are of variables of ours.
    if unsafe { libc::getpeereid(fd, &raw mut uid, &raw mut gid) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Peer {
        user: User::Uid(uid),
        pid: peer_pid(fd),
    })
}

fn peer_pid(fd: RawFd) -> Option<u32> {
    let mut pid: libc::pid_t = 0;
    let mut len = libc::socklen_t::try_from(size_of::<libc::pid_t>()).ok()?;
    let target = (&raw mut pid).cast();
    let (level, option) = (libc::SOL_LOCAL, libc::LOCAL_PEERPID);
    // SAFETY: `target` has room for `len` bytes, and any bytes are a number.
    let status = unsafe { libc::getsockopt(fd, level, option, target, &raw mut len) };
    u32::try_from(pid)
        .ok()
        .filter(|pid| status == 0 && *pid != 0)
}

/// Returns a process's program, for people; `None` if it is gone or another user's.
pub fn process_name(pid: u32) -> Option<String> {
    const ROOM: usize = 4096;
    let mut path = [0_u8; ROOM];
    let room = u32::try_from(ROOM).ok()?;
    let target = path.as_mut_ptr().cast::<c_void>();
    // SAFETY: `target` has room for `room` bytes.
    let len = unsafe { libc::proc_pidpath(c_int::try_from(pid).ok()?, target, room) };
    let path = path.get(..usize::try_from(len).ok()?)?;
    (!path.is_empty()).then(|| String::from_utf8_lossy(path).into_owned())
}

/// Nobody counts our threads here; callers are told to come first.
pub(super) fn is_single_threaded() -> bool {
    true
}

// launch.h; in libSystem, which every program links.
unsafe extern "C" {
    fn launch_activate_socket(
        name: *const c_char,
        fds: *mut *mut c_int,
        count: *mut usize,
    ) -> c_int;
}

/// Takes the sockets that launchd holds for us under [`LAUNCHD_SOCKET`] in the agent's property
/// list: none if it didn't start us.
///
/// # Errors
/// If launchd has some and can't hand them over.
pub fn take_listeners() -> io::Result<Vec<Inherited>> {
    let owned = activate(LAUNCHD_SOCKET)?;
    for socket in &owned {
        rustix::io::fcntl_setfd(socket, FdFlags::CLOEXEC)?;
    }
    Ok(owned)
}

fn activate(name: &CStr) -> io::Result<Vec<Inherited>> {
    let mut fds: *mut c_int = null_mut();
    let mut count = 0_usize;
    // SAFETY: `name` ends with NUL, the two others are variables of ours.
    let status = unsafe { launch_activate_socket(name.as_ptr(), &raw mut fds, &raw mut count) };
    match status {
        0 => {}
        // Not started by launchd, or without such a key.
        libc::ESRCH | libc::ENOENT => return Ok(Vec::new()),
        error => return Err(io::Error::from_raw_os_error(error)),
    }
    // SAFETY: launchd made a list of `count` numbers.
    let list = unsafe { slice_from_raw_parts(fds, count).as_ref() }.unwrap_or_default();
    let owned = list.iter().map(|&fd| own(fd)).collect();
    // SAFETY: the list is ours to free (launch_activate_socket(3)), and was copied.
    unsafe { libc::free(fds.cast()) };
    Ok(owned)
}

fn own(fd: RawFd) -> OwnedFd {
    // SAFETY: launchd opened it for us, and nobody else here knows it.
    unsafe { OwnedFd::from_raw_fd(fd) }
}
