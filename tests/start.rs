//! Starting: by hand, by otpctl, by socket activation, and all at once.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use crate::support::{Daemon, Home, PASSPHRASE, programs, root_for, run, skip};

/// `otpctl` that may start an agent.
fn otpctl(home: &Home, args: &[&str]) -> Command {
    let mut command = home.command(programs().join("otpctl"));
    command.args(args);
    command
}

/// `otpd` behind a socket that exists before it, as systemd(1) would start it.
fn activated(home: &Home) -> Daemon {
    home.make_dir(&home.run_dir().join("otpd"));
    let mut command = home.command_with(&["--pdeathsig=KILL"], "systemd-socket-activate");
    command.arg("--listen").arg(home.socket());
    command
        .arg("-E")
        .arg(format!("HOME={}", home.home().display()));
    command
        .arg("-E")
        .arg(format!("XDG_RUNTIME_DIR={}", home.run_dir().display()));
    command.arg(programs().join("otpd"));
    let mut daemon = Daemon::launch(command);
    daemon.wait_for("Listening on");
    daemon
}

#[test]
fn otpctl_starts_an_agent_that_outlives_it_and_keeps_no_pipe_open() {
    if !root_for("start::otpctl_starts_an_agent") {
        return;
    }
    let home = Home::with_vault();
    run(
        home.command(programs().join("otpctl"))
            .args(["--no-start", "status"]),
        b"",
    )
    .exits(7);
    let mut shell = home.command("sh");
    shell.args(["-c", "otpctl status --json | cat"]);
    let status = run(&mut shell, b"").exits(0).json();
    let pid = status["pid"].as_u64().unwrap();
    let again = run(&mut otpctl(&home, &["status", "--json"]), b"")
        .exits(0)
        .json();
    assert_eq!(again["pid"], pid);
    // Detached: a session of its own, no terminal, the root folder, no stray descriptors.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<_> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    assert_eq!(
        (fields[3], fields[4]),
        (pid.to_string().as_str(), "0"),
        "{stat}"
    );
    assert_eq!(
        fs::read_link(format!("/proc/{pid}/cwd")).unwrap(),
        Path::new("/")
    );
    for number in 0..3 {
        let target = fs::read_link(format!("/proc/{pid}/fd/{number}")).unwrap();
        assert_eq!(target, Path::new("/dev/null"), "{number}");
    }
    let unlocked = run(
        &mut otpctl(&home, &["unlock"]),
        format!("{PASSPHRASE}\n").as_bytes(),
    );
    unlocked.exits(0);
}

#[test]
fn a_stale_socket_is_replaced_at_once_and_a_live_one_never() {
    let home = Home::with_vault();
    let daemon = Daemon::start(&home);
    daemon.signal(Signal::KILL);
    daemon.wait();
    assert!(
        home.socket().exists(),
        "the control: a killed agent leaves its socket"
    );
    let start = Instant::now();
    let daemon = Daemon::start(&home);
    let took = start.elapsed();
    assert!(took < Duration::from_millis(500), "{took:?}");

    let inode = fs::metadata(home.socket()).unwrap().ino();
    let second = run(&mut home.command(programs().join("otpd")), b"").exits(0);
    assert!(second.stderr.contains("running"), "{second:?}");
    assert_eq!(fs::metadata(home.socket()).unwrap().ino(), inode);
    home.connect().ok("status", json!({}));
    daemon.stop();
}

#[test]
fn what_is_no_socket_is_never_unlinked() {
    let home = Home::with_vault();
    home.write(&home.socket(), "precious");
    let refused = run(&mut home.command(programs().join("otpd")), b"");
    assert!(!refused.status.success(), "{refused:?}");
    assert_eq!(fs::read(home.socket()).unwrap(), b"precious");
    // Somebody else's live socket neither, nor a folder that others may write to.
    fs::remove_file(home.socket()).unwrap();
    let listener = UnixListener::bind(home.socket()).unwrap();
    let inode = fs::metadata(home.socket()).unwrap().ino();
    let outcome = run(&mut home.command(programs().join("otpd")), b"");
    assert!(!outcome.stderr.contains("ready at"), "{outcome:?}");
    assert_eq!(fs::metadata(home.socket()).unwrap().ino(), inode);
    drop(listener);
}

