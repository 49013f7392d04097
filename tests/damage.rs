//! Damaged files: what a person sees of it with the real programs, and what is still there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Daemon, Home, Outcome, PASSPHRASE, random_key, random_number};

fn unlock(home: &Home) -> Outcome {
    home.ctl_in(&["unlock"], PASSPHRASE)
}

/// A vault with an entry, which has its dated copy: the unlock after a change makes the one that is
/// missing.
fn ready() -> Home {
    let home = Home::with_vault();
    let daemon = Daemon::start(&home);
    home.unlock();
    home.add(&format!("otpauth://totp/x?secret={}", random_key()));
    daemon.stop();
    let daemon = Daemon::start(&home);
    unlock(&home).exits(0);
    daemon.stop();
    home
}

fn damaged(home: &Home) -> Vec<PathBuf> {
    let files = fs::read_dir(home.data().join("damaged"));
    let files = files.into_iter().flatten();
    files.map(|file| file.unwrap().path()).collect()
}

/// Spoils a file, and sees that it is told, that nothing is missing and that it is kept.
fn costs_nothing(home: &Home, path: &Path, bytes: &[u8]) {
    home.write(path, bytes);
    let daemon = Daemon::start(home);
    let told = unlock(home).exits(0).stderr;
    let file = damaged(home).swap_remove(0);
    for words in [
        "took its place",
        "no change is missing",
        file.to_str().unwrap(),
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(fs::read(&file).unwrap(), bytes, "kept as it was");
    home.ctl(&["get", "x"]).exits(0);
    for verb in ["status", "doctor"] {
        let told = home.ctl(&[verb]);
        let told = told.stdout + &told.stderr;
        assert!(told.contains("took its place"), "{verb}: {told}");
    }
    daemon.stop();
    // And from then on as if nothing had been, but that the file is still spoken of.
    let daemon = Daemon::start(home);
    let told = unlock(home).exits(0).stderr;
    assert!(told.contains("files set aside are kept") && !told.contains("took its place"));
    home.ctl(&["get", "x"]).exits(0);
    daemon.stop();
    fs::remove_dir_all(home.data().join("damaged")).unwrap();
}

#[test]
fn a_vault_with_a_flipped_byte_or_cut_off_is_replaced_by_its_copy_and_people_are_told() {
    let home = ready();
    let vault = home.vault();
    let whole = fs::read(&vault).unwrap();
    let length = whole.len();
    // Every position is tried on the reader itself; here one of header, payload and anywhere.
    let anywhere = random_number(length.try_into().unwrap());
    for place in [30, length - 1, anywhere] {
        let mut bytes = whole.clone();
        bytes[place] ^= 1;
        costs_nothing(&home, &vault, &bytes);
        assert_eq!(fs::read(&vault).unwrap(), whole, "byte {place}");
    }
    for rest in [0, length / 2] {
        costs_nothing(&home, &vault, &whole[..rest]);
    }
    // The control: the whole file opens without a word.
    let _daemon = Daemon::start(&home);
    assert_eq!(unlock(&home).exits(0).stderr.matches("warning").count(), 0);
}

#[test]
fn where_no_backup_opens_a_persons_own_takes_the_place_of_a_vault_that_stays_locked() {
    let home = ready();
    let file = home.home().join("own.txt");
    let file = file.to_str().unwrap();
    let daemon = Daemon::start(&home);
    home.ctl(&["backup", file]).exits(0);
    // The control: a whole vault isn't replaced unopened.
    home.ctl_in(&["restore-backup", "--yes", file], PASSPHRASE)
        .exits(5);
    daemon.stop();
    fs::remove_dir_all(home.data().join("backups")).unwrap();
    for path in [home.vault(), home.data().join("identity.age")] {
        home.write(&path, "spoilt");
    }
    let _daemon = Daemon::start(&home);
    let refused = unlock(&home).exits(1).stderr;
    assert!(refused.contains("is damaged"), "{refused}");
    assert_eq!(
        home.ctl(&["status", "--json"]).exits(0).json()["damaged"],
        true
    );
    home.ctl_in(&["restore-backup", "--yes", file], PASSPHRASE)
        .exits(0);
    home.ctl(&["get", "x"]).exits(0);
    let kept = damaged(&home).into_iter();
    let kept = kept.filter(|path| fs::read(path).unwrap() == b"spoilt");
    assert_eq!(kept.count(), 2);
}

/// The command of a hint, without the program's name.
fn hinted(outcome: &Outcome) -> Vec<String> {
    let hint = outcome.stderr.lines().find_map(|line| {
        let command = line.strip_prefix("hint: otpctl ")?;
        Some(command.split(' ').map(str::to_owned).collect())
    });
    hint.unwrap_or_else(|| panic!("no hint: {}", outcome.stderr))
}

#[test]
fn of_several_vaults_each_is_told_and_the_line_of_the_hint_keeps_ours() {
    let (home, other) = (ready(), ready());
    let (own, foreign) = (home.vault(), other.vault());
    let foreign = fs::read(foreign).unwrap();
    let beside = own.with_file_name("aaaaaaab.age");
    let _daemon = Daemon::start(&home);
    // The templates of homes share one identity: another one's is none that opens.
    let mut spoilt = foreign.clone();
    *spoilt.last_mut().unwrap() ^= 1;
    home.write(&beside, &spoilt);
    let refused = unlock(&home).exits(1);
    for words in [
        "more than one vault",
        "aaaaaaab (damaged, or of another identity)",
        "1 entries)",
    ] {
        assert!(
            refused.stderr.contains(words),
            "{words}: {}",
            refused.stderr
        );
    }
    home.ctl(&["doctor"]).exits(1);
    home.ctl(&["backup", "-"]).exits(1);
    let command = hinted(&refused);
    assert_eq!(command[..2], ["unlock", "--vault"]);
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    home.ctl_in(&command, "wrong").exits(6);
    assert!(beside.exists());
    let told = home.ctl_in(&command, PASSPHRASE).exits(0).stderr;
    assert!(told.contains("another vault is kept as"), "{told}");
    home.ctl(&["get", "x"]).exits(0);
    assert_eq!(home.vault(), own);
    assert_eq!(fs::read(&damaged(&home)[0]).unwrap(), spoilt);
    home.ctl_in(&["unlock", "--vault", "aaaaaaac"], PASSPHRASE)
        .exits(0);
    home.ctl(&["lock"]).exits(0);
    home.ctl_in(&["unlock", "--vault", "aaaaaaac"], PASSPHRASE)
        .exits(3);
}

#[test]
fn a_vault_file_that_is_gone_is_put_back_by_the_line_of_the_hint_and_not_before() {
    let home = ready();
    let vault = home.vault();
    let away = home.home().join("away");
    let _daemon = Daemon::start(&home);
    fs::rename(&vault, &away).unwrap();
    let refused = unlock(&home).exits(1);
    assert!(
        refused.stderr.contains("there is no vault in"),
        "{}",
        refused.stderr
    );
    let command = hinted(&refused);
    // Its disk is back.
    fs::rename(&away, &vault).unwrap();
    unlock(&home).exits(0);
    home.ctl(&["get", "x"]).exits(0);
    home.ctl(&["lock"]).exits(0);
    fs::remove_file(&vault).unwrap();
    unlock(&home).exits(1);
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    let looked = home.ctl_in(&[&command[..], &["--dry-run"]].concat(), PASSPHRASE);
    assert!(looked.exits(0).stderr.contains("Entries in the backup: 1"));
    home.ctl_in(&[&command[..], &["--yes"]].concat(), PASSPHRASE)
        .exits(0);
    home.ctl(&["get", "x"]).exits(0);
    assert!(vault.exists());
}
