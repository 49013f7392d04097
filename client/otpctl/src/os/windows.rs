//! Named pipes, files and processes of Windows, through std and interprocess alone.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::os::windows::io::AsHandle as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use interprocess::local_socket::{GenericFilePath, ToFsName as _, traits::Stream as _};
use otp_proto::{Endpoint, User};
use zeroize::Zeroizing;

/// A connection to the agent.
pub(crate) type Stream = interprocess::local_socket::Stream;

/// Who we are, for the endpoint: the SID as `whoami` prints it.
pub(crate) fn user() -> io::Result<User> {
    let root = std::env::var_os("SystemRoot").unwrap_or_else(|| r"C:\Windows".into());
    let output = Command::new(Path::new(&root).join(r"System32\whoami.exe"))
        .args(["/user", "/fo", "csv", "/nh"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.split(['"', ',', '\r', '\n', ' '])
        .find(|word| word.starts_with("S-1-"))
        .map(|sid| User::Sid(sid.to_owned()))
        .ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// Folders have access lists, not modes; the pipe's own list is what protects it.
pub(crate) fn is_private_dir(path: &Path) -> bool {
    path.is_dir()
}

/// The user's profile is closed to others by its access list.
pub(crate) fn is_private(path: &Path) -> io::Result<bool> {
    std::fs::symlink_metadata(path).map(|found| !found.is_symlink())
}

/// Connects to the agent.
pub(crate) fn connect(endpoint: &Endpoint) -> io::Result<Stream> {
    match endpoint {
        Endpoint::Pipe(name) => Stream::connect(name.as_str().to_fs_name::<GenericFilePath>()?),
        Endpoint::Socket(_) => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Returns whether the server may be trusted: the pipe's name holds our SID.
pub(crate) fn is_own_server(_stream: &Stream, endpoint: &Endpoint) -> bool {
    matches!(endpoint, Endpoint::Pipe(_))
}

/// Nothing to do: a process of another user can't open ours.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the same signature on every system"
)]
pub(crate) fn hide_memory() -> io::Result<()> {
    Ok(())
}

/// Nothing here says whether the clock is set by the network.
pub(crate) fn clock_is_synchronised() -> Option<bool> {
    None
}

/// Creates a file that wasn't there; the folder's access list keeps it private.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Makes a new name in a folder durable; NTFS journals names by itself.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the same signature on every system"
)]
pub(crate) fn sync_folder(_file: &Path) -> io::Result<()> {
    Ok(())
}

/// Descriptors have no numbers here.
pub(crate) fn open_descriptor(_number: u32) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Writes to standard output.
pub(crate) fn write_stdout(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// Writes to standard error.
pub(crate) fn write_stderr(bytes: &[u8]) -> io::Result<()> {
    io::stderr().lock().write_all(bytes)
}

/// Takes standard input as a file: `std::io::stdin` would keep what it read.
pub(crate) fn stdin() -> io::Result<File> {
    Ok(io::stdin().as_handle().try_clone_to_owned()?.into())
}

/// Reads until the end, at most `limit` bytes; the program that writes limits its own time.
pub(crate) fn read_within(
    from: &mut impl Read,
    limit: usize,
    _time: Duration,
    is_whole: fn(&[u8]) -> bool,
) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut all = Zeroizing::new(Vec::new());
    let mut piece = Zeroizing::new([0_u8; 4096]);
    while !is_whole(&all) {
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
#[expect(
    clippy::disallowed_methods,
    reason = "a wait of two seconds; no code or deadline of the vault depends on it"
)]
pub(crate) fn monotonic() -> Duration {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// Windows programs need most of their environment (`SystemRoot`, profile folders).
pub(crate) fn agent_environment() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os()
}

/// Runs another program and waits for it; returns only if it can't be run or fails.
pub(crate) fn become_program(command: &mut Command) -> io::Error {
    match command.status() {
        Ok(status) if status.success() => io::ErrorKind::BrokenPipe.into(),
        Ok(_) => io::Error::other("it failed"),
        Err(error) => error,
    }
}

/// The console; secrets can't be read from it without echo yet, so it can't be opened.
pub(crate) struct Tty;

impl Tty {
    pub(crate) fn open() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn hide(&self) -> io::Result<Self> {
        Self::open()
    }

    pub(crate) fn read(&self, _bytes: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn write(&self, _text: &str) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
