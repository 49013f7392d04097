//! The real otpctl and the real otpd beside it, over a named pipe.
#![cfg(windows)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a failed expectation is a failed test"
)]

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use interprocess::local_socket::traits::ListenerExt as _;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, ToFsName as _};
use interprocess::os::windows::local_socket::ListenerOptionsExt as _;
use interprocess::os::windows::security_descriptor::SecurityDescriptor;
use tempfile::TempDir;
use widestring::U16CString;

/// The key of RFC 4226, appendix D.
const KEY: &[u8] = b"12345678901234567890";
const BASE32: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// Who has it may use the usual pipe, which is one for all homes.
static USUAL: Mutex<()> = Mutex::new(());

/// A home, and perhaps the name of a pipe other than the usual one.
struct Home {
    folder: TempDir,
    pipe: Option<String>,
}

/// What one run of otpctl did.
#[derive(Debug)]
struct Ran {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Home {
    fn new(pipe: Option<&str>) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            pipe: pipe.map(|name| format!(r"\\.\pipe\otpctl-{name}-{}", std::process::id())),
        }
    }

    fn run(&self, arguments: &[&str], stdin: &str) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_otpctl"));
        command
            .args(arguments)
            .env("LOCALAPPDATA", self.folder.path());
        for name in [
            "XDG_DATA_HOME",
            "XDG_CONFIG_HOME",
            "XDG_STATE_HOME",
            "OTPD_SOCKET",
        ] {
            command.env_remove(name);
        }
        if let Some(pipe) = &self.pipe {
            command.env("OTPD_SOCKET", pipe);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).ok();
        // Ends with the last process that has the pipes: a started agent must not.
        let output = child.wait_with_output().unwrap();
        Ran {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs what must succeed; returns its output without the line's end.
    fn ok(&self, arguments: &[&str], stdin: &str) -> String {
        let ran = self.run(arguments, stdin);
        assert_eq!(ran.status, Some(0), "{arguments:?}: {ran:?}");
        ran.stdout.trim_end().to_owned()
    }
}

fn connect(pipe: &str) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).open(pipe)
}

/// Asks the agent to end, and waits until its pipe does.
fn quit(pipe: &str) {
    let mut agent = connect(pipe).unwrap();
    agent
        .write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"quit\"}\n")
        .unwrap();
    let mut answers = BufReader::new(agent);
    let mut answer = String::new();
    answers.read_line(&mut answer).unwrap();
    assert!(answer.contains("result"), "{answer}");
    // The end of the pipe, in whatever words.
    answers.read_to_end(&mut Vec::new()).ok();
}

