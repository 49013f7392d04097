//! Entries that live elsewhere, in the real programs that keep them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Daemon, Home, PASSPHRASE, random_key, run, until};

pub(crate) const PASSWORD: &str = "the database's own";

/// Runs keepassxc-cli as the home's user, with lines on its stdin.
#[track_caller]
fn keepassxc(home: &Home, args: &[&str], lines: &[&str]) -> String {
    let stdin = lines.join("\n") + "\n";
    let mut command: Command = home.command("keepassxc-cli");
    command.args(args);
    run(&mut command, stdin.as_bytes()).exits(0).stdout
}

/// A database of KeePassXC with these entries: title, user and key.
pub(crate) fn database(home: &Home, name: &str, entries: &[(&str, &str, &str)]) -> PathBuf {
    let path = home.home().join(name);
    let xml = home.home().join("import.xml");
    home.write(&xml, document(entries));
    let (xml, database) = (xml.to_str().unwrap(), path.to_str().unwrap());
    let args = ["import", "-q", "-p", "-t", "100", xml, database];
    keepassxc(home, &args, &[PASSWORD, PASSWORD]);
    fs::remove_file(xml).unwrap();
    path
}

/// What KeePassXC imports: each entry has its key as KeePassXC itself keeps it.
fn document(entries: &[(&str, &str, &str)]) -> String {
    let entries: Vec<String> = entries
        .iter()
        .map(|(title, user, key)| {
            let uri = format!(
                "otpauth://totp/{title}:{user}?secret={key}&amp;period=30&amp;digits=6&amp;issuer={title}"
            );
            let field = |name: &str, value: &str| {
                format!("<String><Key>{name}</Key><Value>{value}</Value></String>")
            };
            format!(
                "<Entry>{}{}{}</Entry>",
                field("Title", title),
                field("UserName", user),
                field("otp", &uri)
            )
        })
        .collect();
    let entries = entries.concat();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><KeePassFile><Root><Group><Name>Root</Name>\
         {entries}</Group></Root></KeePassFile>"
    )
}

fn unlocked() -> (Home, Daemon) {
    let home = Home::with_vault();
    let daemon = Daemon::start(&home);
    home.unlock();
    (home, daemon)
}

#[track_caller]
fn added(home: &Home, path: &Path, more: &[&str]) {
    let mut args = vec!["source", "add", "mine", "--kdbx", path.to_str().unwrap()];
    args.extend(more);
    home.ctl_in(&args, PASSWORD).exits(0);
}

fn state(home: &Home) -> serde_json::Value {
    let mut listed = home.ctl(&["source", "list", "--json"]).exits(0).json();
    listed[0].take()
}

#[test]
fn a_database_of_keepassxc_gives_the_codes_that_it_shows_itself() {
    let (home, _daemon) = unlocked();
    let keys = [random_key(), random_key()];
    let path = database(
        &home,
        "a.kdbx",
        &[("Bank", "taro", &keys[0]), ("トレンド", "山田", &keys[1])],
    );
    home.add(&format!("otpauth://totp/Own:me?secret={}", random_key()));
    added(&home, &path, &[]);
    for title in ["Bank", "トレンド"] {
        // A period may end between the two.
        until("the codes are the same", || {
            let shown = keepassxc(
                &home,
                &["show", "-q", "-t", path.to_str().unwrap(), title],
                &[PASSWORD],
            );
            (shown == home.ctl(&["get", title]).exits(0).stdout).then_some(())
        });
    }
    let listed = home.ctl(&["list", "--json"]).exits(0).json();
    let origins: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["source"])
        .collect();
    assert_eq!(
        origins,
        ["mine", "null", "mine"]
            .map(|name| match name {
                "null" => serde_json::Value::Null,
                name => name.into(),
            })
            .iter()
            .collect::<Vec<_>>()
    );
    let text = home.ctl(&["list"]).exits(0).stdout;
    assert!(
        text.lines()
            .any(|line| line.contains("Bank") && line.ends_with("mine")),
        "{text}"
    );
    let refused = home.ctl(&["remove", "Bank"]).exits(6);
    assert!(refused.stderr.contains("source mine"), "{refused:?}");
}

