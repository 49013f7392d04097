//! Sockets, terminals, files and processes of Unix, through rustix and std alone.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Seek as _, SeekFrom};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use otp_proto::{Endpoint, User};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::time::{ClockId, clock_gettime};
use zeroize::Zeroizing;

/// A connection to the agent.
pub(crate) type Stream = UnixStream;

/// What a spawned agent needs to know of our environment; nothing else is handed on.
const FOR_AGENT: [&str; 12] = [
    "HOME",
    "PATH",
    "USER",
    "LOGNAME",
    "LANG",
    "TZ",
    "TMPDIR",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "DBUS_SESSION_BUS_ADDRESS",
    "GNUPGHOME",
];
const FOR_AGENT_PREFIXES: [&str; 3] = ["XDG_", "LC_", "OTPD_"];

/// Who we are, for the endpoint.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the same signature on every system"
)]
pub(crate) fn user() -> io::Result<User> {
    Ok(User::Uid(rustix::process::geteuid().as_raw()))
}

/// Returns whether a folder is ours alone: owner, mode 0700, not a link.
pub(crate) fn is_private_dir(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| {
        found.is_dir() && found.uid() == rustix::process::geteuid().as_raw() && is_closed(&found)
    })
}

/// Returns whether a file or folder is ours and closed to others.
pub(crate) fn is_private(path: &Path) -> io::Result<bool> {
    let found = std::fs::symlink_metadata(path)?;
    let is_own = found.uid() == rustix::process::geteuid().as_raw();
    Ok(is_own && is_closed(&found) && !found.is_symlink())
}

/// Whether neither group nor others may do anything.
fn is_closed(found: &Metadata) -> bool {
    const OTHERS: u32 = 0o077;
    found.mode() & OTHERS == 0
}

/// Connects to the agent.
pub(crate) fn connect(endpoint: &Endpoint) -> io::Result<Stream> {
    match endpoint {
        Endpoint::Socket(path) => UnixStream::connect(path),
        Endpoint::Pipe(_) => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Limits the wait for each piece of an answer, or lifts the limit (`SO_RCVTIMEO`, socket(7)).
pub(crate) fn limit_wait(stream: &Stream, limit: Option<Duration>) -> io::Result<()> {
    stream.set_read_timeout(limit)
}

/// Creates a file that nobody else can read, and that wasn't there (`O_EXCL`).
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Whether a file, or standard output, is on another file system than a folder. A pipe leads
/// elsewhere, a terminal nowhere.
pub(crate) fn is_elsewhere(path: Option<&Path>, folder: &Path) -> bool {
    let found = match path {
        Some(path) => std::fs::metadata(path),
        None => io::stdout()
            .as_fd()
            .try_clone_to_owned()
            .and_then(|stdout| File::from(stdout).metadata()),
    };
    let (Ok(found), Ok(folder)) = (found, std::fs::metadata(folder)) else {
        return false;
    };
    let kind = found.file_type();
    kind.is_fifo() || kind.is_socket() || kind.is_file() && found.dev() != folder.dev()
}

/// Makes a new name in a folder durable (fsync(2): the folder needs its own).
pub(crate) fn sync_folder(file: &Path) -> io::Result<()> {
    match file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        Some(folder) => File::open(folder)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

/// Opens a descriptor that the caller handed to us.
pub(crate) fn open_descriptor(number: u32) -> io::Result<File> {
    let mut file = File::open(format!("/dev/fd/{number}"))?;
    if let Some(position) = super::position_of(number)
        && file.metadata()?.is_file()
    {
        file.seek(SeekFrom::Start(position))?;
    }
    Ok(file)
}

/// Writes to standard output at once, without a buffer that would keep a code.
pub(crate) fn write_stdout(bytes: &[u8]) -> io::Result<()> {
    write_all(rustix::stdio::stdout(), bytes)
}

/// Writes to standard error at once.
pub(crate) fn write_stderr(bytes: &[u8]) -> io::Result<()> {
    write_all(rustix::stdio::stderr(), bytes)
}

fn write_all(to: impl AsFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = rustix::io::retry_on_intr(|| rustix::io::write(&to, bytes))?;
        bytes = bytes.get(written..).unwrap_or_default();
    }
    Ok(())
}

/// Takes standard input as a file: `std::io::stdin` would keep what it read.
pub(crate) fn stdin() -> io::Result<File> {
    Ok(rustix::stdio::stdin().try_clone_to_owned()?.into())
}

/// Reads until the end, at most `limit` bytes within `time`; `None` if either is passed.
pub(crate) fn read_within(
    mut from: impl Read + AsFd,
    limit: usize,
    time: Duration,
    is_whole: fn(&[u8]) -> bool,
) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let end = monotonic() + time;
    let mut all = Zeroizing::new(Vec::new());
    let mut piece = Zeroizing::new([0_u8; 4096]);
    while !is_whole(&all) {
        let Some(left) = end.checked_sub(monotonic()) else {
            return Ok(None);
        };
        let left = Timespec::try_from(left).map_err(|_| io::ErrorKind::InvalidInput)?;
        match poll(&mut [PollFd::new(&from, PollFlags::IN)], Some(&left)) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        match from.read(&mut *piece)? {
            0 => break,
            length => all.extend_from_slice(piece.get(..length).unwrap_or_default()),
        }
        if all.len() > limit {
            return Ok(None);
        }
    }
    Ok(Some(all))
}

/// The time since some moment, for limits of waiting.
pub(crate) fn monotonic() -> Duration {
    Duration::try_from(clock_gettime(ClockId::Monotonic)).unwrap_or_default()
}

/// Keeps what the agent should see of our environment.
pub(crate) fn agent_environment() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| is_for_agent(name))
}

fn is_for_agent(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| {
        FOR_AGENT.contains(&name) || FOR_AGENT_PREFIXES.iter().any(|p| name.starts_with(p))
    })
}

/// Becomes another program; returns only if that fails.
pub(crate) fn become_program(command: &mut Command) -> io::Result<()> {
    Err(command.exec())
}

/// Nothing to do: `otpd --spawned` leaves our session and closes our descriptors by itself.
pub(crate) fn detach(_command: &mut Command) {}

/// Asks a program to end, so that it can tidy up; one that ended already is left alone.
pub(crate) fn terminate(child: &mut Child) {
    if let (Ok(None), Ok(pid)) = (child.try_wait(), i32::try_from(child.id()))
        && let Some(pid) = Pid::from_raw(pid)
    {
        // It may end by itself just now.
        kill_process(pid, Signal::TERM).ok();
    }
}
