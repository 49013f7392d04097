//! Lists in and out, backups there and back.

use serde_json::json;

use crate::support::{Daemon, Home, PASSPHRASE, oathtool_hotp, random_key};

#[test]
fn an_import_is_one_write_and_a_dry_run_none() {
    let (home, _daemon) = Daemon::unlocked();
    let list = home.home().join("list.txt");
    let uris: Vec<_> = (0..20)
        .map(|n| format!("otpauth://totp/s{n}:a?secret={}", random_key()))
        .collect();
    home.write(&list, uris.join("\n"));
    let list = list.to_str().unwrap();
    let before = std::fs::read(home.vault()).unwrap();
    home.ctl(&["import", list, "--dry-run"]).exits(0);
    assert_eq!(std::fs::read(home.vault()).unwrap(), before);
    let backups = || {
        let kept = crate::support::files_below(&home.data().join("backups"));
        // Dated copies come and go a moment later.
        let name = |path: &std::path::Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        let kept = kept.iter().map(|path| name(path));
        kept.filter(|name| name.matches('-').count() == 1).count()
    };
    let had = backups();
    home.ctl(&["import", list]).exits(0);
    assert!(backups() <= had + 1, "more than one write");
    let count = || {
        home.ctl(&["list", "--json"])
            .exits(0)
            .json()
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(count(), 20);
    // Again: every key is there already.
    home.ctl(&["import", list]).exits(0);
    assert_eq!(count(), 20);
}

#[test]
fn an_export_with_timed_and_counted_entries_of_one_key_is_imported_whole() {
    let (home, _daemon) = Daemon::unlocked();
    let list = home.home().join("export.txt");
    let key = random_key();
    let uris = [
        format!("otpauth://totp/pi:me?secret={key}&issuer=pi"),
        format!("otpauth://hotp/pi:me?secret={key}&issuer=pi&counter=4"),
        format!("otpauth://totp/pi:me?secret={key}&issuer=pi&digits=8"),
        format!("otpauth://totp/pi:me?secret={key}&issuer=pi&period=60"),
        // The same entry under another name.
        format!("otpauth://totp/me?secret={key}"),
    ];
    home.write(&list, uris.join("\n"));
    let ran = home.ctl(&["import", list.to_str().unwrap()]).exits(0);
    assert!(
        ran.stderr.contains("Added: 4. There already: 1."),
        "{ran:?}"
    );
    assert_eq!(ran.stderr.matches("has the same key").count(), 3, "{ran:?}");
    let listed = home.ctl(&["list", "--json"]).exits(0).json();
    let shapes: Vec<_> = listed.as_array().unwrap().iter().collect();
    assert_eq!(shapes.len(), 4, "{listed}");
    let counter = |entry: &&&serde_json::Value| entry["counter"] == json!(4);
    assert_eq!(shapes.iter().filter(counter).count(), 1, "{listed}");
}

#[test]
fn a_batch_whose_connection_ends_leaves_nothing() {
    let (home, _daemon) = Daemon::unlocked();
    let uri = format!("otpauth://totp/x:a?secret={}", random_key());
    let mut line = home.connect();
    line.ok("import.begin", json!({}));
    line.ok("import.add", json!({"uri": uri}));
    drop(line);
    let list = home.connect().ok("list", json!({}));
    assert_eq!(list["entries"], json!([]));
    // The control: with a commit it is there.
    let mut line = home.connect();
    line.ok("import.begin", json!({}));
    line.ok("import.add", json!({"uri": uri}));
    line.ok("import.commit", json!({}));
    assert_eq!(
        home.connect().ok("list", json!({}))["entries"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn an_export_asks_for_the_passphrase_again_and_imports_as_it_is() {
    let (home, _daemon) = Daemon::unlocked();
    let uri = format!("otpauth://totp/%E5%B1%B1:%E7%94%B0?secret={}", random_key());
    home.add(&uri);
    let file = home.home().join("out.txt");
    let path = file.to_str().unwrap();
    home.ctl_in(&["export", path, "--format", "otpauth"], "wrong")
        .exits(6);
    assert!(!file.exists());
    home.ctl_in(&["export", path, "--format", "otpauth"], PASSPHRASE)
        .exits(0);
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);

    let (other, _daemon) = Daemon::unlocked();
    let copy = other.home().join("in.txt");
    other.write(&copy, std::fs::read(&file).unwrap());
    other.ctl(&["import", copy.to_str().unwrap()]).exits(0);
    assert_eq!(
        other.ctl(&["list", "--json"]).exits(0).json()[0]["issuer"],
        "山"
    );
}

#[test]
fn a_backup_comes_back_with_the_recovery_key_and_no_counter_goes_back() {
    let (home, _daemon) = Daemon::unlocked();
    let key = random_key();
    home.add(&format!("otpauth://hotp/bank:a?secret={key}&counter=0"));
    assert_eq!(
        home.ctl(&["get", "bank"]).exits(0).line(),
        oathtool_hotp(&key, 6, 0)
    );
    let file = home.home().join("backup.txt");
    home.ctl(&["backup", file.to_str().unwrap()]).exits(0);
    let backup = std::fs::read_to_string(&file).unwrap();
    assert!(backup.contains("-----BEGIN AGE ENCRYPTED FILE-----") && !backup.contains(&key));

    // The same machine: counters handed out since are not handed out again.
    for counter in 1..4 {
        assert_eq!(
            home.ctl(&["get", "bank"]).exits(0).line(),
            oathtool_hotp(&key, 6, counter)
        );
    }
    home.ctl_in(
        &["restore-backup", "--yes", file.to_str().unwrap()],
        PASSPHRASE,
    )
    .exits(0);
    assert_eq!(
        home.ctl(&["get", "bank"]).exits(0).line(),
        oathtool_hotp(&key, 6, 4)
    );

    // A new machine, and only the printed recovery key.
    let other = Home::new();
    let _daemon = Daemon::start(&other);
    let copy = other.home().join("backup.txt");
    other.write(&copy, backup);
    other
        .ctl_in(
            &["restore-backup", "--yes", copy.to_str().unwrap()],
            "wrong",
        )
        .exits(6);
    other
        .ctl_in(
            &["restore-backup", "--yes", copy.to_str().unwrap()],
            home.recovery(),
        )
        .exits(0);
    assert_eq!(
        other.ctl(&["list", "--json"]).exits(0).json()[0]["issuer"],
        "bank"
    );
}
