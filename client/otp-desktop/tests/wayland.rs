//! `grab` and `clip` on a real compositor: sway on wlroots' headless backend, without a portal.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]

mod support;

use std::fs::Permissions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use rustix::process::geteuid;
use support::agent::{Agent, tell};
use support::{Server, is_installed, pictures, stderr};
use tempfile::TempDir;

/// A session whose user isn't root: sway refuses root.
struct Session {
    _sway: Server,
    folder: TempDir,
    display: String,
}

const TEXT: &str = "text/plain;charset=utf-8";
/// Whom root becomes.
const USER: u32 = 65_534;

impl Session {
    /// `None`, and a line about it, where the programs aren't installed.
    fn start(test: &str) -> Option<Self> {
        for program in ["sway", "grim", "wl-copy", "setpriv"] {
            if !is_installed(program) {
                let line = format!("SKIPPED {test}: {program} is not installed\n");
                std::io::stderr().write_all(line.as_bytes()).unwrap();
                return None;
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        std::fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        // Installed by another process, so that no descriptor of ours is open for writing.
        let mut install = Command::new("install");
        install.args(["-m", "0755", env!("CARGO_BIN_EXE_otp-desktop")]);
        assert!(install.arg(path).status().unwrap().success());
        let (run, configuration) = (path.join("run"), path.join("sway"));
        std::fs::create_dir(&run).unwrap();
        std::fs::set_permissions(&run, Permissions::from_mode(0o700)).unwrap();
        if geteuid().is_root() {
            chown(&run, Some(USER), Some(USER)).unwrap();
        }
        // Its first line on the output says that clients may come.
        let lines = "output HEADLESS-1 resolution 800x600\nxwayland disable\n\
                    exec echo \"$WAYLAND_DISPLAY\"\n";
        std::fs::write(&configuration, lines).unwrap();
        let mut sway = as_user(path, Path::new("sway"));
        sway.arg("-c").arg(&configuration).envs([
            ("WLR_BACKENDS", "headless"),
            ("WLR_LIBINPUT_NO_DEVICES", "1"),
            ("WLR_RENDERER", "pixman"),
        ]);
        let (sway, display) = Server::start(&mut sway);
        Some(Self {
            _sway: sway,
            folder,
            display,
        })
    }

    fn command(&self, program: &str) -> Command {
        let own = self.folder.path().join(program);
        let program = if own.exists() { own } else { program.into() };
        let mut command = as_user(self.folder.path(), &program);
        command
            .env("WAYLAND_DISPLAY", &self.display)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command("otp-desktop")
            .args(arguments)
            .output()
            .unwrap()
    }

    fn copy(&self, kind: &str, content: &[u8]) {
        let mut command = self.command("wl-copy");
        command.args(["--type", kind]).stdin(Stdio::piped());
        // What it leaves behind to serve the content would hold our pipes.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(content).unwrap();
        assert!(child.wait().unwrap().success());
    }
}

fn as_user(folder: &Path, program: &Path) -> Command {
    let mut command = if geteuid().is_root() {
        let mut command = Command::new("setpriv");
        let user = format!("--reuid={USER}");
        let group = format!("--regid={USER}");
        command
            .args([user, group])
            .arg("--clear-groups")
            .arg(program);
        command
    } else {
        Command::new(program)
    };
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder.join("run"))
        .env("XDG_RUNTIME_DIR", folder.join("run"));
    command
}

#[test]
fn a_compositor_without_a_portal_is_grabbed_through_grim() {
    let Some(session) = Session::start("a_compositor_without_a_portal") else {
        return;
    };
    for arguments in [&["grab"][..], &["grab", "--via", "grim"]] {
        let output = session.run(arguments);
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
        let pictures = pictures(&output.stdout);
        let sizes: Vec<_> = pictures
            .iter()
            .map(|picture| (picture.0, picture.1))
            .collect();
        assert_eq!(sizes, [(800, 600)]);
    }
    // The control: the portal, which isn't there, was tried first.
    let output = session.run(&["grab", "--via", "portal"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
}

#[test]
fn the_clipboard_is_read_and_emptied_without_a_window() {
    let Some(session) = Session::start("the_clipboard_is_read") else {
        return;
    };
    let output = session.run(&["clip"]);
    assert_eq!(output.status.code(), Some(8));
    assert!(stderr(&output).contains("is empty"), "{}", stderr(&output));

    // More than a pipe holds.
    let picture: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    session.copy("image/png", &picture);
    let output = session.run(&["clip"]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
    assert!(output.stdout == picture);

    let then_clear = |words: &str, meanwhile: &dyn Fn()| {
        let mut command = session.command("otp-desktop");
        command.args(["clip", "--then-clear"]).stdin(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut content = Vec::new();
        child
            .stdout
            .take()
            .unwrap()
            .read_to_end(&mut content)
            .unwrap();
        meanwhile();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(words.as_bytes())
            .unwrap();
        assert!(child.wait().unwrap().success());
        content
    };
    // Something else was copied meanwhile, or nobody says the word: it stays.
    let other = b"otpauth://totp/a?secret=MFRGGZDF";
    then_clear("clear\n", &|| session.copy(TEXT, other));
    assert_eq!(session.run(&["clip"]).stdout, other);
    assert_eq!(then_clear("", &|| {}), other);
    assert_eq!(session.run(&["clip"]).stdout, other);
    assert_eq!(then_clear("clear\n", &|| {}), other);
    assert_eq!(session.run(&["clip"]).status.code(), Some(8));
}

/// Copies a code; returns once the program has let go of its outputs.
fn copy_code(session: &Session, agent: &Agent) -> Child {
    let mut command = session.command("otp-desktop");
    command.arg("copy").stdin(Stdio::piped());
    let mut child = agent.announce(&mut command).spawn().unwrap();
    let order = b"{\"code\":\"314159\",\"valid_for\":25}";
    child.stdin.take().unwrap().write_all(order).unwrap();
    let (mut said, mut complaint) = (String::new(), String::new());
    let mut errors = child.stderr.take().unwrap();
    errors.read_to_string(&mut complaint).unwrap();
    assert_eq!(complaint, "");
    let mut output = child.stdout.take().unwrap();
    output.read_to_string(&mut said).unwrap();
    assert!(said.starts_with("ready\ncopied "), "{said}");
    child
}

/// What a person gets who pastes, and of which types there is something.
fn pasted(session: &Session) -> (String, String) {
    let paste = |arguments: &[&str]| {
        let output = session.command("wl-paste").args(arguments).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    (paste(&["--no-newline"]), paste(&["--list-types"]))
}

#[test]
fn a_code_is_copied_and_marked_and_goes_with_the_lock_the_time_and_another_copy() {
    let Some(session) = Session::start("a_code_is_copied") else {
        return;
    };
    let user = geteuid().is_root().then_some(USER);
    let agent = Agent::of(user, 600);
    let mut first = copy_code(&session, &agent);
    for _ in 0..2 {
        let (text, types) = pasted(&session);
        assert_eq!(text, "314159");
        for kind in [TEXT, "text/plain", "UTF8_STRING", "STRING"] {
            assert!(types.lines().any(|line| line == kind), "{types}");
        }
    }
    let hint = ["--no-newline", "--type", "x-kde-passwordManagerHint"];
    let output = session.command("wl-paste").args(hint).output().unwrap();
    assert_eq!(output.stdout, b"secret");

    // Ours, once more, and then another program's.
    let mut second = copy_code(&session, &agent);
    assert!(first.wait().unwrap().success());
    session.copy(TEXT, b"mine");
    assert!(second.wait().unwrap().success());
    assert_eq!(pasted(&session).0, "mine");

    let mut third = copy_code(&session, &agent);
    assert_eq!(pasted(&session).0, "314159");
    let (_, _, subscriber) = (agent.subscriber(), agent.subscriber(), agent.subscriber());
    tell(&subscriber, "locked");
    assert!(third.wait().unwrap().success());
    assert_eq!(pasted(&session), (String::new(), String::new()));

    let short = Agent::of(user, 1);
    let mut fourth = copy_code(&session, &short);
    assert_eq!(pasted(&session).0, "314159");
    assert!(fourth.wait().unwrap().success());
    assert_eq!(pasted(&session), (String::new(), String::new()));

    let mut last = copy_code(&session, &agent);
    drop(session);
    assert_eq!(last.wait().unwrap().code(), Some(1), "its compositor ended");
}
