//! The picture and the transcript of the documentation: a real enrolment, by a person at a
//! terminal beside the browser. Made by `tests/picture.sh`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Instant;

use crate::desk::{Desk, QUERY};
use crate::site::Console;
use crate::support::{PATIENCE, run};

/// A terminal on the screen whose session is recorded.
struct Xterm {
    child: Child,
    record: PathBuf,
}

impl Xterm {
    /// Starts a shell at the right of the browser.
    fn start(desk: &Desk) -> Self {
        let record = desk.home().home().join("record");
        let mut xterm = desk.home().command_with(&["--pdeathsig=KILL"], "xterm");
        // Its own locale is one that every machine has; the programs in it speak Japanese.
        let session = [
            "-e",
            "env",
            "LANG=ja_JP.UTF-8",
            "PS1=$ ",
            "script",
            "--quiet",
        ];
        xterm
            .env("LANG", "C.UTF-8")
            .args(["-fa", "VL Gothic", "-fs", "11", "-b", "9", "-bw", "0"])
            .args(["-bg", "#1e2227", "-fg", "#e6e6e6"])
            .args(["-geometry", "70x46+780+0"])
            .args(session)
            .args(["--flush", "--command", "sh -i"]);
        let child = xterm
            .arg(&record)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let xterm = Self {
            child: child.unwrap(),
            record,
        };
        xterm.wait_for("$ ", 1);
        xterm
    }

    fn text(&self) -> String {
        let bytes = fs::read(&self.record).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits until a text was shown so many times.
    fn wait_for(&self, text: &str, times: usize) {
        let end = Instant::now() + PATIENCE;
        while self.text().matches(text).count() < times {
            assert!(Instant::now() < end, "no {text:?} in {}", self.text());
        }
    }

    /// Types a line on the keyboard.
    fn enter(desk: &Desk, line: &str) {
        // Without a window manager the keys go to where the pointer is.
        let mut keys = desk.home().command("xdotool");
        keys.args(["mousemove", "1200", "700", "search", "--class", "xterm"]);
        keys.args(["windowfocus", "--sync", "type", "--delay", "20"]);
        run(keys.arg(format!("{line}\n")), b"").exits(0);
    }
}

impl Drop for Xterm {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
#[ignore = "makes the picture of the documentation: tests/picture.sh"]
fn the_documentation_s_picture_is_taken_of_a_real_enrolment() {
    let console = Console::start();
    let Some(mut desk) = Desk::new("picture") else {
        return;
    };
    let folder = std::env::var_os("OTPT_PICTURE").expect("where it is put");
    let folder = Path::new(&folder);
    desk.log_in(&console);
    desk.ask_for_qr(&console);
    let xterm = Xterm::start(&desk);
    Xterm::enter(&desk, "otpctl add --screen");
    xterm.wait_for("[Y/n]", 1);
    let said = xterm.text();
    let (_, rest) = said.rsplit_once("入力してください:").unwrap();
    let digits = rest.chars().take_while(|c| *c != '(');
    let code: String = digits.filter(char::is_ascii_digit).collect();
    desk.fill("認証コード", &code);
    fs::write(folder.join("enrol.png"), desk.print_screen()).unwrap();

    desk.press("2要素認証を有効にする");
    desk.sees("2要素認証: 有効");
    Xterm::enter(&desk, "");
    xterm.wait_for("$ ", 2);
    Xterm::enter(&desk, &format!("otpctl get {QUERY}"));
    xterm.wait_for("$ ", 3);
    fs::write(folder.join("enrol.txt"), xterm.text()).unwrap();
}
