//! Codes on the clipboard, pasted by xclip and seen by a real clipboard manager.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::prompt::{answer, asking, ended, locked_in, until};
use crate::support::{
    Canary, Daemon, Home, Outcome, PASSPHRASE, Process, Saver, Side, Terminal, announce,
    files_below, oathtool_hotp, oathtool_totp, programs, random_key, run, start_bus, start_program,
    start_screen, wall,
};

const DAY: u32 = 86_400;

/// A screen, and an unlocked agent with one entry whose codes live long.
struct Desk {
    home: Home,
    key: String,
    daemon: Daemon,
    _screen: Process,
}

fn desk(configuration: &str) -> Desk {
    let mut home = Home::with_vault();
    home.configure(configuration);
    let screen = start_screen(&mut home);
    let daemon = Daemon::start(&home);
    home.unlock();
    let key = random_key();
    home.add(&format!("otpauth://totp/Bank:me?secret={key}&period={DAY}"));
    Desk {
        home,
        key,
        daemon,
        _screen: screen,
    }
}

impl Desk {
    fn code(&self) -> String {
        oathtool_totp(&self.key, "SHA1", 6, DAY, wall())
    }

    fn is_empty(&self) -> Option<()> {
        paste(&self.home).stdout.is_empty().then_some(())
    }
}

fn paste(home: &Home) -> Outcome {
    let mut command = home.command("xclip");
    run(command.args(["-selection", "clipboard", "-out"]), b"")
}

/// Copies a text as any program would; it stays behind to hand it out.
fn copy(home: &Home, text: &str) -> Process {
    let file = home.home().join("text");
    home.write(&file, text);
    let arguments = ["-selection", "clipboard", "-in", "-quiet"];
    let owner = start_program(
        home,
        "xclip",
        &[&arguments[..], &[file.to_str().unwrap()]].concat(),
    );
    until("the copy", || (paste(home).stdout == text).then_some(()));
    owner
}

#[test]
fn the_code_is_pasted_and_goes_with_the_lock() {
    let desk = desk("");
    let home = &desk.home;
    let copied = home.ctl(&["get", "Bank", "--copy"]).exits(0);
    assert_eq!(copied.stdout, "");
    assert_eq!(copied.stderr, "Copied; cleared in 30 s.\n");
    assert_eq!(paste(home).stdout, desk.code());
    home.ctl(&["lock"]).exits(0);
    until("its end", || desk.is_empty());

    let refused = home.ctl(&["get", "Bank", "--copy"]).exits(5);
    assert_eq!(refused.stdout, "");
    assert_eq!(paste(home).stdout, "");
}

#[test]
fn the_code_goes_with_its_time_and_json_names_it_without_the_code() {
    let desk = desk("[clipboard]\nclear = \"5s\"\n");
    let home = &desk.home;
    let start = Instant::now();
    let copied = home.ctl(&["--json", "get", "Bank", "--copy"]).exits(0);
    let object = copied.json();
    let mut keys: Vec<_> = object.as_object().unwrap().keys().cloned().collect();
    keys.sort();
    assert_eq!(keys, ["clears_in", "id", "valid_for"]);
    assert_eq!(object["clears_in"], 5);
    assert!(!copied.stdout.contains(&desk.code()));
    assert_eq!(paste(home).stdout, desk.code());
    until("its end", || desk.is_empty());
    let took = start.elapsed();
    assert!(took >= Duration::from_secs(5), "{took:?}");
}

#[test]
fn the_code_goes_when_it_dies() {
    let desk = desk("");
    let home = &desk.home;
    let key = random_key();
    home.add(&format!("otpauth://totp/Short:me?secret={key}&period=11"));
    let copied = home.ctl(&["--json", "get", "Short", "--copy", "--min-left", "10"]);
    let object = copied.exits(0).json();
    assert_eq!(object["clears_in"], object["valid_for"]);
    let at = wall();
    assert_eq!(
        paste(home).stdout,
        oathtool_totp(&key, "SHA1", 6, 11, at),
        "{at}"
    );
    until("its end", || desk.is_empty());
}

