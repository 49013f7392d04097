//! Hotkeys on an X server of our own: real key presses, a real notification server.

mod deeds;

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::prompt::{PINENTRY, install, told, until};
use crate::support::{
    Daemon, Home, Monitor, PASSPHRASE, Process, Saver, Side, announce, oathtool_totp, programs,
    random_key, run, start_bus, start_dunst, start_notices, start_screen, wall,
};

/// A screen, a bus, a notification server and an agent with one entry.
struct Desk {
    home: Home,
    key: String,
    daemon: Daemon,
    bus: Option<Process>,
    screen: Option<(Process, Process)>,
}

const NOTIFY: &str = "[hotkeys]\n'Ctrl+Alt+G' = { entry = 'GitHub', do = 'notify' }\n";
/// The key of another entry.
const OTHER: &str = "'Ctrl+Alt+H' = { entry = 'GitLab', do = 'notify' }\n";

fn desk(configuration: &str) -> Desk {
    let mut home = Home::with_vault();
    announce(&mut home, Side::Session);
    home.configure(configuration);
    let bus = start_bus(&home, Side::Session);
    let screen = start_dunst(&mut home);
    let daemon = Daemon::start(&home);
    home.unlock();
    let key = random_key();
    home.add(&format!(
        "otpauth://totp/GitHub:me?secret={key}&period=86400"
    ));
    Desk {
        home,
        key,
        daemon,
        bus: Some(bus),
        screen: Some(screen),
    }
}

impl Desk {
    fn press(&self, keys: &str) {
        run(self.home.command("xdotool").args(["key", keys]), b"").exits(0);
    }

    fn shown(&self) -> u32 {
        let count = run(
            self.home.command("dunstctl").args(["count", "displayed"]),
            b"",
        );
        count.exits(0).line().parse().unwrap()
    }

    fn close_all(&self) {
        run(self.home.command("dunstctl").arg("close-all"), b"").exits(0);
        until("an empty screen", || (self.shown() == 0).then_some(()));
    }

    fn code(&self) -> String {
        oathtool_totp(&self.key, "SHA1", 6, 86_400, wall())
    }

    /// The code as a notification shows it.
    fn grouped(&self) -> String {
        let code = self.code();
        format!("{} {}", &code[..3], &code[3..])
    }

    fn add_other(&self) {
        self.home.add(&format!(
            "otpauth://totp/GitLab:me?secret={}&period=86400",
            random_key()
        ));
    }

    /// Waits for what the other key shows, and for the end of whatever an earlier key began.
    fn press_other(&self, monitor: &Monitor, resident: &Resident) {
        self.press("ctrl+alt+h");
        monitor.sees("GitLab (me)");
        until("rest", || children(resident).is_empty().then_some(()));
    }
}

/// `otp-desktop run`, ended with its test.
struct Resident {
    child: Child,
    log: PathBuf,
}

impl Resident {
    fn start(home: &Home, name: &str, arguments: &[&str]) -> Self {
        let log = home.home().join(name);
        home.write(&log, "");
        let mut command = home.command_with(&["--pdeathsig=KILL"], programs().join("otp-desktop"));
        let child = command
            .arg("run")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Self { child, log }
    }

