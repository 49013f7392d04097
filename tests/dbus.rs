//! `io.otpd.Agent1` on a private session bus, asked by `GLib`'s and systemd's programs.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::Instant;

use serde_json::json;

use crate::prompt;
use crate::support::{
    Daemon, Home, Line, Outcome, PATIENCE, Process, Side, announce, gdbus, oathtool_totp, programs,
    random_key, run, start_bus, start_bus_with, start_mock,
};

const NAME: &str = "io.otpd.Agent1";
const PATH: &str = "/io/otpd/Agent1";
const ALLOW: &str = "[policy]\ndbus = 'allow'\n";

/// A home whose programs find a session bus, once it is started.
fn home() -> Home {
    let mut home = Home::with_vault();
    announce(&mut home, Side::Session);
    home
}

/// An unlocked agent with one entry, on a bus.
fn served(configuration: &str) -> (Home, Process, Daemon, String) {
    let home = home();
    home.configure(configuration);
    let bus = start_bus(&home, Side::Session);
    let daemon = Daemon::start(&home);
    home.unlock();
    let key = random_key();
    home.add(&format!(
        "otpauth://totp/%E4%BE%8B%20%E7%A4%BE:me@x.jp?secret={key}&period=86400"
    ));
    wait_for_name(&home);
    (home, bus, daemon, key)
}

fn wait_for_name(home: &Home) {
    gdbus(home, &["wait", "--session", "--timeout", "60", NAME]);
}

/// Calls a method as any program would; what `gdbus` made of it.
fn call(home: &Home, method: &str, arguments: &[&str]) -> Outcome {
    let mut gdbus = home.command("gdbus");
    gdbus
        .args(["call", "--session", "--timeout", "60", "--dest", NAME])
        .args(["--object-path", PATH, "--method"])
        .arg(format!("{NAME}.{method}"))
        .args(arguments);
    run(&mut gdbus, b"")
}

fn property(home: &Home, name: &str) -> String {
    let mut gdbus = home.command("gdbus");
    gdbus
        .args(["call", "--session", "--dest", NAME, "--object-path", PATH])
        .args([
            "--method",
            "org.freedesktop.DBus.Properties.Get",
            NAME,
            name,
        ]);
    run(&mut gdbus, b"").exits(0).stdout.trim().to_owned()
}

#[track_caller]
fn is_error(outcome: &Outcome, name: &str, words: &str) {
    let name = format!("io.otpd.Error.{name}");
    assert!(outcome.stderr.contains(&name), "{outcome:?}");
    assert!(outcome.stderr.contains(words), "{outcome:?}");
}

#[test]
fn names_codes_and_locks_go_over_the_session_bus() {
    let (home, _bus, _daemon, key) = served(ALLOW);
    let list = call(&home, "List", &[]).exits(0).stdout;
    for part in [
        "'issuer': <'例 社'>",
        "'account': <'me@x.jp'>",
        "'type': <'totp'>",
        "'digits': <uint32 6>",
        "'period': <uint32 86400>",
    ] {
        assert!(list.contains(part), "{list}");
    }
    let code = call(&home, "GetCode", &["例 社"]).exits(0).stdout;
    let expected = oathtool_totp(&key, "SHA1", 6, 86400, crate::support::wall());
    assert!(code.starts_with(&format!("('{expected}', ")), "{code}");
    assert_eq!(property(&home, "Locked"), "(<false>,)");
    let version = property(&home, "Version");
    assert_eq!(version, format!("(<'{}'>,)", env!("CARGO_PKG_VERSION")));
    is_error(&call(&home, "GetCode", &["nobody"]), "NotFound", "");

    call(&home, "Lock", &[]).exits(0);
    assert_eq!(property(&home, "Locked"), "(<true>,)");
    assert_eq!(
        call(&home, "List", &[]).exits(0).stdout.trim(),
        "(@aa{sv} [],)"
    );
    is_error(&call(&home, "GetCode", &["例 社"]), "Locked", "locked");
}

#[test]
fn a_code_leaves_over_the_bus_only_if_the_configuration_says_so() {
    let (home, _bus, daemon, key) = served("");
    let refused = call(&home, "GetCode", &["例 社"]);
    is_error(&refused, "Denied", "[policy] dbus");
    let code = oathtool_totp(&key, "SHA1", 6, 86400, crate::support::wall());
    assert!(!refused.stderr.contains(&code));
    // Read again, it says so; and the socket never asked.
    home.connect().ok("get", json!({"query": "例 社"}));
    home.configure(ALLOW);
    daemon.signal(rustix::process::Signal::HUP);
    prompt::until("the new configuration", || {
        let answer = call(&home, "GetCode", &["例 社"]);
        answer.status.success().then_some(())
    });
}

