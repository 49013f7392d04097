//! otp-desktop that stays, with a stand-in for otpctl beside it.

use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::{Bus, PATIENCE, end};

/// A session that runs otp-desktop with a stand-in for otpctl beside it.
pub(crate) struct Session {
    pub(crate) bus: Bus,
    _compositor: UnixListener,
    resident: Option<Child>,
}

impl Session {
    pub(crate) fn start(configuration: &str) -> Self {
        let bus = Bus::start();
        let folder = bus.folder.path();
        let compositor = UnixListener::bind(folder.join("wayland-7")).unwrap();
        std::fs::create_dir(folder.join("otpd")).unwrap();
        std::fs::write(folder.join("otpd/otpd.toml"), configuration).unwrap();
        let script = "#!/bin/sh\necho \"$@\" >>\"$0.said\"\ncat >>\"$0.read\"\n";
        write_program(&folder.join("otpctl"), script);
        let mut install = Command::new("install");
        install.arg(env!("CARGO_BIN_EXE_otp-desktop")).arg(folder);
        assert!(install.status().unwrap().success());
        Self {
            bus,
            _compositor: compositor,
            resident: None,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.bus.folder.path()
    }

    pub(crate) fn run(&mut self) {
        let log = std::fs::File::create(self.folder().join("log")).unwrap();
        let mut command = Command::new(self.folder().join("otp-desktop"));
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.folder())
            .env("XDG_CONFIG_HOME", self.folder())
            .env("XDG_RUNTIME_DIR", self.folder())
            .env("WAYLAND_DISPLAY", "wayland-7")
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus.address)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        self.resident = Some(command.spawn().unwrap());
    }

    pub(crate) fn file_has(&self, name: &str, text: &str) {
        let start = Instant::now();
        loop {
            let found = std::fs::read_to_string(self.folder().join(name)).unwrap_or_default();
            if found.contains(text) {
                return;
            }
            let log = std::fs::read_to_string(self.folder().join("log")).unwrap_or_default();
            assert!(start.elapsed() < PATIENCE, "{text}: {found}; {log}");
            std::thread::yield_now();
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(resident) = &mut self.resident {
            end(resident);
        }
    }
}

/// Written by another process, so that no descriptor of ours is open for writing when it's run.
fn write_program(path: &Path, text: &str) {
    let mut shell = Command::new("sh");
    let script = "printf %s \"$1\" >\"$2\" && chmod 755 \"$2\"";
    shell.args(["-c", script, "sh", text]).arg(path);
    assert!(shell.status().unwrap().success());
}
