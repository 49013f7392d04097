//! Enrolment off the screen and the clipboard: the desktop's part is played by a script, the
//! rest is real.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::add::qr;
use crate::support::{
    Canary, Daemon, Home, Outcome, PASSPHRASE, Terminal, programs, random_key, run,
};

/// A home with a vault, and programs of its own whose `otp-desktop` is a script.
struct Desk {
    home: Home,
    programs: PathBuf,
}

impl Desk {
    /// `grab` hands out the pictures of `screen`, one after another, and `clip` the file
    /// `clipboard`, which it empties when it is told to.
    fn new() -> (Self, Daemon) {
        let home = Home::with_vault();
        let daemon = Daemon::start(&home);
        home.unlock();
        let folder = home.root().join("programs");
        home.make_dir(&folder);
        let script = home.root().join("script");
        home.write(
            &script,
            "#!/bin/sh\ncase $1 in\ngrab) cat \"$HOME/screen\" ;;\n\
             clip) cat \"$HOME/clipboard\"; exec >&-\n\
             if [ \"$(cat)\" = clear ]; then : > \"$HOME/clipboard\"; fi ;;\n\
             esac\n",
        );
        for (from, name) in [
            (programs().join("otpctl"), "otpctl"),
            (programs().join("otp-helper"), "otp-helper"),
            (script, "otp-desktop"),
        ] {
            let mut install = Command::new("install");
            install.args(["-m", "0755"]);
            install.arg(from).arg(folder.join(name));
            assert!(install.status().unwrap().success());
        }
        let desk = Self {
            home,
            programs: folder,
        };
        (desk, daemon)
    }

    fn show(&self, place: &str, content: impl AsRef<[u8]>) {
        self.home.write(&self.home.home().join(place), content);
    }

    #[track_caller]
    fn ctl(&self, args: &[&str]) -> Outcome {
        let mut command = self.home.command(self.programs.join("otpctl"));
        run(command.arg("--no-start").args(args), b"")
    }

    fn terminal(&self, args: &[&str]) -> Terminal {
        let program = self.programs.join("otpctl");
        Terminal::start(&self.home, program.to_str().unwrap(), args)
    }

    fn names(&self) -> Vec<String> {
        let list = self.ctl(&["list", "--names"]).exits(0);
        list.stdout.lines().map(str::to_owned).collect()
    }
}

fn uri(name: &str, key: &str) -> String {
    format!("otpauth://totp/{name}?secret={key}")
}

/// The files of a home that hold a key in any form, beside its vault's ciphertext.
fn leaks(home: &Home, key: &str) -> Vec<PathBuf> {
    let canary = Canary::key(key);
    let mut found = canary.files(home.root());
    found.extend(canary.files(Path::new("/dev/shm")));
    found
}

#[test]
fn the_screen_is_enrolled_with_the_first_code_and_the_person_s_word() {
    let (desk, _daemon) = Desk::new();
    let key = random_key();
    desk.show("screen", qr(&uri("GitHub:me", &key)));
    for (answer, stored) in [("n", 0), ("y", 1)] {
        let mut terminal = desk.terminal(&["--no-start", "add", "--screen"]);
        terminal.expect("on the screen: GitHub (me)");
        terminal.expect("s left)");
        terminal.expect("[Y/n]");
        terminal.enter(answer);
        let (status, screen) = terminal.finish();
        assert_eq!(status.success(), stored == 1, "{screen}");
        assert_eq!(desk.names().len(), stored, "{screen}");
    }
    // The picture itself is the key in another form; only its text must be nowhere.
    assert_eq!(leaks(&desk.home, &key), [] as [PathBuf; 0]);
}

#[test]
fn a_newer_key_takes_the_place_of_the_older_and_the_same_is_said_to_be_there() {
    let (desk, _daemon) = Desk::new();
    desk.show("screen", qr(&uri("GitHub:me", &random_key())));
    desk.ctl(&["add", "--screen"]).exits(0);
    let again = desk.ctl(&["add", "--screen"]).exits(0);
    assert!(again.stderr.contains("there already"), "{again:?}");
    desk.show("screen", qr(&uri("GitHub:me", &random_key())));
    let newer = desk.ctl(&["add", "--screen", "--json"]).exits(0);
    let answer = &newer.json()[0];
    assert_eq!(answer["superseded"][0]["trash"], "tr-2", "{newer:?}");
    assert_eq!(desk.names(), ["GitHub:me"]);
}

