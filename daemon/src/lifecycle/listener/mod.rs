//! The listening socket or pipe.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{inherited_endpoint, listen};

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::inherited_endpoint;
#[cfg(windows)]
pub(super) use windows::make;
