//! `otpctl pick`: with stand-ins, in a terminal, and with a real dmenu on a screen of its own.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Stdio};

use serde_json::json;

use crate::prompt::{install, until};
use crate::support::{
    Daemon, Home, Outcome, Saver, Side, Terminal, announce, oathtool_totp, programs, random_key,
    run, start_bus, start_dunst, start_mako, start_program, wall,
};

/// Writes down the names and its arguments, and prints the second name.
const SECOND: &str = r#"#!/bin/sh
printf '%s\n' "$@" > "$HOME/arguments"
tee "$HOME/names" | sed -n 2p
"#;

/// An unlocked agent with three entries, the last of which is wanted most.
struct Desk {
    home: Home,
    keys: Vec<String>,
    _daemon: Daemon,
}

const NAMES: [&str; 3] = ["GitHub:me", "GitLab:me", "%E5%B1%B1:%E7%94%B0"];

fn desk() -> Desk {
    let home = Home::with_vault();
    let daemon = Daemon::start(&home);
    home.unlock();
    let keys: Vec<_> = NAMES
        .iter()
        .map(|name| {
            let key = random_key();
            home.add(&format!("otpauth://totp/{name}?secret={key}&period=86400"));
            key
        })
        .collect();
    home.ctl(&["get", "GitLab"]).exits(0);
    for _ in 0..2 {
        home.ctl(&["get", "山"]).exits(0);
    }
    Desk {
        home,
        keys,
        _daemon: daemon,
    }
}

impl Desk {
    /// Has a script choose from now on.
    fn choose_by(&self, script: &str) {
        let path = self.home.home().join("picker");
        install(&self.home, &path, script);
        let path = path.display();
        self.home
            .configure(&format!("[pick]\nprogram = ['{path}', '-x', 'a b']\n"));
    }

    fn code(&self, entry: usize) -> String {
        oathtool_totp(&self.keys[entry], "SHA1", 6, 86_400, wall())
    }

    fn pick_in_terminal(&self, args: &[&str]) -> Terminal {
        let otpctl = programs().join("otpctl");
        let args = [&["pick"], args].concat();
        Terminal::start(&self.home, otpctl.to_str().unwrap(), &args)
    }
}

#[test]
fn only_names_go_to_the_picker_those_wanted_most_first() {
    let desk = desk();
    desk.choose_by(SECOND);
    let (status, screen) = desk.pick_in_terminal(&[]).finish();
    assert_eq!(status.code(), Some(0), "{screen}");
    assert!(screen.contains(&desk.code(1)), "{screen}");
    let read = |name: &str| fs::read_to_string(desk.home.home().join(name)).unwrap();
    assert_eq!(read("names"), "山 (田)\nGitLab (me)\nGitHub (me)\n");
    assert_eq!(read("arguments"), "-x\na b\n");
    // Those with one name are told apart.
    desk.home.add(&format!(
        "otpauth://totp/GitHub:me?secret={}&period=60",
        random_key()
    ));
    let listed = desk.home.ctl(&["list"]).exits(0).stdout;
    assert!(listed.contains("GitLab"), "{listed}");
    desk.pick_in_terminal(&["git"]).finish();
    assert_eq!(read("names"), "GitLab (me)\nGitHub (me)\n");
}

#[test]
fn nothing_chosen_is_a_refusal_and_whatever_a_picker_does_wrong_is_said() {
    let desk = desk();
    for (script, status, said) in [
        (
            "#!/bin/sh\ncat >/dev/null; exit 1\n",
            6,
            "nothing was chosen",
        ),
        (
            "#!/bin/sh\ncat >/dev/null; echo no display >&2; exit 1\n",
            1,
            "nothing was chosen (no display)",
        ),
        ("#!/bin/sh\necho Else\n", 1, "none of the names"),
        ("#!/bin/sh\nkill -9 $$\n", 1, "cannot choose with picker"),
    ] {
        desk.choose_by(script);
        let outcome = desk.home.ctl(&["pick"]).exits(status);
        assert!(outcome.stderr.contains(said), "{script}: {outcome:?}");
        assert!(outcome.stdout.is_empty());
    }
    desk.home
        .configure("[pick]\nprogram = ['no-such-picker']\n");
    let outcome = desk.home.ctl(&["pick"]).exits(1);
    assert!(outcome.stderr.contains("no such program"), "{outcome:?}");
    desk.home.configure("\n[pick]\nprogram = 7\n");
    let outcome = desk.home.ctl(&["pick"]).exits(1);
    assert!(outcome.stderr.contains("otpd.toml:3: "), "{outcome:?}");
    desk.home.configure("");
    let outcome = desk.home.ctl(&["pick"]).exits(1);
    assert!(
        outcome.stderr.contains("no graphical session"),
        "{outcome:?}"
    );
    desk.home.ctl(&["pick", "nobody"]).exits(3);
    desk.home.ctl(&["lock"]).exits(0);
    desk.home.ctl(&["pick"]).exits(5);
}

