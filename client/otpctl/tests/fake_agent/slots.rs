//! `slots`, `recovery-key` and `rekey`.

use std::fs;

use super::replay::*;
use otp_proto::{
    Done, ErrorKind, RekeyAnswer, RenewAnswer, Request, Response, Secret, SlotInfo, SlotKind,
    SlotsAnswer, StepAnswer,
};

const KEY: &str = "AAAAA-BBBBB";

fn slot(name: &str, kind: SlotKind) -> SlotInfo {
    let name = name.into();
    SlotInfo { name, kind }
}

/// An agent with three slots whose passphrase is `hunter2`.
fn with_slots(request: &Request) -> Reply {
    let answer = |passphrase: &Secret, response: Response| {
        if passphrase.expose() == "hunter2" {
            Ok(response)
        } else {
            error(ErrorKind::Denied)
        }
    };
    let recovery_key = Secret::copy_of(KEY);
    match request {
        Request::SlotsList(_) => Ok(Response::Slots(SlotsAnswer {
            slots: vec![
                slot("passphrase", SlotKind::Passphrase),
                slot("recovery", SlotKind::Recovery),
                slot("keyring", SlotKind::Keyring),
            ],
        })),
        Request::SlotsTest(test) => match &test.passphrase {
            Some(passphrase) => answer(passphrase, Response::Done(Done {})),
            None => Ok(Response::Done(Done {})),
        },
        Request::SlotsRemove(remove) => {
            let warnings = vec!["something stays".into()];
            let done = StepAnswer {
                ask: None,
                warnings,
            };
            answer(&remove.passphrase, Response::Step(done))
        }
        Request::RecoveryKeyRenew(renew) => answer(
            &renew.passphrase,
            Response::Renew(RenewAnswer { recovery_key }),
        ),
        Request::RecoveryKeyKeep(_) => Ok(Response::Done(Done {})),
        Request::Rekey(rekey) => answer(
            &rekey.passphrase,
            Response::Rekey(RekeyAnswer {
                recovery_key,
                removed: vec!["keyring".into()],
                warnings: vec!["something stays".into()],
            }),
        ),
        _ => status(true, true),
    }
}

