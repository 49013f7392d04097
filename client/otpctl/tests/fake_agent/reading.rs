//! `list` and `status`.

use super::replay::*;
use otp_proto::{ListAnswer, Request, Response};

#[test]
fn list_as_json_is_the_array_of_entries() {
    let entries = || ListAnswer {
        locked: false,
        entries: vec![entry(1, "トレンド", "abc"), entry(2, "GitHub", "山田太郎")],
    };
    let (ran, _) = run(&["list", "--json"], "", move |_| {
        Ok(Response::List(entries()))
    });
    assert!(
        ran.out
            .starts_with("[{\"id\":\"aaaaaaab\",\"issuer\":\"トレンド\""),
        "{}",
        ran.out
    );
    assert!(ran.out.ends_with("\"tags\":[\"work\"]}]\n"), "{}", ran.out);
    let (ran, _) = run(&["list"], "", move |_| Ok(Response::List(entries())));
    assert_eq!(
        ran.out,
        "aaaaaaab  トレンド  abc       totp\naaaaaaac  GitHub    山田太郎  totp\n"
    );
    let (ran, _) = run(&["list", "--names"], "", move |_| {
        Ok(Response::List(entries()))
    });
    assert_eq!(ran.out, "トレンド:abc\nGitHub:山田太郎\n");
}

#[test]
fn a_list_of_a_locked_vault_is_refused_rather_than_empty() {
    for (has_vault, hint) in [
        (true, "hint: otpctl unlock\n"),
        (false, "hint: otpctl init\n"),
    ] {
        let (ran, _) = run(&["list"], "", move |request| match request {
            Request::Status(_) => status(has_vault, true),
            _ => Ok(Response::List(ListAnswer {
                locked: true,
                entries: Vec::new(),
            })),
        });
        assert_eq!((ran.status, ran.out.as_str()), (5, ""));
        assert!(ran.err.ends_with(hint), "{}", ran.err);
    }
}

#[test]
fn the_names_that_a_locked_vault_remembers_are_listed_without_a_question() {
    let entries = || {
        Ok(Response::List(ListAnswer {
            locked: true,
            entries: vec![entry(2, "GitHub", "me")],
        }))
    };
    for (words, expected) in [
        (&["list"][..], "aaaaaaac  GitHub  me  totp\n"),
        (&["list", "--names"], "GitHub:me\n"),
    ] {
        let (ran, asked) = run(words, "", move |_| entries());
        assert_eq!((ran.status, ran.out.as_str()), (0, expected));
        assert_eq!((ran.err.as_str(), asked.len()), ("", 1));
    }
}

#[test]
fn status_as_json_passes_on_every_key() {
    let (ran, _) = run(&["--json", "status"], "", |_| status(true, true));
    for key in ["locked", "version", "protocol", "pid", "memory", "rollback"] {
        assert!(
            ran.out.contains(&format!("\"{key}\":")),
            "{key}: {}",
            ran.out
        );
    }
    let (ran, _) = run(&["status"], "", |_| status(true, false));
    assert!(
        ran.out.starts_with("vault       unlocked since 1 min\n"),
        "{}",
        ran.out
    );
}

#[test]
fn status_says_what_has_locked_the_vault_and_what_does() {
    let (ran, _) = run(&["status"], "", |_| status(true, true));
    for line in [
        "vault       locked for 1 min: the system went to sleep\n",
        "locks with  screen (not seen), session, sleep (off)\n",
        "backup      newest 1 h 0 min ago\n",
        "clock       synchronised\n",
        "socket      /run/otpd.sock\n",
    ] {
        assert!(ran.out.contains(line), "{line}: {}", ran.out);
    }
}
