//! `add` from standard input.

use super::replay::*;
use otp_proto::{AddAnswer, Candidate, EntryId, Request, Response};

#[test]
fn add_stores_what_comes_on_standard_input_at_once() {
    let (ran, requests) = run(&["add", "--note", "spare"], &format!("{URI}\n"), willing);
    assert_eq!(
        (ran.status, ran.err.as_str()),
        (0, "Saved: Acme (alice).\n")
    );
    let [Request::Add(add)] = requests.as_slice() else {
        panic!("{requests:?}");
    };
    let sent = otp_proto::parse_uri(add.uri.expose()).unwrap();
    assert_eq!(
        (sent.issuer.as_str(), sent.note.as_str()),
        ("Acme", "spare")
    );
    let (ran, _) = run(&["add", "--json"], URI, willing);
    assert!(
        ran.out.starts_with("[{\"entry\":{\"id\":\"aaaaaaab\""),
        "{}",
        ran.out
    );
}

#[test]
fn add_says_what_became_of_a_duplicate_and_of_an_older_entry() {
    let with = |duplicate, superseded: bool| {
        move |_: &Request| {
            let mut old = entry(9, "Acme", "alice");
            old.trash = Some("tr-1".into());
            Ok(Response::Add(AddAnswer {
                entry: entry(1, "Acme", "alice"),
                duplicate,
                superseded: if superseded { vec![old] } else { Vec::new() },
                same_key: Vec::new(),
            }))
        }
    };
    let (ran, _) = run(&["add"], URI, with(true, false));
    assert_eq!(ran.status, 0);
    assert_eq!(
        ran.err,
        "This entry is there already: Acme (alice). Nothing was stored.\n"
    );
    let (ran, _) = run(&["add"], URI, with(false, true));
    assert!(
        ran.err
            .ends_with("moved to the trash (otpctl restore tr-1).\n"),
        "{}",
        ran.err
    );
}

#[test]
fn an_entry_whose_key_another_has_is_said_to_be_stored_all_the_same() {
    let (ran, _) = run(&["add"], URI, |_| {
        Ok(Response::Add(AddAnswer {
            entry: entry(1, "Acme", "alice"),
            duplicate: false,
            superseded: Vec::new(),
            same_key: vec![Candidate {
                source: None,
                id: EntryId::from_random(2),
                issuer: "Acme".into(),
                account: "bob".into(),
            }],
        }))
    });
    assert_eq!(ran.status, 0);
    assert!(ran.err.starts_with("Saved: "), "{}", ran.err);
    assert!(
        ran.err
            .ends_with("\nNote: another entry has the same key: Acme (bob).\n"),
        "{}",
        ran.err
    );
}

#[test]
fn what_is_no_key_is_refused_before_the_agent_is_asked() {
    for (input, args) in [
        ("", &["add", "--issuer", "a"][..]),
        ("https://example.com/", &["add"]),
        ("otpauth://totp/a?secret=18", &["add"]),
        ("JBSWY3DPEHPK3PX1", &["add", "--issuer", "a"]),
        ("a\nb", &["add"]),
    ] {
        let (ran, requests) = run(args, input, willing);
        assert_eq!((ran.status, requests.len()), (8, 0), "{input}: {}", ran.err);
        assert!(
            !ran.err.contains("JBSWY") && !ran.err.contains("secret=18"),
            "{}",
            ran.err
        );
    }
    let (ran, requests) = run(&["add"], "JBSWY3DPEHPK3PXP", willing);
    assert_eq!(
        (ran.status, requests.len()),
        (2, 0),
        "a key without any name: {}",
        ran.err
    );
}

#[test]
fn a_key_as_an_argument_is_refused_with_the_reason_and_never_echoed() {
    for args in [
        &["add", "JBSWY3DPEHPK3PXP"][..],
        &["add", URI],
        &["get", URI],
    ] {
        let (ran, requests) = run(args, "", willing);
        assert_eq!((ran.status, requests.len()), (2, 0), "{}", ran.err);
        assert!(
            !ran.err.contains("JBSWY") && ran.err.contains("command line"),
            "{}",
            ran.err
        );
    }
}
