//! What the service manager is told.

#[cfg(target_os = "linux")]
mod systemd;
#[cfg(target_os = "linux")]
pub(crate) use systemd::{ready, reloading, stopping};

#[cfg(not(target_os = "linux"))]
mod none;
#[cfg(not(target_os = "linux"))]
pub(crate) use none::{ready, reloading, stopping};
