//! Windows: GDI for pictures of the screen, the clipboard's own calls.
#![allow(unsafe_code, reason = "the system's calls have no safe types")]

mod clipboard;
mod screen;
mod tty;

pub(crate) use clipboard::open as clipboard;
pub(crate) use screen::screen;
pub(crate) use tty::{Tty, terminal_for_child};

use std::fs::File;
use std::io;
use std::os::windows::io::AsHandle as _;
use std::time::Duration;

use windows_sys::Win32::Foundation::CloseHandle;
use windows_sys::Win32::Storage::FileSystem::{FILE_TYPE_PIPE, GetFileType};
use windows_sys::Win32::System::Console::{GetStdHandle, STD_OUTPUT_HANDLE, SetStdHandle};

use crate::failure::{Failure, Way};
use crate::text::Language;

/// Nothing to do: no core is written, and new files are closed by their folder's access list.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the same signature on every system"
)]
pub(crate) fn harden() -> io::Result<()> {
    Ok(())
}

/// No hotkeys are served here.
pub(crate) fn stay(_linger: Duration, _language: Language) -> Result<(), Failure> {
    Err(Failure::Missing(Way::Shortcuts))
}

/// Not yet.
pub(crate) fn type_keys(_window: Option<&str>) -> Result<(), Failure> {
    Err(Failure::Unsupported)
}

/// Not yet: what is copied here stays with the system, and somebody has to take it away.
pub(crate) fn copy(_by_terminal: bool) -> Result<(), Failure> {
    Err(Failure::Unsupported)
}

/// Takes standard output if it's a pipe.
pub(crate) fn pipe_of_stdout() -> io::Result<Option<File>> {
    // SAFETY: asks for one of the process's own handles.
    let stdout = unsafe { GetStdHandle(STD_OUTPUT_HANDLE) };
    // SAFETY: any handle may be asked; a wrong one has no type.
    if unsafe { GetFileType(stdout) } != FILE_TYPE_PIPE {
        return Ok(None);
    }
    let stdout = io::stdout();
    Ok(Some(stdout.as_handle().try_clone_to_owned()?.into()))
}

/// Closes standard output.
pub(crate) fn close_stdout() -> io::Result<()> {
    // SAFETY: asks for one of the process's own handles.
    let stdout = unsafe { GetStdHandle(STD_OUTPUT_HANDLE) };
    // SAFETY: null is the documented way to say that there is none; std then writes nowhere.
    unsafe { SetStdHandle(STD_OUTPUT_HANDLE, std::ptr::null_mut()) };
    // SAFETY: the handle was ours, and nobody can ask for it any more.
    if unsafe { CloseHandle(stdout) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