#[test]
fn systemds_tool_reads_the_interface_and_no_method_takes_or_returns_a_key() {
    let (home, _bus, _daemon, _) = served("");
    let mut busctl = home.command("busctl");
    busctl.args(["--user", "introspect", "--no-pager", NAME, PATH, NAME]);
    let told = run(&mut busctl, b"").exits(0).stdout;
    let mut found: Vec<Vec<&str>> = told
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().take(4).collect())
        .collect();
    found.sort();
    let expected = [
        [".Changed", "signal", "-", "-"],
        [".GetCode", "method", "s", "su"],
        [".List", "method", "-", "aa{sv}"],
        [".Lock", "method", "-", "-"],
        [".Locked", "property", "b", "true"],
        [".Notify", "method", "s", "-"],
        [".Locked", "signal", "-", "-"],
        [".Unlock", "method", "-", "b"],
        [".Unlocked", "signal", "-", "-"],
        [".Version", "property", "s", "\"0.1.0\""],
    ];
    let found: Vec<&[&str]> = found.iter().map(Vec::as_slice).collect();
    for row in &expected {
        let is_there = found.iter().any(|it| it[..3] == row[..3] || *it == row);
        assert!(is_there, "{row:?} is missing: {told}");
    }
    assert_eq!(found.len(), expected.len(), "{told}");
}

#[test]
fn signals_and_the_changed_property_tell_everybody() {
    let (home, _bus, _daemon, _) = served("");
    let mut monitor = Monitor::start(&home);
    call(&home, "Lock", &[]).exits(0);
    monitor.wait_for("Agent1.Locked");
    monitor.wait_for("'Locked': <true>");
    home.unlock();
    monitor.wait_for("Agent1.Unlocked");
    monitor.wait_for("'Locked': <false>");
    home.add(&format!("otpauth://totp/new?secret={}", random_key()));
    monitor.wait_for("Agent1.Changed");
}

/// `gdbus monitor` of our name.
struct Monitor(Child, std::sync::mpsc::Receiver<String>);

impl Monitor {
    fn start(home: &Home) -> Self {
        let mut command = home.command_with(&["--pdeathsig=KILL"], "stdbuf");
        command.args(["-oL", "gdbus", "monitor", "--session", "--dest", NAME]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut monitor = Self(child, lines);
        monitor.wait_for("is owned by");
        monitor
    }

    #[track_caller]
    fn wait_for(&mut self, part: &str) {
        loop {
            let line = self
                .1
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("no {part}"));
            if line.contains(part) {
                return;
            }
        }
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn unlock_asks_a_person_and_opens() {
    let (home, _daemon) = locked();
    let asking = unlocking(&home, "60");
    prompt::answer(&home, 1, &format!("D {}\nOK\n", crate::support::PASSPHRASE));
    let done = asking.wait_with_output().unwrap();
    // The dialog was where the agent's own session is: a caller names no display.
    let around = std::fs::read_to_string(home.home().join("environment")).unwrap();
    assert!(around.contains("DISPLAY=:77"), "{around}");
    assert!(!around.contains("SECRET_OF_MINE"), "{around}");
    assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), "(true,)");
    assert_eq!(property(&home, "Locked"), "(<false>,)");
    assert_eq!(call(&home, "Unlock", &[]).exits(0).line(), "(true,)");
}

#[test]
fn who_cancels_the_dialog_is_denied_and_a_caller_that_leaves_takes_it_along() {
    let (home, _daemon) = locked();
    let asking = unlocking(&home, "60");
    prompt::answer(&home, 1, "ERR 83886179 cancelled\n");
    let done = asking.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&done.stderr);
    assert!(error.contains("io.otpd.Error.Denied"), "{error}");

    let mut leaving = unlocking(&home, "60");
    prompt::until("a dialog", || {
        (prompt::told(&home).matches("GETPIN").count() == 2).then_some(())
    });
    let dialog = prompt::pid(&home);
    leaving.kill().unwrap();
    leaving.wait().unwrap();
    prompt::until("the end of the dialog", || {
        let process = rustix::process::Pid::from_raw(dialog).unwrap();
        rustix::process::test_kill_process(process).err()
    });
    assert_eq!(property(&home, "Locked"), "(<true>,)");
}

/// A locked vault on a bus, and a stand-in for pinentry.
fn locked() -> (Home, (Daemon, Process)) {
    let home = home();
    let bus = start_bus(&home, Side::Session);
    let (home, daemon) = prompt::locked_in(home, "STANDIN");
    wait_for_name(&home);
    (home, (daemon, bus))
}

