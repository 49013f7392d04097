//! A key on disk in clear: S1 of the threat model, with every written byte looked at.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

use crate::support::{
    Canary, Daemon, Home, PASSPHRASE, files_below, programs, random_key, root_for, run,
};

/// What writes bytes anywhere.
const CALLS: &str = "trace=write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg";

/// Puts a command below an strace that notes every written byte.
fn traced(log: &Path, inner: &Command) -> Command {
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-y", "-xx", "-s", "1048576", "-e", CALLS, "-o"])
        .arg(log);
    strace.arg(inner.get_program()).args(inner.get_args());
    strace
        .current_dir(inner.get_current_dir().unwrap())
        .env_clear();
    strace.envs(
        inner
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    strace
}

/// Whether lines of the log that a filter takes hold any form of a canary.
fn logged(logs: &[PathBuf], canary: &Canary, which: impl Fn(&str) -> bool) -> Vec<String> {
    let escaped: Vec<String> = canary
        .forms()
        .map(|form| {
            let digit = |bits: u8| char::from_digit(u32::from(bits), 16).unwrap();
            form.iter()
                .flat_map(|b| ['\\', 'x', digit(b >> 4), digit(b & 15)])
                .collect()
        })
        .collect();
    let mut found = Vec::new();
    for log in logs {
        for line in String::from_utf8_lossy(&fs::read(log).unwrap()).lines() {
            if which(line) && escaped.iter().any(|form| line.contains(form)) {
                found.push(line.chars().take(100).collect());
            }
        }
    }
    found
}

/// Whether a logged call writes to something with a path: `123 write(4</home/x>, …`.
fn is_file(line: &str) -> bool {
    line.split_once('<')
        .is_some_and(|(_, rest)| rest.starts_with('/') && !rest.starts_with("/dev/"))
}

#[test]
fn a_full_session_with_a_crash_writes_no_key_in_clear() {
    if !root_for("disk::a_full_session") {
        return;
    }
    let home = Home::new();
    let trace = home.root().join("trace");
    fs::create_dir(&trace).unwrap();
    let mut logs = Vec::new();
    let mut log = |name: &str| {
        logs.push(trace.join(format!("{}-{name}", logs.len())));
        logs.last().unwrap().clone()
    };
    let otpctl = |args: &[&str]| {
        let mut command = home.command(programs().join("otpctl"));
        command.arg("--no-start").args(args);
        command
    };
    let otpd = home.command(programs().join("otpd"));
    let keys = [random_key(), random_key(), random_key()];
    let picture = home.home().join("qr.png");
    home.write(
        &picture,
        crate::add::qr(&format!("otpauth://totp/pic:a?secret={}", keys[0])),
    );
    let typed = format!("otpauth://totp/typed:a?secret={}\n", keys[1]);
    let counter = format!("otpauth://hotp/count:a?secret={}\n", keys[2]);

    let daemon = Daemon::run(traced(&log("otpd"), &otpd));
    let phrase = format!("{PASSPHRASE}\n");
    for (args, stdin) in [
        (&["init"][..], phrase.as_str()),
        (&["add", "--image", picture.to_str().unwrap()], ""),
        (&["add"], &typed),
        (&["add"], &counter),
        (&["get", "pic"], ""),
        (&["get", "count"], ""),
        (&["show", "typed"], ""),
        (&["backup", "copy.txt"], ""),
        (&["remove", "typed"], ""),
        (&["lock"], ""),
        (&["unlock"], &phrase),
        (&["get", "pic"], ""),
    ] {
        run(&mut traced(&log(args[0]), &otpctl(args)), stdin.as_bytes()).exits(0);
    }
    // A crash while unlocked; the agent's own process, not strace's.
    let agent = home.processes();
    let agent = agent.iter().find(|pid| {
        fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim() == "otpd")
    });
    let agent = rustix::process::Pid::from_raw(agent.unwrap().cast_signed()).unwrap();
    rustix::process::kill_process(agent, Signal::ABORT).unwrap();
    daemon.wait();
    let daemon = Daemon::run(traced(&log("restarted"), &otpd));
    run(
        &mut traced(&log("unlock"), &otpctl(&["unlock"])),
        phrase.as_bytes(),
    )
    .exits(0);
    run(&mut traced(&log("get"), &otpctl(&["get", "pic"])), b"").exits(0);
    drop(daemon);

    for (number, key) in keys.iter().enumerate() {
        let canary = Canary::key(key);
        for folder in [home.home(), home.run_dir()] {
            assert_eq!(canary.files(&folder), Vec::<PathBuf>::new(), "key {number}");
        }
        assert_eq!(logged(&logs, &canary, is_file), [""; 0], "key {number}");
        // The control: the log sees what passes to the agent by its socket.
        assert!(
            !logged(&logs, &canary, |line| !is_file(line)).is_empty(),
            "key {number}"
        );
    }
    // The control of the files' search.
    home.write(
        &home.home().join("control"),
        format!("x{}", keys[0].to_lowercase()),
    );
    assert_eq!(Canary::key(&keys[0]).files(&home.home()).len(), 1);
    // Nothing else of this user is anywhere.
    for folder in ["/tmp", "/var/tmp", "/dev/shm"] {
        let strays = files_below(Path::new(folder)).into_iter().filter(|path| {
            !path.starts_with(home.root())
                && fs::symlink_metadata(path).is_ok_and(|file| Some(file.uid()) == home.uid)
        });
        assert_eq!(strays.collect::<Vec<_>>(), Vec::<PathBuf>::new());
    }
}
