//! Unix sockets.

use std::fs::File;
use std::io;

use interprocess::local_socket::tokio::Stream;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

use crate::platform::{self, Peer};

/// Returns who connected.
pub(in crate::front) fn peer(stream: &Stream) -> io::Result<Peer> {
    let Stream::UdSocket(socket) = stream;
    platform::peer(socket)
}

/// Returns whether the peer has closed both directions, not only its own.
pub(in crate::front) fn is_hung_up(stream: &Stream) -> bool {
    let Stream::UdSocket(socket) = stream;
    let mut asked = [PollFd::new(socket, PollFlags::empty())];
    let ended = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    match poll(&mut asked, Some(&Timespec::default())) {
        Ok(_) => asked.iter().any(|asked| asked.revents().intersects(ended)),
        Err(_) => true,
    }
}

/// Lets a connection go whose peer doesn't read. Nothing to do: closing a socket never waits.
pub(in crate::front) fn abandon(_stream: &Stream) {}

/// Returns whether `accept` failed for want of descriptors or memory.
pub(in crate::front) fn is_exhausted(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::NOBUFS)
    )
}

/// How many descriptors this process may have.
pub(in crate::front) fn descriptor_limit() -> Option<usize> {
    usize::try_from(getrlimit(Resource::Nofile).current?).ok()
}

/// A descriptor to give up in need.
pub(in crate::front) fn spare_descriptor() -> Option<File> {
    File::open("/dev/null").ok()
}

/// Where a test may listen.
#[cfg(test)]
pub(in crate::front) fn private_endpoint(folder: &std::path::Path) -> otp_proto::Endpoint {
    otp_proto::Endpoint::Socket(folder.join("otpd.sock"))
}
