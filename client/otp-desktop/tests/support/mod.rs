//! Servers of a test's own: an X server on a free display, a bus in a private folder.
#![allow(dead_code, reason = "each test file needs a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a server that can't be started ends the test"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "real processes live in real time"
)]

pub(crate) mod agent;
pub(crate) mod compositor;
pub(crate) mod portal;
pub(crate) mod resident;
pub(crate) mod shortcuts;

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Longest that anything is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A server that is ended with the test.
pub(crate) struct Server(Child);

impl Server {
    /// Starts a program, and returns the first line that it prints: it's ready then.
    pub(crate) fn start(command: &mut Command) -> (Self, String) {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}; see tests/packages.txt"));
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let server = Self(child);
        stdout.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "{command:?} ended");
        (server, line.trim().to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.0);
    }
}

/// Ends a process as the system's own shutdown would, so that it tidies up.
pub(crate) fn end(child: &mut Child) {
    kill_process(pid(child), Signal::TERM).ok();
    child.wait().ok();
}

pub(crate) fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// An X server and its display.
pub(crate) struct X {
    _server: Server,
    pub(crate) display: String,
}

impl X {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new("Xvfb");
        // Without a client it would forget its monitors.
        command.args(["-displayfd", "1", "-nolisten", "tcp", "-noreset"]);
        let (server, number) = Server::start(command.args(arguments));
        Self {
            _server: server,
            display: format!(":{number}"),
        }
    }

    pub(crate) fn connect(&self) -> x11rb::rust_connection::RustConnection {
        let connected = x11rb::rust_connection::RustConnection::connect(Some(&self.display));
        connected.unwrap().0
    }

    /// `otp-desktop` on this display and no other session.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command.env("DISPLAY", &self.display);
        command
    }
}

/// A bus without services.
pub(crate) struct Bus {
    _server: Server,
    pub(crate) folder: TempDir,
    pub(crate) address: String,
}

impl Bus {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let configuration = folder.path().join("bus.conf");
        let listen = folder.path().join("bus");
        let text = format!(
            r#"<busconfig><type>session</type><listen>unix:path={}</listen>
            <policy context="default"><allow send_destination="*" eavesdrop="true"/>
            <allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"#,
            listen.display()
        );
        std::fs::write(&configuration, text).unwrap();
        let mut command = Command::new("dbus-daemon");
        command
            .arg(format!("--config-file={}", configuration.display()))
            .args(["--nofork", "--print-address=1"]);
        let (server, address) = Server::start(&mut command);
        Self {
            _server: server,
            folder,
            address,
        }
    }

    /// `otp-desktop` with this bus and no display.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        command
    }
}

/// `otp-desktop` without a session.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_otp-desktop"));
    command
        .args(arguments)
        .env_clear()
        .env("PATH", "/nowhere")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub(crate) fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// A Netpbm picture of a stream: width, height, pixels.
pub(crate) type Picture = (usize, usize, Vec<u8>);

/// Splits what `grab` wrote; nothing may stand between the pictures.
pub(crate) fn pictures(mut stream: &[u8]) -> Vec<Picture> {
    let mut pictures = Vec::new();
    while !stream.is_empty() {
        let mut words = Vec::new();
        for _ in 0..3 {
            let end = stream.iter().position(|&byte| byte == b'\n').unwrap();
            let (line, rest) = stream.split_at(end);
            words.extend(line.split(|&byte| byte == b' ').map(<[u8]>::to_vec));
            stream = rest.get(1..).unwrap();
        }
        let number = |word: &[u8]| -> usize { String::from_utf8_lossy(word).parse().unwrap() };
        let [kind, width, height, most] = words.as_slice() else {
            panic!("{words:?}");
        };
        assert_eq!(
            (kind.as_slice(), most.as_slice()),
            (&b"P6"[..], &b"255"[..])
        );
        let (width, height) = (number(width), number(height));
        let (pixels, rest) = stream.split_at(width * height * 3);
        pictures.push((width, height, pixels.to_vec()));
        stream = rest;
    }
    pictures
}

/// Every file below a folder.
pub(crate) fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

pub(crate) fn is_installed(program: impl AsRef<OsStr>) -> bool {
    let name = program.as_ref();
    let path = std::env::var_os("PATH").unwrap_or_default();
    Path::new(name).is_absolute() && Path::new(name).exists()
        || std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}
