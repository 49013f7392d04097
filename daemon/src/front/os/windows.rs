//! Named pipes.

use std::fs::File;
use std::io;

use interprocess::local_socket::tokio::Stream;

use crate::platform::{self, Peer};

/// Returns who connected.
pub(in crate::front) fn peer(stream: &Stream) -> io::Result<Peer> {
    let Stream::NamedPipe(pipe) = stream;
    platform::peer(pipe)
}

/// Returns whether the peer has closed both directions: a pipe knows no other end.
pub(in crate::front) fn is_hung_up(_stream: &Stream) -> bool {
    true
}

/// Lets a connection go whose peer doesn't read: closing the pipe would wait for it.
pub(in crate::front) fn abandon(stream: &Stream) {
    let Stream::NamedPipe(pipe) = stream;
    pipe.inner().assume_flushed();
}

/// Returns whether `accept` failed for want of memory; handles have no limit that is met.
pub(in crate::front) fn is_exhausted(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::OutOfMemory
}

/// How many handles this process may have: no limit is known.
pub(in crate::front) fn descriptor_limit() -> Option<usize> {
    None
}

/// A handle to give up in need: none is needed.
pub(in crate::front) fn spare_descriptor() -> Option<File> {
    None
}

/// Where a test may listen: pipes have names, not places.
#[cfg(test)]
pub(in crate::front) fn private_endpoint(folder: &std::path::Path) -> otp_proto::Endpoint {
    let unique = folder.file_name().unwrap_or_default().to_string_lossy();
    otp_proto::Endpoint::Pipe(format!(r"\\.\pipe\otpd-front-{unique}"))
}
