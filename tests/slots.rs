//! The ways to open the vault, each without the others, in the real programs.

use std::fs;

use serde_json::json;

use crate::interop::{decrypted, identity};
use crate::support::{Daemon, Home, PASSPHRASE, files_below, random_key, run};

/// An unlocked vault with one entry.
fn stocked() -> (Home, Daemon, String) {
    let home = Home::with_vault();
    let daemon = Daemon::start(&home);
    home.unlock();
    let key = random_key();
    home.add(&format!("otpauth://totp/GitHub:me?secret={key}"));
    (home, daemon, key)
}

/// Locks, and opens with what is typed.
#[track_caller]
fn opens_with(home: &Home, typed: &str) {
    home.ctl(&["lock"]).exits(0);
    home.ctl_in(&["unlock"], typed).exits(0);
    home.ctl(&["get", "github"]).exits(0);
}

#[test]
fn without_the_passphrase_s_file_the_recovery_key_opens_the_vault_and_makes_it_again() {
    let (home, _daemon, _) = stocked();
    fs::remove_file(home.data().join("identity.age")).unwrap();
    let listed = home.ctl(&["slots", "list", "--json"]).exits(0).json();
    assert_eq!(listed, json!([{"name": "recovery", "kind": "recovery"}]));
    home.ctl(&["lock"]).exits(0);
    let refused = home.ctl_in(&["unlock"], PASSPHRASE).exits(1);
    assert!(
        refused.stderr.contains("identity.age is missing"),
        "{refused:?}"
    );
    let recovery = home.recovery().to_owned();
    opens_with(&home, &recovery);
    let last = home.ctl_in(&["slots", "remove", "recovery"], &recovery);
    assert!(last.exits(6).stderr.contains("the last slot"));
    home.ctl_in(&["passwd"], &format!("{recovery}\n{PASSPHRASE}"))
        .exits(0);
    home.ctl_in(&["slots", "test", "passphrase"], PASSPHRASE)
        .exits(0);
    home.ctl_in(&["slots", "test", "passphrase"], &recovery)
        .exits(6);
    home.ctl_in(&["slots", "remove", "recovery"], PASSPHRASE)
        .exits(0);
    opens_with(&home, PASSPHRASE);
}

#[test]
fn a_new_recovery_key_opens_the_vault_here_and_in_age_and_the_old_one_does_not() {
    let (home, _daemon, key) = stocked();
    let sheet = home.home().join("sheet.txt");
    let path = sheet.to_str().unwrap();
    let told = home
        .ctl_in(&["recovery-key", "print", path], PASSPHRASE)
        .exits(0);
    let written = fs::read_to_string(&sheet).unwrap();
    let is_key = |line: &&str| line.len() == 41 && line.matches('-').count() == 6;
    let new = written.lines().find(is_key).unwrap();
    assert!(!format!("{told:?}").contains(new));
    opens_with(&home, new);
    home.ctl(&["lock"]).exits(0);
    home.ctl_in(&["unlock"], home.recovery()).exits(6);
    let identity = identity(&home, "recovery.age", new);
    let mut age = home.command("age");
    age.args(["-d", "-i", &identity]).arg(home.vault());
    assert!(run(&mut age, b"").exits(0).stdout.contains(&key));
}

#[test]
fn a_rekeyed_vault_is_opened_by_age_with_nothing_old() {
    let (home, daemon, key) = stocked();
    let before = identity(&home, "identity.age", PASSPHRASE);
    let old = fs::read_to_string(&before).unwrap();
    fs::remove_file(before).unwrap();
    let rekeyed = home
        .ctl_in(&["rekey", "--drop-backups"], PASSPHRASE)
        .exits(0);
    let recovery = rekeyed.line().to_owned();
    // But the new vault's own copy.
    assert_eq!(files_below(&home.data().join("backups")).len(), 1);
    // What was open is open, and the next change is written under the new identity.
    home.ctl(&["get", "github"]).exits(0);
    home.add(&format!("otpauth://totp/Bank:me?secret={}", random_key()));
    opens_with(&home, PASSPHRASE);
    opens_with(&home, &recovery);
    home.ctl(&["lock"]).exits(0);
    home.ctl_in(&["unlock"], home.recovery()).exits(6);
    daemon.stop();
    let texts = decrypted(&home);
    assert_eq!(
        texts.len(),
        3,
        "the vault, the one before the last change, today's copy"
    );
    assert!(texts.iter().all(|text| text.contains(&key)));
    let path = home.home().join("old.txt");
    home.write(&path, old);
    let mut age = home.command("age");
    age.args(["-d", "-i"]).arg(path).arg(home.vault());
    assert!(!run(&mut age, b"").status.success());
}
