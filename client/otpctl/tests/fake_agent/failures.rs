//! Errors, and an agent that is not there.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixListener;
use std::path::Path;

use super::replay::*;
use otp_proto::{ErrorKind, Request, Response};

#[test]
fn every_kind_of_error_has_its_exit_status_and_hint() {
    for (kind, expected, hint) in [
        (ErrorKind::NotFound, 3, "hint: otpctl list\n"),
        (ErrorKind::Locked, 5, "hint: otpctl unlock\n"),
        (ErrorKind::NoVault, 5, "hint: otpctl init\n"),
        (ErrorKind::Denied, 6, ""),
        (ErrorKind::RateLimited, 6, ""),
        (ErrorKind::Invalid, 8, ""),
        (ErrorKind::Storage, 1, "hint: otpctl doctor\n"),
        (ErrorKind::Internal, 1, ""),
    ] {
        let (ran, requests) = run(&["get", "x"], "not a passphrase\n", move |_| error(kind));
        assert_eq!((ran.status, ran.out.as_str()), (expected, ""), "{kind:?}");
        assert!(
            ran.err.starts_with("otpctl: no code: "),
            "{kind:?}: {}",
            ran.err
        );
        assert!(ran.err.ends_with(hint), "{kind:?}: {}", ran.err);
        assert_eq!(
            ran.err.matches("hint:").count(),
            usize::from(!hint.is_empty())
        );
        assert_eq!(requests.len(), 1, "{kind:?}");
    }
}

#[test]
fn messages_follow_the_language_of_the_environment() {
    let home = Home::new();
    agent(&home, |_| error(ErrorKind::Locked));
    let mut japanese = command(
        Path::new(env!("CARGO_BIN_EXE_otpctl")),
        &home,
        &["get", "x"],
    );
    japanese.env("LANG", "ja_JP.UTF-8");
    let ran = finish(japanese, "");
    assert_eq!(
        ran.err,
        "otpctl: コードを出せません: 保管庫がロックされています\nヒント: otpctl unlock\n"
    );
}

#[test]
fn without_an_agent_and_without_leave_to_start_one_it_is_unreachable() {
    for verb in [&["status"][..], &["get", "x"], &["lock"], &["list"]] {
        let home = Home::new();
        let args = [&["--no-start"], verb].concat();
        let ran = finish(
            command(Path::new(env!("CARGO_BIN_EXE_otpctl")), &home, &args),
            "",
        );
        assert_eq!((ran.status, ran.out.as_str()), (7, ""), "{verb:?}");
    }
}

#[test]
fn an_agent_that_ends_at_once_is_reported_at_once() {
    let home = Home::new();
    let program = home.with_sibling("otpd", "exit 8");
    let ran = finish(command(&program, &home, &["status"]), "");
    assert_eq!(ran.status, 7);
    assert_eq!(
        ran.err,
        "otpctl: no status: otpd ended at once; by hand it says why\nhint: otpd\n"
    );
}

#[test]
fn an_agent_is_started_with_a_listed_environment_and_no_terminal() {
    let home = Home::new();
    let script = "env | sort > \"$HOME/seen\"; pwd >> \"$HOME/seen\"; echo \"$*\" >> \"$HOME/seen\"
        readlink /proc/$$/fd/0 /proc/$$/fd/2 >> \"$HOME/seen\"; exit 1";
    let program = home.with_sibling("otpd", script);
    let mut status = command(&program, &home, &["status"]);
    status
        .env("SECRET", "1")
        .env("LD_PRELOAD_NOT", "1")
        .env("LC_ALL", "C");
    status.env("WAYLAND_DISPLAY", "wayland-0");
    assert_eq!(finish(status, "").status, 7);
    let seen = fs::read_to_string(home.path("seen")).unwrap();
    for expected in [
        "HOME=",
        "LC_ALL=C",
        "OTPD_SOCKET=",
        "WAYLAND_DISPLAY=",
        "\n/\n--spawned\n",
    ] {
        assert!(seen.contains(expected), "{expected}: {seen}");
    }
    assert!(
        !seen.contains("SECRET") && !seen.contains("LD_PRELOAD"),
        "{seen}"
    );
    assert_eq!(seen.matches("/dev/null").count(), 2, "{seen}");
}

#[test]
fn a_reader_that_left_is_no_failure() {
    let home = Home::new();
    agent(&home, |_| code());
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut get = command(
        Path::new(env!("CARGO_BIN_EXE_otpctl")),
        &home,
        &["get", "x"],
    );
    get.stdout(writer);
    let ran = finish(get, "");
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
}

#[test]
fn an_older_agent_is_named_only_after_an_error() {
    let (ran, requests) = run(&["get", "x"], "", |request| match request {
        Request::Status(_) => match status(true, false) {
            Ok(Response::Status(mut status)) => {
                status.version = "0.0.9".into();
                Ok(Response::Status(status))
            }
            other => other,
        },
        _ => error(ErrorKind::Method),
    });
    assert_eq!((ran.status, requests.len()), (1, 2));
    let version = env!("CARGO_PKG_VERSION");
    assert!(
        ran.err.ends_with(&format!(
            "(otpd is version 0.0.9, otpctl {version})\nhint: kill 7\n"
        )),
        "{}",
        ran.err
    );
}

#[test]
fn an_agent_that_talks_nonsense_or_hangs_up_is_unreachable() {
    for answer in [
        &b"nonsense\n"[..],
        b"",
        b"{\"result\":{}",
        b"{\"jsonrpc\":\"2.0\"}\n",
    ] {
        let home = Home::new();
        let listener = UnixListener::bind(home.path("otpd.sock")).unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                BufReader::new(&stream)
                    .read_until(b'\n', &mut Vec::new())
                    .ok();
                stream.write_all(answer).ok();
            }
        });
        let ran = finish(
            command(
                Path::new(env!("CARGO_BIN_EXE_otpctl")),
                &home,
                &["get", "x"],
            ),
            "",
        );
        assert_eq!((ran.status, ran.out.as_str()), (7, ""), "{}", ran.err);
    }
}
