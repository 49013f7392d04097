//! What the process may do. `harden` is the first statement of `main`; `confine` comes before
//! the first byte of foreign input is read and can't be undone.
//!
//! | | Linux | macOS | Windows |
//! |---|---|---|---|
//! | no core, private files | yes | yes | – |
//! | not traceable by the same user | yes | – | – |
//! | limits of memory, CPU, files, children | yes | CPU, files, children | – |
//! | no files (landlock), few system calls (seccomp) | where the kernel has it | – | – |

#[cfg(all(unix, not(target_os = "linux")))]
mod bsd;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

#[cfg(all(unix, not(target_os = "linux")))]
pub use bsd::{confine, confine_computing, confine_reading, harden};
#[cfg(target_os = "linux")]
pub use linux::{confine, confine_computing, confine_reading, few_calls, harden, limits, no_files};
#[cfg(not(unix))]
pub use other::{
    confine, confine_computing, confine_reading, cpu_time, harden, is_regular_file_stdout, publish,
};
#[cfg(unix)]
pub use unix::{cpu_time, is_regular_file_stdout, publish};
