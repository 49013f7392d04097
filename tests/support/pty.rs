//! A person at a terminal.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::{Home, PATIENCE};

/// A program on a pseudo-terminal that is its controlling one.
pub(crate) struct Terminal {
    master: File,
    child: Child,
    seen: Vec<u8>,
    /// Everything before this place was waited for.
    read: usize,
}

impl Terminal {
    /// Starts a program of a home on a terminal.
    #[track_caller]
    pub(crate) fn start(home: &Home, program: &str, args: &[&str]) -> Self {
        let mut command = home.command("setsid");
        command.args(["--ctty", "--wait", program]).args(args);
        Self::spawn(command)
    }

    #[track_caller]
    fn spawn(mut command: Command) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(rustix::fs::OFlags::NOCTTY.bits().cast_signed())
            .open(name.to_str().unwrap())
            .unwrap();
        let child = command
            .stdin(slave.try_clone().unwrap())
            .stdout(slave.try_clone().unwrap())
            .stderr(slave)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        Self {
            master: master.into(),
            child,
            seen: Vec::new(),
            read: 0,
        }
    }

    /// Waits for a text on the screen, after what was waited for before.
    #[track_caller]
    pub(crate) fn expect(&mut self, text: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            let fresh = String::from_utf8_lossy(&self.seen[self.read..]).into_owned();
            if let Some(place) = fresh.find(text) {
                self.read += place + text.len();
                return;
            }
            assert!(
                self.pump(end.saturating_duration_since(Instant::now())),
                "no {text:?} on the screen: {}",
                self.screen()
            );
        }
    }

    /// Types a line.
    pub(crate) fn enter(&mut self, line: &str) {
        self.master
            .write_all(format!("{line}\n").as_bytes())
            .unwrap();
    }

    /// Presses a key.
    pub(crate) fn press(&mut self, key: &[u8]) {
        self.master.write_all(key).unwrap();
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything that was on the screen.
    pub(crate) fn screen(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }

    /// Waits for the end; returns the status and everything that was on the screen.
    #[track_caller]
    pub(crate) fn finish(mut self) -> (ExitStatus, String) {
        let end = Instant::now() + PATIENCE;
        while self.pump(end.saturating_duration_since(Instant::now())) {}
        assert!(Instant::now() < end, "still running: {}", self.screen());
        (self.child.wait().unwrap(), self.screen())
    }

    /// Reads what is there; false at the end or when the time is over.
    fn pump(&mut self, time: Duration) -> bool {
        let mut fds = [PollFd::new(&self.master, PollFlags::IN)];
        let time = Timespec::try_from(time).unwrap();
        if poll(&mut fds, Some(&time)).unwrap() == 0 {
            return false;
        }
        let mut bytes = [0; 4096];
        // A terminal whose last program ended answers EIO.
        match self.master.read(&mut bytes) {
            Ok(0) | Err(_) => false,
            Ok(count) => {
                self.seen.extend_from_slice(&bytes[..count]);
                true
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
