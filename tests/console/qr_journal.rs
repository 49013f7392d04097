//! QR Journal: a QR code out of a picture file, and shown again.

use crate::desk::{Desk, QUERY};
use crate::screen::read_by_another;
use crate::site::Console;
use crate::support::{PASSPHRASE, STEP};

#[test]
fn a_cut_out_of_the_screen_is_enrolled_and_the_code_shown_again_for_another_device() {
    let console = Console::start();
    let Some(mut desk) = Desk::new("qr_journal") else {
        return;
    };
    desk.log_in(&console);
    desk.ask_for_qr(&console);
    let uri = console.service().uri().unwrap();
    let (_, rest) = uri.split_once("secret=").unwrap();
    let key = &rest[..16];
    // What the Mac's keys for a part of the screen leave on the desktop.
    let file = desk.file("cut-out.png", desk.browser().cut_out("img"));
    desk.enrol(&["add", "--image", &file]);

    desk.is_nowhere(&uri);

    let again = desk.home().home().join("again.png");
    let args = ["qr", "show", QUERY, "--png", again.to_str().unwrap()];
    desk.home().ctl_in(&args, PASSPHRASE).exits(0);
    let read = read_by_another(&std::fs::read(again).unwrap());
    assert_eq!(read.len(), 1, "{read:?}");
    assert!(read[0].contains(&format!("secret={key}")), "{read:?}");
    desk.pass(&console, STEP);
    desk.log_in_with_code(&console);
}
