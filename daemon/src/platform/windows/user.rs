//! Users by their security identifiers, and whose program is at the other end of a pipe.

use std::io;
use std::os::windows::io::{
    AsHandle, AsRawHandle as _, FromRawHandle as _, OwnedHandle, RawHandle,
};
use std::ptr::null_mut;
use std::slice;

use otp_proto::User;
use windows_sys::Win32::Globalization::lstrlenW;
use windows_sys::Win32::Security::Authorization::ConvertSidToStringSidW;
use windows_sys::Win32::Security::{GetTokenInformation, PSID, TOKEN_QUERY, TOKEN_USER, TokenUser};
use windows_sys::Win32::System::Pipes::GetNamedPipeClientProcessId;
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use super::done;
use super::process::{free_local, open};
use crate::platform::Peer;

/// Returns who we run as: the SID of this process's token, as text.
///
/// # Errors
/// If Windows doesn't say.
pub fn user() -> io::Result<User> {
    // SAFETY: this handle needs no closing.
    let own = unsafe { GetCurrentProcess() };
    user_of(own)
}

/// Returns whose process opened a named pipe's other end.
///
/// The number of a process that has ended may be another's by now; what keeps other users out
/// is the pipe's own descriptor, which names ours alone.
///
/// # Errors
/// If this is no pipe's server end, or the process is gone or another user's.
pub fn peer(pipe: impl AsHandle) -> io::Result<Peer> {
    let mut pid = 0;
    let handle = pipe.as_handle().as_raw_handle();
    // SAFETY: the handle is open, `pid` a variable of ours.
    done(unsafe { GetNamedPipeClientProcessId(handle, &raw mut pid) })?;
    let process = open(pid)?;
    Ok(Peer {
        user: user_of(process.as_raw_handle())?,
        pid: Some(pid),
    })
}

fn user_of(process: RawHandle) -> io::Result<User> {
    let token = token(process)?;
    // `TOKEN_USER` and, behind it, the SID that it points to: 16 and at most 68 bytes. Stays
    // where it is, because of that pointer.
    let mut answer = [0_u64; 16];
    token_user(&token, &mut answer)?;
    let user = answer.as_ptr().cast::<TOKEN_USER>();
    // SAFETY: Windows wrote this structure to the buffer, which is aligned for it.
    let user = unsafe { user.read() };
    // SAFETY: the SID lies in `answer`, which is still here.
    let sid = unsafe { sid_text(user.User.Sid) };
    Ok(User::Sid(sid?))
}

fn token(process: RawHandle) -> io::Result<OwnedHandle> {
    let mut token = null_mut();
    // SAFETY: `token` is a variable of ours; a bad handle is an error.
    done(unsafe { OpenProcessToken(process, TOKEN_QUERY, &raw mut token) })?;
    // SAFETY: a new handle that nobody else has.
    Ok(unsafe { OwnedHandle::from_raw_handle(token) })
}

fn token_user(token: &OwnedHandle, answer: &mut [u64; 16]) -> io::Result<()> {
    let room = u32::try_from(size_of_val(answer)).unwrap_or_default();
    let (handle, target) = (token.as_raw_handle(), answer.as_mut_ptr().cast());
    let mut len = 0;
    // SAFETY: `target` has room for `room` bytes, `len` is a variable of ours.
    done(unsafe { GetTokenInformation(handle, TokenUser, target, room, &raw mut len) })
}

/// Writes a SID as text, `S-1-5-21-…`.
///
/// # Safety
/// `sid` points to a SID.
pub(super) unsafe fn sid_text(sid: PSID) -> io::Result<String> {
    let mut text = null_mut();
    // SAFETY: the caller vouches for `sid`; `text` is a variable of ours.
    done(unsafe { ConvertSidToStringSidW(sid, &raw mut text) })?;
    // SAFETY: Windows made a text that ends with NUL.
    let len = unsafe { lstrlenW(text) };
    // SAFETY: that many units stand before the NUL.
    let units = unsafe { slice::from_raw_parts(text, usize::try_from(len).unwrap_or_default()) };
    let own = String::from_utf16_lossy(units);
    // SAFETY: made by the call above, and copied.
    unsafe { free_local(text.cast()) };
    Ok(own)
}
