//! Named pipes: who serves one, and who may use it.

use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle as _};
use std::ptr::{null_mut, slice_from_raw_parts};

use otp_proto::User;
use windows_sys::Win32::Foundation::ERROR_SUCCESS;
use windows_sys::Win32::Security::Authorization::{
    ConvertSecurityDescriptorToStringSecurityDescriptorW, GetSecurityInfo, SDDL_REVISION_1,
    SE_KERNEL_OBJECT,
};
use windows_sys::Win32::Security::{DACL_SECURITY_INFORMATION, OWNER_SECURITY_INFORMATION, PSID};
use windows_sys::Win32::System::Pipes::GetNamedPipeServerProcessId;

use super::done;
use super::process::{Descriptor, free_local};
use super::user::sid_text;
use crate::platform::Peer;

/// Returns who serves a pipe that we opened: the pipe's owner, and the process that made this
/// end. Nobody but an administrator can make a pipe that is owned by somebody else, whereas the
/// process's number may be another's by now.
///
/// # Errors
/// If Windows doesn't say.
pub fn server(pipe: impl AsHandle) -> io::Result<Peer> {
    let handle = pipe.as_handle().as_raw_handle();
    let mut pid = 0;
    // SAFETY: the handle is open, `pid` a variable of ours.
    let told = done(unsafe { GetNamedPipeServerProcessId(handle, &raw mut pid) });
    let (descriptor, owner) = security(&pipe)?;
    // SAFETY: the owner lies in the descriptor, which is still here.
    let owner = unsafe { sid_text(owner) };
    drop(descriptor);
    Ok(Peer {
        user: User::Sid(owner?),
        pid: told.ok().map(|()| pid),
    })
}

/// Returns the owner of a pipe and who may do what with it, as text (`O:…D:…`, the security
/// descriptor string format).
///
/// # Errors
/// If Windows doesn't say.
pub fn pipe_access(pipe: impl AsHandle) -> io::Result<String> {
    let (descriptor, _) = security(&pipe)?;
    let mut text = null_mut();
    let mut len = 0;
    // SAFETY: the descriptor is valid, the others are variables of ours.
    done(unsafe {
        ConvertSecurityDescriptorToStringSecurityDescriptorW(
            descriptor.as_ptr(),
            SDDL_REVISION_1,
            OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
            &raw mut text,
            &raw mut len,
        )
    })?;
    let len = usize::try_from(len).unwrap_or_default();
    // SAFETY: Windows made a text of `len` units.
    let units = unsafe { slice_from_raw_parts(text, len).as_ref() }.unwrap_or_default();
    let own = String::from_utf16_lossy(units);
    // SAFETY: made by the call above, and copied.
    unsafe { free_local(text.cast()) };
    Ok(own.trim_end_matches('\0').to_owned())
}

/// A pipe's owner and access list, and the owner in it.
fn security(pipe: &impl AsHandle) -> io::Result<(Descriptor, PSID)> {
    let handle = pipe.as_handle().as_raw_handle();
    let (mut owner, mut descriptor) = (null_mut(), null_mut());
    // SAFETY: the handle is open, the others are variables of ours or not asked for.
    let status = unsafe {
        GetSecurityInfo(
            handle,
            SE_KERNEL_OBJECT,
            OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
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
    // SAFETY: a new descriptor of Windows' heap, ours to free.
    let descriptor = unsafe { Descriptor::from_raw(descriptor) };
    if owner.is_null() {
        return Err(io::Error::other("a pipe without an owner"));
    }
    Ok((descriptor, owner))
}
