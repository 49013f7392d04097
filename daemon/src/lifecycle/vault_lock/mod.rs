//! One agent per vault: two endpoints may share a home, but two writers would undo each other's
//! changes, and hand out a HOTP counter twice.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::VaultLock;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::VaultLock;
