//! The keyring of a session opens the vault: the real gnome-keyring on a private bus, in all the
//! states in which a login finds it.

use std::io::Write as _;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::{
    Daemon, Home, Logind, PASSPHRASE, PATIENCE, Process, Side, announce, gdbus, random_key, run,
    skip, start_bus, start_mock,
};

/// What gnome-keyring asks to show its dialog.
const PROMPTER: &str = "org.gnome.keyring.SystemPrompter";

/// A session with a vault, an entry `x` in it, and a keyring that opens it.
struct Desk {
    home: Home,
    bus: Option<Process>,
    keyring: Child,
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.keyring.kill().ok();
        self.keyring.wait().ok();
    }
}

impl Desk {
    fn new(test: &str) -> Option<Self> {
        for program in ["dbus-daemon", "gnome-keyring-daemon", "gdbus"] {
            if !std::path::Path::new("/usr/bin").join(program).exists() {
                skip(test, &format!("no {program}"));
                return None;
            }
        }
        let mut home = Home::with_vault();
        announce(&mut home, Side::Session);
        let bus = Some(start_bus(&home, Side::Session));
        let keyring = gnome_keyring(&home);
        let desk = Self { home, bus, keyring };
        let daemon = Daemon::start(&desk.home);
        let home = &desk.home;
        home.ctl_in(&["slots", "add", "keyring"], "wrong").exits(6);
        home.ctl_in(&["slots", "add", "keyring"], PASSPHRASE)
            .exits(0);
        home.unlock();
        home.add(&format!("otpauth://totp/x?secret={}", random_key()));
        daemon.stop();
        Some(desk)
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.keyring.id().cast_signed()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Locks the keyring, as a desktop does that nobody has logged in to.
    fn lock(&self) {
        let path = default_collection(&self.home);
        secrets(&self.home, "Lock", &format!("['{path}']"));
    }
}

/// Starts gnome-keyring, unlocked as by a login.
fn gnome_keyring(home: &Home) -> Child {
    let mut daemon = home.command_with(&["--pdeathsig=KILL"], "gnome-keyring-daemon");
    daemon
        .args(["--unlock", "--components=secrets", "--foreground"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = daemon.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"login").unwrap();
    drop(stdin);
    let name = ["wait", "--session", "--timeout", "60"];
    gdbus(home, &[&name[..], &["org.freedesktop.secrets"]].concat());
    until("a default collection", || {
        default_collection(home).contains("/collection/")
    });
    child
}

fn default_collection(home: &Home) -> String {
    let answer = secrets(home, "ReadAlias", "default");
    answer.split('\'').nth(1).unwrap_or_default().to_owned()
}

fn secrets(home: &Home, method: &str, argument: &str) -> String {
    let method = format!("org.freedesktop.Secret.Service.{method}");
    let call = ["call", "--session", "--dest", "org.freedesktop.secrets"];
    let path = ["--object-path", "/org/freedesktop/secrets", "--method"];
    gdbus(home, &[&call[..], &path, &[&*method, argument]].concat())
}

#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        std::thread::yield_now();
    }
}

fn is_locked(home: &Home) -> bool {
    home.connect().ok("status", json!({}))["locked"] == true
}

fn warnings(home: &Home) -> String {
    home.connect().ok("status", json!({}))["warnings"].to_string()
}

/// Waits until the agent has tried the keyring in vain, and says why.
fn gives_up(home: &Home, why: &str) {
    until(why, || warnings(home).contains(why));
    assert!(is_locked(home));
}

/// The passphrase and the recovery key open the vault.
#[track_caller]
fn typed_opens(home: &Home) {
    for typed in [PASSPHRASE, home.recovery()] {
        home.ctl(&["lock"]).exits(0);
        home.ctl_in(&["unlock"], typed).exits(0);
        home.ctl(&["get", "x"]).exits(0);
    }
}

