//! What the scenarios stand on: homes of throw-away users, agents, commands, terminals.

mod bus;
mod clock;
mod command;
mod daemon;
mod docs;
mod home;
mod line;
mod monitor;
mod oracle;
mod pty;
mod scan;
mod strace;
mod user;

pub(crate) use bus::{
    Logind, Process, Saver, Side, announce, gdbus, start_bus, start_bus_with, start_dunst,
    start_mako, start_mock, start_notices, start_notices_with, start_program, start_screen,
};
pub(crate) use clock::{Clock, STEP, faketime};
pub(crate) use command::{Outcome, run};
pub(crate) use daemon::Daemon;
pub(crate) use docs::{example, pasted};
pub(crate) use home::{Home, PASSPHRASE, files_below, programs};
pub(crate) use line::Line;
pub(crate) use monitor::Monitor;
pub(crate) use oracle::{oathtool_hotp, oathtool_totp, random, random_key, random_number, wall};
pub(crate) use pty::Terminal;
pub(crate) use scan::{Canary, Mapping, memory_of};
pub(crate) use strace::Strace;
pub(crate) use user::{as_user, is_root};

use std::io::Write as _;
use std::time::{Duration, Instant};

/// Longer than anything here takes, so that a hang fails its own test and no other.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something is so.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "{what}");
        std::thread::yield_now();
    }
}

/// Says past the test runner's capture that a test could not prove anything here.
pub(crate) fn skip(test: &str, why: &str) {
    let line = format!("SKIPPED {test}: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// Whether root-only parts can run; says so if not.
pub(crate) fn root_for(test: &str) -> bool {
    if !is_root() {
        skip(test, "needs root");
    }
    is_root()
}
