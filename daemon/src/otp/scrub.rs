//! Leaves nothing of a key on the stack.

use std::hint::black_box;

use zeroize::Zeroize as _;

/// Words of stack that are overwritten: 16 KiB. HMAC-SHA-512 with its message schedule needs
/// about 2 KiB in a release build and 5 KiB in a debug build.
const DEPTH: usize = 2048;

/// Runs `work` in a stack frame of its own and overwrites that part of the stack afterwards.
///
/// For whatever takes a key through hash functions: their buffers and state live on the stack,
/// are moved about by the compiler, and outlive the call as garbage below the stack pointer.
#[inline(never)]
pub fn scrubbed<T>(work: impl FnOnce() -> T) -> T {
    let result = apart(work);
    overwrite();
    result
}

/// A frame that begins where [`overwrite`]'s begins.
#[inline(never)]
fn apart<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn overwrite() {
    let mut words = [0_u64; DEPTH];
    // Volatile, so that the compiler can't drop it as a write nobody reads.
    words.zeroize();
    black_box(&mut words);
}
