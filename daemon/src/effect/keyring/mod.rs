//! The session's keyring. A call runs on a thread of its own and is given up after three seconds:
//! a keyring may never answer, and blocks whoever asks (its crates would also panic inside a task
//! of the loop's). One that is locked stays so: its own dialog is never opened from here.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod look;
#[cfg(target_os = "linux")]
pub(crate) use linux::system;

#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::system;

/// The item's attribute `service`; `username` is the device.
#[cfg(target_os = "linux")]
const SERVICE: &str = "otpd";
