//! Memory that swap, core dumps, forks and debuggers see as little of as the system allows.
#![allow(unsafe_code, reason = "a mapping is a raw pointer until it is a slice")]

use std::alloc::{Layout, handle_alloc_error};
use std::ops::Range;
use std::ptr::NonNull;
use std::slice;

use otp_proto::Memory;
use zeroize::Zeroize as _;

use super::os;
use crate::config::MemoryMode;

/// Whole pages that are ours alone; wiped and unmapped on drop.
pub(super) struct Pages {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping has one owner and isn't bound to the thread that made it.
unsafe impl Send for Pages {}

impl Pages {
    /// Takes over a mapping.
    ///
    /// # Safety
    /// `start` is the start of a readable and writable mapping of `len` bytes, all of them
    /// initialised (the kernel's zeros), that nobody else unmaps or holds a reference into, and
    /// that [`os::unmap`] can unmap.
    pub(super) const unsafe fn from_raw(start: NonNull<u8>, len: usize) -> Self {
        Self { start, len }
    }

    /// Returns where the mapping is, for calls that are made about it.
    pub(super) fn start(&self) -> *mut u8 {
        self.start.as_ptr()
    }

    /// Returns the length in bytes.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: `from_raw` was promised `len` initialised bytes; `self` lends them.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and `self` is borrowed alone.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.bytes_mut().zeroize();
        // SAFETY: nobody borrows `self`, and nobody uses it after this.
        unsafe { os::unmap(self) };
    }
}

/// Pages, and how well they are protected.
pub(super) struct Mapping {
    pages: Pages,
    mode: MemoryMode,
    protection: Memory,
}

impl Mapping {
    /// Maps at least `bytes` bytes in the best way that works:
    /// memory that the kernel itself has no address for, else locked, else (over a limit)
    /// ordinary memory. None of them is in a core dump or a forked child.
    pub(super) fn new(mode: MemoryMode, bytes: usize) -> Self {
        let len = whole_pages(bytes);
        os::raise_lock_limit();
        if mode != MemoryMode::Mlock
            && let Ok(pages) = os::map_secret(len)
        {
            return Self {
                pages,
                mode,
                protection: Memory::Secret,
            };
        }
        let Ok(pages) = os::map(len) else {
            out_of_memory(len);
        };
        let mut own = Self {
            pages,
            mode,
            protection: Memory::Unlocked,
        };
        own.retry_lock();
        own
    }

    /// Puts a new mapping in this one's place and returns this one, for its keys to be moved.
    pub(super) fn replace(&mut self, bytes: usize) -> Self {
        let new = Self::new(self.mode, bytes);
        std::mem::replace(self, new)
    }

    /// Locks pages that couldn't be locked while their predecessors counted for the limit, too.
    pub(super) fn retry_lock(&mut self) {
        if self.protection == Memory::Unlocked && os::lock(&self.pages).is_ok() {
            self.protection = Memory::Locked;
        }
    }

    /// Lends the bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        self.pages.bytes()
    }

    /// Lends the bytes for writing.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        self.pages.bytes_mut()
    }

    /// Zeroes a part, in a way that the compiler doesn't leave out.
    pub(super) fn wipe(&mut self, range: Range<usize>) {
        if let Some(bytes) = self.pages.bytes_mut().get_mut(range) {
            bytes.zeroize();
        }
    }

    /// Returns how well the pages are protected.
    pub(super) fn protection(&self) -> Memory {
        self.protection
    }
}

/// Rounds up to whole pages, one at least.
fn whole_pages(bytes: usize) -> usize {
    let Some(len) = bytes.max(1).checked_next_multiple_of(os::page_size()) else {
        out_of_memory(bytes);
    };
    len
}

/// Ends the process as a failed allocation does.
pub(super) fn out_of_memory(bytes: usize) -> ! {
    handle_alloc_error(Layout::array::<u8>(bytes).unwrap_or(Layout::new::<u8>()))
}
