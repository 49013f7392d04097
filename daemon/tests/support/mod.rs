//! A private home, and the real otpd in it.
#![allow(
    clippy::unwrap_used,
    unreachable_pub,
    dead_code,
    reason = "test support: a failure should stop the test, and no test uses all of it"
)]

use std::fs::DirBuilder;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// A home and runtime folder that vanish with it.
pub struct Home {
    folder: tempfile::TempDir,
}

/// A running otpd; killed when it is dropped.
pub struct Otpd {
    child: Child,
    stderr: BufReader<ChildStderr>,
    /// What it said until it was ready.
    pub said: String,
}

impl Home {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["run", "home"] {
            let path = folder.path().join(name);
            DirBuilder::new().mode(0o700).create(path).unwrap();
        }
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn socket(&self) -> PathBuf {
        self.path().join("run/otpd/otpd.sock")
    }

    /// Makes the socket's folder.
    pub fn make_folder(&self) {
        let folder = self.path().join("run/otpd");
        DirBuilder::new().mode(0o700).create(folder).unwrap();
    }

    pub fn configure(&self, text: &str) {
        let folder = self.path().join("home/.config/otpd");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("otpd.toml"), text).unwrap();
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.path().join("home"))
            .env("XDG_RUNTIME_DIR", self.path().join("run"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs otpd to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(env!("CARGO_BIN_EXE_otpd"));
        command.args(arguments).output().unwrap()
    }

    /// Starts otpd and waits until it is ready.
    pub fn start(&self) -> Otpd {
        Otpd::ready(self.command(env!("CARGO_BIN_EXE_otpd")))
    }

    /// Starts otpd as a service manager does with a socket, and waits until it is ready.
    pub fn activate(&self, listener: &UnixListener) -> Otpd {
        Otpd::ready(self.activation(listener, ""))
    }

    /// As [`Home::activate`], with an argument.
    pub fn activate_with(&self, listener: &UnixListener, argument: &str) -> Otpd {
        Otpd::ready(self.activation(listener, argument))
    }

    /// Starts otpd where a system call fails as if the kernel didn't know it.
    pub fn start_without(&self, call: &str) -> Otpd {
        let mut command = self.command("strace");
        command.args(["-f", "-qq", "-o", "/dev/null", "-e"]);
        command.args([&format!("trace={call}"), "-e"]);
        command.arg(format!("inject={call}:error=ENOSYS"));
        command.arg(env!("CARGO_BIN_EXE_otpd"));
        Otpd::ready(command)
    }

    /// Sends a request, as a client does, and returns the answer.
    pub fn ask(&self, method: &str) -> String {
        let mut stream = UnixStream::connect(self.socket()).unwrap();
        let line = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{method}\"}}\n");
        stream.write_all(line.as_bytes()).unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        answer
    }

    /// Runs otpd with a service manager's socket to its end.
    pub fn run_activated(&self, listener: &UnixListener) -> Output {
        self.activation(listener, "").output().unwrap()
    }

    fn activation(&self, listener: &UnixListener, argument: &str) -> Command {
        // The shell has the process id before it becomes otpd.
        let script = format!(
            "exec 3<&0 0</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec {} {argument}",
            env!("CARGO_BIN_EXE_otpd")
        );
        let mut command = self.command("/bin/sh");
        let socket = OwnedFd::from(listener.try_clone().unwrap());
        command.args(["-c", &script]).stdin(socket);
        command
    }
}

/// Runs otpd with `OTPD_SOCKET`, to its end.
pub fn otpd_with_socket(home: &Home, socket: &Path) -> Output {
    let mut command = home.command(env!("CARGO_BIN_EXE_otpd"));
    command.env("OTPD_SOCKET", socket).output().unwrap()
}

impl Otpd {
    fn ready(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut said = String::new();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        while !said.contains("otpd: ready at ") {
            assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "not ready: {said}");
        }
        Self {
            child,
            stderr,
            said,
        }
    }

    /// Returns the next line that it says.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        line
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap();
    }

    /// Stops it as a service manager does; returns its exit status.
    pub fn stop(self) -> Option<i32> {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// Returns its exit status once it ends.
    pub fn wait(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Kills it.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Otpd {
    fn drop(&mut self) {
        // Fails where it has ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
