//! Hardware opens the vault, through a plugin of age, and whatever happens to it the passphrase
//! does.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::json;

use crate::prompt;
use crate::support::{Daemon, Home, Outcome, PASSPHRASE, PATIENCE, programs, random_key, run};

/// A vault with an entry `x` that a plugin opens.
struct Desk {
    home: Home,
    daemon: Option<Daemon>,
    plugin: PathBuf,
    key: String,
}

impl Desk {
    fn new() -> Self {
        let home = Home::with_vault();
        let daemon = Daemon::start(&home);
        let folder = home.root().join("bin");
        let plugin = folder.join("age-plugin-paper");
        let from = concat!(env!("CARGO_MANIFEST_DIR"), "/data/plugin/age-plugin-paper");
        let mut install = Command::new("install");
        install.args(["-D", "-m", "0755", from]).arg(&plugin);
        assert!(install.status().unwrap().success());
        let made = run(home.command(&plugin).arg("--keygen"), b"").exits(0);
        home.write(&home.home().join("paper.txt"), made.stdout);
        home.unlock();
        let key = random_key();
        home.add(&format!("otpauth://totp/x?secret={key}"));
        let desk = Self {
            home,
            daemon: Some(daemon),
            plugin,
            key,
        };
        let wrong = desk.add("wrong").exits(6);
        assert!(wrong.stderr.contains("wrong passphrase"), "{wrong:?}");
        let added = desk.add(PASSPHRASE).exits(0);
        assert!(added.stderr.contains("otpctl unlock --slot paper"));
        desk.home.ctl(&["lock"]).exits(0);
        desk
    }

    fn add(&self, passphrase: &str) -> Outcome {
        let plugin = self.plugin.to_str().unwrap();
        let words = ["slots", "add", "plugin", plugin, "paper.txt"];
        self.home.ctl_in(&words, passphrase)
    }

    /// Another agent, which reads the configuration.
    fn restart(&mut self) {
        self.daemon.take().unwrap().stop();
        self.daemon = Some(Daemon::start(&self.home));
    }

    /// The paper behaves so from now on.
    fn behaves(&self, how: &str) {
        self.home.write(&self.home.home().join("paper"), how);
    }

    fn unlock(&self, typed: &str) -> Outcome {
        self.home.ctl_in(&["unlock", "--slot", "paper"], typed)
    }

    /// The passphrase and the recovery key open the vault; it is locked again.
    #[track_caller]
    fn typed_opens(&self) {
        for typed in [PASSPHRASE, self.home.recovery()] {
            self.home.ctl_in(&["unlock"], typed).exits(0);
            self.home.ctl(&["get", "x"]).exits(0);
            self.home.ctl(&["lock"]).exits(0);
        }
    }

    /// Runs `age`, which finds the plugin by its name.
    fn age(&self, args: &[&str], file: PathBuf) -> Outcome {
        let mut age = self.home.command("age");
        let path = format!("{}:/usr/bin:/bin", self.plugin.parent().unwrap().display());
        age.env("PATH", path);
        run(age.args(args).arg(file), b"")
    }
}

