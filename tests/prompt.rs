//! A person is asked by pinentry: a stand-in that plays one, and a real one in a terminal.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

pub(crate) use crate::support::until;
use crate::support::{Daemon, Home, Outcome, PASSPHRASE, random_key, run, skip};

/// Writes down what it is told and what surrounds it, and answers GETPIN with what it reads from
/// a pipe, so that it waits as long as a person thinks.
pub(crate) const PINENTRY: &str = r#"#!/bin/sh
env > "$HOME/environment"
echo $$ > "$HOME/pid"
echo "OK ready"
while IFS= read -r line; do
  printf '%s\n' "$line" >> "$HOME/told"
  case $line in
    GETPIN) cat "$HOME/answer" ;;
    BYE) exit ;;
    *) echo OK ;;
  esac
done
"#;

/// Asks for what `answer` has, and writes down its question.
const ASKPASS: &str = r#"#!/bin/sh
printf '%s\n' "$1" > "$HOME/question"
cat "$HOME/answer"
"#;

/// A locked vault with one entry, and an agent whose pinentry is the stand-in.
fn locked(program: &str) -> (Home, Daemon) {
    locked_in(Home::with_vault(), program)
}

pub(crate) fn locked_in(mut home: Home, program: &str) -> (Home, Daemon) {
    let path = home.home().join("pinentry");
    install(&home, &path, PINENTRY);
    let program = program.replace("STANDIN", path.to_str().unwrap());
    home.configure(&format!("[prompt]\nprogram = '{program}'\n"));
    let mut mkfifo = home.command("mkfifo");
    run(mkfifo.arg(home.home().join("answer")), b"").exits(0);
    home.var("DISPLAY", ":77");
    home.var("GPG_TTY", "/dev/pts/77");
    home.var("SECRET_OF_MINE", "canary");
    let daemon = Daemon::start(&home);
    home.unlock();
    home.add(&format!("otpauth://totp/GitHub:me?secret={}", random_key()));
    home.ctl(&["lock"]).exits(0);
    (home, daemon)
}

/// Written by another process: see `programs`.
pub(crate) fn install(home: &Home, path: &PathBuf, script: &str) {
    let text = home.home().join("script");
    home.write(&text, script);
    let mut install = home.command("install");
    run(install.args(["-m", "0755"]).arg(&text).arg(path), b"").exits(0);
}

