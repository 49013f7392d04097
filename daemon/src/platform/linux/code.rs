//! The program's own code and constants in memory.
#![allow(
    unsafe_code,
    reason = "the loader's list and madvise deal in addresses"
)]

use std::ffi::{c_int, c_void};

use rustix::mm::Advice;

use super::page_size;

/// Gives back the pages of code and constants that only the work so far needed (starting, the key
/// derivation, asking the buses). They are clean pages of the program's file: what is used again
/// is mapped again from the page cache, at the cost of a minor fault per 64 KiB.
pub fn release_code() {
    // SAFETY: the callback has the type that the function wants, and takes no data.
    unsafe { libc::dl_iterate_phdr(Some(release), std::ptr::null_mut()) };
}

/// Releases what nobody can write to of the first object, which is the program itself
/// (`dl_iterate_phdr(3)`), and ends the iteration. What the loader has relocated lies in a
/// segment that was writable, and stays.
unsafe extern "C" fn release(
    object: *mut libc::dl_phdr_info,
    _size: libc::size_t,
    _data: *mut c_void,
) -> c_int {
    // SAFETY: the loader lends a valid object for the time of the call.
    let object = unsafe { &*object };
    if object.dlpi_phdr.is_null() {
        return 1;
    }
    // SAFETY: as many headers are there as it says, and they stay as long as the program.
    let headers = unsafe { std::slice::from_raw_parts(object.dlpi_phdr, object.dlpi_phnum.into()) };
    for header in headers {
        let is_constant = header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_W == 0;
        let (Some(start), Ok(length)) = (
            object.dlpi_addr.checked_add(header.p_vaddr),
            usize::try_from(header.p_memsz),
        ) else {
            continue;
        };
        let Ok(start) = usize::try_from(start) else {
            continue;
        };
        if is_constant {
            let page = start - start % page_size();
            let length = start - page + length;
            let page = std::ptr::with_exposed_provenance_mut(page);
            // A failure leaves the pages where they are.
            // SAFETY: a private mapping of a file that is never written: what goes is read from
            // the file again.
            let _ = unsafe { rustix::mm::madvise(page, length, Advice::LinuxDontNeed) };
        }
    }
    1
}
