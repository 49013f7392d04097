//! The services' own one-use codes, in the real programs.

use serde_json::json;

use crate::support::{Canary, Daemon, Home, PASSPHRASE, Terminal, programs, random_key};

const CODES: [&str; 3] = ["k3t7q-2m5nv-canary", "b4n8w-7x2pz-canary", "1234 5678"];

fn stocked() -> (Home, Daemon) {
    let home = Home::with_vault();
    let daemon = Daemon::start(&home);
    home.unlock();
    home.add(&format!("otpauth://totp/GitHub:me?secret={}", random_key()));
    let pasted = format!("1. {}\n2. {}\n3. {}\n", CODES[0], CODES[1], CODES[2]);
    let added = home
        .ctl_in(&["recovery-codes", "add", "github", "--json"], &pasted)
        .exits(0)
        .json();
    assert_eq!((&added["added"], &added["left"]), (&json!(3), &json!(3)));
    (home, daemon)
}

fn take(home: &Home) -> String {
    let taken = home.ctl(&["recovery-codes", "use", "github"]).exits(0);
    taken.line().to_owned()
}

#[test]
fn each_code_is_handed_out_once_over_restarts() {
    let (home, daemon) = stocked();
    assert_eq!(take(&home), CODES[0]);
    daemon.stop();
    let _daemon = Daemon::start(&home);
    home.ctl(&["recovery-codes", "use", "github"]).exits(5);
    home.unlock();
    assert_eq!(take(&home), CODES[1]);
    let last = home.ctl(&["recovery-codes", "use", "github"]).exits(0);
    assert_eq!(last.line(), CODES[2]);
    assert!(last.stderr.contains("get new ones"), "{last:?}");
    let none = home.ctl(&["recovery-codes", "use", "github"]).exits(3);
    assert_eq!(none.stdout, "");
}

#[test]
fn the_codes_are_in_no_file_no_log_and_no_list() {
    let (home, daemon) = stocked();
    take(&home);
    for args in [
        &["list", "--json"][..],
        &["show", "github", "--json"],
        &["show", "github"],
        &["recovery-codes", "list", "github"],
        &["recovery-codes", "list", "github", "--json"],
    ] {
        let told = format!("{:?}", home.ctl(args).exits(0));
        assert!(!told.contains("canary"), "{told}");
    }
    let show = ["recovery-codes", "list", "github", "--show"];
    let wrong = home.ctl_in(&show, "wrong").exits(6);
    assert!(!format!("{wrong:?}").contains("canary"), "{wrong:?}");
    // The control: they are there for who knows the passphrase.
    let shown = home.ctl_in(&show, PASSPHRASE).exits(0);
    assert_eq!(
        shown.stdout,
        format!("{}  used\n{}\n{}\n", CODES[0], CODES[1], CODES[2])
    );
    let said = daemon.stop();
    assert!(!format!("{said:?}").contains("canary"), "{said:?}");
    let canary = Canary::text("canary");
    assert!(canary.files(home.root()).is_empty());
}

#[test]
fn a_backup_and_an_export_bring_the_codes_with_their_marks() {
    let (home, _daemon) = stocked();
    take(&home);
    let (backup, list) = (home.home().join("backup"), home.home().join("list"));
    let (backup, list) = (backup.to_str().unwrap(), list.to_str().unwrap());
    home.ctl(&["backup", backup]).exits(0);
    home.ctl_in(&["export", list], PASSPHRASE).exits(0);
    let text = std::fs::read_to_string(list).unwrap();

    let other = Home::new();
    let _other = Daemon::start(&other);
    let there = other.home().join("backup");
    other.write(&there, std::fs::read(backup).unwrap());
    other
        .ctl_in(
            &["restore-backup", there.to_str().unwrap()],
            home.recovery(),
        )
        .exits(0);
    assert_eq!(take(&other), CODES[1]);

    let third = Home::with_vault();
    let _third = Daemon::start(&third);
    third.unlock();
    let there = third.home().join("list");
    third.write(&there, text);
    third.ctl(&["import", there.to_str().unwrap()]).exits(0);
    assert_eq!(take(&third), CODES[1]);
}

#[test]
fn a_person_pastes_the_codes_without_echo() {
    let (home, _daemon) = stocked();
    let otpctl = programs().join("otpctl");
    let args = ["--no-start", "recovery-codes", "add", "github", "--replace"];
    let mut terminal = Terminal::start(&home, otpctl.to_str().unwrap(), &args);
    terminal.expect("GitHub (me)");
    terminal.expect("empty line ends): ");
    for line in ["a-pasted-code", "and-another", ""] {
        terminal.enter(line);
    }
    let (status, screen) = terminal.finish();
    assert!(status.success(), "{screen}");
    assert!(screen.contains("left: 2 of 2"), "{screen}");
    assert!(!screen.contains("pasted"), "{screen}");
    assert_eq!(take(&home), "a-pasted-code");
}
