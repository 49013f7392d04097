//! Changing, removing and bringing back.

use crate::support::{Daemon, Home, oathtool_hotp, random_key};

#[test]
fn edit_changes_what_was_named_and_keeps_the_rest() {
    let (home, daemon) = Daemon::unlocked();
    let key = random_key();
    let id = home.add(&format!(
        "otpauth://hotp/Old:me?secret={key}&counter=3&x-otpd-tag=a"
    ));
    home.ctl(&[
        "edit",
        &id,
        "--issuer",
        "新しい名前",
        "--digits",
        "8",
        "--counter",
        "9",
        "--note",
        "memo",
    ])
    .exits(0);
    daemon.stop();
    let _daemon = Daemon::start(&home);
    home.unlock();
    let shown = home.ctl(&["show", &id, "--json"]).exits(0).json();
    assert_eq!(
        (&shown["issuer"], &shown["account"]),
        (&"新しい名前".into(), &"me".into())
    );
    assert_eq!(
        (&shown["digits"], &shown["counter"]),
        (&8.into(), &9.into())
    );
    assert_eq!(
        (&shown["note"], &shown["tags"]),
        (&"memo".into(), &serde_json::json!(["a"]))
    );
    assert_eq!(
        home.ctl(&["get", &id]).exits(0).line(),
        oathtool_hotp(&key, 8, 9)
    );
}

#[test]
fn a_removed_entry_waits_in_the_trash_and_comes_back() {
    let (home, _daemon) = Daemon::unlocked();
    let id = home.add(&format!("otpauth://totp/GitHub:me?secret={}", random_key()));
    home.ctl(&["remove", "github"]).exits(0);
    home.ctl(&["get", "github"]).exits(3);
    assert_eq!(
        home.ctl(&["list", "--json"]).exits(0).json(),
        serde_json::json!([])
    );
    home.ctl(&["restore", &id]).exits(0);
    home.ctl(&["get", "github"]).exits(0);
    home.ctl(&["restore", "tr-99"]).exits(3);
}

#[test]
fn a_purged_key_is_gone_from_the_vault_and_every_backup() {
    let (home, daemon) = Daemon::unlocked();
    let kept = random_key();
    let purged = random_key();
    home.add(&format!("otpauth://totp/Kept:me?secret={kept}"));
    home.add(&format!("otpauth://totp/Purged:me?secret={purged}"));
    // Changes after it, so that backups hold it.
    home.ctl(&["edit", "kept", "--note", "one"]).exits(0);
    home.ctl(&["edit", "kept", "--note", "two"]).exits(0);
    let opened = |home: &Home| crate::interop::decrypted(home);
    let holding = |texts: &[String], key: &str| texts.iter().filter(|t| t.contains(key)).count();
    let before = opened(&home);
    assert!(
        holding(&before, &purged) >= 2,
        "the vault and a backup hold it before"
    );

    home.ctl(&["remove", "purged", "--purge", "--yes"]).exits(0);
    let after = opened(&home);
    assert_eq!(holding(&after, &purged), 0);
    assert!(holding(&after, &kept) >= 2, "backups keep the others");
    home.ctl(&["get", "kept"]).exits(0);
    daemon.stop();
}
