//! OTP Manager: issuer, user and key typed by hand.

use crate::desk::offered_code;
use crate::service::{ACCOUNT, ISSUER, Service};
use crate::support::{Daemon, Terminal, programs};

#[test]
fn a_key_typed_in_small_letters_and_groups_gives_codes_that_the_service_takes() {
    let mut service = Service::new();
    let key = service.offer().to_owned();
    let typed = key.to_lowercase();
    let groups: Vec<_> = (0..4).map(|n| &typed[n * 4..n * 4 + 4]).collect();

    let (mut home, _daemon) = Daemon::unlocked();
    home.var("LANG", "ja_JP.UTF-8");
    let otpctl = programs().join("otpctl");
    let args = ["--no-start", "add"];
    let mut terminal = Terminal::start(&home, otpctl.to_str().unwrap(), &args);
    terminal.expect("キー (表示されません): ");
    terminal.enter(&groups.join(" "));
    terminal.expect("発行者");
    terminal.enter(ISSUER);
    terminal.expect("アカウント");
    terminal.enter(ACCOUNT);
    let code = offered_code(&mut terminal);
    assert_eq!(service.enable(&code), Ok(()));
    terminal.enter("");
    let (status, screen) = terminal.finish();
    assert!(status.success(), "{screen}");
    assert!(!screen.contains(groups[1]), "{screen}");
    let shown = home.ctl(&["show", "trend", "--json"]).exits(0).json();
    assert_eq!(shown["issuer"], ISSUER);
    assert_eq!(shown["account"], ACCOUNT);
}
