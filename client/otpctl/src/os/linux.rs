//! What only Linux knows.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Stdio;

use otp_proto::{AskingProcess, Endpoint};
use rustix::process::{DumpableBehavior, geteuid, set_dumpable_behavior};

/// The start of a process among the fields behind its name (`proc_pid_stat(5)`, field 22).
const STARTED: usize = 19;

/// Returns a variable of the environment.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Returns who has started us: the number, the time and the program of our parent. A process of
/// root's shows no path, but its name (`proc_pid_exe(5)`, `proc_pid_status(5)`).
pub(crate) fn asker() -> Option<AskingProcess> {
    let pid = rustix::process::getppid()?.as_raw_nonzero().get();
    let place = format!("/proc/{pid}");
    let link = place.clone() + "/exe";
    let (program, system) = if let Ok(program) = std::fs::read_link(&link) {
        // Of the file itself, whatever has its name by now.
        let file = std::fs::metadata(&link).ok()?;
        let program = program.to_string_lossy();
        let path = program.strip_suffix(" (deleted)").unwrap_or(&program);
        (path.to_owned(), file.uid() == 0 && file.mode() & 0o022 == 0)
    } else {
        let status = std::fs::read_to_string(place.clone() + "/status").ok()?;
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
        let effective = field("Uid:")?.split_whitespace().nth(1)?;
        (field("Name:")?.trim().to_owned(), effective == "0")
    };
    if Path::new(&program).file_name() == Some("ssh".as_ref()) && !writes_hosts(&program) {
        return None;
    }
    // The name in brackets may hold blanks and brackets.
    let stat = std::fs::read_to_string(place + "/stat").ok()?;
    let (_, behind) = stat.rsplit_once(") ")?;
    Some(AskingProcess {
        pid: pid.try_into().ok()?,
        start: behind.split(' ').nth(STARTED)?.parse().ok()?,
        program,
        system,
    })
}

/// Returns whether an ssh writes the host in front of a server's question (sshconnect2.c): since 8.5.
/// With an older one the server could write it.
fn writes_hosts(program: &str) -> bool {
    const SINCE: (u32, u32) = (8, 5);
    let mut command = std::process::Command::new(program);
    let Ok(output) = command.arg("-V").stdin(Stdio::null()).output() else {
        return false;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    let version = said.strip_prefix("OpenSSH_").and_then(|rest| {
        let number = |text: &str| {
            let end = text.find(|c: char| !c.is_ascii_digit());
            text.get(..end.unwrap_or(text.len()))?.parse().ok()
        };
        let (major, minor) = rest.split_once('.')?;
        Some((number(major)?, number(minor)?))
    });
    version.is_some_and(|version: (u32, u32)| version >= SINCE)
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