#[test]
fn the_next_copy_takes_its_place_and_what_others_copy_stays() {
    let desk = desk("");
    let home = &desk.home;
    let key = random_key();
    home.add(&format!("otpauth://totp/Shop:me?secret={key}&period={DAY}"));
    home.ctl(&["get", "Bank", "--copy"]).exits(0);
    home.ctl(&["get", "Shop", "--copy"]).exits(0);
    assert_eq!(
        paste(home).stdout,
        oathtool_totp(&key, "SHA1", 6, DAY, wall())
    );
    let _owner = copy(home, "mine");
    home.ctl(&["lock"]).exits(0);
    desk.daemon.stop();
    assert_eq!(paste(home).stdout, "mine");
    // Only the agent's own programs could have been left behind.
    let left = |home: &Home| {
        let mut names = home.processes().into_iter().filter_map(|pid| {
            let name = std::fs::read_to_string(format!("/proc/{pid}/comm"));
            Some(name.ok()?.trim().to_owned())
        });
        names.any(|name| name == "otp-desktop")
    };
    until("their end", || (!left(home)).then_some(()));
}

#[test]
fn the_code_is_in_no_argument_environment_or_file() {
    let desk = desk("");
    let home = &desk.home;
    home.ctl(&["get", "Bank", "--copy"]).exits(0);
    let code = desk.code();
    assert_eq!(paste(home).stdout, code);
    let canary = Canary::text(&code);
    let mut is_there = false;
    for pid in home.processes() {
        for name in ["cmdline", "environ"] {
            let text = std::fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
            is_there |= text.windows(11).any(|part| part == b"otp-desktop");
            assert!(canary.find(&text).is_empty(), "{name} of {pid}");
        }
    }
    assert!(is_there, "the control");
    for file in files_below(home.root()) {
        let text = std::fs::read(&file).unwrap_or_default();
        assert!(canary.find(&text).is_empty(), "{}", file.display());
    }
}

/// What has `CopyQ` before 8.0 look at the mark; its author's own words.
const IGNORING: &str = "[Commands]\n1\\Automatic=true\n1\\Command=copyq ignore\n\
    1\\Input=x-kde-passwordManagerHint\n1\\Name=Passwords\n1\\Remove=true\nsize=1\n";

#[test]
fn a_clipboard_manager_keeps_what_is_copied_but_not_the_code() {
    let desk = desk("");
    let home = &desk.home;
    let commands = home.home().join(".config/copyq/copyq-commands.ini");
    home.write(&commands, IGNORING);
    let _manager = start_program(home, "copyq", &["--start-server"]);
    let copyq = |args: &[&str]| run(home.command("copyq").args(args), b"");
    until("CopyQ", || {
        (copyq(&["size"]).status.code() == Some(0)).then_some(())
    });
    let history = || {
        let places = ["0", "1", "2", "3", "4", "5", "6", "7"];
        copyq(&[&["read"][..], &places].concat()).exits(0).stdout
    };
    // A code that isn't marked is kept, as soon as its monitor has begun; it looks at what is new.
    let mut owners = Vec::new();
    until("the control", || {
        let text = (271_828 + owners.len()).to_string();
        owners.push(copy(home, &text));
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(2) {
            if history().contains(&text) {
                return Some(());
            }
        }
        None
    });
    home.ctl(&["get", "Bank", "--copy"]).exits(0);
    let code = desk.code();
    assert_eq!(paste(home).stdout, code);
    // It has seen ours when it says so; what comes afterwards is kept again.
    until("CopyQ's look", || {
        (copyq(&["clipboard"]).stdout == code).then_some(())
    });
    let _owner = copy(home, "161803");
    until("the next", || history().contains("161803").then_some(()));
    assert!(!history().contains(&code), "{}", history());
}

