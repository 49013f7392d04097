//! Notifications, by dunst on an X server of our own.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::prompt::until;
use crate::support::{
    Daemon, Home, Monitor, Process, Saver, Side, announce, gdbus, oathtool_totp, random_key, run,
    start_bus, start_dunst, start_mako, start_mock, start_notices, start_notices_with,
    start_screen, wall,
};

/// A screen, a bus and a notification server; an unlocked agent with one entry.
struct Desk {
    home: Home,
    key: String,
    daemon: Daemon,
    _bus: Process,
    dunst: Option<(Process, Process)>,
}

fn desk(configuration: &str, uri: &str) -> Desk {
    let mut home = Home::with_vault();
    announce(&mut home, Side::Session);
    home.configure(configuration);
    let bus = start_bus(&home, Side::Session);
    let dunst = start_dunst(&mut home);
    let daemon = Daemon::start(&home);
    home.unlock();
    let key = random_key();
    home.add(&uri.replace("KEY", &key));
    Desk {
        home,
        key,
        daemon,
        _bus: bus,
        dunst: Some(dunst),
    }
}

/// What `dunstctl` counts.
fn count(home: &Home, what: &str) -> u32 {
    let told = run(home.command("dunstctl").args(["count", what]), b"").exits(0);
    told.line().parse().unwrap()
}

fn history(home: &Home) -> String {
    run(home.command("dunstctl").arg("history"), b"")
        .exits(0)
        .stdout
}

#[test]
fn the_code_is_shown_and_goes_when_it_dies_and_no_history_keeps_it() {
    let desk = desk(
        "",
        "otpauth://totp/%3Cb%3EBank%3C%2Fb%3E:me?secret=KEY&period=5",
    );
    let home = &desk.home;
    // One with time left to look at it.
    let (start, left) = until("a code that has just begun", || {
        let start = Instant::now();
        let shown = home.ctl(&["notify", "me", "--json"]).exits(0).json();
        let left = shown["valid_for"].as_u64().unwrap();
        (left >= 4).then_some((start, left))
    });
    assert_eq!(count(home, "displayed"), 1);
    let at = wall();
    let codes = [at - 5, at].map(|at| oathtool_totp(&desk.key, "SHA1", 6, 5, at));
    until("its end", || (count(home, "displayed") == 0).then_some(()));
    let took = start.elapsed();
    assert!(took < Duration::from_secs(left + 3), "{took:?} of {left} s");
    let kept = history(home);
    for code in codes {
        let grouped = format!("{} {}", &code[..3], &code[3..]);
        assert!(!kept.contains(&code) && !kept.contains(&grouped), "{kept}");
    }
    // The history is where a code would be that isn't marked.
    let mut send = home.command("notify-send");
    run(send.args(["canary", "123 456"]), b"").exits(0);
    run(home.command("dunstctl").arg("close-all"), b"").exits(0);
    until("the canary", || {
        history(home).contains("123 456").then_some(())
    });
}

#[test]
fn a_lock_takes_the_code_away_and_the_next_notification_takes_its_place() {
    let desk = desk("", "otpauth://totp/Bank:me?secret=KEY&period=86400");
    let home = &desk.home;
    home.ctl(&["get", "--notify", "Bank"]).exits(0);
    home.ctl(&["notify", "Bank"]).exits(0);
    assert_eq!(count(home, "displayed"), 1);
    home.ctl(&["lock"]).exits(0);
    until("its end", || (count(home, "displayed") == 0).then_some(()));
    let refused = home.ctl(&["notify", "Bank"]).exits(5);
    assert!(refused.stdout.is_empty());
}

#[test]
fn no_code_stays_on_the_screen_when_the_agent_stops() {
    let desk = desk("", "otpauth://totp/Bank:me?secret=KEY&period=86400");
    let home = &desk.home;
    home.ctl(&["notify", "Bank"]).exits(0);
    assert_eq!(count(home, "displayed"), 1);
    desk.daemon.stop();
    assert_eq!(count(home, "displayed"), 0);
}

#[test]
fn nothing_is_shown_on_a_locked_screen() {
    let desk = desk(
        "[lock]\nscreen = false\n",
        "otpauth://totp/Bank:me?secret=KEY&period=86400",
    );
    let home = &desk.home;
    let saver = Saver::freedesktop(home);
    home.ctl(&["notify", "Bank"]).exits(0);
    until("the screen saver", || {
        let status = home.connect().ok("status", json!({}));
        let sources = status["lock_sources"].as_array().unwrap().clone();
        let screen: Value = sources
            .into_iter()
            .find(|it| it["source"] == "screen")
            .unwrap();
        (screen["reason"] != "no screen saver is on the session bus").then_some(())
    });
    saver.show(home, true);
    until("its end", || (count(home, "displayed") == 0).then_some(()));
    let refused = home.ctl(&["notify", "Bank"]).exits(6);
    assert!(
        refused.stderr.contains("the screen is locked"),
        "{refused:?}"
    );
    assert_eq!(count(home, "displayed"), 0);
}

