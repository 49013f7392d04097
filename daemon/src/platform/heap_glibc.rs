//! glibc's heap (`mallopt(3)`, `malloc_trim(3)`): one arena, and large blocks go back when freed.
#![allow(unsafe_code, reason = "mallopt and malloc_trim are C functions")]

use libc::c_int;

/// Blocks of this size and above are mappings of their own, which `free` unmaps. Setting it
/// stops glibc from raising it to 32 MiB after the first large block: the key derivation's
/// 256 MB and a vault's text would go on counting as ours.
const OWN_MAPPING: c_int = 128 * 1024;

/// As much may stay free at the heap's end before it shrinks.
const KEPT: c_int = 64 * 1024;

/// Sets the heap up to give freed memory back: one arena for all threads, and thresholds that
/// stay. Before threads start, or theirs have arenas already.
pub fn tune_heap() {
    option(libc::M_ARENA_MAX, 1);
    option(libc::M_MMAP_THRESHOLD, OWN_MAPPING);
    option(libc::M_TRIM_THRESHOLD, KEPT);
}

/// Gives freed memory back to the system; after an unlock and after a lock.
pub fn trim_heap() {
    // SAFETY: takes the heap's own lock and touches only free blocks.
    unsafe { libc::malloc_trim(0) };
}

fn option(name: c_int, value: c_int) {
    // SAFETY: takes the heap's own lock; an unknown option is answered with 0.
    unsafe { libc::mallopt(name, value) };
}
