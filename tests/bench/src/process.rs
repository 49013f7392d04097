//! Whole processes: spawned (vfork and exec), waited for, timed; what they print is checked.

use std::io::{BufRead as _, BufReader, PipeReader, pipe};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;

/// A program run again and again, whose every line of output must be a code.
pub struct Timed {
    command: Command,
    output: BufReader<PipeReader>,
}

impl Timed {
    /// Prepares a command. Its output waits in one pipe, so that reading it costs no measured
    /// time; a few hundred codes fit.
    pub fn new(mut command: Command) -> Outcome<Self> {
        let (reader, writer) = pipe()?;
        command.stdin(Stdio::null()).stdout(writer);
        Ok(Self {
            command,
            output: BufReader::new(reader),
        })
    }

    /// Runs it from start to end.
    pub fn run(&mut self) -> Outcome<Duration> {
        let (took, success) = timed(&mut self.command)?;
        let mut line = String::new();
        if success {
            self.output.read_line(&mut line)?;
        }
        if line.trim_end().len() == 6 && line.trim_end().bytes().all(|b| b.is_ascii_digit()) {
            Ok(took)
        } else {
            Err(format!("{:?} printed no code", self.command.get_program()).into())
        }
    }
}

/// Runs a command once and says how long it took and whether it succeeded.
pub fn timed(command: &mut Command) -> Outcome<(Duration, bool)> {
    let start = Instant::now();
    let status = command.spawn()?.wait()?;
    Ok((start.elapsed(), status.success()))
}

/// Runs a command that has to succeed and returns its output.
pub fn output(command: &mut Command) -> Outcome<String> {
    let output = command.output()?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let name = command.get_program().to_string_lossy();
        Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim()).into())
    }
}
