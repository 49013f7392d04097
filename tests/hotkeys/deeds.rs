//! What a hotkey does: copies, types, brings up a menu; again and again.

use std::fs;

use super::{NOTIFY, Resident, children, desk};
use crate::prompt::until;
use crate::support::{Monitor, random_key, run, start_program};

#[test]
fn a_hotkey_copies_the_code() {
    let desk = desk("[hotkeys]\n'Ctrl+Alt+C' = { entry = 'GitHub', do = 'copy' }\n");
    let home = &desk.home;
    let _resident = Resident::ready(home, "log");
    desk.press("ctrl+alt+c");
    let paste = ["-selection", "clipboard", "-out"];
    until("the code", || {
        let pasted = run(home.command("xclip").args(paste), b"");
        (pasted.stdout == desk.code()).then_some(())
    });
    assert_eq!(desk.shown(), 0);
}

#[test]
fn a_hotkey_types_into_the_window_that_is_meant_and_into_no_other() {
    let desk = desk(
        "[hotkeys]\n\
         'Ctrl+Alt+T' = { entry = 'GitHub', do = 'type', window = '*keypad*' }\n\
         F9 = { entry = 'GitHub', do = 'script', script = '{USER}-{CODE}{ENTER}' }\n\
         F10 = { entry = 'GitHub', do = 'type', window = 'elsewhere' }\n",
    );
    let home = &desk.home;
    let typed = || fs::read_to_string(home.home().join("typed")).unwrap_or_default();
    let keypad = "stty -icanon -echo; exec cat >\"$HOME/typed\"";
    let arguments = ["-T", "my keypad", "-e", "sh", "-c", keypad];
    let _terminal = start_program(home, "xterm", &arguments);
    until("the terminal", || {
        home.home().join("typed").exists().then_some(())
    });
    let search = ["search", "--sync", "--onlyvisible", "--class", "xterm"];
    let focus = ["windowfocus", "--sync"];
    run(home.command("xdotool").args(search).args(focus), b"").exits(0);
    let monitor = Monitor::start(home);
    let resident = Resident::start(home, "log", &[]);
    resident.says("serving 3 hotkeys", 1);

    let code = desk.code();
    desk.press("F9");
    let first = format!("me-{code}\n");
    until("the script", || (typed() == first).then_some(()));
    desk.press("ctrl+alt+t");
    let both = first + &code;
    until("the code", || (typed() == both).then_some(()));
    desk.press("F10");
    monitor.sees("the window that has the focus is another one");
    assert_eq!(typed(), both);
    for code in [&code, &desk.grouped()] {
        assert!(!monitor.text().contains(code) && !resident.said().contains(code));
    }
}

#[test]
fn a_hotkey_brings_up_a_menu_that_has_the_keyboard() {
    let desk = desk("[hotkeys]\n'Super+F9' = { do = 'pick' }\n[pick]\nprogram = ['dmenu', '-i']\n");
    let home = &desk.home;
    home.add(&format!(
        "otpauth://totp/GitLab:me?secret={}&period=86400",
        random_key()
    ));
    let monitor = Monitor::start(home);
    let _resident = Resident::ready(home, "log");
    desk.press("super+F9");
    let search = ["search", "--sync", "--onlyvisible", "--class", "dmenu"];
    run(home.command("xdotool").args(search), b"").exits(0);
    run(home.command("xdotool").args(["type", "lab"]), b"").exits(0);
    desk.press("Return");
    until("a notification", || (desk.shown() == 1).then_some(()));
    monitor.sees("GitLab (me)");
}

#[test]
fn two_hundred_presses_leave_nothing_behind() {
    let desk = desk(NOTIFY);
    let resident = Resident::ready(&desk.home, "log");
    let press = |times: u32| {
        for _ in 0..times {
            desk.press("ctrl+alt+g");
        }
        until("a notification", || (desk.shown() == 1).then_some(()));
        until("rest", || children(&resident).is_empty().then_some(()));
    };
    press(20);
    let (before, descriptors) = resident.weight();
    press(200);
    let (after, still) = resident.weight();
    assert_eq!(still, descriptors);
    assert!(after < before + 1024, "{before} KiB, then {after} KiB");
}
