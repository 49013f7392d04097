//! Throw-away users: programs under test never run as root.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::{Uid, geteuid};
use rustix::thread::set_thread_res_uid;

/// Whether the tests may change users.
pub(crate) fn is_root() -> bool {
    geteuid().is_root()
}

/// A user id that no other test of this or a concurrent run has; none without root.
pub(crate) fn fresh_uid() -> Option<u32> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    is_root().then(|| {
        let run = std::process::id() % 100_000;
        1_000_000 + run * 1000 + NEXT.fetch_add(1, Ordering::Relaxed) % 1000
    })
}

/// Starts a command line that runs as a user without groups and capabilities.
pub(crate) fn command_as(uid: Option<u32>, extra: &[&str]) -> Option<Command> {
    let uid = uid?;
    let mut command = Command::new("setpriv");
    command
        .arg(format!("--reuid={uid}"))
        .arg(format!("--regid={uid}"))
        .args(["--clear-groups", "--bounding-set=-all", "--inh-caps=-all"])
        .args(extra);
    Some(command)
}

/// Does something with another effective user id, such as connecting to a socket.
pub(crate) fn as_user<T>(uid: Option<u32>, action: impl FnOnce() -> T) -> T {
    let Some(uid) = uid else { return action() };
    set_thread_res_uid(None, Uid::from_raw(uid), None).expect("become another user");
    let result = action();
    set_thread_res_uid(None, Uid::ROOT, None).expect("become root again");
    result
}
