//! Notifications, by dunst on an X server of our own.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::prompt::until;
use crate::support::{
    Daemon, Home, Process, Saver, Side, announce, oathtool_totp, random_key, run, start_bus,
    start_dunst, start_mock, wall,
};

/// A screen, a bus and a notification server; an unlocked agent with one entry.
struct Desk {
    home: Home,
    key: String,
    daemon: Daemon,
    _bus: Process,
    _dunst: (Process, Process),
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
        _dunst: dunst,
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
