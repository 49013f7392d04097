//! Backups that are made by themselves, and the reminder of those that aren't.

use std::fs;
use std::path::Path;

use crate::support::{Daemon, Home, PASSPHRASE, files_below, random_key};

/// The texts in the user's folder.
fn texts(folder: &Path) -> Vec<String> {
    let files = files_below(folder).into_iter();
    files
        .map(|file| fs::read_to_string(file).unwrap())
        .collect()
}

#[test]
fn every_change_goes_to_the_users_folder_and_restores_on_a_new_machine() {
    let home = Home::with_vault();
    let stick = home.root().join("stick");
    home.make_dir(&stick);
    home.configure(&format!("[backup]\nfolder = '{}'\n", stick.display()));
    let daemon = Daemon::start(&home);
    home.unlock();
    home.add(&format!("otpauth://totp/x?secret={}", random_key()));
    home.add(&format!("otpauth://totp/y?secret={}", random_key()));
    // The end of the agent waits for the copies that are due.
    daemon.stop();
    let texts = texts(&stick);
    assert_eq!(texts.len(), 1, "one a day");

    let other = Home::new();
    let _daemon = Daemon::start(&other);
    let file = other.home().join("backup.txt");
    other.write(&file, &texts[0]);
    let args = ["restore-backup", "--yes", file.to_str().unwrap()];
    other.ctl_in(&args, PASSPHRASE).exits(0);
    let codes = |home: &Home| {
        let listed = home.ctl(&["list", "--json"]).exits(0).json();
        listed.as_array().unwrap().len()
    };
    assert_eq!(codes(&other), 2);
}

#[test]
fn a_folder_that_is_away_is_told_and_no_change_fails_for_it() {
    let home = Home::with_vault();
    let stick = home.root().join("stick");
    home.configure(&format!("[backup]\nfolder = '{}'\n", stick.display()));
    let mut daemon = Daemon::start(&home);
    home.unlock();
    daemon.wait_for("no new copy of the vault in the backup folder");
    home.add(&format!("otpauth://totp/x?secret={}", random_key()));
    home.ctl(&["get", "x"]).exits(0);
    let told = home.ctl(&["status"]).exits(0).stderr;
    assert!(told.contains(stick.to_str().unwrap()), "{told}");
    assert!(!stick.exists(), "nothing is made in its place");
    let said = daemon.stop();
    let said = said.iter().filter(|line| line.contains("backup folder"));
    assert_eq!(said.count(), 1, "the log says it once");

    home.make_dir(&stick);
    let daemon = Daemon::start(&home);
    home.unlock();
    daemon.stop();
    assert_eq!(texts(&stick).len(), 1, "the next unlock makes up for it");
}

#[test]
fn doctor_opens_the_newest_backup_and_says_which() {
    let home = Home::with_vault();
    let daemon = Daemon::start(&home);
    let check = || {
        let told = home.ctl(&["doctor", "--json"]).json();
        let checks = told.as_array().unwrap().clone();
        let backup = checks.into_iter().find(|check| check["check"] == "backup");
        backup.unwrap()
    };
    assert_eq!(check()["state"], "unknown", "locked");
    home.unlock();
    home.add(&format!("otpauth://totp/x?secret={}", random_key()));
    let found = check();
    assert_eq!(found["state"], "ok", "{found}");
    assert!(found["message"].as_str().unwrap().contains(".age opens"));
    // The end of the agent waits for the copy that is due.
    daemon.stop();
    let daemon = Daemon::start(&home);
    home.unlock();
    for file in files_below(&home.data().join("backups")) {
        home.write(&file, "spoilt");
    }
    let found = check();
    assert_eq!(found["state"], "problem", "{found}");
    assert!(found["message"].as_str().unwrap().contains("does not open"));
    daemon.stop();
}

#[test]
fn what_is_written_to_a_pipe_or_another_disk_is_a_copy_outside_and_on_the_vaults_disk_none() {
    let home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    home.unlock();
    home.add(&format!("otpauth://totp/x?secret={}", random_key()));
    let age = || home.ctl(&["status", "--json"]).exits(0).json()["copy_age"].clone();
    let file = home.home().join("own.txt");
    let made = home
        .ctl(&["backup", "--json", file.to_str().unwrap()])
        .exits(0)
        .json();
    assert_eq!(
        (made["entries"].as_u64(), made["verified"].as_bool()),
        (Some(1), Some(true))
    );
    assert_eq!(made["bytes"], fs::metadata(&file).unwrap().len());
    assert_eq!(made["outside"], false);
    assert!(age().is_null());
    // A test's standard output is a pipe.
    home.ctl(&["backup", "-"]).exits(0);
    assert!(age().is_number());
}

