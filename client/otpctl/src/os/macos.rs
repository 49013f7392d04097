//! macOS, and what other Unix systems share with it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use otp_proto::{AskingProcess, Endpoint, SOCKET_VARIABLE};
use rustix::process::geteuid;

/// Returns a variable of the environment. launchd tells the programs that it starts where its
/// socket is; who came in otherwise (ssh, an older shell) asks it, so that all use one agent.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).or_else(|| {
        (name == SOCKET_VARIABLE)
            .then(|| launchd_variable(name))
            .flatten()
    })
}

/// `launchctl getenv` (launchctl(1)): a line, or nothing.
fn launchd_variable(name: &str) -> Option<OsString> {
    let output = Command::new("/bin/launchctl")
        .args(["getenv", name])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let value = output.stdout.trim_ascii_end();
    (output.status.success() && !value.is_empty()).then(|| OsStr::from_bytes(value).to_owned())
}

/// Who has started us isn't looked up here.
pub(crate) fn asker() -> Option<AskingProcess> {
    None
}

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
