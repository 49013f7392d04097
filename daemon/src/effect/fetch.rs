//! Reading a source of entries: `otp-helper fetch` opens files and parses nothing, `otp-helper
//! parse` opens nothing, and what comes out of it is one line an entry.
//!
//! It runs on a thread of its own, which a slow disk may keep waiting; killing both ends it.

use std::ffi::OsStr;
use std::io::{self, Read, Write as _};
use std::net::{Ipv4Addr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use otp_proto::{Code, Desktop, Secret, clean_label};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::prompt::OWN;
use crate::agent::{Asked, FetchError, Found, Holds, Origin};
use crate::platform;
use crate::vault::source::{Gives, What};

/// Most bytes that are read of a source: 20,000 entries with long names fit.
const LONGEST: u64 = 16 * 1024 * 1024;
/// Most bytes that are read of why it failed.
const LONGEST_CAUSE: u64 = 4096;
/// Longest that is told of it, in characters.
const CAUSE: usize = 300;
/// The exit status of `otp-helper fetch` where a person is needed, whom nobody may ask.
const NEEDS_PERSON: i32 = 5;
/// Longest that a program outside of our unit lives, in seconds: without a person, and with one.
const OUTSIDE: (u32, u32) = (40, 610);
/// What starts a program outside of our unit.
const SYSTEMD_RUN: &str = "systemd-run";
/// What of our environment is ours alone.
const PRIVATE: [&str; 7] = [
    "NOTIFY_SOCKET",
    "LISTEN_FDS",
    "LISTEN_FDNAMES",
    "LISTEN_PID",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "INVOCATION_ID",
];

/// What leads to a screen or a terminal: ours is nobody's, and without the caller's none is asked.
const SCREEN: [&str; 6] = [
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "GPG_TTY",
    "PINENTRY_USER_DATA",
    "SSH_ASKPASS",
];

/// The programs of a reading, for whoever ends it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Programs(Arc<Mutex<Running>>);

#[derive(Debug, Default)]
struct Running {
    children: Vec<Child>,
    is_ended: bool,
}

impl Programs {
    /// Kills them, with whatever they have started; also those that have yet to start. It doesn't
    /// wait for them: a program that hangs on its disk takes its time to die.
    pub(crate) fn end(&self) {
        let mut running = self.running();
        running.is_ended = true;
        running.children.iter_mut().for_each(platform::kill_group);
    }

    /// Ends them, and waits until they have.
    fn bury(&self) {
        self.end();
        let children = std::mem::take(&mut self.running().children);
        for mut child in children {
            child.wait().ok();
        }
    }

    /// Starts one; its pipes are the caller's.
    fn start(&self, command: &mut Command) -> io::Result<Pipes> {
        let mut running = self.running();
        if running.is_ended {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let mut child = platform::spawn_group(command)?;
        let pipes = Pipes {
            stdin: child.stdin.take(),
            stdout: child.stdout.take(),
            stderr: child.stderr.take(),
        };
        running.children.push(child);
        Ok(pipes)
    }

    /// Takes the one that was started last, to be waited for.
    fn last(&self) -> Option<Child> {
        self.running().children.pop()
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Pipes {
    stdin: Option<ChildStdin>,
    stdout: Option<std::process::ChildStdout>,
    stderr: Option<std::process::ChildStderr>,
}

/// A line of `otp-helper parse`.
#[derive(Deserialize)]
struct Line {
    id: Option<String>,
    uri: Option<Secret>,
    issuer: Option<String>,
    account: Option<String>,
    code: Option<Code>,
    error: Option<String>,
    /// The password is missing or wrong.
    #[serde(default)]
    password: bool,
}

/// Reads a source; blocks until it was read or is ended. The password is wiped once it was handed on.
pub(crate) fn read(origin: Origin, programs: &Programs) -> Result<Vec<Found>, FetchError> {
    let read = run(origin, programs);
    programs.bury();
    read.unwrap_or_else(|error| {
        let cause = super::cause(&error);
        Err(FetchError::Failed(format!(
            "cannot run otp-helper: {cause}"
        )))
    })
}

/// What `otp-helper` is told: the arguments of `fetch`, and the format for `parse`.
struct Order<'a> {
    arguments: Vec<&'a str>,
    format: &'a str,
    /// It runs programs of others.
    is_foreign: bool,
}

fn order(origin: &Origin) -> Order<'_> {
    let asked = origin.asked.as_ref();
    let mut arguments;
    let (list, entry) = match &origin.what {
        What::Kdbx { file, key_file, .. } => {
            arguments = vec!["kdbx", "--file", file];
            if let Some(key_file) = key_file {
                arguments.extend(["--key-file", key_file]);
            }
            ("kdbx", "kdbx")
        }
        What::Store {
            program,
            store,
            folder,
        } => {
            arguments = vec![program.name(), "--store", store];
            if let Some(folder) = folder {
                arguments.extend(["--folder", folder]);
            }
            ("names", "entry")
        }
        What::Lines { list, ask, gives } => {
            let line = if asked.is_some() { ask } else { list };
            arguments = vec!["command", "--line", line];
            let entry = match gives {
                Gives::Code => "code",
                Gives::Uri => "entry",
            };
            ("list", entry)
        }
        What::Preset(name) => {
            arguments = vec!["preset", "--name", name];
            (&**name, "code")
        }
    };
    if let Some(Asked { id, desktop }) = asked {
        arguments.extend(["--entry", id]);
        if desktop.is_some() {
            arguments.push("--attended");
        }
    }
    Order {
        arguments,
        format: if asked.is_some() { entry } else { list },
        is_foreign: !matches!(origin.what, What::Kdbx { .. }),
    }
}

/// Prepares `otp-helper fetch`. Programs of others get our environment but for its screens, and the
/// desktop of the person who may be asked; and where our unit refuses the network that most of them
/// need, a unit of their own.
fn fetching(helper: &PathBuf, order: &Order<'_>, asked: Option<&Asked>) -> Command {
    if !order.is_foreign {
        let mut command = prepared(helper);
        command.arg("fetch").args(&order.arguments);
        return command;
    }
    let desktop = asked.and_then(|asked| asked.desktop.as_deref());
    let desktop = || desktop.into_iter().flat_map(Desktop::variables);
    let mut command = if has_network() {
        Command::new(helper)
    } else {
        let mut command = Command::new(SYSTEMD_RUN);
        let is_attended = asked.is_some_and(|asked| asked.desktop.is_some());
        let most = if is_attended { OUTSIDE.1 } else { OUTSIDE.0 };
        command.args(["--user", "--pipe", "--wait", "--quiet", "--collect"]);
        command.arg(format!("--property=RuntimeMaxSec={most}"));
        // Else the journal would have the whole line.
        command.arg("--description=otpd: a source is read");
        for (name, _) in desktop() {
            command.arg(format!("--setenv={name}"));
        }
        command.arg("--").arg(helper);
        command
    };
    for name in PRIVATE.iter().chain(&SCREEN) {
        command.env_remove(name);
    }
    // systemd puts variables into a line (systemd.service(5), "Command lines").
    let is_outside = command.get_program() == OsStr::new(SYSTEMD_RUN);
    let arguments = order.arguments.iter().map(|word| {
        if is_outside {
            word.replace('$', "$$")
        } else {
            (*word).to_owned()
        }
    });
    command
        .envs(desktop())
        .arg("fetch")
        .args(arguments)
        .current_dir(std::path::Component::RootDir.as_os_str());
    command
}

/// Whether there is one for us: a unit may refuse even its sockets.
fn has_network() -> bool {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).is_ok()
}

fn run(origin: Origin, programs: &Programs) -> io::Result<Result<Vec<Found>, FetchError>> {
    let helper = helper()?;
    let order = order(&origin);
    let mut command = fetching(&helper, &order, origin.asked.as_ref());
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let fetching = match programs.start(&mut command) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let program = Path::new(command.get_program()).file_name();
            let program = program.unwrap_or_default().to_string_lossy();
            let cause = format!("cannot run {program}: {}", super::cause(&error));
            return Ok(Err(FetchError::Failed(cause)));
        }
        started => started?,
    };
    if let (Some(mut stdin), Some(password)) = (fetching.stdin, &origin.password) {
        // Who doesn't read it says why.
        let mut line = Zeroizing::new(Vec::with_capacity(password.expose().len() + 1));
        line.extend_from_slice(password.expose().as_bytes());
        line.push(b'\n');
        stdin.write_all(&line).ok();
    }
    let format = order.format.to_owned();
    drop(origin);
    let lost = || io::Error::from(io::ErrorKind::BrokenPipe);
    let bytes = fetching.stdout.ok_or_else(lost)?;
    let mut command = prepared(&helper);
    command
        .args(["parse", "--format", &format])
        .stdin(bytes)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let parsing = programs.start(&mut command)?;
    // Our end of the pipe between the two goes with it.
    drop(command);
    let said = all(parsing.stdout.ok_or_else(lost)?, LONGEST)?;
    let parsed = programs.last().ok_or_else(lost)?.wait()?;
    let complaint = all(fetching.stderr.ok_or_else(lost)?, LONGEST_CAUSE)?;
    let fetched = programs.last().ok_or_else(lost)?.wait()?;
    if !fetched.success() {
        let cause = complaint_of(&complaint);
        let cause = cause.unwrap_or_else(|| "it could not be read".into());
        return Ok(Err(if fetched.code() == Some(NEEDS_PERSON) {
            FetchError::Person(cause)
        } else {
            FetchError::Failed(cause)
        }));
    }
    let is_whole = u64::try_from(said.len()).is_ok_and(|length| length < LONGEST);
    if !matches!(parsed.code(), Some(0 | 8)) || !is_whole {
        let cause = "it could not be read: it is damaged, or needs too much memory or time";
        return Ok(Err(FetchError::Damaged(cause.into())));
    }
    Ok(found(&said))
}

