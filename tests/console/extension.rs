//! The browser extension Authenticator: a QR code in a tab, whatever the page looks like.

use std::process::Command;

use crate::desk::Desk;
use crate::service::qr;
use crate::site::Console;
use crate::support::{STEP, run};

/// What a page beside the key may show: a way to the manual.
const HELP: &str = "https://help.example.co.jp/2fa?lang=ja";

#[test]
fn a_small_light_on_dark_code_beside_another_one_is_found_in_the_tab() {
    let console = Console::start();
    let Some(mut desk) = Desk::new("extension") else {
        return;
    };
    desk.log_in(&console);
    desk.ask_for_qr(&console);
    let picture = run(Command::new("base64").arg("--wrap=0"), &qr(HELP)).exits(0);
    // Both changes are painted at once, and zbar sees the second.
    desk.browser().script(&format!(
        "const key = document.querySelector('img');
         key.style.filter = 'invert(0.92)';
         key.style.width = Math.round(key.width * 0.67) + 'px';
         document.querySelector('main').style.background = '#202124';
         const help = new Image();
         help.src = 'data:image/png;base64,{}';
         help.style.width = '90px';
         key.after(help);",
        picture.line()
    ));
    desk.wait_for_code(HELP);
    let (_, screen) = desk.enrol(&["add", "--screen"]);
    assert!(screen.contains("キーではないため除きました"), "{screen}");
    assert!(screen.contains("help.example.co.jp"), "{screen}");
    desk.pass(&console, STEP);
    desk.log_in_with_code(&console);
}
