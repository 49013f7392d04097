//! Starts the agent: by its socket unit where that is enabled, else by itself, detached.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use otp_proto::{Endpoint, clean_label};

use crate::os::{self, Stream};
use crate::sibling;

/// Longest wait for a new agent to listen.
const LONGEST_START: Duration = Duration::from_secs(2);
/// First and longest pause between two attempts to reach an agent that another process starts.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(64);
/// How the line of an agent begins that listens.
const READY: &[u8] = b"otpd: ready";

/// Why there is no agent.
#[derive(Debug)]
pub(crate) enum StartError {
    /// No `otpd` beside us, in libexec or in `PATH`.
    NoProgram,
    /// The program can't be run.
    Spawn(io::Error),
    /// It ended at once with a failure, and what it said.
    Failed(String),
    /// It didn't listen within two seconds.
    NotReady,
}

/// Starts an agent and connects to it.
pub(crate) fn start(endpoint: &Endpoint) -> Result<Stream, StartError> {
    let end = os::monotonic() + LONGEST_START;
    if start_unit(endpoint)
        && let Ok(stream) = os::connect(endpoint)
    {
        return Ok(stream);
    }
    spawn()?;
    // A second otpd that lost the race to the first ends at once; the first may still be on its
    // way to listen. No event tells us when, so we try again, ever less often.
    let mut pause = FIRST_PAUSE;
    loop {
        match os::connect(endpoint) {
            Ok(stream) => return Ok(stream),
            Err(_) if os::monotonic() < end => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            Err(_) => return Err(StartError::NotReady),
        }
    }
}

/// Asks the user's service manager for `otpd.socket`, if it runs and the unit is enabled.
fn start_unit(endpoint: &Endpoint) -> bool {
    let Some(runtime) = std::env::var_os("XDG_RUNTIME_DIR") else {
        return false;
    };
    let runtime = Path::new(&runtime);
    // The unit listens at the usual place only.
    let is_usual = match endpoint {
        Endpoint::Socket(path) => *path == runtime.join("otpd").join("otpd.sock"),
        Endpoint::Pipe(_) => false,
    };
    is_usual
        && runtime.join("systemd").join("private").exists()
        && systemctl(&["is-enabled", "otpd.socket"])
        && systemctl(&["start", "otpd.socket"])
}

fn systemctl(args: &[&str]) -> bool {
    let child = Command::new("systemctl")
        .args(["--user", "--quiet"])
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else {
        return false;
    };
    // A manager that hangs must not hang us: the end of its output is the end of the command.
    let ended = child.stdout.take().is_some_and(|stdout| {
        let read = os::read_within(stdout, 4096, LONGEST_START, |_| false);
        matches!(read, Ok(Some(_)))
    });
    if !ended {
        child.kill().ok();
    }
    child.wait().is_ok_and(|status| ended && status.success())
}

/// Runs `otpd --spawned`, which closes every descriptor but the standard ones and leaves our
/// session, and waits for the line that says it listens, or for its end.
fn spawn() -> Result<(), StartError> {
    let program = sibling::find("otpd").ok_or(StartError::NoProgram)?;
    let mut command = Command::new(program);
    os::detach(&mut command);
    let mut child = command
        .arg("--spawned")
        .env_clear()
        .envs(os::agent_environment())
        .current_dir(std::path::MAIN_SEPARATOR_STR)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(StartError::Spawn)?;
    let Some(ready) = child.stdout.take() else {
        return Err(StartError::NotReady);
    };
    let is_line = |bytes: &[u8]| bytes.contains(&b'\n');
    match os::read_within(ready, 4096, LONGEST_START, is_line) {
        Ok(Some(line)) if line.starts_with(READY) => Ok(()),
        // It ended: another one may be there already, which it counts as a success.
        Ok(Some(line)) => match child.wait() {
            Ok(status) if status.success() => Ok(()),
            _ => Err(StartError::Failed(said(&line))),
        },
        _ => Err(StartError::NotReady),
    }
}

/// The first line of what an agent said before it ended, without its name.
fn said(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().next().unwrap_or_default();
    clean_label(line.strip_prefix("otpd: ").unwrap_or(line))
}
