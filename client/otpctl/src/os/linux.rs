//! What only Linux knows.

use std::ffi::OsString;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;

use otp_proto::Endpoint;
use rustix::process::{DumpableBehavior, geteuid, set_dumpable_behavior};

/// Returns a variable of the environment.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Keeps other programs of this user from reading our memory, and cores from being written.
/// Called before the first secret is read, not earlier: until then the agent may look at us.
pub(crate) fn hide_memory() -> io::Result<()> {
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// Returns whether the process that listens runs as us (`SO_PEERCRED`, unix(7)).
pub(crate) fn is_own_server(stream: &UnixStream, _endpoint: &Endpoint) -> bool {
    rustix::net::sockopt::socket_peercred(stream).is_ok_and(|peer| peer.uid == geteuid())
}

/// Returns where a descriptor of ours stands in its file: opening it anew by its number begins at
/// the start (`proc_pid_fdinfo(5)`).
pub(crate) fn position_of(descriptor: u32) -> Option<u64> {
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{descriptor}")).ok()?;
    info.strip_prefix("pos:")?
        .lines()
        .next()?
        .trim()
        .parse()
        .ok()
}

/// Returns whether the clock is set by the network; `None` where nothing on this system says.
pub(crate) fn clock_is_synchronised() -> Option<bool> {
    // systemd-timesyncd touches the file at each synchronisation (systemd-timesyncd.service(8)).
    if Path::new("/run/systemd/timesync/synchronized").exists() {
        return Some(true);
    }
    Path::new("/run/systemd/timesync").exists().then_some(false)
}