#[test]
fn a_folder_that_others_can_write_to_is_closed_if_it_is_ours_and_refused_if_it_was_given() {
    let mut home = Home::with_vault();
    let folder = home.run_dir().join("otpd");
    let mode = |folder: &Path| fs::metadata(folder).unwrap().permissions().mode() & 0o777;
    home.make_dir(&folder);
    fs::set_permissions(&folder, PermissionsExt::from_mode(0o777)).unwrap();
    Daemon::start(&home).stop();
    assert_eq!(mode(&folder), 0o700);

    let folder = home.run_dir().join("given");
    home.make_dir(&folder);
    fs::set_permissions(&folder, PermissionsExt::from_mode(0o777)).unwrap();
    let socket = folder.join("socket");
    home.var("OTPD_SOCKET", socket.to_str().unwrap());
    let refused = run(&mut home.command(programs().join("otpd")), b"");
    assert!(!refused.status.success(), "{refused:?}");
    assert!(!socket.exists());
    assert_eq!(mode(&folder), 0o777);
}

#[test]
fn a_hundred_starts_at_once_leave_one_agent() {
    if !root_for("start::a_hundred_starts") {
        return;
    }
    let home = Home::with_vault();
    // A socket of a dead agent lies there.
    let daemon = Daemon::start(&home);
    daemon.signal(Signal::KILL);
    daemon.wait();
    let clients: Vec<_> = (0..50)
        .map(|_| {
            let mut client = otpctl(&home, &["status", "--json"]);
            client
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            let by_hand = Daemon::launch(home.command(programs().join("otpd")));
            (client.spawn().unwrap(), by_hand)
        })
        .collect();
    let mut pids = Vec::new();
    let mut agents = Vec::new();
    for (client, by_hand) in clients {
        let output = client.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let status: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        pids.push(status["pid"].as_u64().unwrap());
        agents.push(by_hand);
    }
    let winner = home.connect().ok("status", json!({}))["pid"]
        .as_u64()
        .unwrap();
    assert!(
        pids.iter().all(|pid| *pid == winner),
        "{pids:?}, {winner} at the end"
    );
    // First the others: one that is late may start for good once the winner has gone.
    let (mut won, lost): (Vec<_>, Vec<_>) = agents
        .into_iter()
        .partition(|agent| u64::from(agent.pid()) == winner);
    for agent in lost {
        let (status, said) = agent.wait();
        assert!(status.success(), "{status}: {said:?}");
    }
    assert!(won.iter_mut().all(Daemon::is_alive));
    for agent in won {
        agent.stop();
    }
}

#[test]
fn an_activated_agent_takes_over_from_a_running_one() {
    if !root_for("start::an_activated_agent") {
        return;
    }
    let home = Home::with_vault();
    let mut first = Daemon::start(&home);
    home.unlock();
    // The unit is enabled while an agent runs that was started by hand: systemd unlinks its
    // socket and listens itself.
    fs::remove_file(home.socket()).unwrap();
    let mut socket = activated(&home);
    let start = Instant::now();
    let status = home.connect().ok("status", json!({}));
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(status["pid"].as_u64().unwrap(), u64::from(socket.pid()));
    assert_eq!(status["locked"], true);
    assert!(
        first.ends_within(Duration::from_secs(5)),
        "the older agent goes"
    );
    assert!(socket.is_alive());
    // The socket belongs to systemd: it stays when the agent ends.
    socket.signal(Signal::TERM);
    let (status, said) = socket.wait();
    assert!(status.success(), "{said:?}");
    assert!(home.socket().exists());
}

#[test]
fn starts_by_hand_by_otpctl_and_by_activation_at_once_leave_one_agent() {
    if !root_for("start::starts_by_hand_by_otpctl") {
        return;
    }
    let home = Home::with_vault();
    let socket = activated(&home);
    let starts: Vec<_> = (0..25)
        .map(|_| {
            let mut client = otpctl(&home, &["status", "--json"]);
            client
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            (
                client.spawn().unwrap(),
                Daemon::launch(home.command(programs().join("otpd"))),
            )
        })
        .collect();
    let winner = u64::from(socket.pid());
    for (client, by_hand) in starts {
        let output = client.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let status: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(status["pid"].as_u64().unwrap(), winner);
        let (status, said) = by_hand.wait();
        assert!(status.success(), "{status}: {said:?}");
    }
    assert_eq!(home.processes(), [socket.pid()]);
}

#[test]
fn a_client_without_an_agent_says_so_when_it_may_not_start_one() {
    let home = Home::new();
    let refused = home.ctl(&["get", "x"]).exits(7);
    assert_eq!(refused.stdout, "");
    assert!(refused.stderr.starts_with("otpctl: "), "{refused:?}");
}

