//! `init` and `unlock`.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use super::replay::*;
use otp_proto::{Done, ErrorKind, InitAnswer, Lock, Request, Response, Secret, UnlockAnswer};

#[test]
fn unlock_reads_one_line_and_a_wrong_one_is_refused_without_another_try() {
    let (ran, requests) = run(&["unlock"], "合言葉\r\nrest\n", |request| match request {
        Request::Status(_) => status(true, true),
        Request::UnlockAuto(_) => error(ErrorKind::Locked),
        _ => Ok(Response::Unlock(UnlockAnswer::default())),
    });
    assert_eq!(ran.status, 0, "{}", ran.err);
    let Request::Unlock(unlock) = &requests[2] else {
        panic!("{requests:?}");
    };
    assert_eq!(unlock.passphrase.expose(), "合言葉");
    let (ran, requests) = run(&["unlock"], "wrong\nright\n", |request| match request {
        Request::Status(_) => status(true, true),
        _ => error(ErrorKind::Denied),
    });
    assert_eq!((ran.status, requests.len()), (6, 3));
    assert_eq!(ran.err, "otpctl: cannot unlock: wrong passphrase\n");
}

#[test]
fn a_descriptor_unlocks_on_the_way() {
    let home = Home::new();
    let requests = agent(&home, {
        let mut open = false;
        move |request| match request {
            Request::Unlock(_) => {
                open = true;
                Ok(Response::Unlock(UnlockAnswer::default()))
            }
            _ if open => code(),
            _ => error(ErrorKind::Locked),
        }
    });
    fs::write(home.path("pass"), "hunter2\n").unwrap();
    let script = format!(
        "exec '{}' get x --passphrase-fd 3 3<'{}'",
        env!("CARGO_BIN_EXE_otpctl"),
        home.path("pass").display()
    );
    let ran = finish(command(Path::new("/bin/sh"), &home, &["-c", &script]), "");
    assert_eq!(
        (ran.status, ran.out.as_str()),
        (0, "012345\n"),
        "{}",
        ran.err
    );
    let sent: Vec<_> = requests.try_iter().collect();
    assert!(matches!(&sent[2], Request::Unlock(unlock) if unlock.passphrase.expose() == "hunter2"));
    assert_eq!(sent.len(), 4);
}

#[test]
fn init_whose_output_is_lost_says_that_nobody_has_seen_the_recovery_key() {
    let (reader, left) = std::io::pipe().unwrap();
    drop(reader);
    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    for lost in [Stdio::from(left), Stdio::from(full.unwrap())] {
        let home = Home::new();
        let _requests = agent(&home, |request| match request {
            Request::Status(_) => status(false, true),
            _ => Ok(Response::Init(InitAnswer {
                recovery_key: Secret::copy_of("KEY-KEY"),
            })),
        });
        let mut otpctl = command(Path::new(env!("CARGO_BIN_EXE_otpctl")), &home, &["init"]);
        otpctl.stdout(lost);
        let ran = finish(otpctl, "a long passphrase\n");
        assert_eq!(ran.status, 1);
        let [.., failure, hint] = ran.err.lines().collect::<Vec<_>>()[..] else {
            panic!("{}", ran.err);
        };
        assert!(failure.starts_with("otpctl: not complete: "), "{}", ran.err);
        assert!(failure.contains("recovery key"), "{}", ran.err);
        assert_eq!(hint, "hint: otpctl recovery-key renew");
    }
}

#[test]
fn init_prints_the_recovery_key_alone_on_standard_output() {
    let answer = |request: &Request| match request {
        Request::Status(_) => status(false, true),
        _ => Ok(Response::Init(InitAnswer {
            recovery_key: Secret::copy_of("KEY-KEY"),
        })),
    };
    let (ran, requests) = run(&["init"], "a long passphrase\n", answer);
    assert_eq!(
        (ran.status, ran.out.as_str()),
        (0, "KEY-KEY\n"),
        "{}",
        ran.err
    );
    assert!(
        matches!(&requests[1], Request::Init(init) if init.passphrase.expose() == "a long passphrase")
    );
    let (ran, requests) = run(&["init"], "\n", answer);
    assert_eq!((ran.status, requests.len()), (2, 1), "{}", ran.err);
    let (ran, requests) = run(&["init", "--generate", "-q"], "", answer);
    let Request::Init(init) = &requests[1] else {
        panic!("{requests:?}");
    };
    assert!(
        ran.err.contains(init.passphrase.expose()),
        "shown where a person can see it"
    );
    assert!(!ran.out.contains(init.passphrase.expose()));
    let (ran, requests) = run(&["init"], "x\n", |_| status(true, true));
    assert_eq!((ran.status, requests.len()), (1, 1), "{}", ran.err);
}

#[test]
fn a_lock_for_a_time_is_asked_for_in_seconds_and_no_passphrase_is_asked_for_meanwhile() {
    let (ran, requests) = run(&["lock", "--for", "8h"], "", |_| {
        Ok(Response::Done(Done {}))
    });
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(ran.err.contains("8 h 0 min"), "{}", ran.err);
    let lock = |seconds| Request::Lock(Lock { seconds });
    assert_eq!(requests, [lock(Some(28_800))]);
    let (_, requests) = run(&["lock"], "", |_| Ok(Response::Done(Done {})));
    assert_eq!(requests, [lock(None)]);

    let refusing = |request: &Request| match request {
        Request::Status(_) => refusing(1799),
        _ => error(ErrorKind::Refused),
    };
    let (ran, requests) = run(&["unlock"], "passphrase\n", refusing);
    assert_eq!((ran.status, requests.len()), (6, 1));
    assert_eq!(
        ran.err,
        "otpctl: cannot unlock: locked, for another 29 min even for whoever knows the \
         passphrase\nhint: otpctl lock --for 0\n"
    );
}

#[test]
fn a_slot_that_nobody_types_opens_the_vault_without_a_question() {
    let (ran, requests) = run(&["unlock"], "", |request| match request {
        Request::Status(_) => status(true, true),
        _ => Ok(Response::Unlock(UnlockAnswer {
            opened: true,
            warnings: Vec::new(),
        })),
    });
    assert_eq!((ran.status, requests.len()), (0, 2), "{}", ran.err);
    assert!(matches!(&requests[1], Request::UnlockAuto(auto) if !auto.interactive));
}
