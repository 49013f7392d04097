//! What only the operating system can do: protected memory, a process that nobody looks into,
//! who is at the other end, private folders, clocks. The only folder that may say `unsafe`, and
//! it knows nothing of vaults, codes or the protocol.
//!
//! Every system offers the same names. `linux`, `macos` and `windows` hold what differs, `unix`
//! what the first two share; the files beside them are written once. An `unsafe` block holds one
//! operation and is wrapped in a safe function, unless its contract is the caller's to keep.

pub mod arena;
#[cfg(unix)]
mod detach;
mod environment;
#[cfg(unix)]
mod group;
mod pages;

#[cfg(unix)]
mod unix;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as os;

#[cfg(target_os = "macos")]
mod macos;
#[cfg(target_os = "macos")]
use macos as os;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as os;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[path = "heap_glibc.rs"]
mod heap;
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod heap;

#[cfg(unix)]
pub use detach::{detach, tell_starter};
pub use environment::remove_env;
#[cfg(unix)]
pub use group::{kill_group, spawn_group};
pub use heap::{trim_heap, tune_heap};
#[cfg(target_os = "linux")]
pub use linux::release_code;
pub use os::{
    Inherited, boot, boot_id, create_private, harden, is_private_dir, is_same_disk,
    is_synchronised, make_private_dir, peer, process_name, sync_folder, take_listeners, user,
};
#[cfg(windows)]
pub use windows::{detach, kill_group, pipe_access, server, spawn_group, tell_starter};

/// Elsewhere the system does so by itself.
#[cfg(not(target_os = "linux"))]
pub fn release_code() {}

/// The name of our socket in `launchd/io.otpd.agent.plist` (`launch_activate_socket(3)`).
#[cfg(any(target_os = "macos", test))]
const LAUNCHD_SOCKET: &std::ffi::CStr = c"Listener";

/// Who is at the other end of a connection, by the kernel's word at the time it connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The user. This is the boundary: see [`same_user`].
    pub user: otp_proto::User,
    /// The process, where the system tells. Advice for people: the number may have passed on to
    /// another process, or name one that handed its connection over.
    pub pid: Option<u32>,
}

impl Peer {
    /// Returns the user's number; `None` on Windows.
    pub fn uid(&self) -> Option<u32> {
        match self.user {
            otp_proto::User::Uid(uid) => Some(uid),
            otp_proto::User::Sid(_) => None,
        }
    }
}

/// Returns whether a peer is the user we run as; false if that can't be found out. Root is
/// another user, too: it needs no socket to get at us.
pub fn same_user(peer: &Peer) -> bool {
    user().is_ok_and(|user| user == peer.user)
}

/// Fills a buffer with random bytes from the kernel. Ends the process if there are none: an
/// agent that makes guessable keys must not go on.
pub fn random(bytes: &mut [u8]) {
    if getrandom::fill(bytes).is_err() {
        tracing::error!("no random numbers from the kernel");
        std::process::abort();
    }
}

#[cfg(test)]
mod tests;