fn unlocking(home: &Home, seconds: &str) -> Child {
    home.command("gdbus")
        .args(["call", "--session", "--timeout", seconds, "--dest", NAME])
        .args(["--object-path", PATH, "--method", &format!("{NAME}.Unlock")])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_name_that_somebody_else_has_is_said_and_taken_once_it_is_free() {
    let home = home();
    let _bus = start_bus(&home, Side::Session);
    let squatter = start_mock(&home, Side::Session, NAME, &[NAME, PATH, NAME]);
    let daemon = Daemon::start(&home);
    home.unlock();
    let warning = prompt::until("a warning", || {
        let status = home.connect().ok("status", json!({}));
        let warnings = status["warnings"].as_array().unwrap().clone();
        let mut texts = warnings
            .iter()
            .filter_map(|it| it.as_str().map(str::to_owned));
        texts.find(|text| text.starts_with("not on D-Bus: "))
    });
    assert!(warning.contains("python3"), "{warning}");
    assert!(warning.contains("(pid "), "{warning}");
    drop(squatter);
    prompt::until("the name", || {
        (owner(&home) == Some(daemon.pid())).then_some(())
    });
    let status = home.connect().ok("status", json!({}));
    let warnings = status["warnings"].to_string();
    assert!(!warnings.contains("not on D-Bus"), "{warnings}");
}

/// The process that has our name.
fn owner(home: &Home) -> Option<u32> {
    let mut gdbus = home.command("gdbus");
    gdbus
        .args(["call", "--session", "--dest", "org.freedesktop.DBus"])
        .args(["--object-path", "/org/freedesktop/DBus", "--method"])
        .args(["org.freedesktop.DBus.GetConnectionUnixProcessID", NAME]);
    let told = run(&mut gdbus, b"").stdout;
    told.trim()
        .strip_prefix("(uint32 ")?
        .strip_suffix(",)")?
        .parse()
        .ok()
}

#[test]
fn a_bus_that_is_restarted_or_comes_late_finds_the_agent_again() {
    let home = home();
    let daemon = Daemon::start(&home);
    home.unlock();
    for _ in 0..2 {
        let bus = start_bus(&home, Side::Session);
        prompt::until("the name", || {
            (owner(&home) == Some(daemon.pid())).then_some(())
        });
        let start = Instant::now();
        drop(bus);
        // The socket never notices.
        home.connect().ok("status", json!({}));
        assert!(start.elapsed() < PATIENCE);
    }
}

#[test]
fn the_bus_starts_the_agent_by_its_name() {
    let home = home();
    let services = home.home().join("services");
    home.make_dir(&services);
    let file = include_str!("../systemd/io.otpd.Agent1.service");
    let program = programs().join("otpd");
    // Without systemd on the bus, as on many desktops.
    let file = file
        .replace("/usr/bin/otpd", program.to_str().unwrap())
        .replace("SystemdService=otpd.service\n", "");
    home.write(&services.join("io.otpd.Agent1.service"), file);
    let more = format!("<servicedir>{}</servicedir>", services.display());
    let _bus = start_bus_with(&home, Side::Session, &more);
    assert_eq!(property(&home, "Locked"), "(<true>,)");
    // It is the agent of the socket too.
    let mut line: Line = home.connect();
    let pid = line.ok("status", json!({}))["pid"].as_u64();
    assert_eq!(owner(&home).map(u64::from), pid);
    line.ok("quit", json!({}));
}

/// Where a `GLib` client begins.
const GLIB_CLIENT: &str = r#"
from gi.repository import Gio, GLib
agent = Gio.DBusProxy.new_for_bus_sync(
    Gio.BusType.SESSION, 0, None, "io.otpd.Agent1", "/io/otpd/Agent1", "io.otpd.Agent1", None)
"#;

/// What such a client prints.
fn glib(home: &Home, script: &str) -> String {
    let mut python = home.command("/usr/bin/python3");
    python.args(["-c", &[GLIB_CLIENT, script].concat()]);
    run(&mut python, b"").exits(0).stdout
}

#[test]
fn a_glib_client_lists_locks_unlocks_and_gets_codes() {
    let (home, _bus, _daemon, key) = served(ALLOW);
    let script = r#"
for entry in agent.List():
    print(entry["issuer"], entry["account"])
print(*agent.GetCode("(s)", "me@x.jp"))
print(agent.Unlock())
agent.Lock()
print(agent.get_cached_property("Locked") is not None, agent.List())
"#;
    let told = glib(&home, script);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], "例 社 me@x.jp");
    let (code, left) = lines[1].split_once(' ').unwrap();
    assert_eq!(
        code,
        oathtool_totp(&key, "SHA1", 6, 86_400, crate::support::wall())
    );
    assert!(left.parse::<u32>().unwrap() <= 86_400, "{told}");
    assert_eq!(lines[2..], ["True", "True []"]);
}

#[test]
fn no_caller_has_more_than_sixteen_calls_waiting() {
    let (home, _daemon) = locked();
    let script = r#"
loop, refused = GLib.MainLoop(), []
def done(proxy, result, *_):
    refused.append(str(result))
    if len(refused) == 24:
        loop.quit()
for _ in range(40):
    agent.Unlock(result_handler=done)
loop.run()
print(sum("too many calls at once" in text for text in refused))
# What is refused counts for nobody else.
Gio.DBusConnection.new_for_address_sync(
    Gio.dbus_address_get_for_bus_sync(Gio.BusType.SESSION, None),
    Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION,
    None, None).call_sync(
    "io.otpd.Agent1", "/io/otpd/Agent1", "io.otpd.Agent1", "List", None, None, 0, -1, None)
"#;
    assert_eq!(glib(&home, script), "24\n");
}
