//! What differs between sockets and pipes.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(super) use unix::{descriptor_limit, is_exhausted, is_hung_up, peer, spare_descriptor};

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(super) use windows::{descriptor_limit, is_exhausted, is_hung_up, peer, spare_descriptor};