#[test]
fn the_clipboard_s_picture_and_uri_are_stored_and_cleared() {
    let (desk, _daemon) = Desk::new();
    let clipboard = desk.home.home().join("clipboard");
    for (number, is_picture) in [(1, true), (2, false)] {
        let key = random_key();
        let uri = uri(&format!("s{number}:me"), &key);
        let content = if is_picture {
            qr(&uri)
        } else {
            uri.into_bytes()
        };
        desk.show("clipboard", &content);
        desk.ctl(&["add", "--clipboard"]).exits(0);
        assert_eq!(desk.names().len(), number);
        assert_eq!(std::fs::read(&clipboard).unwrap(), b"");
        assert_eq!(leaks(&desk.home, &key), [] as [PathBuf; 0]);
    }
    // What isn't a key stays where it is.
    for content in [qr("https://example.com/?token=1"), b"some text".to_vec()] {
        desk.show("clipboard", &content);
        let refused = desk.ctl(&["add", "--clipboard"]).exits(8);
        assert_eq!(refused.stderr.lines().count(), 1, "{refused:?}");
        assert!(!refused.stderr.contains("token"), "{refused:?}");
        assert_eq!(std::fs::read(&clipboard).unwrap(), content);
    }
}

#[test]
fn of_several_keys_at_once_the_person_chooses() {
    let (desk, _daemon) = Desk::new();
    let home = &desk.home;
    let mut files = Vec::new();
    for name in ["one:山田", "two:b", "three:c"] {
        let path = home.home().join(name.split_once(':').unwrap().0);
        home.write(&path, qr(&uri(name, &random_key())));
        files.push(path.to_str().unwrap().to_owned());
    }
    let mut args = vec!["--no-start", "add", "--image"];
    args.extend(files.iter().map(String::as_str));
    desk.ctl(&["add", "--image", &files[1]]).exits(0);
    let mut terminal = desk.terminal(&args);
    terminal.expect("1  one (山田)");
    terminal.expect("2  two (b)");
    terminal.expect("there already");
    terminal.expect("none]");
    terminal.enter("4");
    terminal.expect("none]");
    terminal.enter("1-2");
    let (status, screen) = terminal.finish();
    assert!(status.success(), "{screen}");
    assert_eq!(desk.names(), ["one:山田", "two:b"], "{screen}");
    let mut terminal = desk.terminal(&args);
    terminal.expect("none]");
    terminal.enter("n");
    let (status, screen) = terminal.finish();
    assert_eq!(status.code(), Some(6), "{screen}");
    assert_eq!(desk.names().len(), 2);
}

#[test]
fn a_locked_vault_is_opened_after_the_screen_was_read() {
    let (desk, _daemon) = Desk::new();
    desk.show("screen", qr(&uri("GitHub:me", &random_key())));
    desk.ctl(&["lock"]).exits(0);
    let locked = desk.ctl(&["add", "--screen"]).exits(5);
    assert!(locked.stderr.contains("hint: otpctl unlock"), "{locked:?}");
    let mut terminal = desk.terminal(&["--no-start", "add", "--screen"]);
    terminal.expect("Passphrase: ");
    terminal.enter(PASSPHRASE);
    terminal.expect("[Y/n]");
    terminal.enter("");
    let (status, screen) = terminal.finish();
    assert!(status.success(), "{screen}");
    assert_eq!(desk.names(), ["GitHub:me"]);
}

#[test]
fn any_code_is_read_and_an_entry_is_shown_as_one_that_reads_back() {
    let (desk, _daemon) = Desk::new();
    let home = &desk.home;
    let key = random_key();
    let full = uri("GitHub:me", &key) + "&x-otpd-note=n&x-otpd-recovery=k3t7q-2m5nv";
    home.add(&full);
    desk.show("screen", qr("https://example.com/山"));
    let read = desk.ctl(&["qr", "read", "--screen"]).exits(0);
    assert_eq!(read.stdout, "https://example.com/山\n");
    desk.ctl(&["lock"]).exits(0);
    let otpctl = desk.programs.join("otpctl");
    let show = |passphrase: &str, args: &[&str]| {
        let mut command = home.command(&otpctl);
        command
            .args(["--no-start", "qr", "show", "github"])
            .args(args);
        run(&mut command, passphrase.as_bytes())
    };
    assert_eq!(show(PASSPHRASE, &[]).exits(5).stdout, "");
    home.unlock();
    assert_eq!(show("wrong\n", &[]).exits(6).stdout, "");
    let drawn = show(&format!("{PASSPHRASE}\n"), &[]).exits(0);
    assert!(drawn.stdout.contains('█'), "{drawn:?}");

    let png = home.home().join("shown.png");
    let png = png.to_str().unwrap();
    show(&format!("{PASSPHRASE}\n"), &["--png", png]).exits(0);
    let again = desk.ctl(&["qr", "read", png, "--json"]).exits(0).json();
    let text = again[0]["text"].as_str().unwrap();
    assert!(text.contains(&key) && !text.contains("x-otpd-"), "{text}");
    let page = home.home().join("page.html");
    let page = page.to_str().unwrap();
    show(&format!("{PASSPHRASE}\n"), &["--print", page]).exits(0);
    assert!(std::fs::read_to_string(page).unwrap().contains("GitHub"));
}