/// The entries that `otp-helper parse` has told, or why there are none.
fn found(said: &[u8]) -> Result<Vec<Found>, FetchError> {
    let mut found = Vec::new();
    for line in said.split(|&byte| byte == b'\n') {
        if line.is_empty() {
            continue;
        }
        let line: Line = serde_json::from_slice(line)
            .map_err(|_| FetchError::Failed("otp-helper does not speak as it should".into()))?;
        match line {
            Line {
                id: None,
                error: Some(error),
                password,
                ..
            } => {
                let cause = shortened(&error);
                return Err(if password {
                    FetchError::Password(cause)
                } else {
                    FetchError::Damaged(cause)
                });
            }
            Line {
                id,
                uri,
                issuer,
                account,
                code,
                ..
            } => {
                let names = issuer.zip(account);
                let names = names.map(|(issuer, account)| Holds::Names(issuer, account));
                let holds = uri.map(Holds::Uri);
                let holds = holds.or_else(|| code.map(Holds::Code)).or(names);
                found.push(Found {
                    id: id.unwrap_or_default(),
                    holds: holds.unwrap_or(Holds::Nothing),
                });
            }
        }
    }
    Ok(found)
}

/// What our own program has complained of, or else who starts it outside of our unit.
fn complaint_of(said: &[u8]) -> Option<String> {
    let said = String::from_utf8_lossy(said);
    let line = said.lines().rev().find(|line| !line.is_empty())?;
    Some(match line.strip_prefix("otp-helper: ") {
        Some(own) => shortened(own),
        None => shortened(&format!("systemd-run: {line}")),
    })
}

