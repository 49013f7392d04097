//! A running agent.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::{Home, PATIENCE, programs};

/// An agent in the foreground, ended with its test.
pub(crate) struct Daemon {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Daemon {
    /// Starts an agent and waits until it is ready.
    #[track_caller]
    pub(crate) fn start(home: &Home) -> Self {
        Self::run(home.command_with(&["--pdeathsig=KILL"], programs().join("otpd")))
    }

    /// Starts an agent on a vault of its own and unlocks it.
    #[track_caller]
    pub(crate) fn unlocked() -> (Home, Self) {
        let home = Home::with_vault();
        let daemon = Self::start(&home);
        home.unlock();
        (home, daemon)
    }

    /// Starts an agent by another command line, such as below strace.
    #[track_caller]
    pub(crate) fn run(command: Command) -> Self {
        let mut daemon = Self::launch(command);
        daemon.wait_for("otpd: ready at ");
        daemon
    }

    /// As [`Daemon::run`], without waiting.
    #[track_caller]
    pub(crate) fn launch(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let (sender, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            lines,
            said: Vec::new(),
        }
    }

    /// Waits for a line with this text and returns it.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let end = Instant::now() + PATIENCE;
        while let Ok(line) = self
            .lines
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            self.said.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
        panic!("the agent did not say {text:?}, but {:#?}", self.said)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.pid().cast_signed()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits for the end and returns everything said.
    #[track_caller]
    pub(crate) fn wait(mut self) -> (ExitStatus, Vec<String>) {
        let end = Instant::now() + PATIENCE;
        // Its end closes stderr.
        while let Ok(line) = self
            .lines
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            self.said.push(line);
        }
        assert!(
            Instant::now() < end,
            "the agent did not end: {:#?}",
            self.said
        );
        let status = self.child.wait().unwrap();
        (status, std::mem::take(&mut self.said))
    }

    /// Asks it to end, insists on success, and returns everything said.
    #[track_caller]
    pub(crate) fn stop(self) -> Vec<String> {
        self.signal(Signal::TERM);
        let (status, said) = self.wait();
        assert!(status.success(), "{status}: {said:#?}");
        said
    }

    /// Asks it to end and returns what it has said since somebody waited for a line.
    #[track_caller]
    pub(crate) fn end(&mut self) -> Vec<String> {
        self.signal(Signal::TERM);
        let rest = std::iter::from_fn(|| self.lines.recv_timeout(PATIENCE).ok());
        rest.collect()
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// A field of `/proc/PID/status` in kB.
    pub(crate) fn memory(&self, field: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with(field)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Waits at most so long for the end.
    pub(crate) fn ends_within(&mut self, time: Duration) -> bool {
        let end = Instant::now() + time;
        while self.is_alive() && Instant::now() < end {
            std::thread::yield_now();
        }
        !self.is_alive()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