#[test]
fn a_counter_is_not_advanced_where_nothing_can_be_copied() {
    let mut home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    home.unlock();
    let key = random_key();
    home.add(&format!("otpauth://hotp/Bank:me?secret={key}&counter=7"));
    let failed = home.ctl(&["get", "Bank", "--copy"]).exits(1);
    assert_eq!(
        failed.stderr,
        "otpctl: no code: there is no graphical session: neither WAYLAND_DISPLAY nor DISPLAY \
         is set\nhint: otpctl get QUERY --osc52\n"
    );
    let mut command = home.command(programs().join("otpctl"));
    command.env("DISPLAY", ":99999");
    run(command.args(["--no-start", "get", "Bank", "--copy"]), b"").exits(1);
    let _screen = start_screen(&mut home);
    home.ctl(&["get", "Bank", "--copy"]).exits(0);
    assert_eq!(paste(&home).stdout, oathtool_hotp(&key, 6, 7));
}

#[test]
fn nothing_is_copied_while_the_screen_is_locked() {
    let mut home = Home::with_vault();
    announce(&mut home, Side::Session);
    home.configure("[lock]\nscreen = false\n");
    let _bus = start_bus(&home, Side::Session);
    let _screen = start_screen(&mut home);
    let _daemon = Daemon::start(&home);
    home.unlock();
    let key = random_key();
    home.add(&format!("otpauth://totp/Bank:me?secret={key}"));
    let saver = Saver::freedesktop(&home);
    until("the screen saver", || {
        let status = home.connect().ok("status", json!({}));
        let sources = status["lock_sources"].as_array().unwrap().clone();
        let is_screen = |it: &Value| it["source"] == "screen";
        let screen = sources.into_iter().find(is_screen).unwrap();
        (screen["reason"] != "no screen saver is on the session bus").then_some(())
    });
    home.ctl(&["get", "Bank", "--copy"]).exits(0);
    saver.show(&home, true);
    let refused = until("the lock", || {
        let tried = home.ctl(&["get", "Bank", "--copy"]);
        (tried.status.code() != Some(0)).then_some(tried)
    });
    let refused = refused.exits(6);
    assert!(
        refused.stderr.contains("the screen is locked"),
        "{refused:?}"
    );
    home.ctl(&["get", "Bank"]).exits(0);
}

#[test]
fn a_locked_vault_is_opened_by_a_dialog_and_then_the_code_is_copied() {
    let (mut home, _daemon) = locked_in(Home::with_vault(), "STANDIN");
    home.forget("DISPLAY");
    let _screen = start_screen(&mut home);
    let asking = asking(&home, &["get", "GitHub", "--copy"]);
    answer(&home, 1, &format!("D {PASSPHRASE}\nOK\n"));
    ended(asking).exits(0);
    let shown = home.ctl(&["get", "GitHub"]).exits(0);
    assert_eq!(paste(&home).stdout, shown.line());
}

#[test]
fn the_terminal_is_handed_the_code_when_it_is_asked_for() {
    let mut home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    home.unlock();
    let key = random_key();
    home.add(&format!("otpauth://totp/Bank:me?secret={key}&period={DAY}"));
    let otpctl = programs().join("otpctl");
    let arguments = ["get", "Bank", "--osc52"];
    let mut base64 = home.command("base64");
    let code = oathtool_totp(&key, "SHA1", 6, DAY, wall());
    let coded = run(&mut base64, code.as_bytes()).exits(0);
    let terminal = Terminal::start(&home, otpctl.to_str().unwrap(), &arguments);
    let (status, screen) = terminal.finish();
    assert!(status.success(), "{screen}");
    let expected = format!("\u{1b}]52;c;{}\u{7}", coded.line());
    assert!(screen.contains(&expected), "{screen:?}");
    assert!(!screen.contains(&code));
    home.var("TMUX", "/tmp/tmux,1,0");
    let terminal = Terminal::start(&home, otpctl.to_str().unwrap(), &arguments);
    let (_, screen) = terminal.finish();
    let expected = format!(
        "\u{1b}Ptmux;\u{1b}\u{1b}]52;c;{}\u{7}\u{1b}\\",
        coded.line()
    );
    assert!(screen.contains(&expected), "{screen:?}");
    // Without one it is said.
    let failed = run(
        home.command("setsid")
            .arg("--wait")
            .arg(&otpctl)
            .args(arguments),
        b"",
    )
    .exits(1);
    assert!(failed.stderr.contains("there is no terminal"), "{failed:?}");
}