#[test]
fn without_a_server_and_with_one_that_hangs_it_is_said_and_codes_go_on() {
    let mut home = Home::with_vault();
    announce(&mut home, Side::Session);
    let daemon = Daemon::start(&home);
    home.unlock();
    let key = random_key();
    home.add(&format!("otpauth://totp/Bank:me?secret={key}"));
    let failed = home.ctl(&["notify", "Bank"]).exits(1);
    assert!(
        failed.stderr.contains("the session bus cannot be reached"),
        "{failed:?}"
    );
    // A counter stays where it is.
    let counted = random_key();
    home.add(&format!(
        "otpauth://hotp/Counted:me?secret={counted}&counter=5"
    ));
    home.ctl(&["notify", "Counted"]).exits(1);
    let listed = home.ctl(&["list", "Counted", "--json"]).exits(0).json();
    assert_eq!(listed[0]["counter"], 5);

    let _bus = start_bus(&home, Side::Session);
    let failed = home.ctl(&["notify", "Bank"]).exits(1);
    assert!(
        failed.stderr.contains("cannot show a notification"),
        "{failed:?}"
    );

    // One that has the name and never answers.
    let name = "org.freedesktop.Notifications";
    let server = start_mock(&home, Side::Session, name, &[name, "/", name]);
    server.stop();
    let asking = std::thread::scope(|scope| {
        let asking = scope.spawn(|| home.ctl(&["notify", "Bank"]));
        home.ctl(&["get", "Bank"]).exits(0);
        asking.join().unwrap()
    });
    let failed = asking.exits(1);
    assert!(failed.stderr.contains("does not answer"), "{failed:?}");
    drop(daemon);
}

/// Its text as it is shown, with the code in groups.
fn grouped(code: &str) -> String {
    format!("{} {}", &code[..3], &code[3..])
}

#[test]
fn a_notification_that_is_closed_by_hand_leaves_no_code_in_the_history() {
    let desk = desk("", "otpauth://totp/Bank:me?secret=KEY&period=86400");
    let home = &desk.home;
    home.ctl(&["notify", "Bank"]).exits(0);
    run(home.command("dunstctl").arg("close"), b"").exits(0);
    until("its last words", || {
        history(home).contains("The code is gone.").then_some(())
    });
    let code = oathtool_totp(&desk.key, "SHA1", 6, 86_400, wall());
    assert!(!history(home).contains(&grouped(&code)));
    until("its end", || (count(home, "displayed") == 0).then_some(()));
    // The next one is shown all the same.
    home.ctl(&["notify", "Bank"]).exits(0);
    assert_eq!(count(home, "displayed"), 1);
}

#[test]
fn a_server_that_is_started_anew_keeps_what_has_our_number_there() {
    let mut desk = desk("", "otpauth://totp/Bank:me?secret=KEY&period=86400");
    desk.home.ctl(&["notify", "Bank"]).exits(0);
    let (screen, server) = desk.dunst.take().unwrap();
    drop(server);
    desk.dunst = Some((screen, start_notices(&desk.home)));
    let home = &desk.home;
    let mut send = home.command("notify-send");
    run(send.args(["--print-id", "canary", "of somebody else"]), b"").exits(0);
    assert_eq!(count(home, "displayed"), 1);
    home.ctl(&["notify", "Bank"]).exits(0);
    assert_eq!(count(home, "displayed"), 2, "nothing was replaced");
    home.ctl(&["lock"]).exits(0);
    until("our end", || (count(home, "displayed") == 1).then_some(()));
    assert!(!history(home).contains("of somebody else"), "it was closed");
}

#[test]
fn a_server_that_answers_too_late_has_its_notification_taken_away() {
    let mut home = Home::with_vault();
    announce(&mut home, Side::Session);
    let _bus = start_bus(&home, Side::Session);
    let _daemon = Daemon::start(&home);
    home.unlock();
    let key = random_key();
    home.add(&format!("otpauth://totp/Bank:me?secret={key}&period=86400"));
    let name = "org.freedesktop.Notifications";
    let path = "/org/freedesktop/Notifications";
    let _server = start_mock(&home, Side::Session, name, &[name, path, name]);
    let mock = |rest: &[&str]| {
        let start = ["call", "--session", "--dest", name, "--object-path", path];
        gdbus(&home, &[&start[..], &["--method"], rest].concat())
    };
    let add = "org.freedesktop.DBus.Mock.AddMethod";
    mock(&[
        add,
        name,
        "GetCapabilities",
        "",
        "as",
        "ret = dbus.Array([], signature='s')",
    ]);
    mock(&[add, name, "CloseNotification", "u", "", ""]);
    // Slower than we wait the first time.
    let slow = "import time\nif args[1] == 0: time.sleep(4)\nret = 7";
    mock(&[add, name, "Notify", "susssasa{sv}i", "u", slow]);
    let failed = home.ctl(&["notify", "Bank"]).exits(1);
    assert!(failed.stderr.contains("does not answer"), "{failed:?}");
    let calls = "org.freedesktop.DBus.Mock.GetMethodCalls";
    until("what was shown too late is closed", || {
        let calls = mock(&[calls, "CloseNotification"]);
        calls.contains("[<uint32 7>]").then_some(())
    });
    // It was told that it is over before, in the place of the code.
    assert!(mock(&[calls, "Notify"]).contains("The code is gone."));
}

