//! `doctor`: looks at everything that keys and codes depend on, and says what to do.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use otp_proto::{BackupCheck, Dirs, Endpoint, Status};

use super::file::shown;
use super::state::{copy_due, elsewhere, memory};
use crate::client::{Client, is_skewed, own_version, stop_agent};
use crate::conn;
use crate::failure::{Failure, Kind, reason};
use crate::json::{Json, Object, array};
use crate::text::{Text, duration, fill};
use crate::{os, output, sibling};

/// Longest header of an age file that is looked at, in bytes.
const LONGEST_HEADER: u64 = 64 * 1024;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    Unknown,
    Warning,
    Problem,
}

/// One line of the report.
struct Check {
    name: &'static str,
    state: State,
    message: String,
    hint: Option<String>,
}

impl Check {
    fn new(name: &'static str, state: State, message: impl Into<String>) -> Self {
        Self {
            name,
            state,
            message: message.into(),
            hint: None,
        }
    }

    /// The keys of `doctor --json`, which scripts rely on.
    fn json(&self) -> String {
        let state = match self.state {
            State::Ok => "ok",
            State::Unknown => "unknown",
            State::Warning => "warning",
            State::Problem => "problem",
        };
        let mut object = Object::new()
            .text("check", self.name)
            .text("state", state)
            .text("message", &self.message);
        if let Some(hint) = &self.hint {
            object = object.text("hint", hint);
        }
        object.end()
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

pub(super) fn doctor(client: &mut Client) -> Result<(), Failure> {
    let text = client.text;
    let mut checks = vec![
        program(text, "otpd"),
        program(text, "otp-helper"),
        desktop(text),
    ];
    let agent = client.call(&Status {});
    checks.extend(endpoint(text));
    match &agent {
        Ok(answer) => {
            let status = answer.json();
            checks.push(version(text, status));
            checks.push(protection(text, status));
            checks.extend(sources(text, status));
            let warnings = status
                .items("warnings")
                .into_iter()
                .filter_map(Json::secret);
            checks.extend(
                warnings.map(|warning| Check::new("agent", State::Warning, warning.expose())),
            );
        }
        Err(failure) => {
            let mut check = Check::new("agent", State::Problem, failure.cause.as_str());
            check.hint.clone_from(&failure.hint);
            checks.push(check);
        }
    }
    if let Ok(answer) = &agent
        && answer.json().is("vault")
    {
        checks.extend(backups(client, answer.json()));
    }
    checks.extend(folders(
        text,
        agent.ok().map(|status| status.json().is("vault")),
    ));
    checks.push(match os::clock_is_synchronised() {
        Some(true) => Check::new("clock", State::Ok, text.clock_ok),
        Some(false) => {
            Check::new("clock", State::Warning, text.clock_wrong).hint("timedatectl set-ntp true")
        }
        None => Check::new("clock", State::Unknown, text.clock_unknown),
    });
    report(client, &checks)
}

fn report(client: &Client, checks: &[Check]) -> Result<(), Failure> {
    let text = client.text;
    if client.globals.json {
        output::print_json(&array(checks.iter().map(Check::json)))?;
    } else {
        let rows: Vec<_> = checks
            .iter()
            .map(|check| {
                let state = match check.state {
                    State::Ok => text.state_ok,
                    State::Unknown => text.state_unknown,
                    State::Warning => text.state_warning,
                    State::Problem => text.state_problem,
                };
                let mut message = otp_proto::clean_label(&text.cause(&check.message));
                if let Some(hint) = &check.hint {
                    message += &fill(text.do_this, &[hint]);
                }
                vec![state.to_owned(), check.name.to_owned(), message]
            })
            .collect();
        output::print(&output::columns(&rows))?;
    }
    let problems = checks
        .iter()
        .filter(|check| check.state == State::Problem)
        .count();
    if problems == 0 {
        Ok(())
    } else {
        let cause = fill(text.problems, &[&problems.to_string()]);
        Err(Failure::new(Kind::Other, cause))
    }
}

/// Whether a program of ours is there, and is of our version.
fn program(text: &Text, name: &'static str) -> Check {
    let Some(path) = sibling::find(name) else {
        return Check::new(name, State::Problem, text.program_missing);
    };
    let found = shown(&path);
    match version_of(&path) {
        Some(version) if version.split(' ').any(|word| word == own_version()) => {
            Check::new(name, State::Ok, found)
        }
        Some(version) => {
            let message = fill(text.program_version, &[&found, &version, own_version()]);
            Check::new(name, State::Warning, message)
        }
        None => Check::new(name, State::Problem, fill(text.program_broken, &[&found])),
    }
}

/// Whether the screen and the clipboard can be read; a server needs neither.
fn desktop(text: &Text) -> Check {
    match sibling::find("otp-desktop") {
        Some(_) => program(text, "otp-desktop"),
        None => Check::new("otp-desktop", State::Unknown, text.desktop_missing),
    }
}

/// The first line of a program's `--version`.
fn version_of(program: &Path) -> Option<String> {
    let mut child = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let stdout = child.stdout.take()?;
    let answer = os::read_within(stdout, 4096, Duration::from_secs(2), |_| false);
    if !matches!(answer, Ok(Some(_))) {
        // It may have ended by itself meanwhile.
        child.kill().ok();
    }
    child.wait().ok();
    let answer = answer.ok().flatten()?;
    let line = String::from_utf8_lossy(&answer).lines().next()?.to_owned();
    Some(line)
}

/// Whether only we can reach the endpoint.
fn endpoint(text: &Text) -> Option<Check> {
    let Ok(Endpoint::Socket(path)) = conn::endpoint() else {
        return None;
    };
    let name = shown(&path);
    let folder = path.parent().unwrap_or(&path);
    Some(match (os::is_private(&path), os::is_private(folder)) {
        (Ok(true), Ok(true)) => Check::new("socket", State::Ok, name),
        (Ok(_), Ok(_)) => {
            let hint = format!("chmod 700 {} && chmod 600 {name}", shown(folder));
            Check::new("socket", State::Problem, fill(text.not_private, &[&name])).hint(hint)
        }
        _ => Check::new("socket", State::Warning, fill(text.not_there, &[&name])),
    })
}

/// Whether the entries that live elsewhere can be read.
fn sources(text: &Text, status: Json<'_>) -> Vec<Check> {
    let sources = status.items("sources").into_iter();
    let checks = sources.map(|source| {
        let name = source.label("name");
        let message = name.clone() + ": " + &super::source::standing(text, source);
        match source.label("state").as_str() {
            "ready" | "loading" => Check::new("source", State::Ok, message),
            _ => Check::new("source", State::Warning, message)
                .hint(String::from("otpctl source sync ") + &name),
        }
    });
    checks.collect()
}

fn version(text: &Text, status: Json<'_>) -> Check {
    let version = status.label("version");
    if is_skewed(status) {
        let message = fill(text.skew, &[&version, own_version()]);
        return Check::new("agent", State::Warning, message).hint(stop_agent(status));
    }
    let pid = status.number("pid").unwrap_or_default().to_string();
    Check::new("agent", State::Ok, fill(text.agent_ok, &[&version, &pid]))
}

fn protection(text: &Text, status: Json<'_>) -> Check {
    match memory(text, status) {
        (message, true) => Check::new("memory", State::Ok, message),
        (message, false) => Check::new("memory", State::Warning, message).hint("ulimit -l"),
    }
}

/// Whether the newest automatic backup opens, and whether a copy is on another disk.
fn backups(client: &mut Client, status: Json<'_>) -> Vec<Check> {
    let text = client.text;
    let mut checks = Vec::new();
    checks.push(if status.is("locked") {
        Check::new("backup", State::Unknown, text.backup_unopened).hint("otpctl unlock")
    } else {
        match client.call(&BackupCheck {}) {
            Ok(answer) => {
                let answer = answer.json();
                let age = duration(text, answer.number("age").unwrap_or_default());
                let entries = answer.number("entries").unwrap_or_default().to_string();
                let message = fill(text.backup_opens, &[&answer.label("name"), &age, &entries]);
                Check::new("backup", State::Ok, message)
            }
            Err(failure) => Check::new("backup", State::Problem, failure.cause.as_str())
                .hint(format!("otpctl backup {}", elsewhere())),
        }
    });
    if status.is("copy_due") {
        let message = copy_due(text, status);
        let check = Check::new("backup", State::Warning, message.trim_end());
        checks.push(check.hint(format!("otpctl backup {}", elsewhere())));
    }
    checks
}

/// Whether the vault and the state are where they should be, and closed to others.
///
/// Whether there is a vault says the agent, and else the disk: who can't start otpd must not be
/// told to make a new vault.
fn folders(text: &Text, has_vault: Option<bool>) -> Vec<Check> {
    let Ok(dirs) = Dirs::new(&|name| std::env::var_os(name)) else {
        return vec![Check::new("vault", State::Problem, text.no_home)];
    };
    let mut checks = Vec::new();
    // Either may have been removed, but not both.
    let slots: Vec<_> = ["identity.age", "recovery.age"]
        .into_iter()
        .map(|name| dirs.data.join(name))
        .filter(|path| path.symlink_metadata().is_ok())
        .collect();
    let has_files = !slots.is_empty() || !vault_files(&dirs.data.join("vault")).is_empty();
    if has_vault.unwrap_or(has_files) {
        checks.push(private(text, "vault", &dirs.data));
        if slots.is_empty() {
            let slot = shown(&dirs.data.join("identity.age"));
            let message = fill(text.not_there, &[&slot]);
            checks.push(Check::new("vault", State::Problem, message));
        }
        if let [recovery] = slots.as_slice()
            && recovery.ends_with("recovery.age")
        {
            let message = fill(text.not_there, &[&shown(&dirs.data.join("identity.age"))]);
            checks.push(Check::new("vault", State::Warning, message).hint("otpctl passwd"));
        }
        checks.extend(slots.iter().map(|path| {
            let is_recovery = path.ends_with("recovery.age");
            let hint = if is_recovery {
                "otpctl recovery-key renew"
            } else {
                "otpctl passwd"
            };
            whole(text, path, hint)
        }));
        match vault_files(&dirs.data.join("vault")).as_slice() {
            [] => {
                let folder = shown(&dirs.data.join("vault"));
                let message = fill(text.not_there, &[&folder]);
                checks.push(Check::new("vault", State::Problem, message));
            }
            files => {
                let again = "otpctl lock && otpctl unlock";
                checks.extend(files.iter().map(|path| whole(text, path, again)));
                if files.len() > 1 {
                    let folder = shown(&dirs.data.join("vault"));
                    let message = fill(text.several_vaults, &[&folder]);
                    let check = Check::new("vault", State::Problem, message);
                    checks.push(check.hint("otpctl lock && otpctl unlock"));
                }
            }
        }
    } else {
        checks.push(Check::new("vault", State::Warning, text.no_vault).hint("otpctl init"));
    }
    checks.push(writable(text, &dirs.state));
    checks
}

fn vault_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(found) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    found
        .flatten()
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|end| end == "age"))
        .collect()
}