#[test]
fn a_mistake_is_undone_by_one_command_and_that_by_the_one_it_names() {
    let home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    home.unlock();
    let keys = [random_key(), random_key(), random_key()];
    home.add(&format!("otpauth://totp/A:a?issuer=A&secret={}", keys[0]));
    home.add(&format!("otpauth://hotp/B:b?issuer=B&secret={}", keys[1]));
    let first = home.ctl(&["get", "B"]).exits(0).stdout;
    // The mistake.
    home.ctl(&["edit", "A", "--issuer", "Other"]).exits(0);
    // The copy of the day comes a moment after the last write, and then the one that it replaces
    // goes.
    let listed = (0..1000)
        .find_map(|_| {
            let shown = home.ctl(&["backups", "list"]).exits(0).stdout;
            let listed = home.ctl(&["backups", "list", "--json"]).exits(0).json();
            let settled = listed[0]["current"] == true
                && listed.as_array().unwrap().len() == shown.lines().count()
                && shown.starts_with(listed[0]["name"].as_str().unwrap());
            settled.then_some(listed)
        })
        .expect("no copy of the last write, or no end of its making");
    let now = listed[0]["generation"].as_u64().unwrap();
    assert!(listed[0]["written"].is_u64() && listed[0]["bytes"].is_u64());

    let preview = ["restore-backup", "--from", "last", "--dry-run"];
    let told = home.ctl(&preview).exits(0).stderr;
    for words in [
        format!("The backup: generation {} of ", now - 1),
        format!("the vault now: generation {now} of "),
        "Otherwise in the backup:".into(),
        "Other  a  issuer".into(),
    ] {
        assert!(told.contains(&words), "{words}: {told}");
    }
    let preview = home.ctl(&[&preview[..], &["--json"]].concat()).exits(0);
    assert!(!keys.iter().any(|key| preview.stdout.contains(key)));
    let preview = preview.json();
    assert_eq!(preview["changed"][0]["before"]["issuer"], "Other");
    assert_eq!(preview["changed"][0]["after"]["issuer"], "A");
    assert_eq!(preview["present"]["generation"], now);
    home.ctl(&["get", "Other"]).exits(0);

    // Without a person it must be meant.
    home.ctl(&["restore-backup", "--from", "last"]).exits(2);
    let undone = ["restore-backup", "--from", "last", "--yes"];
    let undone = home.ctl(&undone).exits(0).stderr;
    home.ctl(&["get", "A"]).exits(0);
    home.ctl(&["get", "Other"]).exits(3);
    let second = home.ctl(&["get", "B"]).exits(0).stdout;
    assert_ne!(first, second, "a counter never goes back");

    // Away with an entry, and back to what the line has named.
    home.ctl(&["remove", "A", "--yes"]).exits(0);
    let (_, command) = undone.trim_end().split_once("to undo: otpctl ").unwrap();
    let mut args: Vec<&str> = command.split(' ').collect();
    let told = home
        .ctl(&[&args[..], &["--dry-run"]].concat())
        .exits(0)
        .stderr;
    assert!(
        told.contains("Not in the vault now, but in the backup:"),
        "{told}"
    );
    args.push("--yes");
    home.ctl(&args).exits(0);
    home.ctl(&["get", "Other"]).exits(0);
    let third = home.ctl(&["get", "B"]).exits(0).stdout;
    assert!(third != first && third != second);
    let status = home.ctl(&["status", "--json"]).exits(0).json();
    assert_eq!(status["rollback"], false);

    home.ctl(&["restore-backup", "--from", "nothing.age", "--yes"])
        .exits(3);
    home.ctl(&["restore-backup", "--yes"]).exits(2);
    home.ctl(&["restore-backup", "x", "--from", "last", "--yes"])
        .exits(2);
    home.ctl(&["lock"]).exits(0);
    home.ctl(&["restore-backup", "--from", "last", "--yes"])
        .exits(5);
    home.ctl(&["backups", "list"]).exits(0);
}

#[test]
fn a_backup_from_before_a_rekey_asks_for_what_opened_it() {
    let home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    home.unlock();
    home.add(&format!("otpauth://totp/A:a?secret={}", random_key()));
    home.ctl_in(&["rekey"], PASSPHRASE).exits(0);
    let listed = home.ctl(&["backups", "list", "--json"]).exits(0).json();
    let mut listed = listed.as_array().unwrap().iter();
    let old = listed.find(|backup| backup["current"].is_null()).unwrap();
    let args = [
        "restore-backup",
        "--yes",
        "--from",
        old["name"].as_str().unwrap(),
    ];
    home.ctl_in(&args, "wrong").exits(6);
    home.ctl_in(&args, home.recovery()).exits(0);
    home.ctl(&["get", "A"]).exits(0);
    home.ctl(&["lock"]).exits(0);
    home.ctl_in(&["unlock"], home.recovery()).exits(0);
}
