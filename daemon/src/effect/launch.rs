//! Starts `otpctl` for a person who has chosen something in a notification: what copies and types
//! is linked by other programs, and runs on the desktop of whoever asked.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::prompt::OWN;
use crate::agent::{Chosen, Launch};

/// Most that may run at once.
const MOST: usize = 4;

/// How many do.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Starts it; whatever becomes of it, the agent goes on.
pub(crate) fn start(launch: &Launch) {
    let Some(mut command) = command(launch) else {
        tracing::warn!("otpctl is not where otpd is: nothing done for a notification");
        return;
    };
    if RUNNING.fetch_add(1, Ordering::Relaxed) >= MOST {
        RUNNING.fetch_sub(1, Ordering::Relaxed);
        tracing::warn!("too much runs for notifications already: nothing done");
        return;
    }
    let wait = move || {
        match command.status() {
            Ok(status) if status.success() => {}
            Ok(status) => tracing::warn!(%status, "otpctl has failed for a notification"),
            Err(error) => tracing::warn!(%error, "cannot run otpctl for a notification"),
        }
        RUNNING.fetch_sub(1, Ordering::Relaxed);
    };
    if let Err(error) = std::thread::Builder::new()
        .name("otpd-launch".into())
        .spawn(wait)
    {
        RUNNING.fetch_sub(1, Ordering::Relaxed);
        tracing::warn!(%error, "cannot run otpctl for a notification");
    }
}

/// The command line, with nothing of our environment but what every program needs.
fn command(launch: &Launch) -> Option<Command> {
    let option = match launch.chosen {
        Chosen::Copy => "--copy",
        Chosen::Type => "--type",
        Chosen::Next => return None,
    };
    let mut command = Command::new(program()?);
    command.env_clear();
    for name in OWN {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    for (name, value) in launch.desktop.variables() {
        command.env(name, value);
    }
    // Where we listen is where it asks.
    if let Some(socket) = std::env::var_os(otp_proto::SOCKET_VARIABLE) {
        command.env(otp_proto::SOCKET_VARIABLE, socket);
    }
    command
        .args(["--quiet", "--no-start", "--no-prompt", "get", option, "--"])
        .arg(launch.entry.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Some(command)
}

/// The one beside us.
fn program() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let name = format!("otpctl{}", std::env::consts::EXE_SUFFIX);
    Some(own.parent()?.join(name)).filter(|path| path.is_file())
}
