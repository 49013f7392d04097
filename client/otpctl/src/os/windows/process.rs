//! This process and those that it starts.

use std::io;
use std::os::windows::io::AsRawHandle as _;
use std::os::windows::process::CommandExt as _;
use std::process::Command;
use std::ptr::null_mut;

use otp_proto::User;
use windows_sys::Win32::Foundation::{HANDLE_FLAG_INHERIT, SetHandleInformation};
use windows_sys::Win32::Security::Authorization::{
    ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::{DACL_SECURITY_INFORMATION, SetKernelObjectSecurity};
use windows_sys::Win32::System::Threading::{DETACHED_PROCESS, GetCurrentProcess};

use super::done;
use super::identity::{free_local, user};

/// What others may do with this process: see that it is there, wait for its end and end it
/// (`SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_TERMINATE`), not read its memory.
const RIGHTS: &str = "0x101001";

/// Keeps other programs of this user from reading our memory. Called before the first secret is
/// read.
pub(crate) fn hide_memory() -> io::Result<()> {
    let User::Sid(sid) = user()? else {
        return Err(io::ErrorKind::Unsupported.into());
    };
    // The agent asks whose we are. Naming the owner's rights takes away the implied one to change
    // this.
    let access = format!("D:P(A;;{RIGHTS};;;OW)(A;;{RIGHTS};;;{sid})");
    let text: Vec<u16> = access.encode_utf16().chain([0]).collect();
    let mut access = null_mut();
    // SAFETY: the text ends with NUL, `access` is a variable of ours, the size isn't asked for.
    done(unsafe {
        ConvertStringSecurityDescriptorToSecurityDescriptorW(
            text.as_ptr(),
            SDDL_REVISION_1,
            &raw mut access,
            null_mut(),
        )
    })?;
    // SAFETY: this handle needs no closing.
    let own = unsafe { GetCurrentProcess() };
    // SAFETY: `access` is a valid descriptor.
    let set = done(unsafe { SetKernelObjectSecurity(own, DACL_SECURITY_INFORMATION, access) });
    // SAFETY: made by the call above, and not used after this.
    unsafe { free_local(access) };
    set
}

/// Starts a program that outlives us: without our console, and without our standard streams,
/// which a pipeline would wait for.
pub(crate) fn detach(command: &mut Command) {
    for stream in [
        io::stdin().as_raw_handle(),
        io::stdout().as_raw_handle(),
        io::stderr().as_raw_handle(),
    ] {
        // SAFETY: takes a handle and numbers only. There may be no such stream, which is as good.
        unsafe { SetHandleInformation(stream, HANDLE_FLAG_INHERIT, 0) };
    }
    command.creation_flags(DETACHED_PROCESS);
}
