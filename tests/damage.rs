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
    assert!(told.contains("damaged files are kept") && !told.contains("took its place"));
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
