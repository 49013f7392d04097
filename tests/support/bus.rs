//! Private buses with stand-ins for logind and screen savers (python-dbusmock), all run by a
//! home's user.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal};

use super::{Home, run};

const LOGIND: &str = "org.freedesktop.login1";
const MANAGER: &str = "/org/freedesktop/login1";
const MOCK: &str = "org.freedesktop.DBus.Mock";
const SAVER: &str = "org.freedesktop.ScreenSaver";
const GNOME: &str = "org.gnome.ScreenSaver";

/// One of the two buses, as `gdbus` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    System,
    Session,
}

impl Side {
    pub(crate) fn flag(self) -> &'static str {
        match self {
            Self::System => "--system",
            Self::Session => "--session",
        }
    }

    fn variable(self) -> &'static str {
        match self {
            Self::System => "DBUS_SYSTEM_BUS_ADDRESS",
            Self::Session => "DBUS_SESSION_BUS_ADDRESS",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Session => "session",
        }
    }
}

/// A process that ends with its test.
pub(crate) struct Process(pub(super) Child);

impl Process {
    /// Starts a program that says nothing.
    pub(crate) fn of(command: Command) -> Self {
        start(command, Stdio::null())
    }

    /// Stops it where it is: it has its names and answers nothing.
    pub(crate) fn stop(&self) {
        let pid = Pid::from_child(&self.0);
        rustix::process::kill_process(pid, Signal::STOP).unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn start(mut command: Command, output: Stdio) -> Process {
    let child = command
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    Process(child)
}

/// Names a bus' address for everything that is run in a home; nobody listens there yet.
pub(crate) fn announce(home: &mut Home, side: Side) {
    let path = home.run_dir().join(side.name());
    home.var(side.variable(), &format!("unix:path={}", path.display()));
}

/// Starts the bus that was announced.
pub(crate) fn start_bus(home: &Home, side: Side) -> Process {
    start_bus_with(home, side, "")
}

/// Starts it with more in its configuration.
pub(crate) fn start_bus_with(home: &Home, side: Side, more: &str) -> Process {
    let path = home.run_dir().join(side.name());
    let file = path.with_extension("conf");
    home.write(
        &file,
        format!(
            "<busconfig><type>{}</type><listen>unix:path={}</listen><policy context=\"default\">\
             <allow user=\"*\"/><allow own=\"*\"/><allow send_type=\"method_call\"/>\
             <allow send_destination=\"*\"/><allow receive_sender=\"*\"/></policy>{more}</busconfig>",
            side.name(),
            path.display()
        ),
    );
    std::fs::remove_file(&path).ok();
    let mut command = home.command_with(&["--pdeathsig=KILL"], "dbus-daemon");
    command
        .arg(format!("--config-file={}", file.display()))
        .args(["--nofork", "--print-address"]);
    let mut process = start(as_known_user(home, command), Stdio::piped());
    let mut address = String::new();
    let output = process.0.stdout.as_mut().unwrap();
    BufReader::new(output).read_line(&mut address).unwrap();
    assert!(address.starts_with("unix:"), "no bus: {address:?}");
    process
}

/// Runs a command where the home's user has a name: dbus-daemon turns everybody else away.
fn as_known_user(home: &Home, inner: Command) -> Command {
    let Some(uid) = home.uid else { return inner };
    let passwd = home.run_dir().join("passwd");
    home.write(&passwd, format!("tester:x:{uid}:{uid}::/:/bin/sh\n"));
    let mut command = Command::new("unshare");
    let script = "mount --bind \"$0\" /etc/passwd && exec \"$@\"";
    command.args(["--mount", "--", "sh", "-c", script]);
    command
        .arg(passwd)
        .arg(inner.get_program())
        .args(inner.get_args());
    command.current_dir(home.home()).env_clear();
    let vars = inner.get_envs();
    command.envs(vars.filter_map(|(name, value)| Some((name, value?))));
    command
}

/// Starts a stand-in and waits until it has its name.
pub(crate) fn start_mock(home: &Home, side: Side, name: &str, args: &[&str]) -> Process {
    let mut command = home.command_with(&["--pdeathsig=KILL"], "/usr/bin/python3");
    command.args(["-m", "dbusmock", side.flag()]).args(args);
    let process = start(command, Stdio::null());
    gdbus(home, &["wait", side.flag(), "--timeout", "60", name]);
    process
}

/// Starts a screen and a notification server on it and on the session bus.
pub(crate) fn start_dunst(home: &mut Home) -> (Process, Process) {
    let screen = start_screen(home);
    (screen, start_notices(home))
}

/// Starts a screen; one that had a number before has it again.
pub(crate) fn start_screen(home: &mut Home) -> Process {
    let mut command = home.command_with(&["--pdeathsig=KILL"], "Xvfb");
    command.args(home.get("DISPLAY"));
    command.args([
        "-displayfd",
        "1",
        "-screen",
        "0",
        "640x480x24",
        "-nolisten",
        "tcp",
        "-noreset",
    ]);
    let mut screen = start(command, Stdio::piped());
    let mut number = String::new();
    let output = screen.0.stdout.as_mut().unwrap();
    BufReader::new(output).read_line(&mut number).unwrap();
    home.var("DISPLAY", &format!(":{}", number.trim()));
    screen
}

/// Starts a program of a home, which ends with its test.
pub(crate) fn start_program(home: &Home, program: &str, args: &[&str]) -> Process {
    let mut command = home.command_with(&["--pdeathsig=KILL"], program);
    command.args(args);
    start(command, Stdio::null())
}

/// Starts a Wayland compositor without a monitor, with more in its configuration, and mako on it.
pub(crate) fn start_mako(home: &mut Home, more: &str) -> (Process, Process) {
    let configuration = home.home().join("sway");
    let lines = "output HEADLESS-1 resolution 640x480\nxwayland disable\n\
                 exec echo \"$WAYLAND_DISPLAY\"\n";
    home.write(&configuration, format!("{lines}{more}"));
    let mut command = home.command_with(&["--pdeathsig=KILL"], "sway");
    command.arg("-c").arg(&configuration).envs([
        ("WLR_BACKENDS", "headless"),
        ("WLR_LIBINPUT_NO_DEVICES", "1"),
        ("WLR_RENDERER", "pixman"),
    ]);
    let mut compositor = start(command, Stdio::piped());
    let mut display = String::new();
    let output = compositor.0.stdout.as_mut().unwrap();
    BufReader::new(output).read_line(&mut display).unwrap();
    home.var("WAYLAND_DISPLAY", display.trim());
    let command = home.command_with(&["--pdeathsig=KILL"], "mako");
    let server = start(command, Stdio::null());
    let name = "org.freedesktop.Notifications";
    gdbus(home, &["wait", "--session", "--timeout", "60", name]);
    (compositor, server)
}

/// Starts a notification server.
pub(crate) fn start_notices(home: &Home) -> Process {
    start_notices_with(home, Path::new("/dev/null"))
}

/// Starts one with a configuration.
pub(crate) fn start_notices_with(home: &Home, configuration: &Path) -> Process {
    let mut command = home.command_with(&["--pdeathsig=KILL"], "dunst");
    command.arg("-conf").arg(configuration);
    let server = start(command, Stdio::null());
    let name = "org.freedesktop.Notifications";
    gdbus(home, &["wait", "--session", "--timeout", "60", name]);
    server
}

/// Runs `gdbus`, insists on success, and returns what it printed.
#[track_caller]
pub(crate) fn gdbus(home: &Home, args: &[&str]) -> String {
    run(home.command("gdbus").args(args), b"").exits(0).stdout
}

/// Calls a method of a stand-in.
#[track_caller]
fn call(home: &Home, side: Side, to: &str, path: &str, rest: &[&str]) -> String {
    let start = [
        "call",
        side.flag(),
        "--dest",
        to,
        "--object-path",
        path,
        "--method",
    ];
    gdbus(home, &[&start, rest].concat())
}

/// logind with one session, `c1`, which it has chosen for the user's display.
pub(crate) struct Logind {
    _process: Process,
    /// The manager's interface.
    manager: String,
    /// The path of `c1`.
    session: String,
}

impl Logind {
    pub(crate) fn start(home: &Home) -> Self {
        let logind = Self {
            _process: start_mock(home, Side::System, LOGIND, &["--template", "logind"]),
            manager: format!("{LOGIND}.Manager"),
            session: session("c1"),
        };
        // The template's own can't put a number behind a text.
        let body = "ret = '/org/freedesktop/login1/user/' + str(args[0])";
        let method = format!("{MOCK}.AddMethod");
        call(
            home,
            Side::System,
            LOGIND,
            MANAGER,
            &[&method, &logind.manager, "GetUser", "u", "o", body],
        );
        logind.add_session(home, "c1");
        logind
    }

    /// Adds a session and makes it the one of the display.
    pub(crate) fn add_session(&self, home: &Home, id: &str) {
        let uid = uid(home);
        let mock = |rest: &[&str]| call(home, Side::System, LOGIND, MANAGER, rest);
        let add = format!("{MOCK}.AddSession");
        mock(&[&add, id, "seat0", &uid, "alice", "true"]);
        let display = format!("<('{id}', objectpath '{}')>", session(id));
        let user = format!("{MANAGER}/user/{uid}");
        call(
            home,
            Side::System,
            LOGIND,
            &user,
            &[
                "org.freedesktop.DBus.Properties.Set",
                &format!("{LOGIND}.User"),
                "Display",
                &display,
            ],
        );
        self.signal(
            home,
            "SessionNew",
            "so",
            &[&format!("<'{id}'>"), &object(id)],
        );
    }

    /// Emits a signal of the manager.
    pub(crate) fn signal(&self, home: &Home, name: &str, signature: &str, arguments: &[&str]) {
        let arguments = format!("[{}]", arguments.join(","));
        emit(
            home,
            Side::System,
            (LOGIND, MANAGER),
            &[&self.manager, name, signature, &arguments],
        );
    }

    /// The session `c1` goes.
    pub(crate) fn end_session(&self, home: &Home) {
        self.signal(home, "SessionRemoved", "so", &["<'c1'>", &object("c1")]);
    }

    /// The session `c1` says that it is locked.
    pub(crate) fn lock(&self, home: &Home) {
        let name = format!("{LOGIND}.Session");
        emit(
            home,
            Side::System,
            (LOGIND, &self.session),
            &[&name, "Lock", "", "[]"],
        );
    }

    /// Changes a property of the session `c1`.
    pub(crate) fn change(&self, home: &Home, property: &str, value: bool) {
        let changed = format!("{{'{property}': <{value}>}}");
        let method = format!("{MOCK}.UpdateProperties");
        call(
            home,
            Side::System,
            LOGIND,
            &self.session,
            &[&method, &format!("{LOGIND}.Session"), &changed],
        );
    }

    pub(crate) fn prepare_for_sleep(&self, home: &Home, begins: bool) {
        self.signal(home, "PrepareForSleep", "b", &[&format!("<{begins}>")]);
    }

    /// Whether somebody delays the sleep.
    pub(crate) fn is_delayed(&self, home: &Home) -> bool {
        let list = format!("{}.ListInhibitors", self.manager);
        call(home, Side::System, LOGIND, MANAGER, &[&list]).contains("'sleep', 'otpd'")
    }

    /// It refuses every delay from now on.
    pub(crate) fn refuse_delays(&self, home: &Home) {
        let method = format!("{MOCK}.AddMethod");
        let body = "raise dbus.exceptions.DBusException('no', name='org.freedesktop.DBus.Error.AccessDenied')";
        let args = [&*method, &self.manager, "Inhibit", "ssss", "h", body];
        call(home, Side::System, LOGIND, MANAGER, &args);
    }
}

/// A screen saver.
pub(crate) struct Saver {
    _process: Process,
    name: &'static str,
    path: &'static str,
}

impl Saver {
    pub(crate) fn freedesktop(home: &Home) -> Self {
        let path = "/org/freedesktop/ScreenSaver";
        Self {
            _process: start_mock(home, Side::Session, SAVER, &[SAVER, path, SAVER]),
            name: SAVER,
            path,
        }
    }

    pub(crate) fn gnome(home: &Home) -> Self {
        let args = ["--template", "gnome_screensaver"];
        Self {
            _process: start_mock(home, Side::Session, GNOME, &args),
            name: GNOME,
            path: "/org/gnome/ScreenSaver",
        }
    }

    pub(crate) fn show(&self, home: &Home, is_active: bool) {
        let arguments = format!("[<{is_active}>]");
        let rest = [self.name, "ActiveChanged", "b", &arguments];
        emit(home, Side::Session, (self.name, self.path), &rest);
    }
}

/// Lets a stand-in emit a signal: interface, name, signature, arguments.
#[track_caller]
fn emit(home: &Home, side: Side, (to, path): (&str, &str), signal: &[&str; 4]) {
    let method = format!("{MOCK}.EmitSignal");
    call(home, side, to, path, &[&[&*method], &signal[..]].concat());
}

fn session(id: &str) -> String {
    format!("{MANAGER}/session/{id}")
}

fn object(id: &str) -> String {
    format!("<objectpath '{}'>", session(id))
}

fn uid(home: &Home) -> String {
    let uid = home
        .uid
        .unwrap_or_else(|| rustix::process::getuid().as_raw());
    uid.to_string()
}
