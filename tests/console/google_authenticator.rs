//! Google Authenticator: scan a code, show codes, and its export.

use std::process::Command;

use crate::desk::Desk;
use crate::service::qr;
use crate::site::Console;
use crate::support::{STEP, oathtool_hotp, oathtool_totp, random_key, run, wall};

/// The numbered lines below a heading of the documentation.
fn documented(heading: &str) -> Vec<String> {
    let page = include_str!("../../docs/steps.md");
    let (_, part) = page.split_once(heading).expect("the heading");
    let part = part.split("\n## ").next().unwrap();
    let lines = part.lines().filter_map(|line| line.split_once(". "));
    let numbered = lines.filter(|(number, _)| number.parse::<u8>().is_ok());
    numbered.map(|(_, step)| step.replace('`', "")).collect()
}

/// A field of bytes or text (protobuf.dev/programming-guides/encoding), shorter than 16384.
fn bytes(field: u8, content: &[u8]) -> Vec<u8> {
    let (low, high) = (content.len() % 128, content.len() / 128);
    let mut message = vec![field << 3 | 2, u8::try_from(low).unwrap()];
    if high > 0 {
        message[1] |= 128;
        message.push(u8::try_from(high).unwrap());
    }
    message.extend_from_slice(content);
    message
}

/// A field with a number below 128.
fn number(field: u8, number: u8) -> Vec<u8> {
    vec![field << 3, number]
}

/// An account of the export; `kind` is 1 for counted and 2 for timed codes.
fn account(name: &str, key: &str, kind: u8) -> Vec<u8> {
    let parts = [
        bytes(1, &otp_proto::base32_decode(key).unwrap()),
        bytes(2, name.as_bytes()),
        bytes(3, "輸出".as_bytes()),
        number(4, 1),
        number(5, 1),
        number(6, kind),
        number(7, 5),
    ];
    bytes(1, &parts.concat())
}

/// One picture of an export of two, version 2, without a batch id.
fn export(index: u8, accounts: &[Vec<u8>]) -> String {
    let tail = [number(2, 2), number(3, 2), number(4, index)].concat();
    let message = [accounts.concat(), tail].concat();
    let data = run(Command::new("base64").arg("--wrap=0"), &message).exits(0);
    let escaped = data.line().replace('+', "%2B").replace('/', "%2F");
    let escaped = escaped.replace('=', "%3D");
    format!("otpauth-migration://offline?data={escaped}")
}

#[test]
fn a_code_is_scanned_shown_at_each_login_and_the_phone_s_export_taken_over() {
    let console = Console::start();
    let Some(mut desk) = Desk::new("google_authenticator") else {
        return;
    };
    let (_, screen) = desk.enrol_off_the_screen(&console);
    let found = "画面にコードが 1 件見つかりました: Trend Micro SaaS Account (abc****)";
    assert!(screen.contains(found), "{screen}");
    assert!(screen.contains("80 ビット"), "{screen}");
    assert_eq!(desk.steps(), documented("## Enrolling with otpd"));
    desk.pass(&console, STEP);
    desk.log_in_with_code(&console);
    assert_eq!(desk.steps(), documented("## Each login with otpd"));

    // The export as two pictures, the second first.
    let names = ["alpha", "beta", "gamma", "delta"];
    let keys = names.map(|_| random_key());
    let kinds = [2, 2, 2, 1];
    let accounts: Vec<_> = (0..4)
        .map(|n| account(names[n], &keys[n], kinds[n]))
        .collect();
    let parts = [export(0, &accounts[..2]), export(1, &accounts[2..])];
    for (place, part) in parts.iter().enumerate() {
        desk.file(&format!("{place}.png"), qr(part));
    }
    let page = desk.file("phone.html", "<img src=1.png> <img src=0.png>");
    desk.open(&format!("file://{page}"));
    for part in &parts {
        desk.wait_for_code(part);
    }
    let mut terminal = desk.terminal(&["add", "--screen"]);
    terminal.expect("キーが 4 件見つかりました");
    terminal.expect("n: なし]");
    terminal.enter("");
    let (status, screen) = terminal.finish();
    assert!(status.success(), "{screen}");
    for place in 0..3 {
        let now = || wall() + console.service().ahead;
        let before = now();
        let code = desk.code(names[place]);
        let mut right = (before..=now()).map(|at| oathtool_totp(&keys[place], "SHA1", 6, 30, at));
        assert!(right.any(|right| right == code), "{}", names[place]);
    }
    assert_eq!(desk.code("delta"), oathtool_hotp(&keys[3], 6, 5));
}
