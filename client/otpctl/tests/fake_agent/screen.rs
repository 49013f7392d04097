//! `add` from the screen and the clipboard.

use std::fs;

use super::replay::*;
use otp_proto::{ErrorKind, Request};

/// A helper that finds this in the bytes `pixels`, if it is asked as it should be.
pub(crate) fn reader(args: &str, findings: &str) -> String {
    format!("[ \"$*\" = 'parse {args}' ] && [ \"$(cat)\" = pixels ] && echo '{findings}' || exit 3")
}

#[test]
fn the_screen_goes_from_the_desktop_to_the_helper_and_what_is_no_key_is_named() {
    let home = Home::new();
    let findings = format!(
        "{{\"skipped\":\"url\",\"what\":\"example.com\"}}\n{{\"uri\":\"{URI}\"}}\n{{\"uri\":\"{URI}\",\"picture\":1}}"
    );
    home.with_sibling("otp-desktop", "[ \"$*\" = grab ] && printf pixels");
    let program = home.with_sibling("otp-helper", &reader("--image", &findings));
    let requests = agent(&home, willing);
    let ran = finish(command(&program, &home, &["add", "--screen"]), "");
    assert_eq!(
        (ran.status, ran.err.as_str()),
        (
            0,
            "Left out, because it is not a key: a web address (example.com)\n\
             Saved: Acme (alice).\n"
        ),
    );
    let methods: Vec<_> = requests.try_iter().map(|one| one.method()).collect();
    assert_eq!(
        methods,
        ["status", "add"],
        "what two monitors show is one key"
    );
}

#[test]
fn a_screen_without_a_key_is_one_line_and_exit_8() {
    for (findings, cause) in [
        (
            "{\"error\":\"no QR code found in the picture\"}",
            "no QR code found",
        ),
        ("{\"skipped\":\"text\"}", "no key in it, only a text"),
        ("{\"error\":\"no secret in it\"}", "no secret in it"),
    ] {
        let home = Home::new();
        home.with_sibling("otp-desktop", "printf pixels");
        let program = home.with_sibling("otp-helper", &reader("--image", findings));
        let requests = agent(&home, willing);
        let ran = finish(command(&program, &home, &["add", "--screen"]), "");
        assert_eq!((ran.status, requests.try_iter().count()), (8, 1));
        assert_eq!(
            ran.err,
            format!("otpctl: nothing added: cannot read the screen: {cause}\n")
        );
    }
}

#[test]
fn what_the_desktop_says_is_said_with_its_status() {
    for (status, expected) in [(6, 6), (8, 8), (1, 1), (2, 1)] {
        let home = Home::new();
        let script = format!(
            "echo 'otp-desktop: the dialog was closed' >&2; echo 'hint: xhost' >&2; exit {status}"
        );
        home.with_sibling("otp-desktop", &script);
        let program = home.with_sibling(
            "otp-helper",
            "cat; echo '{\"error\":\"no format\"}'; exit 8",
        );
        let requests = agent(&home, willing);
        for source in ["--screen", "--clipboard"] {
            let ran = finish(command(&program, &home, &["add", source]), "");
            assert_eq!((ran.status, requests.try_iter().count()), (expected, 1));
            assert_eq!(
                ran.err,
                "otpctl: nothing added: the dialog was closed\nhint: xhost\n"
            );
        }
    }
    let home = Home::new();
    let program = home.with_sibling("otp-helper", "exit 3");
    agent(&home, willing);
    let ran = finish(command(&program, &home, &["add", "--screen"]), "");
    assert_eq!(
        (ran.status, ran.err.as_str()),
        (
            1,
            "otpctl: nothing added: otp-desktop is not installed beside otpctl\n\
             hint: otpctl add --image FILE\n"
        )
    );
    let ran = finish(
        command(&program, &home, &["add", "--screen", "--image", "x"]),
        "",
    );
    assert_eq!(ran.status, 2, "{}", ran.err);
}

#[test]
fn without_a_vault_or_a_way_to_open_it_the_desktop_is_not_asked() {
    for (vault, expected) in [(false, 5), (true, 5)] {
        let home = Home::new();
        home.with_sibling("otp-helper", "exit 3");
        let program = home.with_sibling("otp-desktop", "touch \"$HOME/asked\"");
        agent(&home, move |_| status(vault, true));
        let ran = finish(command(&program, &home, &["add", "--screen"]), "");
        assert_eq!(ran.status, expected, "{}", ran.err);
        assert!(!home.path("asked").exists());
    }
}

#[test]
fn the_clipboard_is_cleared_once_its_key_is_stored_and_not_before() {
    for stored in [true, false] {
        let home = Home::new();
        let script = "[ \"$*\" = 'clip --then-clear' ] || exit 3
            printf pixels; exec >&-; cat > \"$HOME/word\"";
        home.with_sibling("otp-desktop", script);
        let findings = format!("{{\"uri\":\"{URI}\"}}");
        let program = home.with_sibling("otp-helper", &reader("--format auto", &findings));
        let word = home.path("word");
        agent(&home, move |request| match request {
            Request::Add(_) => {
                let told = fs::read_to_string(&word).unwrap_or_default();
                assert_eq!(told, "", "before it is stored");
                if stored {
                    willing(request)
                } else {
                    error(ErrorKind::Storage)
                }
            }
            _ => willing(request),
        });
        let ran = finish(command(&program, &home, &["add", "--clipboard"]), "");
        assert_eq!(ran.status, i32::from(!stored), "{}", ran.err);
        let word = fs::read_to_string(home.path("word")).unwrap();
        assert_eq!(word, if stored { "clear\n" } else { "" });
    }
}
