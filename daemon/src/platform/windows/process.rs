//! This process and others.

use std::io;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::ptr::null_mut;

use windows_sys::Win32::Foundation::{HLOCAL, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::{
    DACL_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, SetKernelObjectSecurity,
};
use windows_sys::Win32::System::Diagnostics::Debug::{
    SEM_FAILCRITICALERRORS, SEM_NOGPFAULTERRORBOX, SetErrorMode,
};
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, OpenProcess, PROCESS_NAME_WIN32, PROCESS_QUERY_LIMITED_INFORMATION,
    QueryFullProcessImageNameW,
};

use super::done;

/// Who may do what with this process: its owner may see that it is there, wait for its end and
/// end it (`SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_TERMINATE`), nobody reads
/// its memory. Naming the owner's rights takes away the implied one to change this.
const ACCESS: &str = "D:P(A;;0x101001;;;OW)";

/// Closes this process to others: programs of the same user can't read its memory or attach to
/// it, and a crash makes no report. The first statement of `main`, before configuration and
/// environment are read.
///
/// # Errors
/// Whatever Windows refused; the process must not go on.
pub fn harden() -> io::Result<()> {
    // SAFETY: takes a number only.
    unsafe { SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX) };
    // SAFETY: this handle needs no closing.
    let own = unsafe { GetCurrentProcess() };
    let access = Descriptor::new(ACCESS)?;
    // SAFETY: `access` is a valid descriptor for as long as the call takes.
    done(unsafe { SetKernelObjectSecurity(own, DACL_SECURITY_INFORMATION, access.0) })
}

/// A security descriptor from Windows' heap.
pub(super) struct Descriptor(PSECURITY_DESCRIPTOR);

impl Descriptor {
    /// Takes over a descriptor that Windows allocated for an answer.
    ///
    /// # Safety
    /// It is valid, and the caller's to free.
    pub(super) unsafe fn from_raw(made: PSECURITY_DESCRIPTOR) -> Self {
        Self(made)
    }

    pub(super) fn as_ptr(&self) -> PSECURITY_DESCRIPTOR {
        self.0
    }

    fn new(text: &str) -> io::Result<Self> {
        let text: Vec<u16> = text.encode_utf16().chain([0]).collect();
        let mut made = null_mut();
        // SAFETY: the text ends with NUL, `made` is a variable of ours, the size isn't asked for.
        done(unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &raw mut made,
                null_mut(),
            )
        })?;
        Ok(Self(made))
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: made by Windows for us, and not used after this.
        unsafe { free_local(self.0) };
    }
}

/// Frees what Windows allocated for an answer.
///
/// # Safety
/// `block` was documented as the caller's to free, and isn't used afterwards.
pub(super) unsafe fn free_local(block: HLOCAL) {
    // SAFETY: the caller promises just that.
    unsafe { LocalFree(block) };
}

/// Opens a process to ask who it is.
pub(super) fn open(pid: u32) -> io::Result<OwnedHandle> {
    // SAFETY: takes numbers only.
    let process = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid) };
    if process.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a new handle that nobody else has.
    Ok(unsafe { OwnedHandle::from_raw_handle(process) })
}

/// Returns a process's program, for people; `None` if it is gone or another user's.
pub fn process_name(pid: u32) -> Option<String> {
    /// The longest path of the Windows API, in UTF-16 units.
    const ROOM: usize = 32_768;
    let process = open(pid).ok()?;
    let mut path = vec![0_u16; ROOM];
    let mut len = u32::try_from(ROOM).ok()?;
    let (handle, target) = (process.as_raw_handle(), path.as_mut_ptr());
    // SAFETY: `target` has room for `len` units; the handle is open.
    let status =
        unsafe { QueryFullProcessImageNameW(handle, PROCESS_NAME_WIN32, target, &raw mut len) };
    done(status).ok()?;
    path.get(..usize::try_from(len).ok()?)
        .map(String::from_utf16_lossy)
}
