//! The real `otpctl` against an agent that replays answers: what it sends, prints and returns.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    clippy::match_wildcard_for_single_variants,
    clippy::unnecessary_wraps,
    reason = "a test that can't go on should stop, and a replaying agent knows few requests"
)]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use otp_proto::{
    AddAnswer, Algorithm, BackupAnswer, Candidate, Code, CodeAnswer, Details, Digits, Done,
    EntryId, EntryInfo, ErrorKind, ExportAnswer, ImportAnswer, InitAnswer, ListAnswer, Memory,
    Period, RecoveryCode, RecoveryCodesAnswer, Request, Response, RestoreBackupAnswer, RpcError,
    Secret, StatusAnswer, UnlockAnswer, decode_request, encode_answer,
};

type Reply = Result<Response, RpcError>;

/// A folder of its own, removed at the end.
struct Home(PathBuf);

impl Home {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("otpctl-test-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A copy of otpctl whose siblings are scripts.
    ///
    /// Other processes write them: a descriptor for writing that another test's fork inherits
    /// for a moment would make execve(2) fail with ETXTBSY.
    fn with_sibling(&self, name: &str, script: &str) -> PathBuf {
        let program = self.path("otpctl");
        let (text, sibling) = (self.path("script"), self.path(name));
        fs::write(&text, format!("#!/bin/sh\n{script}\n")).unwrap();
        for (from, to) in [
            (Path::new(env!("CARGO_BIN_EXE_otpctl")), &program),
            (&text, &sibling),
        ] {
            let mut install = Command::new("install");
            install.args(["-m", "0755"]).args([from, to]);
            assert!(install.status().unwrap().success());
        }
        program
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// What a run printed and returned.
#[derive(Debug)]
struct Ran {
    status: i32,
    out: String,
    err: String,
}

fn command(program: &Path, home: &Home, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(args)
        .env_clear()
        .env("HOME", &home.0)
        .env("PATH", "/usr/bin:/bin")
        .env("OTPD_SOCKET", home.path("otpd.sock"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn finish(mut command: Command, input: &str) -> Ran {
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    let output = child.wait_with_output().unwrap();
    Ran {
        status: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Starts an agent that answers by a function, and hands out the requests that it got.
fn agent(
    home: &Home,
    mut answer: impl FnMut(&Request) -> Reply + Send + 'static,
) -> Receiver<Request> {
    let listener = UnixListener::bind(home.path("otpd.sock")).unwrap();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            serve(&stream.unwrap(), &mut answer, &sender);
        }
    });
    receiver
}

fn serve(
    stream: &UnixStream,
    answer: &mut impl FnMut(&Request) -> Reply,
    sender: &Sender<Request>,
) {
    for line in BufReader::new(stream).split(b'\n') {
        let line = line.unwrap();
        assert!(line.len() <= otp_proto::MAX_REQUEST);
        let (id, request) = decode_request(&line).unwrap();
        let reply = answer(&request);
        // Before the answer, with which otpctl ends and the test looks at what came; a test that
        // does not look has dropped the other end.
        sender.send(request).ok();
        let mut stream = stream;
        stream.write_all(&encode_answer(Some(&id), &reply)).unwrap();
    }
}

/// Runs otpctl once against an agent, without a terminal.
fn run(
    args: &[&str],
    input: &str,
    answer: impl FnMut(&Request) -> Reply + Send + 'static,
) -> (Ran, Vec<Request>) {
    let home = Home::new();
    let requests = agent(&home, answer);
    let ran = finish(
        command(Path::new(env!("CARGO_BIN_EXE_otpctl")), &home, args),
        input,
    );
    (ran, requests.try_iter().collect())
}

fn error(kind: ErrorKind) -> Reply {
    Err(RpcError::new(kind, "the agent's words"))
}

fn code() -> Reply {
    Ok(Response::Code(CodeAnswer {
        id: EntryId::from_random(1),
        code: Code::new("012345".into()),
        valid_for: Some(21),
        period: Some(Period::THIRTY),
        next: None,
    }))
}

fn entry(number: u64, issuer: &str, account: &str) -> EntryInfo {
    EntryInfo {
        id: EntryId::from_random(number),
        issuer: issuer.into(),
        account: account.into(),
        kind: "totp".into(),
        algorithm: Algorithm::Sha1,
        digits: Digits::SIX,
        period: Some(Period::THIRTY),
        counter: None,
        tags: vec!["work".into()],
        trash: None,
    }
}

fn status(vault: bool, locked: bool) -> Reply {
    Ok(Response::Status(StatusAnswer {
        locked,
        vault,
        version: env!("CARGO_PKG_VERSION").into(),
        protocol: otp_proto::VERSION,
        pid: 7,
        memory: Memory::Secret,
        rollback: false,
        entries: None,
        since: 61,
        locks_in: None,
        warnings: Vec::new(),
    }))
}

/// An agent with an open vault that accepts everything.
fn willing(request: &Request) -> Reply {
    Ok(match request {
        Request::Status(_) => return status(true, false),
        Request::Add(_) => Response::Add(AddAnswer {
            entry: entry(1, "Acme", "alice"),
            duplicate: false,
            superseded: Vec::new(),
            same_key: Vec::new(),
        }),
        Request::ImportCommit(_) => Response::Import(ImportAnswer {
            added: vec![entry(1, "Acme", "alice")],
            duplicates: vec![entry(2, "Acme", "bob")],
            same_key: vec![entry(1, "Acme", "alice")],
        }),
        Request::Unlock(_) => Response::Unlock(UnlockAnswer::default()),
        _ => Response::Done(Done {}),
    })
}

#[test]
fn get_prints_the_code_and_nothing_else() {
    let (ran, requests) = run(&["get", "トレンド"], "", |_| code());
    assert_eq!(
        (ran.status, ran.out.as_str(), ran.err.as_str()),
        (0, "012345\n", "")
    );
    let Request::Get(get) = &requests[0] else {
        panic!("{requests:?}");
    };
    assert_eq!(
        (get.query.as_str(), get.interactive, requests.len()),
        ("トレンド", false, 1)
    );
}

#[test]
fn get_as_json_has_the_documented_keys_alone() {
    let (ran, requests) = run(
        &[
            "get",
            "x",
            "--next",
            "--min-left",
            "5",
            "--fresh",
            "--prompt",
            "--json",
        ],
        "",
        |_| code(),
    );
    let id = EntryId::from_random(1);
    assert_eq!(
        ran.out,
        format!("{{\"id\":\"{id}\",\"code\":\"012345\",\"valid_for\":21}}\n")
    );
    let Request::Get(get) = &requests[0] else {
        panic!("{requests:?}");
    };
    assert!(get.next && get.fresh && get.interactive);
    assert_eq!(get.min_left, Some(5));
}

#[test]
fn several_matches_are_listed_on_standard_error_and_none_is_guessed() {
    let candidate = |number, issuer: &str, account: &str| Candidate {
        id: EntryId::from_random(number),
        issuer: issuer.into(),
        account: account.into(),
    };
    let both = vec![
        candidate(1, "トレンドマイクロ", "山田"),
        candidate(2, "Trend", "bob\u{1b}[31m"),
    ];
    let (ran, _) = run(&["get", "t"], "", move |_| {
        Err(RpcError::ambiguous(both.clone()))
    });
    assert_eq!((ran.status, ran.out.as_str()), (4, ""));
    assert_eq!(
        ran.err,
        "otpctl: no code: several entries match\n   \
         aaaaaaab  トレンドマイクロ  山田\n   \
         aaaaaaac  Trend             bob[31m\n"
    );
}

#[test]
fn what_was_done_but_not_to_its_end_is_not_called_undone() {
    for (kind, expected) in [
        (
            ErrorKind::Incomplete,
            "otpctl: not complete: the agent's words\n",
        ),
        (
            ErrorKind::Storage,
            "otpctl: nothing removed: the agent's words\n",
        ),
    ] {
        let (ran, _) = run(&["remove", "x", "--purge", "--yes"], "", move |_| {
            error(kind)
        });
        assert_eq!(ran.err, format!("{expected}hint: otpctl doctor\n"));
    }
}

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
fn list_as_json_is_the_array_of_entries() {
    let entries = || ListAnswer {
        locked: false,
        entries: vec![entry(1, "トレンド", "abc"), entry(2, "GitHub", "山田太郎")],
    };
    let (ran, _) = run(&["list", "--json"], "", move |_| {
        Ok(Response::List(entries()))
    });
    assert!(
        ran.out
            .starts_with("[{\"id\":\"aaaaaaab\",\"issuer\":\"トレンド\""),
        "{}",
        ran.out
    );
    assert!(ran.out.ends_with("\"tags\":[\"work\"]}]\n"), "{}", ran.out);
    let (ran, _) = run(&["list"], "", move |_| Ok(Response::List(entries())));
    assert_eq!(
        ran.out,
        "aaaaaaab  トレンド  abc       totp\naaaaaaac  GitHub    山田太郎  totp\n"
    );
    let (ran, _) = run(&["list", "--names"], "", move |_| {
        Ok(Response::List(entries()))
    });
    assert_eq!(ran.out, "トレンド:abc\nGitHub:山田太郎\n");
}

#[test]
fn a_list_of_a_locked_vault_is_refused_rather_than_empty() {
    for (has_vault, hint) in [
        (true, "hint: otpctl unlock\n"),
        (false, "hint: otpctl init\n"),
    ] {
        let (ran, _) = run(&["list"], "", move |request| match request {
            Request::Status(_) => status(has_vault, true),
            _ => Ok(Response::List(ListAnswer {
                locked: true,
                entries: Vec::new(),
            })),
        });
        assert_eq!((ran.status, ran.out.as_str()), (5, ""));
        assert!(ran.err.ends_with(hint), "{}", ran.err);
    }
}

#[test]
fn status_as_json_passes_on_every_key() {
    let (ran, _) = run(&["--json", "status"], "", |_| status(true, true));
    for key in ["locked", "version", "protocol", "pid", "memory", "rollback"] {
        assert!(
            ran.out.contains(&format!("\"{key}\":")),
            "{key}: {}",
            ran.out
        );
    }
    let (ran, _) = run(&["status"], "", |_| status(true, false));
    assert!(
        ran.out.starts_with("vault   unlocked since 1 min\n"),
        "{}",
        ran.out
    );
}

#[test]
fn unlock_reads_one_line_and_a_wrong_one_is_refused_without_another_try() {
    let (ran, requests) = run(&["unlock"], "合言葉\r\nrest\n", |request| match request {
        Request::Status(_) => status(true, true),
        _ => Ok(Response::Unlock(UnlockAnswer::default())),
    });
    assert_eq!(ran.status, 0, "{}", ran.err);
    let Request::Unlock(unlock) = &requests[1] else {
        panic!("{requests:?}");
    };
    assert_eq!(unlock.passphrase.expose(), "合言葉");
    let (ran, requests) = run(&["unlock"], "wrong\nright\n", |request| match request {
        Request::Status(_) => status(true, true),
        _ => error(ErrorKind::Denied),
    });
    assert_eq!((ran.status, requests.len()), (6, 2));
    assert_eq!(ran.err, "otpctl: cannot unlock: wrong passphrase\n");
}

#[test]
fn a_descriptor_unlocks_on_the_way() {
    let home = Home::new();
    let requests = agent(&home, {
        let mut open = false;
        move |request| match request {
            Request::Unlock(_) => {
                open = true;
                Ok(Response::Unlock(UnlockAnswer::default()))
            }
            _ if open => code(),
            _ => error(ErrorKind::Locked),
        }
    });
    fs::write(home.path("pass"), "hunter2\n").unwrap();
    let script = format!(
        "exec '{}' get x --passphrase-fd 3 3<'{}'",
        env!("CARGO_BIN_EXE_otpctl"),
        home.path("pass").display()
    );
    let ran = finish(command(Path::new("/bin/sh"), &home, &["-c", &script]), "");
    assert_eq!(
        (ran.status, ran.out.as_str()),
        (0, "012345\n"),
        "{}",
        ran.err
    );
    let sent: Vec<_> = requests.try_iter().collect();
    assert!(matches!(&sent[1], Request::Unlock(unlock) if unlock.passphrase.expose() == "hunter2"));
    assert_eq!(sent.len(), 3);
}

#[test]
fn init_whose_output_is_lost_says_that_nobody_has_seen_the_recovery_key() {
    let (reader, left) = std::io::pipe().unwrap();
    drop(reader);
    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    for lost in [Stdio::from(left), Stdio::from(full.unwrap())] {
        let home = Home::new();
        let _requests = agent(&home, |request| match request {
            Request::Status(_) => status(false, true),
            _ => Ok(Response::Init(InitAnswer {
                recovery_key: Secret::copy_of("KEY-KEY"),
            })),
        });
        let mut otpctl = command(Path::new(env!("CARGO_BIN_EXE_otpctl")), &home, &["init"]);
        otpctl.stdout(lost);
        let ran = finish(otpctl, "a long passphrase\n");
        assert_eq!(ran.status, 1);
        let last = ran.err.lines().last().unwrap();
        assert!(last.starts_with("otpctl: not complete: "), "{}", ran.err);
        assert!(last.contains("recovery key"), "{}", ran.err);
    }
}

#[test]
fn init_prints_the_recovery_key_alone_on_standard_output() {
    let answer = |request: &Request| match request {
        Request::Status(_) => status(false, true),
        _ => Ok(Response::Init(InitAnswer {
            recovery_key: Secret::copy_of("KEY-KEY"),
        })),
    };
    let (ran, requests) = run(&["init"], "a long passphrase\n", answer);
    assert_eq!(
        (ran.status, ran.out.as_str()),
        (0, "KEY-KEY\n"),
        "{}",
        ran.err
    );
    assert!(
        matches!(&requests[1], Request::Init(init) if init.passphrase.expose() == "a long passphrase")
    );
    let (ran, requests) = run(&["init"], "\n", answer);
    assert_eq!((ran.status, requests.len()), (2, 1), "{}", ran.err);
    let (ran, requests) = run(&["init", "--generate", "-q"], "", answer);
    let Request::Init(init) = &requests[1] else {
        panic!("{requests:?}");
    };
    assert!(
        ran.err.contains(init.passphrase.expose()),
        "shown where a person can see it"
    );
    assert!(!ran.out.contains(init.passphrase.expose()));
    let (ran, requests) = run(&["init"], "x\n", |_| status(true, true));
    assert_eq!((ran.status, requests.len()), (1, 1), "{}", ran.err);
}

const URI: &str = "otpauth://totp/Acme:alice?secret=JBSWY3DPEHPK3PXP&issuer=Acme";

#[test]
fn add_stores_what_comes_on_standard_input_at_once() {
    let (ran, requests) = run(&["add", "--note", "spare"], &format!("{URI}\n"), willing);
    assert_eq!(
        (ran.status, ran.err.as_str()),
        (0, "Saved: Acme (alice).\n")
    );
    let [Request::Add(add)] = requests.as_slice() else {
        panic!("{requests:?}");
    };
    let sent = otp_proto::parse_uri(add.uri.expose()).unwrap();
    assert_eq!(
        (sent.issuer.as_str(), sent.note.as_str()),
        ("Acme", "spare")
    );
    let (ran, _) = run(&["add", "--json"], URI, willing);
    assert!(
        ran.out.starts_with("[{\"entry\":{\"id\":\"aaaaaaab\""),
        "{}",
        ran.out
    );
}

#[test]
fn add_says_what_became_of_a_duplicate_and_of_an_older_entry() {
    let with = |duplicate, superseded: bool| {
        move |_: &Request| {
            let mut old = entry(9, "Acme", "alice");
            old.trash = Some("tr-1".into());
            Ok(Response::Add(AddAnswer {
                entry: entry(1, "Acme", "alice"),
                duplicate,
                superseded: if superseded { vec![old] } else { Vec::new() },
                same_key: Vec::new(),
            }))
        }
    };
    let (ran, _) = run(&["add"], URI, with(true, false));
    assert_eq!(ran.status, 0);
    assert_eq!(
        ran.err,
        "This entry is there already: Acme (alice). Nothing was stored.\n"
    );
    let (ran, _) = run(&["add"], URI, with(false, true));
    assert!(
        ran.err
            .ends_with("moved to the trash (otpctl restore tr-1).\n"),
        "{}",
        ran.err
    );
}

#[test]
fn an_entry_whose_key_another_has_is_said_to_be_stored_all_the_same() {
    let (ran, _) = run(&["add"], URI, |_| {
        Ok(Response::Add(AddAnswer {
            entry: entry(1, "Acme", "alice"),
            duplicate: false,
            superseded: Vec::new(),
            same_key: vec![Candidate {
                id: EntryId::from_random(2),
                issuer: "Acme".into(),
                account: "bob".into(),
            }],
        }))
    });
    assert_eq!(ran.status, 0);
    assert!(ran.err.starts_with("Saved: "), "{}", ran.err);
    assert!(
        ran.err
            .ends_with("\nNote: another entry has the same key: Acme (bob).\n"),
        "{}",
        ran.err
    );
}

#[test]
fn what_is_no_key_is_refused_before_the_agent_is_asked() {
    for (input, args) in [
        ("", &["add", "--issuer", "a"][..]),
        ("https://example.com/", &["add"]),
        ("otpauth://totp/a?secret=18", &["add"]),
        ("JBSWY3DPEHPK3PX1", &["add", "--issuer", "a"]),
        ("a\nb", &["add"]),
    ] {
        let (ran, requests) = run(args, input, willing);
        assert_eq!((ran.status, requests.len()), (8, 0), "{input}: {}", ran.err);
        assert!(
            !ran.err.contains("JBSWY") && !ran.err.contains("secret=18"),
            "{}",
            ran.err
        );
    }
    let (ran, requests) = run(&["add"], "JBSWY3DPEHPK3PXP", willing);
    assert_eq!(
        (ran.status, requests.len()),
        (2, 0),
        "a key without any name: {}",
        ran.err
    );
}

#[test]
fn a_key_as_an_argument_is_refused_with_the_reason_and_never_echoed() {
    for args in [
        &["add", "JBSWY3DPEHPK3PXP"][..],
        &["add", URI],
        &["get", URI],
    ] {
        let (ran, requests) = run(args, "", willing);
        assert_eq!((ran.status, requests.len()), (2, 0), "{}", ran.err);
        assert!(
            !ran.err.contains("JBSWY") && ran.err.contains("command line"),
            "{}",
            ran.err
        );
    }
}

#[test]
fn import_sends_a_batch_and_names_a_bad_line() {
    let home = Home::new();
    let program = home.with_sibling("otp-helper", "cat");
    let requests = agent(&home, willing);
    let good =
        format!("{{\"batch\":{{\"size\":2,\"index\":0}}}}\n{{\"uri\":\"{URI}\",\"line\":1}}\n");
    fs::write(home.path("good"), &good).unwrap();
    let file = home.path("good").display().to_string();
    let ran = finish(command(&program, &home, &["import", &file, "--json"]), "");
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(ran.out.contains("\"duplicates\":[{") && ran.out.ends_with("\"skipped\":[]}\n"));
    assert!(ran.out.contains("\"same_key\":[{"), "{}", ran.out);
    let methods: Vec<_> = requests
        .try_iter()
        .map(|request| request.method())
        .collect();
    assert_eq!(methods, ["import.begin", "import.add", "import.commit"]);

    let bad = good + "{\"error\":\"no secret in it\",\"line\":3}\n";
    let ran = finish(command(&program, &home, &["import", "-"]), &bad);
    assert_eq!((ran.status, requests.try_iter().count()), (8, 0));
    assert_eq!(
        ran.err,
        "otpctl: nothing imported: cannot read -: line 3: no secret in it\n"
    );
    let ran = finish(
        command(&program, &home, &["import", "-", "--skip-bad"]),
        &bad,
    );
    assert_eq!(
        (ran.status, requests.try_iter().count()),
        (0, 3),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("not read yet: number 2\n"), "{}", ran.err);
}

#[test]
fn whatever_else_the_helper_does_means_that_the_input_could_not_be_read() {
    for script in [
        "kill -ABRT $$",
        "exit 3",
        "echo '{\"uri\":'",
        "echo '{}'",
        "exit 8",
    ] {
        let home = Home::new();
        let program = home.with_sibling("otp-helper", script);
        let requests = agent(&home, willing);
        let ran = finish(
            command(&program, &home, &["add", "--image", "-"]),
            "picture",
        );
        assert_eq!(
            (ran.status, requests.try_iter().count()),
            (8, 0),
            "{script}: {}",
            ran.err
        );
        assert_eq!(
            ran.err,
            "otpctl: nothing added: cannot read -: could not be read\n"
        );
    }
}

#[test]
fn export_asks_again_and_writes_a_private_file_once() {
    let home = Home::new();
    let requests = agent(&home, |request| match request {
        Request::Status(_) => status(true, false),
        _ => Ok(Response::Export(ExportAnswer {
            uris: vec![
                Secret::copy_of("otpauth://a"),
                Secret::copy_of("otpauth://b"),
            ],
        })),
    });
    let file = home.path("keys");
    let name = file.display().to_string();
    let program = Path::new(env!("CARGO_BIN_EXE_otpctl"));
    let ran = finish(command(program, &home, &["export", &name]), "hunter2\n");
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        "otpauth://a\notpauth://b\n"
    );
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let sent: Vec<_> = requests.try_iter().collect();
    assert!(matches!(&sent[1], Request::Export(export) if export.passphrase.expose() == "hunter2"));

    let ran = finish(command(program, &home, &["export", &name]), "hunter2\n");
    assert_eq!(ran.status, 1);
    assert!(ran.err.contains("exists already"), "{}", ran.err);
    let ran = finish(
        command(program, &home, &["export", &name, "--force"]),
        "hunter2\n",
    );
    assert_eq!(ran.status, 0, "{}", ran.err);
    let ran = finish(command(program, &home, &["export", "-"]), "hunter2\n");
    assert_eq!(ran.out, "otpauth://a\notpauth://b\n");
}

#[test]
fn a_backup_comes_back_in_pieces_that_fit_a_request() {
    let home = Home::new();
    let text = "0123456789abcde\n".repeat(8 * 1024);
    let requests = agent(&home, {
        let text = text.clone();
        move |request| match request {
            Request::Status(_) => status(false, true),
            Request::Backup(_) => Ok(Response::Backup(BackupAnswer {
                text: text.clone(),
                generation: None,
            })),
            Request::RestoreBackupCommit(_) => {
                Ok(Response::RestoreBackup(RestoreBackupAnswer::default()))
            }
            _ => Ok(Response::Done(Done {})),
        }
    });
    let name = home.path("backup").display().to_string();
    let program = Path::new(env!("CARGO_BIN_EXE_otpctl"));
    let ran = finish(command(program, &home, &["backup", &name]), "");
    assert_eq!(ran.status, 0, "{}", ran.err);
    let ran = finish(
        command(program, &home, &["restore-backup", &name]),
        "hunter2\n",
    );
    assert_eq!(ran.status, 0, "{}", ran.err);
    let mut sent = String::new();
    for request in requests.try_iter() {
        if let Request::RestoreBackupAdd(piece) = request {
            assert!(piece.text.len() <= 32 * 1024);
            sent += &piece.text;
        }
    }
    assert!(sent == text);
}

#[test]
fn what_cannot_be_undone_is_not_done_without_a_person_or_yes() {
    let (ran, requests) = run(&["remove", "x", "--purge"], "y\n", willing);
    assert_eq!((ran.status, requests.len()), (2, 0), "{}", ran.err);
    let home = Home::new();
    let requests = agent(&home, willing);
    fs::write(home.path("backup"), "text").unwrap();
    let name = home.path("backup").display().to_string();
    let program = Path::new(env!("CARGO_BIN_EXE_otpctl"));
    let ran = finish(
        command(program, &home, &["restore-backup", &name]),
        "hunter2\n",
    );
    assert_eq!(
        (ran.status, requests.try_iter().count()),
        (2, 1),
        "{}",
        ran.err
    );
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

/// A helper that finds this in the bytes `pixels`, if it is asked as it should be.
fn reader(args: &str, findings: &str) -> String {
    format!("[ \"$*\" = 'parse {args}' ] && [ \"$(cat)\" = pixels ] && echo '{findings}' || exit 3")
}

#[test]
fn the_screen_goes_from_the_desktop_to_the_helper_and_what_is_no_key_is_named() {
    let home = Home::new();
    let findings = format!(
        "{{\"skipped\":\"url\",\"what\":\"example.com\"}}\n{{\"uri\":\"{URI}\"}}\n{{\"uri\":\"{URI}\",\"picture\":1}}"
    );
    home.with_sibling("otp-desktop", "[ \"$*\" = grab ] && printf pixels");
    let program = home.with_sibling("otp-helper", &reader("--image", &findings));
    let requests = agent(&home, willing);
    let ran = finish(command(&program, &home, &["add", "--screen"]), "");
    assert_eq!(
        (ran.status, ran.err.as_str()),
        (
            0,
            "Left out, because it is not a key: a web address (example.com)\n\
             Saved: Acme (alice).\n"
        ),
    );
    let methods: Vec<_> = requests.try_iter().map(|one| one.method()).collect();
    assert_eq!(
        methods,
        ["status", "add"],
        "what two monitors show is one key"
    );
}

#[test]
fn a_screen_without_a_key_is_one_line_and_exit_8() {
    for (findings, cause) in [
        (
            "{\"error\":\"no QR code found in the picture\"}",
            "no QR code found",
        ),
        ("{\"skipped\":\"text\"}", "no key in it, only a text"),
        ("{\"error\":\"no secret in it\"}", "no secret in it"),
    ] {
        let home = Home::new();
        home.with_sibling("otp-desktop", "printf pixels");
        let program = home.with_sibling("otp-helper", &reader("--image", findings));
        let requests = agent(&home, willing);
        let ran = finish(command(&program, &home, &["add", "--screen"]), "");
        assert_eq!((ran.status, requests.try_iter().count()), (8, 1));
        assert_eq!(
            ran.err,
            format!("otpctl: nothing added: cannot read the screen: {cause}\n")
        );
    }
}

#[test]
fn what_the_desktop_says_is_said_with_its_status() {
    for (status, expected) in [(6, 6), (8, 8), (1, 1), (2, 1)] {
        let home = Home::new();
        let script = format!(
            "echo 'otp-desktop: the dialog was closed' >&2; echo 'hint: xhost' >&2; exit {status}"
        );
        home.with_sibling("otp-desktop", &script);
        let program = home.with_sibling(
            "otp-helper",
            "cat; echo '{\"error\":\"no format\"}'; exit 8",
        );
        let requests = agent(&home, willing);
        for source in ["--screen", "--clipboard"] {
            let ran = finish(command(&program, &home, &["add", source]), "");
            assert_eq!((ran.status, requests.try_iter().count()), (expected, 1));
            assert_eq!(
                ran.err,
                "otpctl: nothing added: the dialog was closed\nhint: xhost\n"
            );
        }
    }
    let home = Home::new();
    let program = home.with_sibling("otp-helper", "exit 3");
    agent(&home, willing);
    let ran = finish(command(&program, &home, &["add", "--screen"]), "");
    assert_eq!(
        (ran.status, ran.err.as_str()),
        (
            1,
            "otpctl: nothing added: otp-desktop is not installed beside otpctl\n\
             hint: otpctl add --image FILE\n"
        )
    );
    let ran = finish(
        command(&program, &home, &["add", "--screen", "--image", "x"]),
        "",
    );
    assert_eq!(ran.status, 2, "{}", ran.err);
}

#[test]
fn without_a_vault_or_a_way_to_open_it_the_desktop_is_not_asked() {
    for (vault, expected) in [(false, 5), (true, 5)] {
        let home = Home::new();
        home.with_sibling("otp-helper", "exit 3");
        let program = home.with_sibling("otp-desktop", "touch \"$HOME/asked\"");
        agent(&home, move |_| status(vault, true));
        let ran = finish(command(&program, &home, &["add", "--screen"]), "");
        assert_eq!(ran.status, expected, "{}", ran.err);
        assert!(!home.path("asked").exists());
    }
}

#[test]
fn the_clipboard_is_cleared_once_its_key_is_stored_and_not_before() {
    for stored in [true, false] {
        let home = Home::new();
        let script = "[ \"$*\" = 'clip --then-clear' ] || exit 3
            printf pixels; exec >&-; cat > \"$HOME/word\"";
        home.with_sibling("otp-desktop", script);
        let findings = format!("{{\"uri\":\"{URI}\"}}");
        let program = home.with_sibling("otp-helper", &reader("--format auto", &findings));
        let word = home.path("word");
        agent(&home, move |request| match request {
            Request::Add(_) => {
                let told = fs::read_to_string(&word).unwrap_or_default();
                assert_eq!(told, "", "before it is stored");
                if stored {
                    willing(request)
                } else {
                    error(ErrorKind::Storage)
                }
            }
            _ => willing(request),
        });
        let ran = finish(command(&program, &home, &["add", "--clipboard"]), "");
        assert_eq!(ran.status, i32::from(!stored), "{}", ran.err);
        let word = fs::read_to_string(home.path("word")).unwrap();
        assert_eq!(word, if stored { "clear\n" } else { "" });
    }
}

#[test]
fn qr_read_prints_every_text_and_asks_no_agent() {
    let home = Home::new();
    home.with_sibling("otp-desktop", "[ $# = 1 ] && printf pixels");
    let findings =
        "{\"text\":\"https://example.com/\"}\n{\"text\":\"山\"}\n{\"text\":\"山\",\"picture\":1}";
    let program = home.with_sibling("otp-helper", &reader("--image --text", findings));
    fs::write(home.path("a.png"), "pixels").unwrap();
    fs::write(home.path("b.png"), "nothing").unwrap();
    let (good, bad) = (home.path("a.png"), home.path("b.png"));
    let (good, bad) = (good.to_str().unwrap(), bad.to_str().unwrap());
    for source in ["--screen", "--clipboard", "-", good] {
        let ran = finish(
            command(&program, &home, &["--no-start", "qr", "read", source]),
            "pixels",
        );
        assert_eq!(
            (ran.status, ran.out.as_str(), ran.err.as_str()),
            (0, "https://example.com/\n山\n", ""),
            "{source}"
        );
    }
    let ran = finish(
        command(&program, &home, &["qr", "read", bad, good, "--json"]),
        "",
    );
    assert_eq!(ran.status, 8);
    assert_eq!(
        ran.out,
        format!(
            "[{{\"text\":\"https://example.com/\",\"source\":\"{good}\"}},\
             {{\"text\":\"山\",\"source\":\"{good}\"}}]\n"
        )
    );
    assert_eq!(
        ran.err,
        format!("otpctl: no QR code read: cannot read {bad}: could not be read\n")
    );
    let ran = finish(command(&program, &home, &["qr", "read"]), "");
    assert_eq!(ran.status, 2, "{}", ran.err);
}

/// An agent with one entry, whose URI has everything.
fn one_entry(request: &Request) -> Reply {
    const FULL: &str = "otpauth://totp/Acme:alice?secret=JBSWY3DPEHPK3PXP&issuer=Acme\
                        &x-otpd-tag=work&x-otpd-note=n&x-otpd-recovery=k3t7q-2m5nv&icon=x";
    Ok(match request {
        Request::Status(_) => return status(true, false),
        Request::Show(_) => Response::Details(Details {
            entry: entry(1, "Acme", "alice"),
            note: String::new(),
            created: 0,
            key_bits: 80,
            extra: Vec::new(),
        }),
        Request::Export(export) if export.passphrase.expose() != "hunter2" => {
            return error(ErrorKind::Denied);
        }
        _ => Response::Export(ExportAnswer {
            uris: vec![Secret::copy_of(FULL)],
        }),
    })
}

#[test]
fn qr_show_draws_the_key_alone_after_the_passphrase_was_asked_again() {
    let home = Home::new();
    let program = home.with_sibling("otp-helper", "echo \"$*\"; cat");
    let requests = agent(&home, one_entry);
    let ran = finish(
        command(&program, &home, &["qr", "show", "acme"]),
        "hunter2\n",
    );
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    assert_eq!(
        ran.out,
        "draw --format text\n\
         otpauth://totp/Acme:alice?secret=JBSWY3DPEHPK3PXP&issuer=Acme\
         &algorithm=SHA1&digits=6&period=30&icon=x"
    );
    let sent: Vec<_> = requests.try_iter().collect();
    let id = EntryId::from_random(1).to_string();
    assert!(matches!(&sent[2], Request::Export(export) if export.query == Some(id)));
    let ran = finish(command(&program, &home, &["qr", "show", "acme"]), "wrong\n");
    assert_eq!((ran.status, ran.out.as_str()), (6, ""), "{}", ran.err);

    for (option, drawn) in [
        ("--png", "draw --format png"),
        ("--print", "draw --format page"),
    ] {
        let file = home.path(option);
        let name = file.to_str().unwrap();
        let args = ["qr", "show", "acme", option, name];
        let ran = finish(command(&program, &home, &args), "hunter2\n");
        assert_eq!((ran.status, ran.out.as_str()), (0, ""), "{}", ran.err);
        assert!(fs::read_to_string(&file).unwrap().starts_with(drawn));
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let ran = finish(command(&program, &home, &args), "hunter2\n");
        assert!(ran.err.contains("exists already"), "{}", ran.err);
    }
    let program = home.with_sibling("otp-helper", "exit 8");
    let ran = finish(
        command(&program, &home, &["qr", "show", "acme"]),
        "hunter2\n",
    );
    assert_eq!(
        (ran.status, ran.err.as_str()),
        (8, "otpctl: no QR code drawn: it does not fit a QR code\n")
    );
}

/// An agent that keeps two recovery codes, one of them used.
fn with_codes(request: &Request) -> Reply {
    let mut answer = RecoveryCodesAnswer {
        entry: Candidate {
            id: EntryId::from_random(1),
            issuer: "Acme".into(),
            account: "alice".into(),
        },
        left: 1,
        total: 2,
        added: None,
        code: None,
        codes: None,
    };
    let code = || Code::new("k3t7q-2m5nv".into());
    match request {
        Request::RecoveryCodesAdd(_) => answer.added = Some(2),
        Request::RecoveryCodesUse(_) => answer.code = Some(code()),
        Request::RecoveryCodesList(list) => match &list.passphrase {
            Some(passphrase) if passphrase.expose() == "hunter2" => {
                let codes = [(code(), true), (Code::new("1234 5678".into()), false)];
                let codes = codes.map(|(code, used)| RecoveryCode { code, used });
                answer.codes = Some(codes.into());
            }
            Some(_) => return error(ErrorKind::Denied),
            None => {}
        },
        _ => return status(true, false),
    }
    Ok(Response::RecoveryCodes(answer))
}

#[test]
fn recovery_codes_are_taken_as_they_were_pasted() {
    let (ran, requests) = run(
        &["recovery-codes", "add", "acme", "--replace"],
        "1. k3t7q-2m5nv\n2. 1234 5678\n",
        with_codes,
    );
    assert_eq!(
        (ran.status, ran.out.as_str(), ran.err.as_str()),
        (
            0,
            "",
            "Read as codes: 2, with 9 to 11 characters each.\n\
             Stored: 2. Recovery codes of Acme (alice) left: 1 of 2\n"
        )
    );
    let [Request::RecoveryCodesAdd(add)] = requests.as_slice() else {
        panic!("{requests:?}");
    };
    let codes: Vec<_> = add.codes.iter().map(Secret::expose).collect();
    assert_eq!(
        (codes, add.replace),
        (vec!["k3t7q-2m5nv", "1234 5678"], true)
    );
    for input in ["", " \n", "\u{0}".repeat(10_000).as_str()] {
        let (ran, requests) = run(&["recovery-codes", "add", "acme"], input, with_codes);
        assert_eq!((ran.status, requests.len()), (8, 0), "{}", ran.err);
    }
}

#[test]
fn recovery_codes_are_listed_only_after_the_passphrase() {
    let list = ["recovery-codes", "list", "acme"];
    let (ran, requests) = run(&list, "hunter2\n", with_codes);
    assert_eq!(
        (ran.status, ran.out.as_str(), requests.len()),
        (0, "Recovery codes of Acme (alice) left: 1 of 2\n", 1)
    );
    let show = [&list[..], &["--show"]].concat();
    let (ran, _) = run(&show, "hunter2\n", with_codes);
    assert_eq!(
        (ran.status, ran.out.as_str()),
        (0, "k3t7q-2m5nv  used\n1234 5678\n"),
        "{}",
        ran.err
    );
    let (ran, _) = run(&show, "wrong\n", with_codes);
    assert_eq!(
        (ran.status, ran.out.as_str(), ran.err.as_str()),
        (6, "", "otpctl: no recovery codes: wrong passphrase\n")
    );
    let id = EntryId::from_random(1);
    let (ran, _) = run(&[&list[..], &["--json"]].concat(), "", with_codes);
    assert_eq!(
        ran.out,
        format!("{{\"id\":\"{id}\",\"left\":1,\"total\":2}}\n")
    );
}

#[test]
fn the_next_recovery_code_is_all_that_is_printed() {
    let take = ["recovery-codes", "use", "acme"];
    let (ran, _) = run(&take, "", with_codes);
    assert_eq!(
        (ran.status, ran.out.as_str(), ran.err.as_str()),
        (0, "k3t7q-2m5nv\n", "")
    );
    let id = EntryId::from_random(1);
    let (ran, _) = run(&[&take[..], &["--json"]].concat(), "", with_codes);
    assert_eq!(
        ran.out,
        format!("{{\"id\":\"{id}\",\"left\":1,\"total\":2,\"code\":\"k3t7q-2m5nv\"}}\n")
    );
    let none = |request: &Request| match with_codes(request) {
        Ok(Response::RecoveryCodes(mut answer)) => {
            answer.code = None;
            Ok(Response::RecoveryCodes(answer))
        }
        other => other,
    };
    let (ran, _) = run(&take, "", none);
    assert_eq!(
        (ran.status, ran.out.as_str(), ran.err.as_str()),
        (
            3,
            "",
            "otpctl: no recovery code: no recovery code is left\n"
        )
    );
}