#[test]
fn the_list_in_a_terminal_is_filtered_and_leaves_nothing_behind() {
    let desk = desk();
    // Without fzf, which would be taken.
    let only = desk.home.home().join("bin");
    desk.home.make_dir(&only);
    let path = format!("PATH={}", only.display());
    let otpctl = programs().join("otpctl");
    let start = |args: &[&str]| {
        let args = [&[path.as_str(), otpctl.to_str().unwrap(), "pick"], args].concat();
        Terminal::start(&desk.home, "env", &args)
    };
    let mut terminal = start(&[]);
    terminal.expect("3  GitHub (me)");
    terminal.press("GIT".as_bytes());
    terminal.expect("otpd> GIT");
    terminal.press(b"\x1b[B");
    terminal.expect("> 3  GitHub");
    terminal.press(b"\r");
    let (status, screen) = terminal.finish();
    assert_eq!(status.code(), Some(0), "{screen}");
    assert!(screen.contains(&desk.code(0)), "{screen}");
    let mut terminal = start(&[]);
    terminal.expect("otpd> ");
    terminal.press("山".as_bytes());
    terminal.expect("otpd> 山");
    terminal.press(b"\x7f2");
    terminal.expect("> 2  GitHub");
    terminal.press(b"\r");
    let (_, screen) = terminal.finish();
    assert!(screen.contains(&desk.code(0)), "{screen}");
}

#[test]
fn ctrl_c_and_a_signal_give_the_terminal_back_as_it_was() {
    let desk = desk();
    let only = desk.home.home().join("bin");
    desk.home.make_dir(&only);
    let otpctl = programs().join("otpctl");
    for (ends_it, status) in [("", 6), ("kill -TERM", 1)] {
        let script = format!(
            "stty -a >before; PATH={} {} --no-start pick; echo ended $?; stty -a >after; \
             cmp before after && echo the same",
            only.display(),
            otpctl.display()
        );
        let mut terminal = Terminal::start(&desk.home, "sh", &["-c", &script]);
        terminal.expect("otpd> ");
        if ends_it.is_empty() {
            terminal.press(b"\x03");
        } else {
            let picker = until("the picker", || {
                desk.home.processes().into_iter().find(|pid| {
                    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                    line.ends_with(b"otp-desktop\0pick\0--terminal\0")
                })
            });
            let picker = rustix::process::Pid::from_raw(picker.cast_signed()).unwrap();
            rustix::process::kill_process(picker, rustix::process::Signal::TERM).unwrap();
        }
        terminal.expect(&format!("ended {status}"));
        terminal.expect("the same");
        let (ended, _) = terminal.finish();
        assert_eq!(ended.signal(), None);
    }
}

#[test]
fn a_real_menu_on_a_screen_takes_typed_letters_and_the_code_is_shown() {
    let mut home = Home::with_vault();
    announce(&mut home, Side::Session);
    let _bus = start_bus(&home, Side::Session);
    let (_screen, _dunst) = start_dunst(&mut home);
    let _daemon = Daemon::start(&home);
    home.unlock();
    for name in ["GitHub:me", "GitLab:me"] {
        let key = random_key();
        home.add(&format!("otpauth://totp/{name}?secret={key}&period=86400"));
    }
    let listed = home.ctl(&["list", "GitLab", "--json"]).exits(0).json();
    for (menu, class) in [("dmenu", "dmenu"), ("rofi", "Rofi")] {
        let picking = picking(&home, menu);
        // It has the keyboard once it is seen.
        let search = ["search", "--sync", "--onlyvisible", "--class", class];
        run(home.command("xdotool").args(search), b"").exits(0);
        run(home.command("xdotool").args(["type", "gitl"]), b"").exits(0);
        run(home.command("xdotool").args(["key", "Return"]), b"").exits(0);
        let shown = crate::prompt::ended(picking).exits(0).json();
        assert_eq!(shown["id"], listed[0]["id"], "{menu}");
        let displayed = run(home.command("dunstctl").args(["count", "displayed"]), b"");
        assert_eq!(displayed.exits(0).line(), "1", "{menu}");
    }
}

