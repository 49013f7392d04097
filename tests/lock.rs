//! Locked and unlocked, passphrases right and wrong.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use crate::support::{Daemon, Home, PASSPHRASE, Terminal, programs, random_key};

#[test]
fn a_locked_vault_refuses_at_once_and_unlocks_from_stdin() {
    let home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    assert_eq!(
        home.ctl(&["status", "--json"]).exits(0).json()["locked"],
        true
    );
    for verb in [
        &["get", "x"][..],
        &["show", "x"],
        &["remove", "x"],
        &["edit", "x", "--note", "n"],
    ] {
        let refused = home.ctl(verb).exits(5);
        assert_eq!(refused.stdout, "");
        assert!(refused.stderr.starts_with("otpctl: "), "{refused:?}");
    }
    home.ctl_in(&["unlock"], PASSPHRASE).exits(0);
    let status = home.ctl(&["status", "--json"]).exits(0).json();
    assert_eq!(status["locked"], false);
    for key in ["version", "protocol", "pid", "memory", "rollback"] {
        assert!(status.get(key).is_some(), "{key}: {status}");
    }
    home.add(&format!("otpauth://totp/x?secret={}", random_key()));
    home.ctl(&["get", "x"]).exits(0);
    home.ctl(&["lock"]).exits(0);
    home.ctl(&["get", "x"]).exits(5);
}

#[test]
fn without_a_vault_everything_says_so_and_init_makes_one() {
    let home = Home::new();
    let _daemon = Daemon::start(&home);
    home.ctl(&["get", "x"]).exits(5);
    home.ctl_in(&["unlock"], "anything").exits(5);
    // A passphrase in Japanese is one like any other.
    let made = home.ctl_in(&["init"], "正しい馬の電池").exits(0);
    assert!(
        otp_proto::RecoveryKey::parse(made.line()).is_ok(),
        "{made:?}"
    );
    assert_eq!(
        home.ctl(&["status", "--json"]).exits(0).json()["locked"],
        false
    );
    home.ctl(&["lock"]).exits(0);
    home.ctl_in(&["unlock"], made.line()).exits(0);
    let again = home.ctl_in(&["init"], "other").exits(1);
    assert_eq!(again.stdout, "");
}

