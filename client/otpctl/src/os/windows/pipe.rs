//! The agent's pipe: opened as a file, and looked at before a word is said.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt as _;
use std::os::windows::io::{AsHandle, AsRawHandle as _};
use std::ptr::null_mut;

use otp_proto::{Endpoint, User};
use windows_sys::Win32::Foundation::{ERROR_PIPE_BUSY, ERROR_SUCCESS};
use windows_sys::Win32::Security::Authorization::{GetSecurityInfo, SE_KERNEL_OBJECT};
use windows_sys::Win32::Security::OWNER_SECURITY_INFORMATION;
use windows_sys::Win32::Storage::FileSystem::SECURITY_IDENTIFICATION;
use windows_sys::Win32::System::Pipes::WaitNamedPipeW;

use super::identity::{free_local, sid_text, user};

/// A connection to the agent.
pub(crate) type Stream = File;

/// How long other clients may keep every instance of the pipe busy, in milliseconds.
const BUSY: u32 = 2000;

/// Connects to the agent. Whoever serves may know who we are, and not act as us.
pub(crate) fn connect(endpoint: &Endpoint) -> io::Result<Stream> {
    let Endpoint::Pipe(name) = endpoint else {
        return Err(io::ErrorKind::Unsupported.into());
    };
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .security_qos_flags(SECURITY_IDENTIFICATION);
    loop {
        match options.open(name) {
            Err(error) if error.raw_os_error() == Some(ERROR_PIPE_BUSY.cast_signed()) => {
                wait(name)?;
            }
            other => return other,
        }
    }
}

/// Waits until an instance of the pipe is free.
fn wait(name: &str) -> io::Result<()> {
    let name: Vec<u16> = name.encode_utf16().chain([0]).collect();
    // SAFETY: the name ends with NUL.
    super::done(unsafe { WaitNamedPipeW(name.as_ptr(), BUSY) })
}

/// Returns whether the pipe is ours: nobody but an administrator can make one that is owned by
/// somebody else.
pub(crate) fn is_own_server(stream: &Stream, _endpoint: &Endpoint) -> bool {
    match (owner(stream), user()) {
        (Ok(owner), Ok(User::Sid(own))) => owner == own,
        _ => false,
    }
}

fn owner(pipe: impl AsHandle) -> io::Result<String> {
    let handle = pipe.as_handle().as_raw_handle();
    let (mut owner, mut descriptor) = (null_mut(), null_mut());
    // SAFETY: the handle is open, the others are variables of ours or not asked for.
    let status = unsafe {
        GetSecurityInfo(
            handle,
            SE_KERNEL_OBJECT,
            OWNER_SECURITY_INFORMATION,
            &raw mut owner,
            null_mut(),
            null_mut(),
            null_mut(),
            &raw mut descriptor,
        )
    };
    if status != ERROR_SUCCESS {
        return Err(io::Error::from_raw_os_error(status.cast_signed()));
    }
    let text = if owner.is_null() {
        Err(io::ErrorKind::NotFound.into())
    } else {
        // SAFETY: the owner lies in the descriptor, which is still there.
        unsafe { sid_text(owner) }
    };
    // SAFETY: made by the call above, and read.
    unsafe { free_local(descriptor) };
    text
}
