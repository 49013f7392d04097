//! Windows.
#![allow(unsafe_code, reason = "the Windows API is C")]

mod pages;
mod pipe;
mod process;
mod user;

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use windows_sys::Win32::System::SystemInformation::GetTickCount64;

pub(super) use pages::{lock, map, map_secret, page_size, raise_lock_limit, unmap};
pub use pipe::{pipe_access, server};
pub use process::{harden, process_name};
pub use user::{peer, user};

/// A listening socket that somebody else made: there is no such thing here.
pub type Inherited = std::convert::Infallible;

/// Always none: Windows hands no pipes over.
///
/// # Errors
/// None.
pub fn take_listeners() -> io::Result<Vec<Inherited>> {
    Ok(Vec::new())
}

/// Does nothing: no descriptor is inherited unless the starter says so, and there are no sessions.
///
/// # Errors
/// None.
pub fn detach(_: Option<&Inherited>) -> io::Result<()> {
    Ok(())
}

/// Starts a program; there are no process groups that could be killed at once.
///
/// # Errors
/// Those of spawning it.
pub fn spawn_group(command: &mut Command) -> io::Result<Child> {
    command.spawn()
}

/// Ends a program. That it has ended already is no error.
pub fn kill_group(child: &mut Child) {
    child.kill().ok();
}

/// Writes the line that the starter waits for to stdout.
///
/// # Errors
/// Failures to write.
pub fn tell_starter(line: &str) -> io::Result<()> {
    io::Write::write_all(&mut io::stdout(), line.as_bytes())
}

/// Returns the time since boot, sleep and hibernation counted, in steps of the system timer
/// (10 to 16 ms).
pub fn boot() -> Duration {
    // SAFETY: takes nothing and can't fail.
    Duration::from_millis(unsafe { GetTickCount64() })
}

/// Always `None`: a boot has no name here.
pub fn boot_id() -> Option<String> {
    None
}

/// Always `None`: Windows doesn't tell an ordinary user.
pub fn is_synchronised() -> Option<bool> {
    None
}

/// Returns whether a folder is a directory and not a link to one. Whose it is follows from where
/// it is: folders below `LOCALAPPDATA` inherit access for the user, administrators and the
/// system alone.
pub fn is_private_dir(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

/// Makes a folder and the absent ones on the way. Access is inherited, see [`is_private_dir`].
///
/// # Errors
/// If the path is a link or another kind of file, or if the folder can't be made.
pub fn make_private_dir(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    if is_private_dir(path) {
        Ok(())
    } else {
        Err(io::ErrorKind::NotADirectory.into())
    }
}

/// Makes a file for writing. Access is inherited, see [`is_private_dir`].
///
/// # Errors
/// If there is one already, or anything else of that name.
pub fn create_private(path: &Path) -> io::Result<File> {
    File::create_new(path)
}

/// Nothing to do: NTFS journals names, and folders can't be synced.
///
/// # Errors
/// None.
pub fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Whether two files are on one drive. What can't be looked at counts as so.
pub fn is_same_disk(one: &Path, other: &Path) -> bool {
    let drive = |path: &Path| {
        let whole = fs::canonicalize(path).ok()?;
        let first = whole.components().next()?;
        Some(first.as_os_str().to_ascii_lowercase())
    };
    match (drive(one), drive(other)) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

/// Windows locks its environment.
pub(super) fn is_single_threaded() -> bool {
    true
}

/// Turns the API's answer into a result.
fn done(status: windows_sys::core::BOOL) -> io::Result<()> {
    if status == 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