#[test]
fn a_database_is_imported_with_its_password() {
    let (home, _daemon) = unlocked();
    let key = random_key();
    let path = database(&home, "a.kdbx", &[("Bank", "taro", &key)]);
    let import = ["import", path.to_str().unwrap()];
    home.ctl_in(&import, "another").exits(8);
    home.ctl_in(&import, PASSWORD).exits(0);
    let listed = home.ctl(&["list", "--json"]).exits(0).json();
    assert_eq!(listed[0]["issuer"], "Bank");
    assert_eq!(listed[0]["source"], serde_json::Value::Null);
    until("the code is the key's", || {
        let code = home.ctl(&["get", "Bank"]).exits(0);
        (code.line() == crate::support::oathtool_totp(&key, "sha1", 6, 30, crate::support::wall()))
            .then_some(())
    });
}

#[test]
fn a_change_is_seen_and_what_is_broken_or_gone_is_said_while_our_own_goes_on() {
    let (home, _daemon) = unlocked();
    home.add(&format!("otpauth://totp/Own:me?secret={}", random_key()));
    let path = database(&home, "a.kdbx", &[("Bank", "taro", &random_key())]);
    added(&home, &path, &["--remember"]);
    let other = database(&home, "b.kdbx", &[("Shop", "taro", &random_key())]);
    fs::rename(&other, &path).unwrap();
    until("the new database is seen", || {
        let listed = home.ctl(&["list", "--names"]).exits(0).stdout;
        (listed == "Own:me\nShop:taro\n").then_some(())
    });
    let whole = fs::read(&path).unwrap();
    for (bytes, cause) in [
        (Some(&whole[..whole.len() / 2]), "damaged"),
        (Some(&b"something else"[..]), "not a KeePass database"),
        (None, "no such file"),
    ] {
        match bytes {
            Some(bytes) => fs::write(&path, bytes).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        until(cause, || {
            let state = state(&home);
            let said = state["cause"].as_str().unwrap_or_default();
            (state["state"] == "stale" && said.contains(cause)).then_some(())
        });
        home.ctl(&["get", "Own"]).exits(0);
        home.ctl(&["get", "Shop"]).exits(0);
    }
    let doctor = home.ctl(&["doctor"]);
    assert!(
        doctor.stdout.contains("otpctl source sync mine"),
        "{doctor:?}"
    );
    home.write(&path, &whole);
    until("it is read again", || {
        (state(&home)["state"] == "ready").then_some(())
    });
    // What is remembered opens it after a lock.
    home.ctl(&["lock"]).exits(0);
    home.ctl_in(&["unlock"], PASSPHRASE).exits(0);
    until("it is read after an unlock", || {
        (state(&home)["state"] == "ready").then_some(())
    });
}

#[test]
fn a_password_that_is_wrong_is_said_and_one_that_is_typed_is_forgotten_with_a_lock() {
    let (home, _daemon) = unlocked();
    let path = database(&home, "a.kdbx", &[("Bank", "taro", &random_key())]);
    let add = ["source", "add", "mine", "--kdbx", path.to_str().unwrap()];
    let refused = home.ctl_in(&add, "another").exits(6);
    assert!(refused.stderr.contains("wrong password"), "{refused:?}");
    assert_eq!(
        home.ctl(&["source", "list", "--json"]).exits(0).line(),
        "[]"
    );
    added(&home, &path, &[]);
    home.ctl(&["lock"]).exits(0);
    home.ctl_in(&["unlock"], PASSPHRASE).exits(0);
    assert_eq!(state(&home)["state"], "locked");
    home.ctl(&["get", "Bank"]).exits(3);
    home.ctl_in(&["source", "sync", "mine"], "another").exits(6);
    home.ctl_in(&["source", "sync", "mine"], PASSWORD).exits(0);
    home.ctl(&["get", "Bank"]).exits(0);
    let broken = home.home().join("broken.kdbx");
    home.write(&broken, b"something else");
    let add = [
        "source",
        "add",
        "broken",
        "--kdbx",
        broken.to_str().unwrap(),
    ];
    home.ctl_in(&add, PASSWORD).exits(8);
    fs::remove_file(&broken).unwrap();
    home.ctl_in(&add, PASSWORD).exits(1);
    home.ctl(&["source", "remove", "mine"]).exits(0);
    home.ctl(&["get", "Bank"]).exits(3);
}
