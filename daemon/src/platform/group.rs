//! A program together with whatever it starts.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};

use rustix::process::{Pid, Signal, kill_process_group};

/// Starts a program in a process group of its own, so that [`kill_group`] reaches what it starts.
///
/// # Errors
/// Those of spawning it.
pub fn spawn_group(command: &mut Command) -> io::Result<Child> {
    command.process_group(0).spawn()
}

/// Kills a program that wasn't waited for, with whatever it has started. That it has ended
/// already is no error.
pub fn kill_group(child: &mut Child) {
    let leader = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(leader) = leader {
        // The number is the child's until its status is taken.
        kill_process_group(leader, Signal::KILL).ok();
    }
}
