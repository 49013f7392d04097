//! Codes typed into a page of Debian's Chromium.

use std::process::Output;

use crate::prompt::until;
use crate::support::{
    Daemon, Home, Process, oathtool_hotp, oathtool_totp, programs, random_key, run, skip,
    start_program, start_screen, wall,
};

const DAY: u32 = 86_400;

/// A page with a form; its title says what is in its field, and whether it was sent.
const PAGE: &str = "<title>-</title><form onsubmit=\"document.title='sent';return false\">\
    <input id=q oninput=\"document.title='field '+value\"></form>\
    <script>onload=()=>{q.focus();document.title='field '}</script>";

/// What a browser as a throw-away user needs on a screen without a card.
const FLAGS: [&str; 7] = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
    "--password-store=basic",
];

/// A screen with a browser whose page has the focus, and an unlocked agent.
struct Desk {
    home: Home,
    window: String,
    _daemon: Daemon,
    _browser: Process,
    _screen: Process,
}

impl Desk {
    /// `None`, and a line about it, where no browser is installed.
    fn open(test: &str) -> Option<Self> {
        if !std::path::Path::new("/usr/bin/chromium").exists() {
            skip(test, "chromium is not installed");
            return None;
        }
        let mut home = Home::with_vault();
        let screen = start_screen(&mut home);
        let daemon = Daemon::start(&home);
        home.unlock();
        let page = home.home().join("page.html");
        home.write(&page, PAGE);
        let data = format!("--user-data-dir={}", home.home().join("browser").display());
        let app = format!("--app=file://{}", page.display());
        let arguments = [&FLAGS[..], &[&data, &app]].concat();
        let browser = start_program(&home, "chromium", &arguments);
        let window = until("the page", || {
            let mut search = home.command("xdotool");
            let found = search
                .args(["search", "--name", "^field"])
                .output()
                .unwrap();
            let found = String::from_utf8(found.stdout).unwrap();
            found.lines().next().map(str::to_owned)
        });
        let desk = Self {
            home,
            window,
            _daemon: daemon,
            _browser: browser,
            _screen: screen,
        };
        desk.xdotool(&["windowfocus", "--sync", &desk.window]);
        Some(desk)
    }

    fn xdotool(&self, arguments: &[&str]) -> Output {
        let output = self.home.command("xdotool").args(arguments).output();
        output.unwrap()
    }

    fn title(&self) -> String {
        let output = self.xdotool(&["getwindowname", &self.window]);
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

#[test]
fn the_code_is_typed_into_a_page_and_a_script_fills_and_sends_it() {
    let Some(desk) = Desk::open("the_code_is_typed_into_a_page") else {
        return;
    };
    let home = &desk.home;
    let key = random_key();
    home.add(&format!("otpauth://totp/Bank:me?secret={key}&period={DAY}"));
    let typed = home.ctl(&["get", "Bank", "--type"]).exits(0);
    assert_eq!((typed.stdout.as_str(), typed.stderr.as_str()), ("", ""));
    let code = oathtool_totp(&key, "SHA1", 6, DAY, wall());
    until("the code", || {
        (desk.title() == format!("field {code}")).then_some(())
    });

    // Another window than the one that is meant, and what the agent isn't asked for then.
    let key = random_key();
    home.add(&format!("otpauth://hotp/Shop:you?secret={key}&counter=3"));
    let words = ["get", "Shop", "--type", "--script"];
    let script = "{BS 6}{USER}-{CODE}";
    let other = [&words[..], &[script, "--window", "mail*"]].concat();
    let refused = home.ctl(&other).exits(1);
    assert!(
        refused
            .stderr
            .contains("the window that has the focus is another one"),
        "{refused:?}"
    );
    assert_eq!(desk.title(), format!("field {code}"));
    let meant = [&words[..], &[script, "--window", "field*"]].concat();
    // Its title changes with the first key: a pattern has to fit all the time.
    home.ctl(&meant).exits(0);
    let code = oathtool_hotp(&key, 6, 3);
    until("the script", || {
        (desk.title() == format!("field you-{code}")).then_some(())
    });
    home.ctl(&["get", "Shop", "--type", "--script", "{ENTER}"])
        .exits(0);
    until("the form", || (desk.title() == "sent").then_some(()));
}

#[test]
fn a_counter_is_not_advanced_where_nothing_can_be_typed() {
    let home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    home.unlock();
    let key = random_key();
    home.add(&format!("otpauth://hotp/Bank:me?secret={key}&counter=7"));
    home.ctl(&["get", "Bank", "--type", "--script", "{KODE}"])
        .exits(2);
    let failed = home.ctl(&["get", "Bank", "--type"]).exits(1);
    assert!(
        failed.stderr.contains("there is no graphical session"),
        "{failed:?}"
    );
    let mut elsewhere = home.command(programs().join("otpctl"));
    elsewhere.env("WAYLAND_DISPLAY", "nowhere");
    run(elsewhere.args(["--no-start", "get", "Bank", "--type"]), b"").exits(1);
    for wrong in [
        &["get", "Bank", "--type", "--copy"][..],
        &["get", "Bank", "--type", "--next"],
        &["get", "Bank", "--copy", "--script", "{CODE}"],
        &["get", "Bank", "--window", "x"],
    ] {
        home.ctl(wrong).exits(2);
    }
    let shown = home.ctl(&["get", "Bank"]).exits(0);
    assert_eq!(shown.line(), oathtool_hotp(&key, 6, 7));
}
