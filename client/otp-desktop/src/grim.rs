//! `grim`, which asks wlroots' compositors for their outputs (grim(1)).

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::failure::{Failure, Way, reason};
use crate::os;
use crate::out::Pipe;

/// Lets `grim` write one picture of all outputs straight into the pipe.
pub(crate) fn grab(timeout: Duration, out: &Pipe) -> Result<(), Failure> {
    let program = find().ok_or(Failure::Missing(Way::Grim))?;
    let mut child = Command::new(program)
        .args(["-t", "ppm", "-"])
        .stdin(Stdio::null())
        .stdout(out.share()?)
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| Failure::Failed(Way::Grim, reason(&error)))?;
    os::wait(&mut child, Way::Grim, timeout)
}

/// A relative folder of PATH would run whatever lies in the working directory.
fn find() -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join("grim"))
        .find(|path| path.is_file())
}
