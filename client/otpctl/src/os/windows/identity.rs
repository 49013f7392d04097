//! Who we are: the security identifier of this process's token.

use std::io;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::ptr::null_mut;
use std::slice;

use otp_proto::User;
use windows_sys::Win32::Foundation::{HLOCAL, LocalFree};
use windows_sys::Win32::Globalization::lstrlenW;
use windows_sys::Win32::Security::Authorization::ConvertSidToStringSidW;
use windows_sys::Win32::Security::{GetTokenInformation, PSID, TOKEN_QUERY, TOKEN_USER, TokenUser};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use super::done;

/// Returns who we are, for the endpoint.
pub(crate) fn user() -> io::Result<User> {
    let token = token()?;
    // `TOKEN_USER` and, behind it, the SID that it points to: 16 and at most 68 bytes. Stays
    // where it is, because of that pointer.
    let mut answer = [0_u64; 16];
    let room = u32::try_from(size_of_val(&answer)).unwrap_or_default();
    let (handle, target) = (token.as_raw_handle(), answer.as_mut_ptr().cast());
    let mut len = 0;
    // SAFETY: `target` has room for `room` bytes, `len` is a variable of ours.
    done(unsafe { GetTokenInformation(handle, TokenUser, target, room, &raw mut len) })?;
    let user = answer.as_ptr().cast::<TOKEN_USER>();
    // SAFETY: Windows wrote this structure to the buffer, which is aligned for it.
    let user = unsafe { user.read() };
    // SAFETY: the SID lies in `answer`, which is still here.
    let sid = unsafe { sid_text(user.User.Sid) };
    Ok(User::Sid(sid?))
}

fn token() -> io::Result<OwnedHandle> {
    let mut token = null_mut();
    // SAFETY: this handle needs no closing.
    let own = unsafe { GetCurrentProcess() };
    // SAFETY: `token` is a variable of ours.
    done(unsafe { OpenProcessToken(own, TOKEN_QUERY, &raw mut token) })?;
    // SAFETY: a new handle that nobody else has.
    Ok(unsafe { OwnedHandle::from_raw_handle(token) })
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

/// Frees what Windows allocated for an answer.
///
/// # Safety
/// `block` was documented as the caller's to free, and isn't used afterwards.
pub(super) unsafe fn free_local(block: HLOCAL) {
    // SAFETY: the caller promises just that.
    unsafe { LocalFree(block) };
}
