//! The program; see the library.

use std::process::ExitCode;

/// Wipes every freed allocation: pixels show keys, and pass through buffers that nobody counts.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    otp_desktop::main()
}
