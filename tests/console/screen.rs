//! The screen, and who else looks at it: Debian's `scrot` and `zbarimg`.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Home, run};

/// Its width and height.
const SIZE: (u32, u32) = (1360, 800);

/// An X server on a display that is free.
pub(crate) struct Screen(Child);

impl Screen {
    /// Starts one for the home's user; returns its display too.
    #[track_caller]
    pub(crate) fn start(home: &Home) -> (Self, String) {
        let mut command = home.command_with(&["--pdeathsig=KILL"], "Xvfb");
        command.args(["-displayfd", "1", "-nolisten", "tcp", "-noreset", "-screen"]);
        let mut child = command
            .args(["0", &format!("{}x{}x24", SIZE.0, SIZE.1)])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}; see tests/packages.txt"));
        let mut number = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let screen = Self(child);
        stdout.read_line(&mut number).unwrap();
        assert!(!number.is_empty(), "Xvfb ended");
        (screen, format!(":{}", number.trim()))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // So that it removes its lock.
        kill_process(Pid::from_child(&self.0), Signal::TERM).ok();
        self.0.wait().ok();
    }
}

/// The whole screen of a home as a PNG, as the print-screen key takes it.
#[track_caller]
pub(crate) fn print_screen(home: &Home) -> Vec<u8> {
    // Through a pipe of the home's own user: scrot opens its output by name.
    let mut scrot = home.command("sh");
    let taken = scrot.args(["-c", "scrot - | cat"]).output().unwrap();
    assert!(
        !taken.stdout.is_empty(),
        "{taken:?}; see tests/packages-browser.txt"
    );
    taken.stdout
}

/// The texts of the QR codes that zbar reads in a picture.
#[track_caller]
pub(crate) fn read_by_another(picture: &[u8]) -> Vec<String> {
    let mut zbar = Command::new("zbarimg");
    let seen = run(zbar.args(["--raw", "--quiet", "-"]), picture);
    seen.stdout.lines().map(str::to_owned).collect()
}
