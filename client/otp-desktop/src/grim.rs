//! `grim`, which asks wlroots' compositors for their outputs (grim(1)).

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::failure::{Failure, Way, reason};
use crate::os;
use crate::out::Pipe;

/// Lets `grim` write one picture of all outputs straight into the pipe.
pub(crate) fn grab(timeout: Duration, out: &Pipe) -> Result<(), Failure> {
    let program = os::find("grim").ok_or(Failure::Missing(Way::Grim))?;
    let mut child = Command::new(program)
        .args(["-t", "ppm", "-"])
        .stdin(Stdio::null())
        .stdout(out.share()?)
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| Failure::Failed(Way::Grim, reason(&error)))?;
    os::wait(&mut child, Way::Grim, timeout)
}
