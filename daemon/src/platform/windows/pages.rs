//! Mappings for keys: `VirtualAlloc` and `VirtualLock`.

use std::io;
use std::mem::MaybeUninit;
use std::ptr::{NonNull, null};

use windows_sys::Win32::System::Memory::{
    MEM_COMMIT, MEM_RELEASE, MEM_RESERVE, PAGE_READWRITE, VirtualAlloc, VirtualFree, VirtualLock,
};
use windows_sys::Win32::System::SystemInformation::{GetSystemInfo, SYSTEM_INFO};
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, GetProcessWorkingSetSize, SetProcessWorkingSetSize,
};

use super::done;
use crate::platform::pages::Pages;

/// Returns the unit of mappings in bytes.
pub(in crate::platform) fn page_size() -> usize {
    const USUAL: usize = 4096;
    let mut info = MaybeUninit::<SYSTEM_INFO>::zeroed();
    // SAFETY: there is room for the answer.
    unsafe { GetSystemInfo(info.as_mut_ptr()) };
    // SAFETY: all-zero is a valid answer already, and the call filled it in.
    let info = unsafe { info.assume_init() };
    usize::try_from(info.dwPageSize).map_or(USUAL, |size| size.max(USUAL))
}

/// There is no such memory here.
pub(in crate::platform) fn map_secret(_len: usize) -> io::Result<Pages> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Maps zeroed memory of our own. Windows has no fork, and `harden` turns crash reports off.
pub(in crate::platform) fn map(len: usize) -> io::Result<Pages> {
    // SAFETY: a new mapping where the kernel likes; it overlaps nothing.
    let start = unsafe { VirtualAlloc(null(), len, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) };
    let start = NonNull::new(start.cast()).ok_or_else(io::Error::last_os_error)?;
    // SAFETY: just mapped with this length, readable, writable and zeroed, and known to nobody.
    Ok(unsafe { Pages::from_raw(start, len) })
}

/// Keeps pages in memory. As many as the working set's minimum less a little can be locked, so
/// that grows first.
pub(in crate::platform) fn lock(pages: &Pages) -> io::Result<()> {
    grow_working_set(pages.len())?;
    // SAFETY: the whole range is mapped as long as `pages` lives.
    done(unsafe { VirtualLock(pages.start().cast(), pages.len()) })
}

fn grow_working_set(bytes: usize) -> io::Result<()> {
    let (mut least, mut most) = (0_usize, 0_usize);
    // SAFETY: this handle needs no closing.
    let own = unsafe { GetCurrentProcess() };
    // SAFETY: both addresses are of variables of ours.
    done(unsafe { GetProcessWorkingSetSize(own, &raw mut least, &raw mut most) })?;
    let least = least.saturating_add(bytes);
    let most = most.saturating_add(bytes);
    // SAFETY: takes numbers only.
    done(unsafe { SetProcessWorkingSetSize(own, least, most) })
}

/// Unmaps pages, which also unlocks them.
///
/// # Safety
/// Nobody uses the pages afterwards.
pub(in crate::platform) unsafe fn unmap(pages: &mut Pages) {
    // SAFETY: `start` is what VirtualAlloc returned, and the caller promises to be done with it.
    unsafe { VirtualFree(pages.start().cast(), 0, MEM_RELEASE) };
}

/// `lock` does it, for as much as it needs.
pub(in crate::platform) fn raise_lock_limit() {}
