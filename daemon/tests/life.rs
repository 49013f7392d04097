//! How otpd begins and ends: the real program, in a home of its own.
#![cfg(target_os = "linux")]

mod support;

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;

use rustix::process::Signal;
use support::{Home, otpd_with_socket};

#[test]
fn the_first_one_serves_and_the_second_says_so_and_ends_well() {
    let home = Home::new();
    let first = home.start();
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(home.socket()), 0o600);
    assert_eq!(mode(home.socket().parent().unwrap().into()), 0o700);
    let inode = std::fs::metadata(home.socket()).unwrap().ino();

    let second = home.run(&[]);
    assert_eq!(second.status.code(), Some(0));
    let expected = format!("otpd: already running (pid {})\n", first.pid());
    assert_eq!(String::from_utf8_lossy(&second.stderr), expected);
    assert_eq!(std::fs::metadata(home.socket()).unwrap().ino(), inode);

    assert_eq!(first.stop(), Some(0));
    assert!(!home.socket().exists());
    assert!(!home.socket().with_extension("lock").exists());
}

#[test]
fn a_socket_left_by_a_killed_one_is_replaced() {
    let home = Home::new();
    home.start().kill();
    assert!(home.socket().exists());
    let next = home.start();
    assert_eq!(home.run(&[]).status.code(), Some(0));
    assert_eq!(next.stop(), Some(0));
}

#[test]
fn whoever_listens_on_the_path_is_left_alone() {
    let home = Home::new();
    home.make_folder();
    let listener = UnixListener::bind(home.socket()).unwrap();
    let inode = std::fs::metadata(home.socket()).unwrap().ino();
    let output = home.run(&[]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(std::fs::metadata(home.socket()).unwrap().ino(), inode);
    // And what nobody listens on any more is replaced.
    drop(listener);
    assert_eq!(home.start().stop(), Some(0));
}

#[test]
fn what_is_no_socket_is_never_removed() {
    let home = Home::new();
    home.make_folder();
    std::fs::write(home.socket(), "precious").unwrap();
    let output = home.run(&[]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("is in the way: it is not a socket"), "{text}");
    assert_eq!(std::fs::read(home.socket()).unwrap(), b"precious");

    std::fs::remove_file(home.socket()).unwrap();
    symlink("/dev/null", home.socket()).unwrap();
    assert_eq!(home.run(&[]).status.code(), Some(1));
    std::fs::remove_file(home.socket()).unwrap();
    assert_eq!(home.start().stop(), Some(0));
}

#[test]
fn a_folder_that_is_a_link_or_open_to_others_is_refused() {
    let home = Home::new();
    let elsewhere = home.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, home.socket().parent().unwrap()).unwrap();
    assert_eq!(home.run(&[]).status.code(), Some(1));
    assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 0);

    let open = home.path().join("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, Permissions::from_mode(0o755)).unwrap();
    let output = otpd_with_socket(&home, &open.join("s.sock"));
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("mode 0700"), "{text}");
    let long = home.path().join("x".repeat(120));
    let text = otpd_with_socket(&home, &long).stderr;
    assert!(String::from_utf8_lossy(&text).contains("too long"));
}

#[test]
fn two_endpoints_never_share_a_vault() {
    let home = Home::new();
    let first = home.start();
    let output = otpd_with_socket(&home, &home.path().join("other/s.sock"));
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("with another socket"), "{text}");
    assert_eq!(first.stop(), Some(0));
}

#[test]
fn an_activated_one_takes_over_from_one_that_serves_another_socket() {
    let home = Home::new();
    let by_hand = home.start();
    // What a service manager does with a path in use.
    std::fs::remove_file(home.socket()).unwrap();
    let listener = UnixListener::bind(home.socket()).unwrap();
    let activated = home.activate(&listener);
    assert_eq!(by_hand.wait(), Some(0));
    // A second one with the same socket finds it served.
    let second = home.run_activated(&listener);
    assert_eq!(second.status.code(), Some(0));
    let text = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(text.contains("already running"), "{text}");
    assert_eq!(activated.stop(), Some(0));
    // Its maker's to remove.
    assert!(home.socket().exists());
}

#[test]
fn a_socket_that_was_handed_over_survives_the_leaving_of_the_starter() {
    let home = Home::new();
    home.make_folder();
    let listener = UnixListener::bind(home.socket()).unwrap();
    let otpd = home.activate_with(&listener, "--spawned");
    assert!(home.ask("status").contains("\"locked\":true"));
    assert_eq!(otpd.stop(), Some(0));
}

#[test]
fn how_much_is_logged_changes_with_the_configuration_that_is_read_again() {
    let home = Home::new();
    home.configure("[log]\nlevel = \"warn\"\n");
    let mut otpd = home.start();
    home.ask("status");
    home.configure("[log]\nlevel = \"debug\"\n");
    otpd.signal(Signal::HUP);
    // Nothing of the connection before.
    let line = otpd.line();
    assert!(line.contains("configuration read"), "{line}");
    home.ask("status");
    let line = otpd.line();
    assert!(
        line.contains("DEBUG") && line.contains("connection"),
        "{line}"
    );
    assert_eq!(otpd.stop(), Some(0));
}

#[test]
fn secret_memory_that_was_asked_for_and_cannot_be_had_is_warned_about() {
    for (mode, warns) in [("secret", true), ("auto", false), ("mlock", false)] {
        let home = Home::new();
        home.configure(&format!("memory = \"{mode}\"\n"));
        let otpd = home.start_without("memfd_secret");
        let warning = "no secret memory (memfd_secret) can be had";
        assert_eq!(otpd.said.contains(warning), warns, "{}", otpd.said);
        let status = home.ask("status");
        assert!(!status.contains("\"memory\":\"secret\""), "{status}");
        assert_eq!(status.contains(warning), warns, "{status}");
        home.ask("quit");
        assert_eq!(otpd.wait(), Some(0));
    }
}

#[test]
fn usage_and_configuration_have_their_exit_statuses() {
    let home = Home::new();
    assert_eq!(home.run(&["--nope"]).status.code(), Some(2));
    assert_eq!(home.run(&["--check-config"]).status.code(), Some(0));
    let help = home.run(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(help.stdout.starts_with(b"otpd holds"));
    home.configure("lock = 3\n");
    for arguments in [&["--check-config"][..], &[]] {
        let output = home.run(arguments);
        assert_eq!(output.status.code(), Some(8));
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains("otpd.toml:1: "), "{text}");
    }
}