fn hotp(counter: u64) -> String {
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(KEY).unwrap();
    mac.update(&counter.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest[19] & 15);
    let number = u32::from_be_bytes(digest[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

#[expect(clippy::disallowed_methods, reason = "the same clock as the agent's")]
fn totp() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    hotp(now.as_secs() / 30)
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// The files that hold any of the texts.
fn holding(folder: &Path, texts: &[&[u8]]) -> Vec<PathBuf> {
    let mut files = files_below(folder);
    // The agent's own lock file can't be opened by others.
    files.retain(|path| path.file_name().unwrap() != "otpd.lock");
    files.retain(|path| {
        let bytes = std::fs::read(path).unwrap();
        texts
            .iter()
            .any(|text| bytes.windows(text.len()).any(|part| part == *text))
    });
    files
}

#[test]
fn a_vault_is_made_filled_asked_locked_and_opened_again() {
    let home = Home::new(None);
    let _usual = USUAL.lock().unwrap();
    let pipe = usual_pipe(&home);
    assert!(pipe.starts_with(r"\\.\pipe\otpd-S-1-5-"), "{pipe}");
    // The agent is started on the way.
    let recovery = home.ok(&["init"], "correct horse battery\n");
    assert!(recovery.contains('-'), "no recovery key: {recovery}");

    let counter = format!("otpauth://hotp/RFC:four?secret={BASE32}&issuer=RFC&counter=0\n");
    home.ok(&["add"], &counter);
    for expected in ["755224", "287082", "359152"] {
        assert_eq!(home.ok(&["get", "four"], ""), expected);
    }
    let time = format!("otpauth://totp/%E5%B1%B1%E7%94%B0:ann?secret={BASE32}\n");
    home.ok(&["remove", "four"], "");
    home.ok(&["add", "--yes"], &time);
    let (before, code, after) = (totp(), home.ok(&["get", "山田"], ""), totp());
    assert!(code == before || code == after, "{before} {code} {after}");
    assert!(home.ok(&["list"], "").contains("山田"));

    home.ok(&["lock"], "");
    let refused = home.run(&["get", "山田"], "");
    assert_eq!((refused.status, refused.stdout.as_str()), (Some(5), ""));
    assert_eq!(
        home.run(&["unlock"], "wrong horse battery\n").status,
        Some(6)
    );
    home.ok(&["unlock"], "correct horse battery\n");
    assert_eq!(home.run(&["get", "nobody"], "").status, Some(3));
    assert_eq!(home.ok(&["get", "ann"], "").len(), 6);

    let status = home.ok(&["status", "--json"], "");
    assert!(status.contains(r#""locked":false"#), "{status}");
    assert!(status.contains(r#""memory":"locked""#), "{status}");

    let data = home.folder.path().join("otpd");
    assert!(data.join("identity.age").is_file());
    assert_eq!(std::fs::read_dir(data.join("vault")).unwrap().count(), 1);
    let lower = BASE32.to_lowercase();
    let key: [&[u8]; 3] = [KEY, BASE32.as_bytes(), lower.as_bytes()];
    assert_eq!(holding(home.folder.path(), &key), Vec::<PathBuf>::new());
    assert!(!holding(home.folder.path(), &[b"age-encryption.org/v1"]).is_empty());

    quit(&pipe);
    assert_eq!(home.run(&["--no-start", "status"], "").status, Some(7));
}

/// The usual pipe's name, by the word of an agent that is started for it and ends again.
fn usual_pipe(home: &Home) -> String {
    let otpd = Path::new(env!("CARGO_BIN_EXE_otpctl")).with_file_name("otpd.exe");
    let mut child = Command::new(otpd)
        .env("LOCALAPPDATA", home.folder.path())
        .env_remove("OTPD_SOCKET")
        .stderr(Stdio::piped())
        .spawn()
        .expect("otpd.exe beside otpctl.exe: build it first");
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let pipe = stderr.lines().map_while(Result::ok).find_map(|line| {
        let name = line.strip_prefix("otpd: ready at ")?;
        Some(name.trim_end().to_owned())
    });
    let pipe = pipe.unwrap();
    quit(&pipe);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    pipe
}

/// Serves a pipe of the given owner, and returns what one run of otpctl said there and did.
fn served_by(owner: &str, name: &str) -> (Vec<u8>, Ran) {
    let home = Home::new(Some(name));
    let pipe = home.pipe.clone().unwrap();
    let access = U16CString::from_str(format!("O:{owner}D:(A;;GA;;;WD)")).unwrap();
    let listener = ListenerOptions::new()
        .name(pipe.to_fs_name::<GenericFilePath>().unwrap())
        .security_descriptor(SecurityDescriptor::deserialize(&access).unwrap())
        .create_sync()
        .unwrap();
    let server = std::thread::spawn(move || {
        let stream = listener.incoming().next().unwrap().unwrap();
        let mut line = Vec::new();
        // An end without a line is what a careful client leaves.
        BufReader::new(&stream).read_until(b'\n', &mut line).ok();
        line
    });
    let ran = home.run(&["--no-start", "status"], "");
    (server.join().unwrap(), ran)
}

#[test]
fn a_pipe_of_another_user_is_told_nothing() {
    let _usual = USUAL.lock().unwrap();
    // The administrators are somebody else, too.
    let (heard, ran) = served_by("BA", "squatted");
    assert_eq!(heard, b"");
    assert_eq!(ran.status, Some(7), "{ran:?}");
    assert!(ran.stderr.contains("another user"), "{ran:?}");

    let usual = usual_pipe(&Home::new(None));
    let own = usual.strip_prefix(r"\\.\pipe\otpd-").unwrap();
    let (heard, _) = served_by(own, "own");
    assert!(heard.starts_with(b"{\"jsonrpc\""), "the control");
}