#[test]
fn the_units_are_what_systemd_takes_and_hold_the_fixed_list() {
    let home = Home::new();
    let folder = home.home().join("units");
    let units = concat!(env!("CARGO_MANIFEST_DIR"), "/../systemd");
    let service = fs::read_to_string(format!("{units}/otpd.service")).unwrap();
    let socket = fs::read_to_string(format!("{units}/otpd.socket")).unwrap();
    let hotkeys = fs::read_to_string(format!("{units}/otp-desktop.service")).unwrap();
    for line in [
        "PartOf=graphical-session.target",
        "NoNewPrivileges=yes",
        "LimitCORE=0",
        "UMask=0077",
        "WantedBy=graphical-session.target",
    ] {
        assert!(hotkeys.lines().any(|has| has == line), "{line}");
    }
    for line in [
        "Type=notify",
        "NoNewPrivileges=yes",
        "RestrictAddressFamilies=AF_UNIX",
        "LockPersonality=yes",
        "RestrictRealtime=yes",
        "LimitCORE=0",
        "LimitMEMLOCK=64M",
        "UMask=0077",
        "SystemCallFilter=@system-service memfd_secret",
        "SystemCallFilter=seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self",
        "OOMPolicy=continue",
        "SystemCallErrorNumber=EPERM",
    ] {
        assert!(service.lines().any(|has| has == line), "{line}");
    }
    for line in [
        "ListenStream=%t/otpd/otpd.sock",
        "SocketMode=0600",
        "DirectoryMode=0700",
    ] {
        assert!(socket.lines().any(|has| has == line), "{line}");
    }
    if run(
        Command::new("sh").args(["-c", "command -v systemd-analyze"]),
        b"",
    )
    .stdout
    .is_empty()
    {
        skip("start::the_units", "no systemd-analyze");
        return;
    }
    let program = programs().join("otpd");
    let verify = |service: &str| {
        let service = service.replace("/usr/bin/otpd", program.to_str().unwrap());
        // A manual page that is not installed is no mistake of the unit.
        let service = service.replace("Documentation=man:otpd(1)\n", "");
        home.write(&folder.join("otpd.service"), service);
        home.write(
            &folder.join("otpd.socket"),
            socket.replace("Documentation=man:otpd(1)\n", ""),
        );
        let mut analyze = home.command("systemd-analyze");
        analyze.args(["--user", "verify"]);
        analyze
            .arg(folder.join("otpd.service"))
            .arg(folder.join("otpd.socket"));
        run(&mut analyze, b"").stderr
    };
    assert_eq!(verify(&service), "");
    let verify_hotkeys = |unit: &str| {
        let program = programs().join("otp-desktop");
        let unit = unit.replace("/usr/libexec/otpd/otp-desktop", program.to_str().unwrap());
        let unit = unit.replace("Documentation=man:otpctl(1) man:otpd.toml(5)\n", "");
        home.write(&folder.join("otp-desktop.service"), unit);
        let mut analyze = home.command("systemd-analyze");
        analyze.args(["--user", "verify"]);
        run(analyze.arg(folder.join("otp-desktop.service")), b"").stderr
    };
    assert_eq!(verify_hotkeys(&hotkeys), "");
    let misspelt = verify_hotkeys(&hotkeys.replace("LimitCORE", "LimitKORE"));
    assert!(misspelt.contains("LimitKORE"), "{misspelt}");
    // The control: systemd-analyze succeeds on a misspelt key, but says so.
    let misspelt = verify(&service.replace("LimitMEMLOCK", "LimitMEMLOK"));
    assert!(misspelt.contains("LimitMEMLOK"), "{misspelt}");
}

#[test]
fn the_launch_agent_is_a_property_list_with_a_socket() {
    let check = "import plistlib, sys; p = plistlib.load(open(sys.argv[1], 'rb')); \
                 print(p['Label'], p['Sockets']['Listener']['SecureSocketWithKey'])";
    let plist = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../launchd/io.otpd.agent.plist"
    );
    let mut python = Command::new("/usr/bin/python3");
    python.args(["-c", check, plist]);
    assert_eq!(
        run(&mut python, b"").exits(0).line(),
        "io.otpd.agent OTPD_SOCKET"
    );
}

#[test]
fn a_mistake_in_the_configuration_is_refused_with_its_line() {
    let home = Home::new();
    home.configure("memory = \"auto\"\n\n[lock]\nidel = \"4h\"\n");
    let refused = run(&mut home.command(programs().join("otpd")), b"");
    assert!(!refused.status.success());
    assert!(
        refused.stderr.contains("otpd.toml") && refused.stderr.contains('4'),
        "{refused:?}"
    );
}