#[test]
fn the_keyring_opens_the_vault_at_the_start_and_whenever_somebody_wants_in() {
    let Some(desk) = Desk::new("keyring::the_keyring_opens_the_vault") else {
        return;
    };
    let home = &desk.home;
    let _daemon = Daemon::start(home);
    until("the vault opens by itself", || !is_locked(home));
    home.ctl(&["get", "x"]).exits(0);
    home.ctl(&["slots", "test", "keyring"]).exits(0);
    // A lock stays one until somebody wants in.
    home.ctl(&["lock"]).exits(0);
    home.ctl(&["get", "x"]).exits(5);
    home.ctl(&["unlock"]).exits(0);
    home.ctl(&["get", "x"]).exits(0);
    // Removed, it opens nothing, and its item is gone.
    home.ctl_in(&["slots", "remove", "keyring"], PASSPHRASE)
        .exits(0);
    let found = secrets(home, "SearchItems", "{'service': 'otpd'}");
    assert!(found.contains("[], "), "{found}");
    home.ctl(&["lock"]).exits(0);
    let asked = home.ctl(&["unlock"]).exits(2);
    assert!(asked.stderr.contains("no passphrase was given"));
    typed_opens(home);
}

#[test]
fn a_keyring_that_is_locked_is_not_asked_to_open_and_the_passphrase_is() {
    let Some(desk) = Desk::new("keyring::a_keyring_that_is_locked") else {
        return;
    };
    let home = &desk.home;
    let log = home.run_dir().join("prompter.log");
    let log = log.to_str().unwrap();
    let prompter = [
        "-l",
        log,
        PROMPTER,
        "/org/gnome/keyring/Prompter",
        "org.gnome.keyring.internal.Prompter",
    ];
    let _prompter = start_mock(home, Side::Session, PROMPTER, &prompter);
    let method = [
        "call",
        "--session",
        "--dest",
        PROMPTER,
        "--object-path",
        "/org/gnome/keyring/Prompter",
        "--method",
        "org.freedesktop.DBus.Mock.AddMethod",
        "org.gnome.keyring.internal.Prompter",
        "BeginPrompting",
        "o",
        "",
        "",
    ];
    gdbus(home, &method);
    let is_asked = || std::fs::read_to_string(log).is_ok_and(|log| log.contains("BeginPrompting "));
    desk.lock();
    let _daemon = Daemon::start(home);
    gives_up(home, "the keyring is locked");
    typed_opens(home);
    let refused = home.ctl_in(&["slots", "add", "keyring"], PASSPHRASE);
    assert!(refused.exits(1).stderr.contains("the keyring is locked"));
    assert!(!is_asked());
    // The control: who uses the keyring as others do gets its dialog.
    let mut lookup = home.command_with(&["--pdeathsig=KILL"], "secret-tool");
    lookup
        .args(["lookup", "service", "otpd"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut lookup = lookup.spawn().unwrap();
    until("a dialog", is_asked);
    lookup.kill().unwrap();
    lookup.wait().unwrap();
}

#[test]
fn without_its_item_or_the_keyring_or_a_bus_what_is_typed_opens_the_vault() {
    let Some(mut desk) = Desk::new("keyring::without_its_item") else {
        return;
    };
    let home = &desk.home;
    let mut clear = home.command("secret-tool");
    run(clear.args(["clear", "service", "otpd"]), b"").exits(0);
    let daemon = Daemon::start(home);
    gives_up(home, "the keyring does not hold the vault's secret");
    typed_opens(home);
    daemon.stop();
    desk.keyring.kill().unwrap();
    desk.keyring.wait().unwrap();
    let daemon = Daemon::start(home);
    gives_up(home, "nobody on the session bus keeps one");
    typed_opens(home);
    daemon.stop();
    desk.bus.take();
    let home = &desk.home;
    let _daemon = Daemon::start(home);
    gives_up(home, "the session bus cannot be reached");
    typed_opens(home);
}

#[test]
fn a_keyring_that_never_answers_costs_three_seconds_and_no_code() {
    let Some(desk) = Desk::new("keyring::a_keyring_that_never_answers") else {
        return;
    };
    let home = &desk.home;
    desk.signal(Signal::STOP);
    let _daemon = Daemon::start(home);
    let start = Instant::now();
    let mut line = home.connect();
    assert_eq!(line.refused("unlock.auto", json!({})), "locked");
    let waited = start.elapsed();
    assert!(waited < Duration::from_secs(5), "{waited:?}");
    assert!(warnings(home).contains("the keyring does not answer"));
    typed_opens(home);
    // While a call hangs, a code is there at once.
    let mut test = home.command(crate::support::programs().join("otpctl"));
    test.args(["--no-start", "slots", "test", "keyring"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut test = test.spawn().unwrap();
    let mut codes = 0;
    while test.try_wait().unwrap().is_none() {
        let start = Instant::now();
        match line.call("get", &json!({"query": "x"})) {
            Ok(_) => codes += 1,
            // Fifty codes a second: the limit is part of the promise.
            Err(error) => assert_eq!(error["data"]["kind"], "rate_limited", "{error}"),
        }
        let waited = start.elapsed();
        assert!(waited < Duration::from_secs(1), "{waited:?}");
    }
    assert!(!test.wait().unwrap().success());
    assert!(codes > 100, "{codes}");
    // The codes of this moment are used up.
    until("a code is there again", || {
        home.ctl(&["get", "x"]).status.success()
    });
    // It comes back, and opens the vault again.
    desk.signal(Signal::CONT);
    home.ctl(&["lock"]).exits(0);
    until("the keyring is back", || {
        home.ctl(&["unlock"]).status.success()
    });
}

#[test]
fn while_the_screen_is_locked_the_keyring_opens_nothing_not_even_at_a_start() {
    let Some(mut desk) = Desk::new("keyring::while_the_screen_is_locked") else {
        return;
    };
    announce(&mut desk.home, Side::System);
    let home = &desk.home;
    let _system = start_bus(home, Side::System);
    let logind = Logind::start(home);
    let seen = || {
        until("logind is watched", || {
            let status = home.connect().ok("status", json!({}));
            let sources = status["lock_sources"].as_array().unwrap().clone();
            let of_logind = |name: &str| {
                let mut sources = sources.iter();
                sources.any(|it| it["source"] == name && it["state"] == "watched")
            };
            of_logind("session") && of_logind("sleep")
        });
    };
    let daemon = Daemon::start(home);
    until("the vault opens by itself", || !is_locked(home));
    seen();
    for what in ["screen", "sleep"] {
        let happens = |begins: bool| {
            if what == "screen" {
                logind.change(home, "LockedHint", begins);
            } else {
                logind.prepare_for_sleep(home, begins);
            }
        };
        happens(true);
        until("the lock", || is_locked(home));
        let refused = |what: &str| {
            assert_eq!(
                home.connect().refused("unlock.auto", json!({})),
                "locked",
                "{what}"
            );
            assert_eq!(
                home.connect().refused("get", json!({"query": "x"})),
                "locked",
                "{what}"
            );
        };
        refused(what);
        happens(false);
        // Nothing opens it by itself, and a person's request does as soon as that is known.
        assert!(is_locked(home));
        until("it opens", || {
            home.connect().call("unlock.auto", &json!({})).is_ok()
        });
        home.ctl(&["get", "x"]).exits(0);
    }
    // An agent that starts behind a locked screen asks nobody for anything.
    logind.change(home, "LockedHint", true);
    until("the lock", || is_locked(home));
    daemon.stop();
    let _daemon = Daemon::start(home);
    assert_eq!(home.connect().refused("unlock.auto", json!({})), "locked");
    seen();
    assert!(is_locked(home));
    assert!(!warnings(home).contains("keyring"), "{}", warnings(home));
    logind.change(home, "LockedHint", false);
    until("it opens", || {
        home.connect().call("unlock.auto", &json!({})).is_ok()
    });
    home.ctl(&["get", "x"]).exits(0);
}
