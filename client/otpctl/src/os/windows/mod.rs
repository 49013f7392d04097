//! Windows. The agent has the same calls in its own platform folder; they are repeated here so
//! that the client links nothing else of it.
#![allow(unsafe_code, reason = "the Windows API is C")]

mod console;
mod identity;
mod pipe;
mod process;

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::os::windows::io::AsHandle as _;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc;
use std::time::Duration;

use zeroize::Zeroizing;

pub(crate) use console::{Quiet, Tty};
pub(crate) use identity::user;
pub(crate) use pipe::{Stream, connect, is_own_server};
pub(crate) use process::{detach, hide_memory};

/// Returns a variable of the environment.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Turns the API's answer into a result.
fn done(status: windows_sys::core::BOOL) -> io::Result<()> {
    if status == 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// Folders have access lists, not modes; the pipe's own list is what protects it.
pub(crate) fn is_private_dir(path: &Path) -> bool {
    path.is_dir()
}

/// The user's profile is closed to others by its access list.
pub(crate) fn is_private(path: &Path) -> io::Result<bool> {
    std::fs::symlink_metadata(path).map(|found| !found.is_symlink())
}

/// Who has started us isn't looked up here.
pub(crate) fn asker() -> Option<otp_proto::AskingProcess> {
    None
}

/// Dialogs of a terminal are for Unix.
pub(crate) fn terminal_name() -> Option<String> {
    None
}

/// Nothing here says whether the clock is set by the network.
pub(crate) fn clock_is_synchronised() -> Option<bool> {
    None
}

/// Nothing: reading waits.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(crate) fn wait_for(_stream: &Stream) -> io::Result<()> {
    Ok(())
}

/// A pipe that was opened as a file has no limit.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(crate) fn limit_wait(_stream: &Stream, _limit: Option<Duration>) -> io::Result<()> {
    Ok(())
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

/// Whether a file is on another drive than a folder. Standard output counts as being so where it
/// isn't a console.
pub(crate) fn is_elsewhere(path: Option<&Path>, folder: &Path) -> bool {
    let drive = |path: &Path| {
        let whole = std::fs::canonicalize(path).ok()?;
        let first = whole.components().next()?;
        Some(first.as_os_str().to_ascii_lowercase())
    };
    match path.map(|path| (drive(path), drive(folder))) {
        Some((Some(file), Some(folder))) => file != folder,
        Some(_) => false,
        None => !io::IsTerminal::is_terminal(&io::stdout()),
    }
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

/// Reads until the end, at most `limit` bytes; `None` if there is more, or if it takes longer.
pub(crate) fn read_within(
    from: impl Read + Send + 'static,
    limit: usize,
    time: Duration,
    is_whole: fn(&[u8]) -> bool,
) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let (sender, receiver) = mpsc::channel();
    // A read of a pipe has no time limit; the thread ends with the pipe, or with us.
    std::thread::spawn(move || sender.send(read_whole(from, limit, is_whole)));
    receiver.recv_timeout(time).unwrap_or(Ok(None))
}

fn read_whole(
    mut from: impl Read,
    limit: usize,
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

/// Runs another program to its end, in our place as far as there is such a thing here.
#[expect(clippy::exit, reason = "its end is ours")]
pub(crate) fn become_program(command: &mut Command) -> io::Result<()> {
    let status = command.status()?;
    std::process::exit(status.code().unwrap_or(1));
}

/// Ends a program.
pub(crate) fn terminate(child: &mut Child) {
    // It may have ended by itself.
    child.kill().ok();
}
