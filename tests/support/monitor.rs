//! What is said on a bus, for a test to look at.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Stdio;

use super::bus::Process;
use super::{Home, run, until};

/// Everything that is sent to the notification server from now on.
pub(crate) struct Monitor {
    _process: Process,
    file: PathBuf,
}

impl Monitor {
    pub(crate) fn start(home: &Home) -> Self {
        let file = home.home().join("monitor");
        home.write(&file, "");
        let mut command = home.command_with(&["--pdeathsig=KILL"], "dbus-monitor");
        let process = command
            .args(["--session", "interface=org.freedesktop.Notifications"])
            .stdin(Stdio::null())
            .stdout(File::create(&file).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let monitor = Self {
            _process: Process(process),
            file,
        };
        until("the monitor", || {
            let mut ask = home.command("dunstctl");
            run(ask.args(["count", "history"]), b"");
            let mut send = home.command("gdbus");
            send.args([
                "call",
                "--session",
                "--dest",
                "org.freedesktop.Notifications",
            ]);
            send.args([
                "--object-path",
                "/org/freedesktop/Notifications",
                "--method",
            ]);
            send.arg("org.freedesktop.Notifications.GetServerInformation");
            run(&mut send, b"").exits(0);
            monitor
                .text()
                .contains("GetServerInformation")
                .then_some(())
        });
        monitor
    }

    pub(crate) fn text(&self) -> String {
        fs::read_to_string(&self.file).unwrap()
    }

    #[track_caller]
    pub(crate) fn sees(&self, text: &str) {
        until(text, || self.text().contains(text).then_some(()));
    }
}
