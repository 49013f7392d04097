//! macOS, and what other Unix systems share with it.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;

use otp_proto::Endpoint;
use rustix::process::geteuid;

/// Nothing to do: macOS lets no other program attach without an entitlement.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the same signature on every system"
)]
pub(crate) fn hide_memory() -> io::Result<()> {
    Ok(())
}

/// Returns whether the socket's file is ours; only its owner could have bound it in a folder
/// that is private.
pub(crate) fn is_own_server(_stream: &UnixStream, endpoint: &Endpoint) -> bool {
    let Endpoint::Socket(path) = endpoint else {
        return false;
    };
    std::fs::symlink_metadata(path).is_ok_and(|file| file.uid() == geteuid().as_raw())
}

/// Nothing to know: opening a descriptor by its number goes on where it stands.
pub(crate) fn position_of(_descriptor: u32) -> Option<u64> {
    None
}

/// Nothing here says whether the clock is set by the network.
pub(crate) fn clock_is_synchronised() -> Option<bool> {
    None
}