/// `otpctl ARGS --prompt` without a terminal, running.
pub(crate) fn asking(home: &Home, args: &[&str]) -> Child {
    home.command(crate::support::programs().join("otpctl"))
        .args(["--no-start", "--prompt"])
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[track_caller]
pub(crate) fn ended(child: Child) -> Outcome {
    let output = child.wait_with_output().unwrap();
    Outcome {
        status: output.status,
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) fn told(home: &Home) -> String {
    fs::read_to_string(home.home().join("told")).unwrap_or_default()
}

/// The process of the last dialog.
pub(crate) fn pid(home: &Home) -> i32 {
    let pid = fs::read_to_string(home.home().join("pid")).unwrap();
    pid.trim().parse().unwrap()
}

/// Waits for the dialog of this number, and answers it.
#[track_caller]
pub(crate) fn answer(home: &Home, number: usize, lines: &str) {
    until("a dialog", || {
        (told(home).matches("GETPIN").count() == number).then_some(())
    });
    fs::write(home.home().join("answer"), lines).unwrap();
}

#[test]
fn a_caller_without_a_terminal_waits_for_a_dialog_on_its_own_desktop() {
    let (home, _daemon) = locked("STANDIN");
    let asker = asking(&home, &["get", "github"]);
    answer(&home, 1, &format!("D {PASSPHRASE}\nOK\n"));
    let got = ended(asker).exits(0);
    assert_eq!(got.line().len(), 6, "{got:?}");
    let told = told(&home);
    assert!(told.contains("OPTION ttyname=/dev/pts/77\n"), "{told}");
    assert!(told.contains("SETDESC ") && told.contains("SETPROMPT Passphrase:"));
    let environment = fs::read_to_string(home.home().join("environment")).unwrap();
    assert!(environment.contains("DISPLAY=:77\n"), "{environment}");
    assert!(!environment.contains("canary"), "{environment}");
    // Open is open: nobody is asked again.
    ended(asking(&home, &["get", "github"])).exits(0);
    assert_eq!(told.matches("GETPIN").count(), 1);
}

#[test]
fn without_prompt_nobody_is_asked() {
    let (home, _daemon) = locked("STANDIN");
    home.ctl(&["get", "github"]).exits(5);
    home.ctl(&["get", "github", "--no-prompt"]).exits(5);
    assert_eq!(told(&home), "");
}

#[test]
fn one_dialog_serves_all_who_wait_and_tells_a_mistake() {
    let (home, _daemon) = locked("STANDIN");
    let askers = [
        asking(&home, &["get", "github"]),
        asking(&home, &["unlock"]),
        asking(&home, &["show", "github"]),
    ];
    answer(&home, 1, "D wrong\nOK\n");
    answer(&home, 2, &format!("D {PASSPHRASE}\nOK\n"));
    for asker in askers {
        ended(asker).exits(0);
    }
    assert_eq!(told(&home).matches("SETERROR Wrong passphrase.").count(), 1);
}

#[test]
fn a_dialog_that_is_cancelled_refuses() {
    let (home, _daemon) = locked("STANDIN");
    let asker = asking(&home, &["get", "github"]);
    answer(&home, 1, "ERR 83886179 Operation cancelled <Pinentry>\n");
    let refused = ended(asker).exits(6);
    assert_eq!(refused.stdout, "");
    assert!(refused.stderr.contains("was cancelled"), "{refused:?}");
    home.ctl(&["status", "--json"]).exits(0);
}

#[test]
fn a_dialog_ends_with_the_last_who_waits() {
    let (home, _daemon) = locked("STANDIN");
    let mut asker = asking(&home, &["get", "github"]);
    until("a dialog", || told(&home).contains("GETPIN").then_some(()));
    let process = format!("/proc/{}", pid(&home));
    assert!(fs::exists(&process).unwrap());
    asker.kill().unwrap();
    asker.wait().unwrap();
    until("no dialog", || {
        (!fs::exists(&process).unwrap()).then_some(())
    });
    home.ctl(&["get", "github"]).exits(5);
}

#[test]
fn a_pinentry_that_is_missing_or_dies_is_named() {
    let (home, _daemon) = locked("/nowhere/pinentry");
    let failed = ended(asking(&home, &["get", "github"])).exits(1);
    assert!(
        failed.stderr.contains("/nowhere/pinentry: no such file"),
        "{failed:?}"
    );
    let (home, _daemon) = locked("STANDIN");
    let asker = asking(&home, &["get", "github"]);
    until("a dialog", || told(&home).contains("GETPIN").then_some(()));
    let pid = rustix::process::Pid::from_raw(pid(&home)).unwrap();
    // With what it has started: it plays one program.
    rustix::process::kill_process_group(pid, rustix::process::Signal::KILL).unwrap();
    let failed = ended(asker).exits(1);
    assert!(failed.stderr.contains("cannot ask"), "{failed:?}");
}

#[test]
fn where_there_is_no_pinentry_ssh_askpass_asks() {
    let (mut home, _daemon) = locked("/nowhere/pinentry");
    let path = home.home().join("askpass");
    install(&home, &path, ASKPASS);
    home.var("SSH_ASKPASS", path.to_str().unwrap());
    let asker = asking(&home, &["get", "github"]);
    fs::write(home.home().join("answer"), format!("{PASSPHRASE}\n")).unwrap();
    ended(asker).exits(0);
    let question = fs::read_to_string(home.home().join("question")).unwrap();
    assert!(question.ends_with("Passphrase:\n"), "{question}");
}

#[test]
fn where_a_pinentry_finds_no_display_ssh_askpass_asks() {
    let (mut home, _daemon) = locked("STANDIN");
    let path = home.home().join("askpass");
    install(&home, &path, ASKPASS);
    home.var("SSH_ASKPASS", path.to_str().unwrap());
    let asker = asking(&home, &["get", "github"]);
    answer(&home, 1, "ERR 83918950 Inappropriate ioctl for device\n");
    until("a question", || {
        home.home().join("question").exists().then_some(())
    });
    fs::write(home.home().join("answer"), format!("{PASSPHRASE}\n")).unwrap();
    ended(asker).exits(0);
}

#[test]
fn the_real_pinentry_curses_asks_in_a_terminal() {
    let program = "/usr/bin/pinentry-curses";
    let has = |name: &str| std::path::Path::new(name).exists();
    if !has(program) || !has("/usr/bin/tmux") {
        return skip("prompt::the_real_pinentry", "no pinentry-curses or tmux");
    }
    let (mut home, _daemon) = locked(program);
    let socket = home.run_dir().join("tmux");
    let tmux = |home: &Home, args: &[&str]| {
        let mut tmux: Command = home.command("tmux");
        run(tmux.arg("-S").arg(&socket).args(args), b"")
    };
    tmux(
        &home,
        &["new-session", "-d", "-x", "80", "-y", "24", "sleep 120"],
    )
    .exits(0);
    let tty = tmux(&home, &["display", "-p", "#{pane_tty}"]).exits(0);
    home.var("GPG_TTY", tty.line());
    home.var("TERM", "screen");
    let asker = asking(&home, &["get", "github"]);
    until("pinentry on the screen", || {
        let screen = tmux(&home, &["capture-pane", "-p"]).stdout;
        screen.contains("Passphrase").then_some(())
    });
    tmux(&home, &["send-keys", PASSPHRASE, "Enter"]).exits(0);
    let got = ended(asker).exits(0);
    assert_eq!(got.line().len(), 6, "{got:?}");
    tmux(&home, &["kill-server"]).exits(0);
}
