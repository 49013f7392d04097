//! Q太郎: a QR code off the clipboard after the print-screen key, and off the screen.

use std::io::Write as _;
use std::process::Stdio;

use crate::desk::Desk;
use crate::site::Console;

/// Puts a picture onto the clipboard; xclip goes on in the background for as long as it owns it.
fn copy(desk: &Desk, picture: &[u8]) {
    let mut xclip = desk.home().command("xclip");
    xclip.args(["-selection", "clipboard", "-t", "image/png", "-i"]);
    let mut xclip = xclip
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("xclip: {error}; see tests/packages-browser.txt"));
    xclip.stdin.take().unwrap().write_all(picture).unwrap();
    assert!(xclip.wait().unwrap().success());
}

/// What the clipboard offers.
fn offered(desk: &Desk) -> String {
    let mut xclip = desk.home().command("xclip");
    xclip.args(["-selection", "clipboard", "-t", "TARGETS", "-o"]);
    let answer = xclip.output().unwrap();
    String::from_utf8_lossy(&answer.stdout).into_owned()
}

#[test]
fn a_screen_that_was_copied_is_read_enrolled_and_gone_from_the_clipboard() {
    let console = Console::start();
    let Some(mut desk) = Desk::new("q_taro") else {
        return;
    };
    desk.log_in(&console);
    desk.ask_for_qr(&console);
    let uri = console.service().uri().unwrap();
    copy(&desk, &desk.print_screen());
    // The reader's own job, which stores nothing and leaves the clipboard alone.
    for place in ["--screen", "--clipboard"] {
        let read = desk.ctl(&["qr", "read", place]).exits(0);
        assert_eq!(read.line(), uri, "{place}");
    }
    assert_eq!(desk.ctl(&["list", "--names"]).exits(0).stdout, "");
    assert!(offered(&desk).contains("image/png"));

    desk.enrol(&["add", "--clipboard"]);
    assert!(!offered(&desk).contains("image/png"));
    desk.is_nowhere(&uri);
}
