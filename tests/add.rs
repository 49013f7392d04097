//! Enrolment: URIs, keys and pictures.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::{
    Daemon, Home, PASSPHRASE, Terminal, oathtool_totp, programs, random_key, run, wall,
};

fn count(home: &Home) -> usize {
    home.ctl(&["list", "--json"])
        .exits(0)
        .json()
        .as_array()
        .unwrap()
        .len()
}

/// The picture of a QR code with this text.
pub(crate) fn qr(text: &str) -> Vec<u8> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_qr-fixture"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let png = child.wait_with_output().unwrap();
    assert!(png.status.success());
    png.stdout
}

/// The same as a file in the home.
fn picture(home: &Home, name: &str, text: &str) -> String {
    let path = home.home().join(name);
    home.write(&path, qr(text));
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_key_is_enrolled_from_the_manuals_picture() {
    let (home, daemon) = Daemon::unlocked();
    let key = &random_key()[..16];
    let uri = format!("otpauth://totp/abc****?secret={key}&issuer=Trend%20Micro%20SaaS%20Account");
    let file = picture(&home, "qr.png", &uri);
    let added = home.ctl(&["add", "--image", &file]).exits(0);
    let told = format!("{}{}", added.stdout, added.stderr);
    assert!(
        told.contains("Trend Micro SaaS Account") && !told.contains(key),
        "{added:?}"
    );

    let before = wall();
    let code = home.ctl(&["get", "trend"]).exits(0);
    let accepted: Vec<_> = (before..=wall())
        .map(|at| oathtool_totp(key, "SHA1", 6, 30, at))
        .collect();
    assert!(
        accepted.iter().any(|right| right == code.line()),
        "{code:?} {accepted:?}"
    );
    daemon.stop();
}

#[test]
fn the_same_entry_is_said_to_be_there_and_a_new_one_replaces_the_older_entry() {
    let (home, _daemon) = Daemon::unlocked();
    let uri = format!("otpauth://totp/GitHub:me?secret={}", random_key());
    home.ctl_in(&["add"], &uri).exits(0);
    let again = home.ctl_in(&["add"], &uri).exits(0);
    assert!(
        !again.stdout.is_empty() || !again.stderr.is_empty(),
        "it says so"
    );
    assert_eq!(count(&home), 1);

    let renewed = format!("otpauth://totp/GitHub:me?secret={}", random_key());
    let answer = home.connect().ok("add", json!({"uri": renewed}));
    assert_eq!(
        answer["superseded"].as_array().unwrap().len(),
        1,
        "{answer}"
    );
    let trash = answer["superseded"][0]["trash"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(count(&home), 1);
    // Two of one name are the trap of many authenticators: here nothing is guessed.
    home.ctl(&["restore", &trash]).exits(0);
    assert_eq!(count(&home), 2);
    home.ctl(&["get", "github"]).exits(4);
}

#[test]
fn a_bare_key_gets_its_names_and_parameters_from_flags() {
    let (home, _daemon) = Daemon::unlocked();
    let key = random_key();
    home.ctl_in(
        &[
            "add",
            "--issuer",
            "トレンド",
            "--account",
            "山田",
            "--digits",
            "8",
            "--period",
            "60",
            "--tag",
            "work",
        ],
        &key,
    )
    .exits(0);
    let shown = home.ctl(&["show", "トレンド", "--json"]).exits(0).json();
    assert_eq!(
        (&shown["account"], &shown["digits"]),
        (&"山田".into(), &8.into())
    );
    assert_eq!(
        (&shown["period"], &shown["tags"]),
        (&60.into(), &json!(["work"]))
    );
}

#[test]
fn what_is_no_key_is_refused_with_one_line_and_nothing_is_stored() {
    let (home, _daemon) = Daemon::unlocked();
    let folder = home.home();
    let png = picture(
        &home,
        "good.png",
        "otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ",
    );
    let whole = std::fs::read(&png).unwrap();
    home.write(&folder.join("cut.png"), &whole[..whole.len() / 2]);
    home.write(
        &folder.join("noise.png"),
        [b"\x89PNG\r\n\x1a\n".as_slice(), &[7; 2000]].concat(),
    );
    home.write(&folder.join("empty.png"), "");
    home.write(&folder.join("text.png"), "no picture at all\n");
    // 2x2 grey pixels without any code.
    home.write(&folder.join("blank.bmp"), BLANK);
    picture(&home, "link.png", "https://example.com/");
    picture(&home, "bad.png", "otpauth://totp/a?secret=0189&issuer=x");
    for name in [
        "cut.png",
        "noise.png",
        "empty.png",
        "text.png",
        "blank.bmp",
        "link.png",
        "bad.png",
    ] {
        let path = folder.join(name);
        let refused = home
            .ctl(&["add", "--image", path.to_str().unwrap()])
            .exits(8);
        assert_eq!(refused.stdout, "", "{name}");
        let lines: Vec<_> = refused
            .stderr
            .lines()
            .filter(|l| !l.starts_with("hint:"))
            .collect();
        assert_eq!(lines.len(), 1, "{name}: {}", refused.stderr);
        assert!(
            lines[0].starts_with("otpctl: "),
            "{name}: {}",
            refused.stderr
        );
    }
    for line in [
        "",
        "otpauth://totp/a?secret=0189",
        "https://example.com",
        "not base32!",
    ] {
        let refused = home.ctl_in(&["add"], &format!("{line}\n")).exits(8);
        assert!(
            !refused.stderr.contains("0189"),
            "input is quoted: {refused:?}"
        );
    }
    assert_eq!(count(&home), 0);
    // The control: the picture that was cut above is good when whole.
    home.ctl(&["add", "--image", &png]).exits(0);
    assert_eq!(count(&home), 1);
}

#[test]
fn several_pictures_and_a_picture_on_stdin_are_taken() {
    let (home, _daemon) = Daemon::unlocked();
    let one = picture(
        &home,
        "1.png",
        &format!("otpauth://totp/one:a?secret={}", random_key()),
    );
    let two = picture(
        &home,
        "2.png",
        &format!("otpauth://totp/two:a?secret={}", random_key()),
    );
    let three = picture(
        &home,
        "3.png",
        &format!("otpauth://totp/three:a?secret={}", random_key()),
    );
    let link = picture(&home, "link.png", "https://example.com/welcome");
    let mixed = home.ctl(&["add", "--image", &link, &one, &two]).exits(0);
    assert!(mixed.stderr.contains("Left out"), "{mixed:?}");
    assert_eq!(count(&home), 2);
    home.ctl(&["add", "--image", &link]).exits(8);
    let mut command = home.command(programs().join("otpctl"));
    command.args(["--no-start", "add", "--image", "-"]);
    run(&mut command, &std::fs::read(three).unwrap()).exits(0);
    assert_eq!(count(&home), 3);
}

#[test]
fn a_person_sees_the_first_code_and_says_whether_it_was_accepted() {
    let home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    let file = picture(
        &home,
        "qr.png",
        &format!("otpauth://totp/GitHub:me?secret={}", random_key()),
    );
    let otpctl = programs().join("otpctl");
    for (answer, stored) in [("n", 0), ("y", 1)] {
        let mut terminal = Terminal::start(
            &home,
            otpctl.to_str().unwrap(),
            &["--no-start", "add", "--image", &file],
        );
        if stored == 0 {
            // Locked at first: the passphrase is asked, as stdin and stderr are terminals.
            terminal.expect(":");
            terminal.enter(PASSPHRASE);
        }
        terminal.expect("GitHub");
        terminal.expect("[");
        terminal.enter(answer);
        let (status, screen) = terminal.finish();
        assert_eq!(status.success(), stored == 1, "{screen}");
        assert_eq!(count(&home), stored, "{screen}");
    }
}

#[test]
fn the_one_that_is_chosen_of_several_is_tried_out_as_well() {
    let (home, _daemon) = Daemon::unlocked();
    let files = ["one", "two"].map(|name| {
        let uri = format!("otpauth://totp/{name}:me?secret={}", random_key());
        picture(&home, &format!("{name}.png"), &uri)
    });
    let otpctl = programs().join("otpctl");
    for (answer, stored) in [("n", 0), ("y", 1)] {
        let args = ["--no-start", "add", "--image", &files[0], &files[1]];
        let mut terminal = Terminal::start(&home, otpctl.to_str().unwrap(), &args);
        terminal.expect("Store which?");
        terminal.enter("2");
        terminal.expect("Did the page");
        terminal.enter(answer);
        let (status, screen) = terminal.finish();
        assert_eq!(status.success(), stored == 1, "{screen}");
        assert_eq!(count(&home), stored, "{screen}");
    }
    assert!(home.ctl(&["list"]).exits(0).stdout.contains("two"));
}

#[test]
fn the_code_that_a_page_took_is_not_given_again_though_the_key_was_there_before() {
    let (home, _daemon) = Daemon::unlocked();
    // The codes of RFC 4226, appendix D.
    let uri = "otpauth://hotp/counted?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let file = picture(&home, "qr.png", uri);
    home.add(uri);
    for code in ["755224", "287082", "359152"] {
        assert_eq!(home.ctl(&["get", "counted"]).exits(0).line(), code);
    }
    home.ctl(&["remove", "counted", "--purge", "--yes"])
        .exits(0);
    let otpctl = programs().join("otpctl");
    let mut terminal = Terminal::start(
        &home,
        otpctl.to_str().unwrap(),
        &["--no-start", "add", "--image", &file],
    );
    terminal.expect("[");
    terminal.enter("y");
    let (status, screen) = terminal.finish();
    assert!(status.success(), "{screen}");
    assert!(screen.replace(' ', "").contains("969429"), "{screen}");
    assert_eq!(home.ctl(&["get", "counted"]).exits(0).line(), "338314");
}

/// A bitmap of 2x2 grey pixels.
const BLANK: &[u8] = &[
    0x42, 0x4d, 0x46, 0, 0, 0, 0, 0, 0, 0, 0x36, 0, 0, 0, 0x28, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1,
    0, 0x18, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0x13, 0xb, 0, 0, 0x13, 0xb, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0,
];
