//! Mappings for keys: `memfd_secret(2)` and anonymous memory.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, FromRawFd as _, OwnedFd, RawFd};
use std::ptr::{NonNull, null_mut};

use rustix::mm::{Advice, MapFlags, ProtFlags};

use crate::platform::pages::Pages;
use crate::platform::unix::map_private;

/// Maps memory that only this process's page tables name: not the kernel's own map, so neither
/// `/proc/PID/mem` nor a debugger nor another process reads it, not even root's. It is never
/// swapped, counts for `RLIMIT_MEMLOCK`, and is gone in children. The kernel refuses to hibernate
/// while it is mapped.
pub(in crate::platform) fn map_secret(len: usize) -> io::Result<Pages> {
    let file = memfd_secret()?;
    rustix::fs::ftruncate(&file, u64::try_from(len).unwrap_or(u64::MAX))?;
    let mut pages = map_shared(&file, len)?;
    // Closed now: with the descriptor another process that got it could map the same pages.
    drop(file);
    // MADV_WIPEONFORK is for private memory only (EINVAL), so children don't get it at all.
    advise(&pages, Advice::LinuxDontFork)?;
    fault_in(&mut pages)?;
    Ok(pages)
}

/// Maps ordinary memory, out of core dumps and zeroed in children.
pub(in crate::platform) fn map(len: usize) -> io::Result<Pages> {
    let pages = map_private(len)?;
    // Without either advice the memory still serves: the process is not dumpable, and children
    // of ours exec.
    let _ = advise(&pages, Advice::LinuxDontDump);
    if advise(&pages, Advice::LinuxWipeOnFork).is_err() {
        let _ = advise(&pages, Advice::LinuxDontFork);
    }
    Ok(pages)
}

fn memfd_secret() -> io::Result<OwnedFd> {
    /// One number on every architecture that has the call; libc names it on few.
    const MEMFD_SECRET: libc::c_long = 447;
    // The manual page says FD_CLOEXEC; the kernel (mm/secretmem.c) takes O_CLOEXEC alone.
    // SAFETY: takes no pointer; an unknown call is ENOSYS.
    let fd = unsafe { libc::syscall(MEMFD_SECRET, libc::O_CLOEXEC) };
    let fd = RawFd::try_from(fd).unwrap_or(-1);
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a new descriptor that nobody else has.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn map_shared(file: impl AsFd, len: usize) -> io::Result<Pages> {
    let access = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: a new mapping where the kernel likes; it overlaps nothing.
    let start = unsafe { rustix::mm::mmap(null_mut(), len, access, MapFlags::SHARED, file, 0) }?;
    let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
    // SAFETY: just mapped with this length, readable, writable and zeroed, and known to nobody.
    Ok(unsafe { Pages::from_raw(start, len) })
}

fn advise(pages: &Pages, advice: Advice) -> rustix::io::Result<()> {
    // SAFETY: the whole range is ours, and none of the advices used here changes its content.
    unsafe { rustix::mm::madvise(pages.start().cast(), pages.len(), advice) }
}

/// Makes every page exist by having the kernel copy zeros into it. A page that can't be had is
/// an error here; touched by ourselves it would be a signal. (`MADV_POPULATE_WRITE` doesn't work
/// on secret memory.)
fn fault_in(pages: &mut Pages) -> io::Result<()> {
    File::open("/dev/zero")?.read_exact(pages.bytes_mut())
}