#[test]
fn a_wrong_passphrase_is_refused_clearly_and_slows_only_its_own_connection() {
    let home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    let refused = home.ctl_in(&["unlock"], "wrong").exits(6);
    assert!(refused.stderr.contains("passphrase"), "{refused:?}");
    home.ctl(&["get", "x"]).exits(5);

    home.unlock();
    home.add(&format!("otpauth://totp/x?secret={}", random_key()));
    home.ctl(&["lock"]).exits(0);
    let mut wrong = home.connect();
    let mut times = Vec::new();
    for _ in 0..4 {
        let start = Instant::now();
        assert_eq!(
            wrong.refused("unlock", json!({"passphrase": "wrong"})),
            "denied"
        );
        times.push(start.elapsed());
        assert_eq!(wrong.ok("status", json!({}))["locked"], true);
    }
    // The fourth's delay is more than a derivation takes, except on a very slow machine; how it
    // grows is proved on the virtual clock.
    assert!(times[3] >= Duration::from_millis(1600), "{times:?}");

    // While a refusal is held back, another connection unlocks and is served.
    wrong.ask("unlock", &json!({"passphrase": "wrong"}));
    home.unlock();
    let start = Instant::now();
    home.connect().ok("get", json!({"query": "x"}));
    assert!(
        start.elapsed() < Duration::from_millis(500),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn passwd_changes_the_passphrase_and_the_recovery_key_stays() {
    let home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    home.ctl_in(&["passwd"], &format!("{PASSPHRASE}\nanother one"))
        .exits(0);
    home.ctl(&["lock"]).exits(0);
    home.ctl_in(&["unlock"], PASSPHRASE).exits(6);
    home.ctl_in(&["unlock"], "another one").exits(0);
    home.ctl(&["lock"]).exits(0);
    home.ctl_in(&["unlock"], home.recovery()).exits(0);
}

#[test]
fn a_terminal_is_asked_and_shows_nothing_of_the_passphrase() {
    let home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    let otpctl = programs().join("otpctl");
    let mut terminal = Terminal::start(&home, otpctl.to_str().unwrap(), &["unlock"]);
    terminal.expect(":");
    terminal.enter(PASSPHRASE);
    let (status, screen) = terminal.finish();
    assert!(status.success(), "{screen}");
    assert!(!screen.contains("horse"), "{screen}");
    assert_eq!(
        home.ctl(&["status", "--json"]).exits(0).json()["locked"],
        false
    );
}

#[test]
fn what_is_typed_while_a_passphrase_is_being_tried_is_not_shown_and_counts() {
    let home = Home::with_slow_vault();
    let _daemon = Daemon::start(&home);
    let otpctl = programs().join("otpctl");
    let mut terminal = Terminal::start(&home, otpctl.to_str().unwrap(), &["unlock"]);
    terminal.expect(":");
    terminal.enter("wrong");
    // The line ends when it was taken, and trying it takes long.
    terminal.expect("\n");
    terminal.enter(PASSPHRASE);
    let (status, screen) = terminal.finish();
    assert!(status.success(), "{screen}");
    assert!(!screen.contains("horse"), "{screen}");
    assert!(screen.contains("wrong passphrase"), "{screen}");
}

#[test]
fn who_gives_up_while_a_passphrase_is_being_tried_gets_a_terminal_that_shows_what_is_typed() {
    let home = Home::with_slow_vault();
    let _daemon = Daemon::start(&home);
    let script = "trap : INT; otpctl --no-start unlock; echo status $?; stty -a";
    let mut terminal = Terminal::start(&home, "sh", &["-c", script]);
    terminal.expect(":");
    terminal.enter("wrong");
    terminal.expect("\n");
    terminal.press(b"\x03");
    let (_, screen) = terminal.finish();
    assert!(screen.contains("status 143"), "{screen}");
    assert!(!screen.contains("wrong passphrase"), "{screen}");
    let words: Vec<&str> = screen.split_whitespace().collect();
    assert!(
        words.contains(&"echo") && words.contains(&"icanon"),
        "{screen}"
    );
}

#[test]
fn a_signal_locks_and_another_stops() {
    let home = Home::with_vault();
    let daemon = Daemon::start(&home);
    home.unlock();
    let mut line = home.connect();
    line.ok("subscribe", json!({}));
    daemon.signal(Signal::USR1);
    assert!(line.read().unwrap().contains("locked"));
    home.ctl(&["get", "x"]).exits(5);
    daemon.stop();
    assert!(!home.socket().exists());
    home.ctl(&["status"]).exits(7);
}

#[test]
fn an_idle_vault_and_one_open_for_too_long_lock_by_themselves() {
    for limit in ["idle = \"1s\"", "max = \"1s\""] {
        let home = Home::with_vault();
        home.configure(&format!("[lock]\n{limit}\n"));
        let _daemon = Daemon::start(&home);
        let mut line = home.connect();
        line.ok("subscribe", json!({}));
        home.unlock();
        let start = Instant::now();
        assert!(line.read().unwrap().contains("\"unlocked\""));
        assert!(line.read().unwrap().contains("\"locked\""));
        let took = start.elapsed();
        assert!((900..2000).contains(&took.as_millis()), "{limit}: {took:?}");
        home.ctl(&["get", "x"]).exits(5);
    }
}

#[test]
fn a_lock_for_a_time_refuses_even_the_passphrase_until_it_is_taken_back() {
    let (home, _daemon) = Daemon::unlocked();
    home.ctl(&["lock", "--for", "8h"]).exits(0);
    let refused = home.ctl_in(&["unlock"], PASSPHRASE).exits(6);
    assert!(refused.stderr.contains("for another "), "{refused:?}");
    let params = json!({"passphrase": PASSPHRASE});
    assert_eq!(home.connect().refused("unlock", params), "refused");
    let status = home.ctl(&["status", "--json"]).exits(0).json();
    assert!(status["unlock_in"].as_u64().unwrap() > 28_700, "{status}");
    home.ctl(&["lock", "--for", "0"]).exits(0);
    home.ctl_in(&["unlock"], PASSPHRASE).exits(0);
}

#[test]
fn a_lock_for_a_time_outlives_the_agent_however_it_ends() {
    let (home, daemon) = Daemon::unlocked();
    home.ctl(&["lock", "--for", "8h"]).exits(0);
    daemon.stop();
    let shut = || home.ctl(&["status", "--json"]).exits(0).json()["unlock_in"].as_u64();
    let daemon = Daemon::start(&home);
    assert!((28_700..=28_800).contains(&shut().unwrap()), "{:?}", shut());
    home.ctl_in(&["unlock"], PASSPHRASE).exits(6);
    daemon.signal(Signal::KILL);
    drop(daemon);
    let daemon = Daemon::start(&home);
    assert!((28_700..=28_800).contains(&shut().unwrap()), "{:?}", shut());
    assert_eq!(home.connect().refused("unlock.auto", json!({})), "refused");
    // A file of another boot counts by the wall clock, and one that is damaged not at all.
    daemon.stop();
    let file = home.state().join("shut");
    let text = std::fs::read_to_string(&file).unwrap();
    home.write(&file, text.replace("in ", "in another-"));
    let daemon = Daemon::start(&home);
    assert!((28_700..=28_800).contains(&shut().unwrap()), "{:?}", shut());
    home.ctl(&["lock", "--for", "0"]).exits(0);
    assert!(!file.exists());
    daemon.stop();
    home.write(&file, text.replace("end", "and"));
    let _daemon = Daemon::start(&home);
    assert_eq!(shut(), None);
    home.ctl_in(&["unlock"], PASSPHRASE).exits(0);
}
