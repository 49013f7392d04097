//! `get`.

use super::replay::*;
use otp_proto::{Candidate, EntryId, ErrorKind, Request, RpcError};

#[test]
fn get_prints_the_code_and_nothing_else() {
    let (ran, requests) = run(&["get", "トレンド"], "", |_| code());
    assert_eq!(
        (ran.status, ran.out.as_str(), ran.err.as_str()),
        (0, "012345\n", "")
    );
    let Request::Get(get) = &requests[0] else {
        panic!("{requests:?}");
    };
    assert_eq!(
        (get.query.as_str(), get.interactive, requests.len()),
        ("トレンド", false, 1)
    );
}

#[test]
fn get_as_json_has_the_documented_keys_alone() {
    let (ran, requests) = run(
        &[
            "get",
            "x",
            "--next",
            "--min-left",
            "5",
            "--fresh",
            "--prompt",
            "--json",
        ],
        "",
        |_| code(),
    );
    let id = EntryId::from_random(1);
    assert_eq!(
        ran.out,
        format!("{{\"id\":\"{id}\",\"code\":\"012345\",\"valid_for\":21}}\n")
    );
    let Request::Get(get) = &requests[0] else {
        panic!("{requests:?}");
    };
    assert!(get.next && get.fresh && get.interactive);
    assert_eq!(get.min_left, Some(5));
}

#[test]
fn several_matches_are_listed_on_standard_error_and_none_is_guessed() {
    let candidate = |number, issuer: &str, account: &str| Candidate {
        source: None,
        id: EntryId::from_random(number),
        issuer: issuer.into(),
        account: account.into(),
    };
    let both = vec![
        candidate(1, "トレンドマイクロ", "山田"),
        candidate(2, "Trend", "bob\u{1b}[31m"),
    ];
    let (ran, _) = run(&["get", "t"], "", move |_| {
        Err(RpcError::ambiguous(both.clone()))
    });
    assert_eq!((ran.status, ran.out.as_str()), (4, ""));
    assert_eq!(
        ran.err,
        "otpctl: no code: several entries match\n   \
         aaaaaaab  トレンドマイクロ  山田\n   \
         aaaaaaac  Trend             bob[31m\n"
    );
}

#[test]
fn what_was_done_but_not_to_its_end_is_not_called_undone() {
    for (kind, expected) in [
        (
            ErrorKind::Incomplete,
            "otpctl: not complete: the agent's words\n",
        ),
        (
            ErrorKind::Storage,
            "otpctl: nothing removed: the agent's words\n",
        ),
    ] {
        let (ran, _) = run(&["remove", "x", "--purge", "--yes"], "", move |_| {
            error(kind)
        });
        assert_eq!(ran.err, format!("{expected}hint: otpctl doctor\n"));
    }
}
