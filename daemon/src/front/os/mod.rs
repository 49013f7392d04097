//! What differs between sockets and pipes.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(super) use unix::{
    abandon, descriptor_limit, is_exhausted, is_hung_up, peer, spare_descriptor,
};

#[cfg(all(test, unix))]
pub(super) use unix::private_endpoint;

#[cfg(windows)]
mod windows;
#[cfg(all(test, windows))]
pub(super) use windows::private_endpoint;
#[cfg(windows)]
pub(super) use windows::{
    abandon, descriptor_limit, is_exhausted, is_hung_up, peer, spare_descriptor,
};