#[test]
fn slots_are_listed_with_what_they_are() {
    let (ran, _) = run(&["slots", "list"], "", with_slots);
    assert_eq!(ran.status, 0, "{}", ran.err);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("passphrase  typed") && lines[2].contains("login"));
    let (ran, _) = run(&["slots", "list", "--json"], "", with_slots);
    assert!(ran.out.contains(r#"{"name":"recovery","kind":"recovery"}"#));
}

#[test]
fn a_slot_that_is_typed_is_tested_with_a_line_and_another_without() {
    let (ran, requests) = run(&["slots", "test", "recovery"], "hunter2\n", with_slots);
    assert_eq!(
        (ran.status, ran.err.as_str()),
        (0, "This slot opens the vault: recovery\n")
    );
    assert!(matches!(&requests[1], Request::SlotsTest(test) if test.passphrase.is_some()));
    let (ran, requests) = run(&["slots", "test", "keyring"], "hunter2\n", with_slots);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(matches!(&requests[1], Request::SlotsTest(test) if test.passphrase.is_none()));
    let (ran, _) = run(&["slots", "test", "passphrase"], "wrong\n", with_slots);
    assert_eq!(ran.status, 6);
    assert!(ran.err.ends_with(": wrong passphrase\n"), "{}", ran.err);
    let (ran, requests) = run(&["slots", "test", "nope"], "hunter2\n", with_slots);
    assert_eq!((ran.status, requests.len()), (3, 1), "{}", ran.err);
}

#[test]
fn the_last_slot_that_is_typed_is_not_even_asked_about() {
    let (ran, requests) = run(&["slots", "remove", "keyring"], "hunter2\n", with_slots);
    assert_eq!((ran.status, requests.len()), (0, 2), "{}", ran.err);
    assert!(matches!(&requests[1], Request::SlotsRemove(remove) if remove.slot == "keyring"));
    assert!(ran.err.contains("warning: something stays"), "{}", ran.err);
    let (ran, requests) = run(
        &["slots", "remove", "recovery"],
        "hunter2\n",
        |request| match request {
            Request::SlotsList(_) => Ok(Response::Slots(SlotsAnswer {
                slots: vec![
                    slot("recovery", SlotKind::Recovery),
                    slot("keyring", SlotKind::Keyring),
                ],
            })),
            _ => with_slots(request),
        },
    );
    assert_eq!((ran.status, requests.len()), (6, 1), "{}", ran.err);
    assert!(ran.err.contains("the last slot"), "{}", ran.err);
}

#[test]
fn a_new_recovery_key_stands_alone_on_standard_output() {
    let (ran, requests) = run(&["recovery-key", "renew"], "hunter2\n", with_slots);
    assert_eq!(
        (ran.status, ran.out),
        (0, format!("{KEY}\n")),
        "{}",
        ran.err
    );
    assert!(matches!(requests.last(), Some(Request::RecoveryKeyKeep(_))));
    let (ran, requests) = run(&["rekey", "--drop-backups"], "hunter2\n", with_slots);
    assert_eq!(
        (ran.status, ran.out),
        (0, format!("{KEY}\n")),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("No longer a slot: keyring"), "{}", ran.err);
    assert!(matches!(&requests[1], Request::Rekey(rekey) if rekey.drop_backups));
    let (ran, requests) = run(&["rekey"], "wrong\n", with_slots);
    assert_eq!((ran.status, ran.out.as_str()), (6, ""));
    assert!(matches!(&requests[1], Request::Rekey(rekey) if !rekey.drop_backups));
}

#[test]
fn nobody_pretends_to_show_a_recovery_key_that_is_kept_nowhere() {
    let (ran, requests) = run(&["recovery-key", "show"], "", with_slots);
    assert_eq!((ran.status, requests.len()), (1, 0));
    assert!(
        ran.err.contains("kept nowhere") && ran.err.contains("hint: otpctl recovery-key renew")
    );
}

fn print(home: &Home, helper: &str, file: &str) -> Ran {
    let program = home.with_sibling("otp-helper", helper);
    finish(
        command(&program, home, &["recovery-key", "print", file]),
        "hunter2\n",
    )
}

#[test]
fn a_sheet_is_drawn_in_the_form_of_the_file_s_ending_and_the_key_is_told_nowhere_else() {
    let home = Home::new();
    let _requests = agent(&home, with_slots);
    for (name, format) in [("a.html", "page"), ("b.txt", "sheet"), ("c", "sheet")] {
        let path = home.path(name);
        let ran = print(&home, "echo \"$*\"; cat", path.to_str().unwrap());
        assert_eq!((ran.status, ran.out.as_str()), (0, ""), "{}", ran.err);
        assert!(!ran.err.contains(KEY));
        let sheet = fs::read_to_string(&path).unwrap();
        assert_eq!(
            sheet,
            format!("draw --format {format} --language en\n{KEY}")
        );
    }
}

#[test]
fn a_recovery_key_that_nobody_has_seen_is_not_kept() {
    for lost in ["/dev/full", "sheet"] {
        let home = Home::new();
        let requests = agent(&home, with_slots);
        let program = home.with_sibling("otp-helper", "exit 1");
        let path = home.path("sheet");
        let ran = if lost == "sheet" {
            print(&home, "exit 1", path.to_str().unwrap())
        } else {
            let mut otpctl = command(&program, &home, &["recovery-key", "renew"]);
            let full = fs::OpenOptions::new().write(true).open(lost).unwrap();
            otpctl.stdout(full);
            finish(otpctl, "hunter2\n")
        };
        assert_eq!(ran.status, 1, "{}", ran.err);
        assert!(ran.err.contains("recovery key not renewed"), "{}", ran.err);
        assert!(!path.exists());
        let asked: Vec<Request> = requests.try_iter().collect();
        assert!(matches!(asked.last(), Some(Request::RecoveryKeyRenew(_))));
    }
}

#[test]
fn a_file_that_is_there_is_seen_before_a_recovery_key_is_made() {
    let home = Home::new();
    let requests = agent(&home, with_slots);
    let path = home.path("sheet");
    fs::write(&path, "mine").unwrap();
    let ran = print(&home, "cat", path.to_str().unwrap());
    assert_eq!(
        (ran.status, requests.try_iter().count()),
        (1, 0),
        "{}",
        ran.err
    );
    assert_eq!(fs::read(&path).unwrap(), b"mine");
}