    /// One that has its keys.
    fn ready(home: &Home, name: &str) -> Self {
        let resident = Self::start(home, name, &[]);
        resident.says("serving 1 hotkeys", 1);
        resident
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    #[track_caller]
    fn says(&self, text: &str, times: usize) {
        until(&format!("{text:?} {times} times"), || {
            (self.said().matches(text).count() >= times).then_some(())
        });
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Resident memory in KiB, and open descriptors.
    fn weight(&self) -> (u64, usize) {
        let pid = self.child.id();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let memory = line
            .unwrap()
            .trim()
            .trim_end_matches(" kB")
            .parse()
            .unwrap();
        (
            memory,
            fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count(),
        )
    }
}

impl Drop for Resident {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn a_pressed_key_shows_the_code_that_oathtool_gives_whatever_the_locks_say() {
    let desk = desk(&format!("{NOTIFY}{OTHER}"));
    desk.add_other();
    let monitor = Monitor::start(&desk.home);
    let resident = Resident::start(&desk.home, "log", &[]);
    resident.says("serving 2 hotkeys", 1);
    desk.press("ctrl+alt+g");
    until("a notification", || (desk.shown() == 1).then_some(()));
    let code = desk.code();
    monitor.sees(&desk.grouped());
    desk.close_all();
    for lock in ["Num_Lock", "Caps_Lock"] {
        desk.press(lock);
        desk.press("ctrl+alt+g");
        until(lock, || (desk.shown() == 1).then_some(()));
        desk.close_all();
        desk.press(lock);
    }
    // Another key of the same letter isn't it.
    let count = || monitor.text().matches(&desk.grouped()).count();
    until("all three", || (count() >= 3).then_some(()));
    desk.press("ctrl+g");
    desk.press_other(&monitor, &resident);
    assert_eq!(count(), 3);
    let said = resident.said();
    assert!(!said.contains(&code) && said.lines().count() == 1, "{said}");
}

#[test]
fn what_fails_is_shown_and_a_key_that_another_program_has_is_named() {
    let desk = desk("[hotkeys]\n'Ctrl+Alt+G' = { entry = '<nobody>', do = 'notify' }\n");
    let home = &desk.home;
    let monitor = Monitor::start(home);
    let first = Resident::ready(home, "first");
    desk.press("ctrl+alt+g");
    monitor.sees("Ctrl+Alt+G: nothing shown: no entry matches");
    assert!(first.said().contains("no entry matches"));
    // The same once more, where it can't see that it is there already.
    let other = home.run_dir().join("other");
    home.make_dir(&other);
    let log = home.home().join("second");
    home.write(&log, "");
    let mut command = home.command_with(&["--pdeathsig=KILL"], programs().join("otp-desktop"));
    let child = command
        .env("XDG_RUNTIME_DIR", &other)
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let second = Resident { child, log };
    second.says("another program has the keys Ctrl+Alt+G", 1);
    monitor.sees("another program has the keys Ctrl+Alt+G");
    // Here it does see.
    let mut third = Resident::start(home, "third", &[]);
    assert!(third.child.wait().unwrap().success());
    assert!(third.said().contains("already running on this display"));
    // It is free now, and asked for again.
    drop(first);
    second.signal(Signal::HUP);
    second.says("serving 1 hotkeys", 1);
}

#[test]
fn a_changed_file_changes_the_keys_and_a_wrong_one_leaves_them() {
    let desk = desk("");
    desk.add_other();
    let home = &desk.home;
    let monitor = Monitor::start(home);
    let resident = Resident::start(home, "log", &[]);
    resident.says("serving 0 hotkeys", 1);
    home.configure(NOTIFY);
    resident.says("serving 1 hotkeys", 1);
    desk.press("ctrl+alt+g");
    until("a notification", || (desk.shown() == 1).then_some(()));
    desk.close_all();
    home.configure("[hotkeys]\n'Ctrl+Alt+G' = { do = 'dance' }\n");
    monitor.sees("otpd.toml:2: unknown variant");
    desk.close_all();
    desk.press("ctrl+alt+g");
    until("a notification", || (desk.shown() == 1).then_some(()));
    desk.close_all();
    // As editors do it: another file takes its place.
    let path = home.home().join(".config/otpd/otpd.toml");
    home.write(&path.with_extension("new"), format!("[hotkeys]\n{OTHER}"));
    fs::rename(path.with_extension("new"), path).unwrap();
    resident.says("serving 1 hotkeys", 3);
    let count = || monitor.text().matches(&desk.grouped()).count();
    until("both", || (count() >= 2).then_some(()));
    desk.press("ctrl+alt+g");
    desk.press_other(&monitor, &resident);
    // What Alt+G was for isn't done any more.
    assert_eq!(count(), 2);
}

#[test]
fn an_x_server_and_a_bus_that_are_restarted_are_found_again_and_the_session_ends_with_its_display()
{
    let mut desk = desk(NOTIFY);
    let mut resident = Resident::ready(&desk.home, "log");
    drop(desk.screen.take());
    let screen = start_screen(&mut desk.home);
    let dunst = start_notices(&desk.home);
    desk.screen = Some((screen, dunst));
    resident.says("serving 1 hotkeys", 2);
    desk.press("ctrl+alt+g");
    until("a notification", || (desk.shown() == 1).then_some(()));

    drop(desk.bus.take());
    drop(desk.screen.take());
    desk.bus = Some(start_bus(&desk.home, Side::Session));
    let screen = start_screen(&mut desk.home);
    let dunst = start_notices(&desk.home);
    desk.screen = Some((screen, dunst));
    resident.says("serving 1 hotkeys", 3);
    desk.press("ctrl+alt+g");
    until("a notification", || (desk.shown() == 1).then_some(()));

    resident.signal(Signal::TERM);
    assert!(resident.child.wait().unwrap().success());
    let mut brief = Resident::start(&desk.home, "brief", &["--linger", "1"]);
    brief.says("serving 1 hotkeys", 1);
    drop(desk.screen.take());
    assert!(brief.child.wait().unwrap().success());
    assert!(brief.said().contains("cannot talk to the display server"));
}

#[test]
fn one_that_is_killed_leaves_the_agent_as_it_is_and_an_agent_that_is_gone_is_started() {
    let desk = desk(NOTIFY);
    let home = &desk.home;
    let resident = Resident::ready(home, "log");
    resident.signal(Signal::KILL);
    drop(resident);
    home.ctl(&["get", "GitHub"]).exits(0);
    let _next = Resident::ready(home, "next");
    desk.press("ctrl+alt+g");
    until("a notification", || (desk.shown() == 1).then_some(()));
    desk.daemon.stop();
    until("an empty screen", || (desk_shown(home) == 0).then_some(()));
}

fn desk_shown(home: &Home) -> u32 {
    let count = run(home.command("dunstctl").args(["count", "displayed"]), b"");
    count.exits(0).line().parse().unwrap()
}

#[test]
fn a_locked_vault_asks_on_the_right_display_and_a_locked_screen_does_nothing() {
    let mut desk = desk(NOTIFY);
    let path = desk.home.home().join("pinentry");
    install(&desk.home, &path, PINENTRY);
    desk.home.configure(&format!(
        "[prompt]\nprogram = '{}'\n{NOTIFY}",
        path.display()
    ));
    run(
        desk.home
            .command("mkfifo")
            .arg(desk.home.home().join("answer")),
        b"",
    )
    .exits(0);
    desk.home.var("LC_ALL", "C.UTF-8");
    desk.daemon.signal(Signal::HUP);
    desk.daemon.wait_for("configuration read");
    let home = &desk.home;
    let resident = Resident::ready(home, "log");
    home.ctl(&["lock"]).exits(0);
    desk.press("ctrl+alt+g");
    crate::prompt::answer(home, 1, &format!("D {PASSPHRASE}\nOK\n"));
    until("a notification", || (desk.shown() == 1).then_some(()));
    let environment = fs::read_to_string(home.home().join("environment")).unwrap();
    let display = run(
        home.command("sh").args(["-c", "echo DISPLAY=$DISPLAY"]),
        b"",
    );
    assert!(
        environment.contains(display.exits(0).line()),
        "{environment}"
    );
    desk.close_all();

    let saver = Saver::freedesktop(home);
    until("the screen saver", || {
        let status = home.connect().ok("status", serde_json::json!({}));
        let sources = status["lock_sources"].as_array().unwrap();
        let screen = sources.iter().find(|it| it["source"] == "screen").unwrap();
        (screen["reason"] != "no screen saver is on the session bus").then_some(())
    });
    saver.show(home, true);
    until("the lock", || {
        let status = home.connect().ok("status", serde_json::json!({}));
        (status["locked"] == true).then_some(())
    });
    let refused = run(
        home.command(programs().join("otpctl")).args([
            "--no-start",
            "--prompt",
            "notify",
            "GitHub",
        ]),
        b"",
    );
    assert!(refused.exits(6).stderr.contains("the screen is locked"));
    desk.press("ctrl+alt+g");
    // A key whose last press is still being served is not heard.
    until("rest", || children(&resident).is_empty().then_some(()));
    assert_eq!(told(home).matches("GETPIN").count(), 1, "{}", told(home));
    saver.show(home, false);
    // Nor is it if that was on its way until now.
    until("a question", || {
        desk.press("ctrl+alt+g");
        (told(home).matches("GETPIN").count() == 2).then_some(())
    });
    crate::prompt::answer(home, 2, &format!("D {PASSPHRASE}\nOK\n"));
    until("a notification", || (desk.shown() == 1).then_some(()));
    assert_eq!(resident.said().lines().count(), 1, "{}", resident.said());
}

fn children(resident: &Resident) -> Vec<String> {
    // Each is listed under the thread that made it.
    let threads = fs::read_dir(format!("/proc/{}/task", resident.child.id())).unwrap();
    let mut all = Vec::new();
    for thread in threads {
        let list = fs::read_to_string(thread.unwrap().path().join("children"));
        all.extend(
            list.unwrap_or_default()
                .split_whitespace()
                .map(str::to_owned),
        );
    }
    all
}
