//! WinAuth: add with a verification, and its kinds of codes.

use crate::desk::{Desk, offered_code};
use crate::site::Console;
use crate::support::{
    Clock, Daemon, Home, Terminal, faketime, oathtool_hotp, oathtool_totp, programs, random_key,
    wall,
};

/// Six other digits.
fn wrong(code: &str) -> String {
    let turn = |digit: u32| char::from_digit((digit + 5) % 10, 10).unwrap();
    let digits = code.chars().filter_map(|c| c.to_digit(10));
    digits.map(turn).collect()
}

#[test]
fn a_key_is_stored_only_after_the_page_took_its_code() {
    let console = Console::start();
    let Some(mut desk) = Desk::new("winauth::a_key_is_stored_only") else {
        return;
    };
    desk.log_in(&console);
    desk.ask_for_qr(&console);
    let mut terminal = desk.terminal(&["add", "--screen"]);
    let code = offered_code(&mut terminal);
    desk.fill("認証コード", &wrong(&code));
    desk.press("2要素認証を有効にする");
    desk.sees("コードが正しくありません");
    terminal.enter("n");
    assert_eq!(terminal.finish().0.code(), Some(6));
    assert_eq!(desk.ctl(&["list", "--names"]).exits(0).stdout, "");

    // The page shows the same code still.
    let uri = console.service().uri().unwrap();
    desk.wait_for_code(&uri);
    desk.enrol(&["add", "--screen"]);
    let list = desk.ctl(&["list", "--names"]).exits(0);
    assert_eq!(list.line(), "Trend Micro SaaS Account:abc****");
    desk.is_nowhere(&uri);
}

/// Pastes a key at the prompt, as into WinAuth's dialog, and says that its code was right.
fn paste(home: &Home, key: &str, flags: &[&str]) {
    let otpctl = programs().join("otpctl");
    let args = [&["--no-start", "add"], flags].concat();
    let mut terminal = Terminal::start(home, otpctl.to_str().unwrap(), &args);
    terminal.expect("(not shown): ");
    terminal.enter(key);
    terminal.expect("[Y/n]");
    terminal.enter("y");
    let (status, screen) = terminal.finish();
    assert!(status.success(), "{screen}");
    assert!(!screen.contains(key), "{screen}");
}

#[test]
fn timed_counted_and_eight_digit_codes_are_those_of_oathtool() {
    let (home, _daemon) = Daemon::unlocked();
    let keys = [random_key(), random_key(), random_key()];
    paste(&home, &keys[0], &["--issuer", "Authenticator"]);
    paste(
        &home,
        &keys[1],
        &["--issuer", "Battle.net", "--digits", "8"],
    );
    let counted = ["--issuer", "Counted", "--type", "hotp", "--counter", "3"];
    paste(&home, &keys[2], &counted);
    for (query, key, digits) in [("authenticator", &keys[0], 6), ("battle", &keys[1], 8)] {
        let before = wall();
        let code = home.ctl(&["get", query]).exits(0);
        let mut right = (before..=wall()).map(|at| oathtool_totp(key, "SHA1", digits, 30, at));
        assert!(right.any(|right| right == code.line()), "{query}");
    }
    // The page used the first one.
    for counter in 4..6 {
        let code = home.ctl(&["get", "counted"]).exits(0);
        assert_eq!(code.line(), oathtool_hotp(&keys[2], 6, counter));
    }
}

#[test]
fn a_steam_key_that_was_pasted_gives_the_published_code_at_its_moment() {
    let Some(library) = faketime("winauth::a_steam_key") else {
        return;
    };
    let clock = Clock::new(library);
    clock.set(1_616_374_841);
    let _daemon = clock.start();
    clock.home.unlock();
    // The first row of vectors/steam.tsv in base32.
    let key = "Z3ZBVSU5ZE7PW3276QDB5KZKFAMT7Y4L";
    paste(&clock.home, key, &["--issuer", "Steam", "--type", "steam"]);
    assert_eq!(clock.code("steam"), "2F9J5");
}