#[test]
fn hardware_opens_the_vault_and_age_opens_the_slot_s_file_by_the_plugin() {
    let desk = Desk::new();
    let home = &desk.home;
    let listed = home.ctl(&["slots", "list", "--json"]).exits(0).json();
    assert_eq!(listed[2], json!({"name": "paper", "kind": "plugin"}));
    desk.unlock("").exits(0);
    home.ctl(&["get", "x"]).exits(0);
    home.ctl(&["slots", "test", "paper"]).exits(0);
    home.ctl(&["lock"]).exits(0);
    // With the files of the slot alone.
    let data = home.data();
    let identity = data.join("paper.plugin");
    let identity = identity.to_str().unwrap();
    let opened = desk.age(&["-d", "-i", identity], data.join("paper.age"));
    let opened = opened.exits(0).stdout;
    assert!(opened.starts_with("AGE-SECRET-KEY-1"), "{}", opened.len());
    let path = home.home().join("identity.txt");
    home.write(&path, opened);
    let vault = desk.age(&["-d", "-i", path.to_str().unwrap()], home.vault());
    assert!(vault.exits(0).stdout.contains(&desk.key));
    // The program gets what every program needs, and nothing that is open or secret.
    let log = fs::read_to_string(home.home().join("paper.log")).unwrap();
    let first = log.lines().next().unwrap();
    assert!(
        first.starts_with(
            "['--age-plugin=recipient-v1'] ['HOME', 'LC_CTYPE', 'PATH', 'XDG_RUNTIME_DIR'] "
        ),
        "{first}"
    );
    let files = first.rsplit_once("] [").unwrap().1;
    let known = files.split(", ").all(|file| {
        ["pipe:", "/dev/null", "paper.log"]
            .iter()
            .any(|it| file.contains(it))
    });
    assert!(known, "{files}");
}

#[test]
fn a_pin_and_a_choice_are_asked_and_messages_shown_as_plain_text() {
    let desk = Desk::new();
    desk.behaves("touch pin");
    let opened = desk.unlock("1234").exits(0);
    assert!(opened.stderr.contains("Touch the paper[2J."), "{opened:?}");
    desk.home.ctl(&["get", "x"]).exits(0);
    desk.home
        .ctl_in(&["slots", "test", "paper"], "1234")
        .exits(0);
    desk.home.ctl(&["lock"]).exits(0);
    let wrong = desk.unlock("4321").exits(6);
    assert!(
        wrong.stderr.contains("the plugin says: wrong PIN"),
        "{wrong:?}"
    );
    desk.typed_opens();
    // Without a terminal nobody chooses.
    desk.behaves("confirm");
    let refused = desk.unlock("").exits(6);
    assert!(refused.stderr.contains("somebody else's"), "{refused:?}");
    desk.typed_opens();
}

#[test]
fn without_a_terminal_a_pin_is_asked_by_the_dialog_on_the_caller_s_desktop() {
    let mut desk = Desk::new();
    let home = &mut desk.home;
    home.var("DISPLAY", ":77");
    let path = home.home().join("pinentry");
    prompt::install(home, &path, prompt::PINENTRY);
    home.configure(&format!("[prompt]\nprogram = '{}'\n", path.display()));
    run(home.command("mkfifo").arg(home.home().join("answer")), b"").exits(0);
    desk.restart();
    desk.behaves("touch pin");
    let home = &desk.home;
    let unlock = || prompt::asking(home, &["unlock", "--slot", "paper"]);
    for (number, (answer, status, told)) in (1..).zip([
        ("D 4321\nOK\n", 6, "the plugin says: wrong PIN"),
        (
            "ERR 83886179 Operation cancelled\n",
            6,
            "the dialog was cancelled",
        ),
        ("D 1234\nOK\n", 0, "Touch the paper"),
    ]) {
        let child = unlock();
        prompt::answer(home, number, answer);
        let unlocked = prompt::ended(child).exits(status);
        assert!(unlocked.stderr.contains(told), "{unlocked:?}");
    }
    home.ctl(&["get", "x"]).exits(0);
    let told = prompt::told(home);
    assert!(told.contains("slot paper asks:%0APIN:"), "{told}");
    let environment = fs::read_to_string(home.home().join("environment")).unwrap();
    assert!(environment.contains("DISPLAY=:77\n"), "{environment}");
}

