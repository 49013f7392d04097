//! `recovery-codes`.

use super::replay::*;
use otp_proto::{
    Candidate, Code, EntryId, ErrorKind, RecoveryCode, RecoveryCodesAnswer, Request, Response,
    Secret,
};

/// An agent that keeps two recovery codes, one of them used.
fn with_codes(request: &Request) -> Reply {
    let mut answer = RecoveryCodesAnswer {
        entry: Candidate {
            source: None,
            id: EntryId::from_random(1),
            issuer: "Acme".into(),
            account: "alice".into(),
        },
        left: 1,
        total: 2,
        added: None,
        code: None,
        codes: None,
    };
    let code = || Code::new("k3t7q-2m5nv".into());
    match request {
        Request::RecoveryCodesAdd(_) => answer.added = Some(2),
        Request::RecoveryCodesUse(_) => answer.code = Some(code()),
        Request::RecoveryCodesList(list) => match &list.passphrase {
            Some(passphrase) if passphrase.expose() == "hunter2" => {
                let codes = [(code(), true), (Code::new("1234 5678".into()), false)];
                let codes = codes.map(|(code, used)| RecoveryCode { code, used });
                answer.codes = Some(codes.into());
            }
            Some(_) => return error(ErrorKind::Denied),
            None => {}
        },
        _ => return status(true, false),
    }
    Ok(Response::RecoveryCodes(answer))
}

#[test]
fn recovery_codes_are_taken_as_they_were_pasted() {
    let (ran, requests) = run(
        &["recovery-codes", "add", "acme", "--replace"],
        "1. k3t7q-2m5nv\n2. 1234 5678\n",
        with_codes,
    );
    assert_eq!(
        (ran.status, ran.out.as_str(), ran.err.as_str()),
        (
            0,
            "",
            "Read as codes: 2, with 9 to 11 characters each.\n\
             Stored: 2. Recovery codes of Acme (alice) left: 1 of 2\n"
        )
    );
    let [Request::RecoveryCodesAdd(add)] = requests.as_slice() else {
        panic!("{requests:?}");
    };
    let codes: Vec<_> = add.codes.iter().map(Secret::expose).collect();
    assert_eq!(
        (codes, add.replace),
        (vec!["k3t7q-2m5nv", "1234 5678"], true)
    );
    for input in ["", " \n", "\u{0}".repeat(10_000).as_str()] {
        let (ran, requests) = run(&["recovery-codes", "add", "acme"], input, with_codes);
        assert_eq!((ran.status, requests.len()), (8, 0), "{}", ran.err);
    }
}

#[test]
fn recovery_codes_are_listed_only_after_the_passphrase() {
    let list = ["recovery-codes", "list", "acme"];
    let (ran, requests) = run(&list, "hunter2\n", with_codes);
    assert_eq!(
        (ran.status, ran.out.as_str(), requests.len()),
        (0, "Recovery codes of Acme (alice) left: 1 of 2\n", 1)
    );
    let show = [&list[..], &["--show"]].concat();
    let (ran, _) = run(&show, "hunter2\n", with_codes);
    assert_eq!(
        (ran.status, ran.out.as_str()),
        (0, "k3t7q-2m5nv  used\n1234 5678\n"),
        "{}",
        ran.err
    );
    let (ran, _) = run(&show, "wrong\n", with_codes);
    assert_eq!(
        (ran.status, ran.out.as_str(), ran.err.as_str()),
        (6, "", "otpctl: no recovery codes: wrong passphrase\n")
    );
    let id = EntryId::from_random(1);
    let (ran, _) = run(&[&list[..], &["--json"]].concat(), "", with_codes);
    assert_eq!(
        ran.out,
        format!("{{\"id\":\"{id}\",\"left\":1,\"total\":2}}\n")
    );
}

#[test]
fn the_next_recovery_code_is_all_that_is_printed() {
    let take = ["recovery-codes", "use", "acme"];
    let (ran, _) = run(&take, "", with_codes);
    assert_eq!(
        (ran.status, ran.out.as_str(), ran.err.as_str()),
        (0, "k3t7q-2m5nv\n", "")
    );
    let id = EntryId::from_random(1);
    let (ran, _) = run(&[&take[..], &["--json"]].concat(), "", with_codes);
    assert_eq!(
        ran.out,
        format!("{{\"id\":\"{id}\",\"left\":1,\"total\":2,\"code\":\"k3t7q-2m5nv\"}}\n")
    );
    let none = |request: &Request| match with_codes(request) {
        Ok(Response::RecoveryCodes(mut answer)) => {
            answer.code = None;
            Ok(Response::RecoveryCodes(answer))
        }
        other => other,
    };
    let (ran, _) = run(&take, "", none);
    assert_eq!(
        (ran.status, ran.out.as_str(), ran.err.as_str()),
        (
            3,
            "",
            "otpctl: no recovery code: no recovery code is left\n"
        )
    );
}