/// `otpctl pick` where there is one menu, which gets our own arguments.
fn picking(home: &Home, menu: &str) -> Child {
    let only = home.home().join(menu);
    home.make_dir(&only);
    let link = only.join(menu);
    fs::remove_file(&link).ok();
    symlink(format!("/usr/bin/{menu}"), link).unwrap();
    home.command("env")
        .arg(format!("PATH={}", only.display()))
        .arg(programs().join("otpctl"))
        .args(["--no-start", "--json", "pick"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn menus_on_wayland_take_typed_letters_and_escape() {
    let mut home = Home::with_vault();
    announce(&mut home, Side::Session);
    let _bus = start_bus(&home, Side::Session);
    // What is shown changes no picture.
    home.write(&home.home().join(".config/mako/config"), "invisible=1\n");
    let _daemon = Daemon::start(&home);
    home.unlock();
    for name in ["GitHub:me", "GitLab:me"] {
        let key = random_key();
        home.add(&format!("otpauth://totp/{name}?secret={key}&period=86400"));
    }
    let listed = home.ctl(&["list", "GitLab", "--json"]).exits(0).json();
    for menu in ["fuzzel", "wofi", "bemenu"] {
        let chosen = pressed(&mut home, menu, &["gitl", "-k", "Return"]);
        assert_eq!(chosen.exits(0).json()["id"], listed[0]["id"], "{menu}");
        let cancelled = pressed(&mut home, menu, &["-k", "Escape"]).exits(6);
        let said = "nothing was chosen";
        assert!(cancelled.stderr.contains(said), "{menu}: {cancelled:?}");
    }
}

/// What comes of keys that are pressed in a menu on sway. Each has a session of its own: where a
/// keyboard was taken away, the seat is left without a keymap, and fuzzel 1.8 ends itself over that.
fn pressed(home: &mut Home, menu: &str, keys: &[&str]) -> Outcome {
    let is_sway = |file: &fs::DirEntry| file.file_name().to_string_lossy().starts_with("sway-ipc");
    let sockets = |home: &Home| fs::read_dir(home.run_dir()).unwrap().flatten();
    for old in sockets(home).filter(is_sway) {
        fs::remove_file(old.path()).unwrap();
    }
    // A slow machine takes its time from the press of a key to its release. From a second on fuzzel
    // 1.8 takes no delay.
    let _session = start_mako(home, "input * repeat_delay 900\n");
    // Here before the menu is: a wtype takes its keyboard along when it ends.
    let _keyboard = start_program(home, "wtype", &["-s", "3600000", "-k", "Shift_L"]);
    let socket = sockets(home).find(is_sway).unwrap().path();
    until("a keyboard", || {
        let mut inputs = home.command("swaymsg");
        inputs.arg("-s").arg(&socket).args(["-t", "get_inputs"]);
        let said = run(&mut inputs, b"").stdout;
        said.contains("keyboard").then_some(())
    });
    let screen = || {
        let grim = run(home.command("grim").args(["-t", "ppm", "-"]), b"");
        grim.exits(0).stdout
    };
    let empty = screen();
    let picking = picking(home, menu);
    // It has the keyboard once it is seen.
    until(menu, || (screen() != empty).then_some(()));
    run(home.command("wtype").args(keys), b"").exits(0);
    crate::prompt::ended(picking)
}

#[test]
fn no_menu_is_shown_on_a_locked_screen() {
    let mut home = Home::with_vault();
    announce(&mut home, Side::Session);
    let _bus = start_bus(&home, Side::Session);
    let saver = Saver::freedesktop(&home);
    let picker = home.home().join("picker");
    install(&home, &picker, SECOND);
    home.configure(&format!(
        "[lock]\nscreen = false\n[pick]\nprogram = ['{}']\n",
        picker.display()
    ));
    let _daemon = Daemon::start(&home);
    home.unlock();
    for name in ["GitHub:me", "GitLab:me"] {
        home.add(&format!("otpauth://totp/{name}?secret={}", random_key()));
    }
    let locked = |is_locked: bool| {
        until("the screen saver", || {
            let names = home.connect().call("list", &json!({"attended": true}));
            (names.is_err() == is_locked).then_some(())
        });
    };
    until("somebody who looks", || {
        let status = home.connect().ok("status", json!({}));
        let sources = status["lock_sources"].as_array().unwrap().clone();
        let screen = sources.into_iter().find(|it| it["source"] == "screen");
        (screen.unwrap()["reason"] != "no screen saver is on the session bus").then_some(())
    });
    saver.show(&home, true);
    locked(true);
    let refused = home.ctl(&["pick"]).exits(6);
    assert!(
        refused.stderr.contains("the screen is locked"),
        "{refused:?}"
    );
    assert!(!home.home().join("names").exists());
    saver.show(&home, false);
    locked(false);
    // There is no notification server: the menu was shown before that is found out.
    home.ctl(&["pick"]).exits(1);
    assert!(home.home().join("names").exists());
}
