//! Who is at the other end of a socket (`SO_PEERCRED`, unix(7)).

use std::io;
use std::os::fd::{AsFd, AsRawFd as _};

use otp_proto::User;

use crate::platform::Peer;

/// Returns who connected, as the kernel noted it at that moment.
///
/// By hand: rustix reads the process id into a type that can't be 0, which is what a peer
/// outside our pid namespace has.
///
/// # Errors
/// If this isn't a connected Unix socket.
pub fn peer(socket: impl AsFd) -> io::Result<Peer> {
    let mut found = libc::ucred {
        pid: 0,
        uid: u32::MAX,
        gid: u32::MAX,
    };
    let mut len = libc::socklen_t::try_from(size_of::<libc::ucred>()).unwrap_or_default();
    let fd = socket.as_fd().as_raw_fd();
    let target = (&raw mut found).cast();
    // SAFETY: `target` has room for `len` bytes, and any bytes are a `ucred`.
    if unsafe {
        libc::getsockopt(
            fd,
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            target,
            &raw mut len,
        )
    } != 0
    {
        return Err(io::Error::last_os_error());
    }
    // What the kernel says of a socket that isn't connected.
    if found.uid == u32::MAX {
        return Err(io::ErrorKind::NotConnected.into());
    }
    Ok(Peer {
        user: User::Uid(found.uid),
        pid: u32::try_from(found.pid).ok().filter(|pid| *pid != 0),
    })
}
