//! Killed, or failed by the disk, at every call of a change: S9 and S10 of the threat model.
//!
//! `make soak` repeats these with `OTPT_ROUNDS`.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::support::{Daemon, Home, Line, Strace, random_key, root_for};

/// What makes a change durable.
const CALLS: &str = "write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,link,linkat";

fn rounds() -> u32 {
    std::env::var("OTPT_ROUNDS")
        .ok()
        .map_or(1, |text| text.parse().expect("OTPT_ROUNDS"))
}

/// Sends a request to an agent that may die of it; `None` if it did before it answered.
fn attempt(line: &mut Line, method: &str, params: &Value) -> Option<Result<Value, Value>> {
    line.ask(method, params);
    let mut answer: Value = serde_json::from_str(&line.read()?).unwrap();
    Some(match answer.get_mut("error") {
        Some(error) => Err(error.take()),
        None => Ok(answer["result"].take()),
    })
}

/// The accounts of the entries by id, as the agent lists them.
fn accounts(home: &Home) -> Vec<(String, String)> {
    let list = home.connect().ok("list", json!({}));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (text(&e["id"]), text(&e["account"])))
        .collect()
}

/// Kills the agent at each call of a change in turn, and hands every state that a restart finds
/// to a judge: whether the change was confirmed, and the entries before and after.
fn killed_at_every_call(
    change: fn(&Home, u32) -> (&'static str, Value),
    mut judge: impl FnMut(&Home, Option<&Value>, &[(String, String)], &[(String, String)]),
) {
    let home = Home::with_vault();
    let mut kills = 0;
    for round in 0..rounds() {
        for place in 1.. {
            assert!(place < 100, "a change never ends");
            let daemon = Daemon::start(&home);
            home.unlock();
            // The first write starts the thread that writes.
            home.add(&format!(
                "otpauth://totp/s{round}-{place}:kept?secret={}",
                random_key()
            ));
            let (method, params) = change(&home, place);
            let before = accounts(&home);
            let mut line = home.connect();
            let strace = Strace::attach(
                daemon.pid(),
                &format!("{CALLS}:signal=SIGKILL:when={place}"),
            );
            let answer = attempt(&mut line, method, &params);
            // What is written after the answer is part of the change: a stop waits for it.
            daemon.signal(rustix::process::Signal::TERM);
            let (status, said) = daemon.wait();
            drop(strace);
            let survived = status.success();
            assert!(!said.iter().any(|line| line.contains("panic")), "{said:?}");

            let daemon = Daemon::start(&home);
            home.unlock();
            let result = answer.map(|answer| answer.expect("confirmed or killed"));
            judge(&home, result.as_ref(), &before, &accounts(&home));
            daemon.stop();
            if survived {
                break;
            }
            kills += 1;
        }
    }
    // At least write, fsync and rename of the vault and fsync of its folder.
    assert!(kills >= 4, "only {kills} kills");
}

#[test]
fn killed_anywhere_in_an_addition_no_committed_entry_is_lost() {
    if !root_for("crash::killed_anywhere_in_an_addition") {
        return;
    }
    killed_at_every_call(
        |_, place| {
            let uri = format!("otpauth://totp/new-{place}:added?secret={}", random_key());
            ("add", json!({"uri": uri}))
        },
        |_, result, before, after| {
            assert!(
                before.iter().all(|entry| after.contains(entry)),
                "{before:?} {after:?}"
            );
            if let Some(added) = result {
                let id = added["entry"]["id"].as_str().unwrap();
                assert!(
                    after.iter().any(|(has, _)| has == id),
                    "confirmed but lost: {after:?}"
                );
            }
            assert!(after.len() <= before.len() + 1);
        },
    );
}

#[test]
fn killed_anywhere_in_an_edit_the_entry_is_the_old_or_the_new_one() {
    if !root_for("crash::killed_anywhere_in_an_edit") {
        return;
    }
    killed_at_every_call(
        |home, place| {
            let id = home.add(&format!(
                "otpauth://totp/e-{place}:old?secret={}",
                random_key()
            ));
            ("edit", json!({"query": id, "account": "new"}))
        },
        |_, result, before, after| {
            assert_eq!(before.len(), after.len());
            let changed: Vec<_> = before
                .iter()
                .filter(|entry| !after.contains(entry))
                .collect();
            assert!(changed.len() <= 1 && changed.iter().all(|(_, account)| account == "old"));
            if result.is_some() {
                assert_eq!(changed.len(), 1, "confirmed but lost");
            }
        },
    );
}

#[test]
fn killed_anywhere_in_a_removal_the_entry_is_there_or_in_the_trash() {
    if !root_for("crash::killed_anywhere_in_a_removal") {
        return;
    }
    killed_at_every_call(
        |home, place| {
            let id = home.add(&format!(
                "otpauth://totp/r-{place}:gone?secret={}",
                random_key()
            ));
            ("remove", json!({"query": id}))
        },
        |home, result, before, after| {
            let gone: Vec<_> = before
                .iter()
                .filter(|entry| !after.contains(entry))
                .collect();
            assert!(gone.len() <= 1 && after.len() + gone.len() == before.len());
            if result.is_some() {
                assert_eq!(gone.len(), 1, "confirmed but not done");
            }
            // What is not listed can be brought back: nothing is ever lost.
            for (id, _) in gone {
                home.connect().ok("restore", json!({"id": id}));
            }
        },
    );
}

#[test]
fn killed_anywhere_in_a_counter_code_no_counter_is_issued_twice() {
    if !root_for("crash::killed_anywhere_in_a_counter_code") {
        return;
    }
    let mut issued = HashSet::new();
    let mut fresh = |code: &Value| {
        let code = code["code"].as_str().unwrap().to_owned();
        assert!(issued.insert(code.clone()), "{code} was handed out twice");
    };
    killed_at_every_call(
        |home, place| {
            if place == 1 {
                let known = accounts(home)
                    .iter()
                    .any(|(_, account)| account == "counter");
                if !known {
                    let uri = format!("otpauth://hotp/h:counter?secret={}&digits=9", random_key());
                    home.add(&uri);
                }
            }
            ("get", json!({"query": "h:counter"}))
        },
        |home, result, before, after| {
            assert_eq!(before, after);
            if let Some(code) = result {
                fresh(code);
            }
            fresh(&home.connect().ok("get", json!({"query": "h:counter"})));
        },
    );
}

#[test]
fn killed_anywhere_in_a_recovery_code_s_use_no_code_is_handed_out_twice() {
    if !root_for("crash::killed_anywhere_in_a_recovery_code_s_use") {
        return;
    }
    let mut handed_out = HashSet::new();
    let mut fresh = |answer: &Value| {
        let code = answer["code"].as_str().unwrap().to_owned();
        assert!(
            handed_out.insert(code.clone()),
            "{code} was handed out twice"
        );
    };
    killed_at_every_call(
        |home, place| {
            let uri = format!("otpauth://totp/r:codes?secret={}", random_key());
            if place == 1 {
                home.add(&uri);
            }
            let codes: Vec<_> = (0..4).map(|n| format!("{}-{n}", random_key())).collect();
            home.connect().ok(
                "recovery_codes.add",
                json!({"query": "r:codes", "codes": codes, "replace": true}),
            );
            ("recovery_codes.use", json!({"query": "r:codes"}))
        },
        |home, result, before, after| {
            assert_eq!(before, after);
            if let Some(answer) = result {
                fresh(answer);
            }
            let query = json!({"query": "r:codes"});
            fresh(&home.connect().ok("recovery_codes.use", query));
        },
    );
}

#[test]
fn a_full_failing_or_read_only_disk_changes_nothing_and_says_so() {
    if !root_for("crash::a_full_failing_or_read_only_disk") {
        return;
    }
    let home = Home::with_vault();
    let daemon = Daemon::start(&home);
    home.unlock();
    home.add(&format!(
        "otpauth://hotp/h:counter?secret={}&digits=9",
        random_key()
    ));
    let edited = home.add(&format!("otpauth://totp/e:old?secret={}", random_key()));
    let mut issued = HashSet::new();
    let mut refused = 0;
    for fault in [
        "write:error=ENOSPC",
        "fsync:error=EIO",
        "rename:error=EIO",
        "openat:error=ENOSPC",
        "fsync:error=ENOSPC",
    ] {
        for place in 1..=4 {
            let uri = format!("otpauth://totp/a:{fault}-{place}?secret={}", random_key());
            for (method, params) in [
                ("add", json!({"uri": uri})),
                ("get", json!({"query": "h:counter"})),
                (
                    "edit",
                    json!({"query": edited, "note": format!("{fault}{place}")}),
                ),
            ] {
                let before = accounts(&home);
                let note = home.connect().ok("show", json!({"query": edited}))["note"].clone();
                let on_disk = fs::read(home.vault()).unwrap();
                let strace =
                    Strace::attach_to_files(&home, daemon.pid(), &format!("{fault}:when={place}"));
                let answer = home.connect().call(method, &params);
                // A write that follows the answer meets the fault too, and must not be missed.
                home.connect().ok("status", json!({}));
                strace.detach();
                match answer {
                    Err(error) => {
                        refused += 1;
                        assert_eq!(error["data"]["kind"], "storage", "{fault} {place}: {error}");
                        assert!(error["message"].as_str().unwrap().len() > 10, "{error}");
                        assert_eq!(accounts(&home), before, "memory goes back");
                        let shown = home.connect().ok("show", json!({"query": edited}));
                        assert_eq!(shown["note"], note, "memory goes back");
                        // Only where the rename was done and its folder could not be synced
                        // may the newer file stand.
                        let same = fs::read(home.vault()).unwrap() == on_disk;
                        assert!(
                            same || !(fault.starts_with("write") || fault.starts_with("rename")),
                            "{fault} {place}: {method}"
                        );
                    }
                    Ok(code) if method == "get" => {
                        assert!(
                            issued.insert(code["code"].as_str().unwrap().to_owned()),
                            "{code}"
                        );
                    }
                    Ok(_) => {}
                }
                // Without the fault everything works again, and no code is one of before.
                let code = home.connect().ok("get", json!({"query": "h:counter"}));
                assert!(
                    issued.insert(code["code"].as_str().unwrap().to_owned()),
                    "{code}"
                );
            }
        }
    }
    assert!(refused >= 9, "only {refused} refusals");

    // A folder that may not be written to.
    let vault = home.data().join("vault");
    fs::set_permissions(&vault, PermissionsExt::from_mode(0o500)).unwrap();
    let before = accounts(&home);
    let error = home
        .ctl_in(
            &["add"],
            &format!("otpauth://totp/ro?secret={}", random_key()),
        )
        .exits(1);
    assert!(
        error.stderr.starts_with("otpctl: ") && error.stderr.contains("vault"),
        "{error:?}"
    );
    home.ctl(&["get", "h:counter"]).exits(1);
    assert_eq!(accounts(&home), before);
    fs::set_permissions(&vault, PermissionsExt::from_mode(0o700)).unwrap();
    home.add(&format!("otpauth://totp/rw?secret={}", random_key()));
    let last = accounts(&home);
    daemon.stop();
    let _daemon = Daemon::start(&home);
    home.unlock();
    assert_eq!(accounts(&home), last, "disk and memory agree");
}