fn shortened(cause: &str) -> String {
    clean_label(cause).chars().take(CAUSE).collect()
}

/// Reads a pipe to its end, but not beyond a limit.
fn all(pipe: impl Read, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    pipe.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Prepares the helper with nothing of our environment but what every program needs.
fn prepared(helper: &PathBuf) -> Command {
    let mut command = Command::new(helper);
    command.env_clear();
    for name in OWN {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.current_dir(std::path::Component::RootDir.as_os_str());
    command
}

/// The one beside us, else in `../libexec/otpd`, else in `PATH`.
fn helper() -> io::Result<PathBuf> {
    let name = format!("otp-helper{}", std::env::consts::EXE_SUFFIX);
    let own = std::env::current_exe()?;
    let mut folders = Vec::new();
    if let Some(folder) = own.parent() {
        folders.push(folder.to_owned());
        folders.extend(folder.parent().map(|prefix| prefix.join("libexec/otpd")));
    }
    if let Some(path) = std::env::var_os("PATH") {
        // A relative folder of PATH would run whatever lies in the working directory.
        folders.extend(std::env::split_paths(&path).filter(|folder| folder.is_absolute()));
    }
    let mut paths = folders.into_iter().map(|folder| folder.join(&name));
    let found = paths.find(|path| path.is_file());
    found.ok_or_else(|| io::ErrorKind::NotFound.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_entries_and_a_line_without_an_id_says_why_there_are_none() {
        let lines = b"{\"id\":\"a\",\"uri\":\"otpauth://totp/x?secret=AAAA\"}\n\
            {\"id\":\"b\",\"error\":\"no secret in it\"}\n";
        let entries = found(lines).unwrap();
        let told: Vec<_> = entries
            .iter()
            .map(|entry| (entry.id.as_str(), matches!(entry.holds, Holds::Uri(_))))
            .collect();
        assert_eq!(told, [("a", true), ("b", false)]);
        assert!(found(b"").unwrap().is_empty());
        let wrong = found(b"{\"error\":\"wrong password\",\"password\":true}\n").unwrap_err();
        assert_eq!(wrong, FetchError::Password("wrong password".into()));
        let broken = found(b"{\"error\":\"not a\\u001b[2J database\"}\n").unwrap_err();
        assert_eq!(broken, FetchError::Damaged("not a[2J database".into()));
        assert!(matches!(found(b"{\n"), Err(FetchError::Failed(_))));
    }

    #[test]
    fn programs_that_were_ended_do_not_start_any_more() {
        let programs = Programs::default();
        programs.end();
        assert!(programs.start(&mut Command::new("sort")).is_err());
    }
}