/// Has dunst's menu choose the line with a word.
fn choose(home: &Home, word: &str) {
    let path = home.home().join("menu");
    let script = format!("#!/bin/sh\ngrep -m1 '{word}'\n");
    crate::prompt::install(home, &path, &script);
    run(home.command("dunstctl").arg("context"), b"").exits(0);
}

#[test]
fn the_next_code_is_shown_and_the_first_copied_where_a_person_asks_for_it() {
    let mut home = Home::with_vault();
    announce(&mut home, Side::Session);
    let menu = home.home().join("menu");
    let configuration = home.home().join("dunstrc");
    home.write(
        &configuration,
        format!("[global]\ndmenu = {}\n", menu.display()),
    );
    let _bus = start_bus(&home, Side::Session);
    let _screen = start_screen(&mut home);
    let _dunst = start_notices_with(&home, &configuration);
    let _daemon = Daemon::start(&home);
    home.unlock();
    let key = random_key();
    home.add(&format!("otpauth://totp/Bank:me?secret={key}&period=86400"));
    let monitor = Monitor::start(&home);
    home.ctl(&["notify", "Bank"]).exits(0);
    choose(&home, "Next");
    let next = oathtool_totp(&key, "SHA1", 6, 86_400, wall() + 86_400);
    monitor.sees(&grouped(&next));
    monitor.sees("valid in ");
    until("one notification", || {
        (count(&home, "displayed") == 1).then_some(())
    });
    home.ctl(&["lock"]).exits(0);
    until("its end", || (count(&home, "displayed") == 0).then_some(()));
    let kept = history(&home);
    let first = oathtool_totp(&key, "SHA1", 6, 86_400, wall());
    assert!(!kept.contains(&grouped(&next)) && !kept.contains(&grouped(&first)));

    home.unlock();
    home.ctl(&["notify", "Bank"]).exits(0);
    choose(&home, "Copy");
    until("the code on the clipboard", || {
        let paste = ["-selection", "clipboard", "-out"];
        let pasted = run(home.command("xclip").args(paste), b"");
        (pasted.stdout == first).then_some(())
    });
}

#[test]
fn on_sway_a_bound_key_shows_the_code_through_mako_whose_history_has_none() {
    let mut home = Home::with_vault();
    announce(&mut home, Side::Session);
    let _bus = start_bus(&home, Side::Session);
    let bound = "bindsym Ctrl+Alt+g exec otpctl --no-start --prompt notify Bank\n";
    let _session = start_mako(&mut home, bound);
    let _daemon = Daemon::start(&home);
    home.unlock();
    let key = random_key();
    home.add(&format!("otpauth://totp/Bank:me?secret={key}&period=86400"));
    let told = |what: &str| run(home.command("makoctl").arg(what), b"").exits(0).stdout;
    let press = ["-M", "ctrl", "-M", "alt", "-k", "g"];
    run(home.command("wtype").args(press), b"").exits(0);
    let code = grouped(&oathtool_totp(&key, "SHA1", 6, 86_400, wall()));
    until("a notification", || {
        told("list").contains("Bank (me)").then_some(())
    });
    let monitor = Monitor::start(&home);
    home.ctl(&["notify", "Bank"]).exits(0);
    monitor.sees(&code);
    home.ctl(&["lock"]).exits(0);
    until("its end", || (!told("list").contains("Bank")).then_some(()));
    // What it would show again has the words that were put in the code's place, if it kept any.
    told("restore");
    assert!(!told("list").contains(&code), "{}", told("list"));
    run(home.command("makoctl").args(["dismiss", "--all"]), b"");
    // The history is where a code would be that isn't marked.
    let mut send = home.command("notify-send");
    run(send.args(["canary", "123 456"]), b"").exits(0);
    until("the canary", || {
        told("list").contains("canary").then_some(())
    });
    run(home.command("makoctl").args(["dismiss", "--all"]), b"").exits(0);
    until("its end", || {
        (!told("list").contains("canary")).then_some(())
    });
    told("restore");
    until("the canary", || {
        told("list").contains("123 456").then_some(())
    });
}
