//! Who gets in: the same user's programs, other users, and core dumps.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use rustix::process::Signal;
use serde_json::json;

use crate::support::{Daemon, Home, Line, Terminal, programs, root_for, run, skip};

/// The ways into a process that are open to another process of the home's user.
fn ways_in(home: &Home, pid: u32) -> Vec<String> {
    let script = home.home().join("attack.py");
    home.write(&script, include_str!("attack.py"));
    // A good guess of an address: the attacked program's first page, as root sees it.
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    let address = maps
        .split('-')
        .next()
        .filter(|text| !text.is_empty())
        .unwrap_or("0")
        .to_owned();
    let mut attack = home.command("/usr/bin/python3");
    attack.arg(script).arg(pid.to_string()).arg(address);
    run(&mut attack, b"")
        .exits(0)
        .stdout
        .lines()
        .map(str::to_owned)
        .collect()
}

fn idle(home: &Home) -> std::process::Child {
    home.command("sleep")
        .arg("600")
        .stdin(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_program_of_the_same_user_reads_nothing_of_ours() {
    if !root_for("users::a_program_of_the_same_user") {
        return;
    }
    let home = Home::with_vault();
    let daemon = Daemon::start(&home);
    // The control: an ordinary process is open in every way that this kernel allows.
    let mut victim = idle(&home);
    // setpriv has to replace itself first.
    let name = format!("/proc/{}/comm", victim.id());
    while fs::read_to_string(&name).unwrap() != "sleep\n" {
        std::thread::yield_now();
    }
    let open = ways_in(&home, victim.id());
    victim.kill().unwrap();
    victim.wait().unwrap();
    let yama = fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").unwrap_or_default();
    if matches!(yama.trim(), "" | "0") {
        assert_eq!(open, ["maps", "environ", "mem", "fd", "attach", "vm_readv"]);
    } else {
        assert!(open.contains(&"maps".to_owned()), "{open:?}");
    }

    assert_eq!(ways_in(&home, daemon.pid()), [""; 0], "locked");
    home.unlock();
    assert_eq!(ways_in(&home, daemon.pid()), [""; 0], "unlocked");

    // The client, from the moment that it reads a passphrase.
    let otpctl = programs().join("otpctl");
    home.ctl(&["lock"]).exits(0);
    let mut terminal = Terminal::start(&home, otpctl.to_str().unwrap(), &["unlock"]);
    terminal.expect(":");
    assert_eq!(
        ways_in(&home, terminal.pid()),
        [""; 0],
        "otpctl at its prompt"
    );
}

#[test]
fn a_crash_leaves_no_core() {
    if !root_for("users::a_crash_leaves_no_core") {
        return;
    }
    let home = Home::with_vault();
    let unlimited = |program: &std::path::Path| {
        // A shell's background job, as CI may be, would ignore SIGQUIT.
        let mut command = home.command_with(&["--pdeathsig=KILL"], "env");
        command.args(["--default-signal", "prlimit", "--core=unlimited:unlimited"]);
        command.arg(program);
        command
    };
    let cores = || {
        let files = fs::read_dir(home.home()).unwrap().flatten();
        files
            .filter(|f| f.file_name().to_string_lossy().starts_with("core"))
            .count()
    };
    let clear = || {
        for file in fs::read_dir(home.home()).unwrap().flatten() {
            if file.file_name().to_string_lossy().starts_with("core") {
                fs::remove_file(file.path()).unwrap();
            }
        }
    };
    for signal in [
        Signal::ABORT,
        Signal::SEGV,
        Signal::BUS,
        Signal::QUIT,
        Signal::ILL,
        Signal::TRAP,
    ] {
        // The control, where cores are written at all.
        let mut victim = unlimited("/bin/sh".as_ref());
        victim.args(["-c", &format!("kill -{} $$", signal.as_raw())]);
        let status = victim.status().unwrap();
        assert_eq!(status.signal(), Some(signal.as_raw()));
        if cores() == 0 {
            skip(
                "users::a_crash_leaves_no_core",
                "this system writes no core files",
            );
            return;
        }
        clear();
        for unlocked in [false, true] {
            let mut daemon = Daemon::run(unlimited(&programs().join("otpd")));
            if unlocked {
                home.unlock();
            }
            // The first one may only end the runtime's own handler of a stack overflow.
            while daemon.is_alive() {
                daemon.signal(signal);
            }
            let (status, _) = daemon.wait();
            assert_eq!(status.signal(), Some(signal.as_raw()));
            assert!(!status.core_dumped());
            assert_eq!(cores(), 0, "{signal:?}, unlocked: {unlocked}");
        }
    }
}

#[test]
fn another_user_is_never_answered_even_if_the_socket_is_open_to_all() {
    if !root_for("users::another_user") {
        return;
    }
    let home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    for (path, mode) in [
        (home.run_dir(), 0o755),
        (home.run_dir().join("otpd"), 0o755),
        (home.socket(), 0o777),
    ] {
        fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }
    let mut answered = 0;
    let mut connected = 0;
    for _ in 0..1000 {
        let Ok(mut line) = Line::try_connect(&home.socket(), Some(65534)) else {
            continue;
        };
        connected += 1;
        let request = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}\n";
        if line.send(request).is_ok() && line.read().is_some() {
            answered += 1;
        }
    }
    assert_eq!((connected, answered), (1000, 0));
    // The control: the socket's owner is answered through the same modes.
    home.connect().ok("status", json!({}));
}

#[test]
fn files_and_folders_are_the_users_alone() {
    let home = Home::new();
    let mut command = Command::new("sh");
    command.args(["-c", "umask 0 && exec \"$@\"", "sh"]);
    // An open umask of the caller changes nothing.
    let inner = home.command(programs().join("otpd"));
    command.arg(inner.get_program()).args(inner.get_args());
    command.current_dir(home.home()).env_clear();
    command.envs(
        inner
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let _daemon = Daemon::run(command);
    home.ctl_in(&["init"], "p").exits(0);
    let mut checked = 0;
    for path in crate::support::files_below(&home.data())
        .into_iter()
        .chain(crate::support::files_below(&home.state()))
    {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", path.display());
        let folder = fs::metadata(path.parent().unwrap())
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(folder & 0o077, 0, "{}", path.display());
        checked += 1;
    }
    assert!(checked >= 3);
    assert_eq!(
        fs::metadata(home.socket()).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let folder = fs::metadata(home.run_dir().join("otpd"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(folder & 0o777, 0o700);
}
