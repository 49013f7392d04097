//! What `parse` can't do any more once it reads its input, each with the proof that it could.
//!
//! A test runs this file's `probe` again in a process of its own, since a sandbox stays.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what can't be prepared ends the test"
)]
#![cfg(target_os = "linux")]

mod support;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};

use otp_helper::sandbox;
use rustix::process::{Pid, getppid, test_kill_process};

const VARIABLE: &str = "OTP_HELPER_PROBE";

/// Tries what a parser never needs; `true`: it can be done.
fn probes(folder: &str, parent: Pid) -> BTreeMap<&'static str, bool> {
    BTreeMap::from([
        ("read a file", File::open("/etc/passwd").is_ok()),
        ("list a folder", fs::read_dir("/").is_ok()),
        ("make a file", File::create(format!("{folder}/new")).is_ok()),
        ("make a socket", UnixDatagram::unbound().is_ok()),
        ("reach the network", UdpSocket::bind("127.0.0.1:0").is_ok()),
        ("run a program", run_program()),
        (
            "start a thread",
            std::thread::Builder::new().spawn(|| ()).is_ok(),
        ),
        ("signal a process", test_kill_process(parent).is_ok()),
        (
            "take 300 MiB",
            Vec::<u8>::new().try_reserve_exact(300 << 20).is_ok(),
        ),
    ])
}

fn run_program() -> bool {
    Command::new("/bin/true")
        .status()
        .is_ok_and(|status| status.success())
}

/// Not a test: it confines itself as the variable says and prints what it still can do.
#[test]
#[ignore = "run by the other tests, in a process of its own"]
#[expect(
    clippy::exit,
    reason = "the harness would need what the sandbox denies"
)]
fn probe() {
    let Ok(how) = std::env::var(VARIABLE) else {
        return;
    };
    let (how, folder) = how.split_once(' ').unwrap();
    let parent = getppid().unwrap();
    let is_enforced = match how {
        "nothing" => true,
        "landlock" => sandbox::no_files(),
        "seccomp" => sandbox::few_calls(),
        "limits" => sandbox::limits().is_ok(),
        _ => sandbox::confine().is_ok(),
    };
    let mut out = std::io::stdout();
    // The harness has begun a line of its own.
    writeln!(out, "\nenforced={is_enforced}").unwrap();
    for (what, can) in probes(folder, parent) {
        writeln!(out, "{what}={can}").unwrap();
    }
    out.flush().unwrap();
    std::process::exit(0);
}

/// Returns what can be done under this confinement; `None` if the kernel lacks it.
fn under(how: &str) -> Option<BTreeMap<String, bool>> {
    let folder = std::env::temp_dir().join(format!("otp-helper-{how}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "probe",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(VARIABLE, format!("{how} {}", folder.display()))
        .output()
        .unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut found: BTreeMap<String, bool> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .filter_map(|(what, can)| Some((what.to_owned(), can.parse().ok()?)))
        .collect();
    assert_eq!(
        found.len(),
        10,
        "{how}: {text} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    found.remove("enforced").unwrap().then_some(found)
}

fn can(found: &BTreeMap<String, bool>) -> Vec<&str> {
    found
        .iter()
        .filter_map(|(what, can)| can.then_some(what.as_str()))
        .collect()
}

#[test]
fn without_a_sandbox_everything_can_be_done() {
    assert_eq!(can(&under("nothing").unwrap()).len(), 9);
}

#[test]
fn in_the_sandbox_nothing_can_be_done() {
    assert_eq!(can(&under("all").unwrap()), [""; 0]);
}

#[test]
fn the_limits_alone_deny_files_and_memory() {
    let found = under("limits").unwrap();
    for what in [
        "read a file",
        "list a folder",
        "make a file",
        "make a socket",
        "take 300 MiB",
    ] {
        assert!(!found[what], "{what}");
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn landlock_alone_denies_files() {
    let Some(found) = under("landlock") else {
        eprintln!("SKIPPED: this kernel has no landlock");
        return;
    };
    for what in ["read a file", "list a folder", "make a file"] {
        assert!(!found[what], "{what}");
    }
    assert!(found["start a thread"]);
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn seccomp_alone_denies_all_but_memory() {
    let Some(found) = under("seccomp") else {
        eprintln!("SKIPPED: this kernel has no seccomp");
        return;
    };
    assert_eq!(can(&found), ["take 300 MiB"]);
}

#[test]
fn the_program_is_confined_before_it_reads() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_otp-helper"))
        .args(["parse", "--image"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // More than a pipe holds: once it is written, the program has read from it.
    stdin.write_all(&vec![0; 200_000]).unwrap();
    let of = |file| fs::read_to_string(format!("/proc/{}/{file}", child.id())).unwrap();
    let (status, limits) = (of("status"), of("limits"));
    drop(stdin);
    child.wait().unwrap();

    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..]
            .split_whitespace()
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(limit("Max address space"), (256 << 20).to_string());
    assert_eq!(limit("Max cpu time"), "10");
    assert_eq!(limit("Max open files"), "3");
    for name in ["Max core file size", "Max file size", "Max processes"] {
        assert_eq!(limit(name), "0", "{name}");
    }
    if std::path::Path::new("/proc/sys/kernel/seccomp").exists() {
        assert!(status.contains("Seccomp:\t2"), "{status}");
        assert!(status.contains("NoNewPrivs:\t1"), "{status}");
    }
}

#[test]
fn keys_are_not_written_into_a_file() {
    let path = std::env::temp_dir().join(format!("otp-helper-file-{}", std::process::id()));
    let status = Command::new(env!("CARGO_BIN_EXE_otp-helper"))
        .args(["parse", "--format", "auto"])
        .stdin(Stdio::null())
        .stdout(File::create(&path).unwrap())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let written = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!((status.code(), written.len()), (Some(2), 0));
}