#[test]
fn whatever_happens_to_the_hardware_is_told_and_the_passphrase_opens_the_vault() {
    let desk = Desk::new();
    let home = &desk.home;
    for (how, status, told) in [
        ("away", 6, "the plugin says: the paper is not on the desk"),
        ("crash", 1, "the plugin ended before it was done"),
    ] {
        desk.behaves(how);
        let refused = desk.unlock("").exits(status);
        assert!(refused.stderr.contains(told), "{refused:?}");
        assert!(!refused.stderr.contains("nobody should see"));
        desk.typed_opens();
    }
    desk.behaves("");
    // Another paper's number.
    let identity = home.data().join("paper.plugin");
    let kept = fs::read(&identity).unwrap();
    let text = String::from_utf8(kept.clone()).unwrap();
    let made = run(home.command(&desk.plugin).arg("--keygen"), b"").exits(0);
    let other = made.stdout.lines().last().unwrap().to_owned();
    let is_key = |line: &&str| line.starts_with("AGE-PLUGIN-");
    let own = text.lines().find(is_key).unwrap();
    home.write(&identity, text.replace(own, &other));
    let refused = desk.unlock("").exits(6);
    assert!(
        refused.stderr.contains("does not open the slot"),
        "{refused:?}"
    );
    home.write(&identity, kept);
    desk.unlock("").exits(0);
    home.ctl(&["lock"]).exits(0);
    fs::remove_file(&desk.plugin).unwrap();
    let refused = desk.unlock("").exits(1);
    assert!(
        refused.stderr.contains("the plugin is not there"),
        "{refused:?}"
    );
    desk.typed_opens();
    // Its files gone: there is no such slot.
    fs::remove_file(home.data().join("paper.age")).unwrap();
    desk.unlock("").exits(3);
    desk.typed_opens();
}

#[test]
fn a_plugin_that_hangs_keeps_nobody_waiting_and_ends_with_whoever_asked() {
    let desk = Desk::new();
    let home = &desk.home;
    desk.behaves("hang");
    let mut asking = home.command(programs().join("otpctl"));
    asking
        .args(["--no-start", "unlock", "--slot", "paper"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let before = home.processes();
    let mut asking = asking.spawn().unwrap();
    let is_plugin = |pid: &u32| {
        let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.contains("--age-plugin=identity-v1")
    };
    let plugin = until("the plugin", || {
        home.processes().into_iter().find(is_plugin)
    });
    assert!(!before.contains(&plugin));
    home.ctl_in(&["unlock"], PASSPHRASE).exits(0);
    home.ctl(&["get", "x"]).exits(0);
    assert!(is_plugin(&plugin), "it is at work still");
    asking.kill().unwrap();
    asking.wait().unwrap();
    until("its end", || {
        let left = home.processes().into_iter().any(|pid| is_plugin(&pid));
        (!left).then_some(())
    });
    desk.behaves("");
    home.ctl(&["lock"]).exits(0);
    let unlocked = || Some(desk.unlock("")).filter(|it| it.status.success());
    until("the next one", unlocked);
}

#[test]
fn a_slot_of_hardware_goes_with_both_files_and_with_the_old_identity() {
    let desk = Desk::new();
    let home = &desk.home;
    let files = || {
        let files = ["paper.age", "paper.plugin"].map(|name| home.data().join(name).exists());
        assert_eq!(files[0], files[1]);
        files[0]
    };
    assert!(desk.add(PASSPHRASE).exits(1).stderr.contains("already"));
    assert!(files());
    home.ctl_in(&["slots", "remove", "paper"], PASSPHRASE)
        .exits(0);
    assert!(!files());
    desk.unlock("").exits(3);
    desk.add(PASSPHRASE).exits(0);
    assert!(files());
    desk.unlock("").exits(0);
    let rekeyed = home.ctl_in(&["rekey"], PASSPHRASE).exits(0);
    assert!(rekeyed.stderr.contains("paper"), "{rekeyed:?}");
    assert!(!files());
    // Whoever has neither path nor file of a plugin adds nothing.
    for (words, status) in [
        (&["slots", "add", "plugin"][..], 2),
        (
            &[
                "slots",
                "add",
                "plugin",
                "nothing-of-this-name",
                "paper.txt",
            ],
            3,
        ),
        (&["slots", "add", "plugin", "/usr/bin/env", "paper.txt"], 8),
    ] {
        home.ctl_in(words, PASSPHRASE).exits(status);
    }
    assert!(!files());
}

#[track_caller]
fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "{what}");
        std::thread::yield_now();
    }
}
