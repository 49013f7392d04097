//! What the parts of the vault do together.

mod crash;
mod files;
mod format;
mod golden;
#[cfg(unix)]
mod interop;
mod jobs;
mod samples;
#[cfg(target_os = "linux")]
mod speed;