fn private(text: &Text, check: &'static str, path: &Path) -> Check {
    let name = shown(path);
    // A link is fine; what it leads to has to be closed.
    match std::fs::canonicalize(path).and_then(|path| os::is_private(&path)) {
        Ok(true) => Check::new(check, State::Ok, name),
        Ok(false) => Check::new(check, State::Problem, fill(text.not_private, &[&name]))
            .hint(format!("chmod go= {name}")),
        Err(error) => {
            let message = fill(text.cannot_read, &[&name, &reason(&error)]);
            Check::new(check, State::Problem, message)
        }
    }
}

/// Whether an age file is private, and has the beginning that every one has
/// (<https://age-encryption.org/v1>, "Encrypted file format"): the rest shows when it is opened.
fn whole(text: &Text, path: &Path, hint: &str) -> Check {
    let check = private(text, "vault", path);
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST_HEADER).read_to_end(&mut start));
    if check.state != State::Ok || read.is_err() || has_header(&start) {
        return check;
    }
    let message = fill(text.cut_short, &[&shown(path)]);
    Check::new("vault", State::Problem, message).hint(hint)
}

/// Whether an age file begins with a version, stanzas, a MAC and the nonce of what follows.
fn has_header(start: &[u8]) -> bool {
    const MAC: &[u8] = b"\n--- ";
    /// A MAC in Base64 with its newline, the nonce, and the tag of an empty chunk.
    const BEHIND: usize = 44 + 16 + 16;
    let mac = start.windows(MAC.len()).position(|bytes| bytes == MAC);
    start.starts_with(b"age-encryption.org/v1\n")
        && mac.is_some_and(|mac| start.len() >= mac + MAC.len() + BEHIND)
}

/// Whether a file can be made in a folder; a folder that isn't there yet is no problem.
fn writable(text: &Text, folder: &Path) -> Check {
    let name = shown(folder);
    if !folder.exists() {
        return Check::new("state", State::Ok, fill(text.not_there, &[&name]));
    }
    let probe = folder.join(format!(".doctor-{}", std::process::id()));
    match os::create_private(&probe).and_then(|_| std::fs::remove_file(&probe)) {
        Ok(()) => Check::new("state", State::Ok, name),
        Err(error) => {
            let message = fill(text.cannot_write, &[&name, &reason(&error)]);
            Check::new("state", State::Problem, message)
        }
    }
}
