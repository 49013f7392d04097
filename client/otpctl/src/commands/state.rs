//! `status` and `version`.

use std::path::Path;

use otp_proto::{Status, VERSION, clean_label};

use crate::client::{self, Client, is_running};
use crate::failure::Failure;
use crate::json::{Json, Object};
use crate::output;
use crate::text::{Text, duration, fill};

/// What `--version` prints.
pub(crate) fn own_version() -> String {
    version_line("otpctl", client::own_version(), &VERSION.to_string())
}

fn version_line(program: &str, version: &str, protocol: &str) -> String {
    fill("{} {} (protocol {})\n", &[program, version, protocol])
}

pub(super) fn version(client: &mut Client) -> Result<(), Failure> {
    let mut out = own_version();
    let mut object = Object::new().text("otpctl", client::own_version());
    if is_running() {
        let answer = client.call(&Status {})?;
        let status = answer.json();
        let version = status.label("version");
        let protocol = status.number("protocol").unwrap_or_default().to_string();
        out += &version_line("otpd", &version, &protocol);
        object = object.text("otpd", &version);
    }
    if client.globals.json {
        return output::print_json(&object.end());
    }
    output::print(&out)
}

pub(super) fn status(client: &mut Client) -> Result<(), Failure> {
    let answer = client.call(&Status {})?;
    let status = answer.json();
    if client.globals.json {
        return output::print_json(status.raw());
    }
    output::print(&output::columns(&rows(client.text, status)))?;
    if status.is("rollback") {
        output::say(client.text.rollback);
    }
    client.warnings(status);
    if status.is("copy_due") {
        remind(client, status);
    }
    Ok(())
}

/// Reminds of a copy on another disk, with the command that makes one.
fn remind(client: &Client, status: Json<'_>) {
    let text = client.text;
    output::say(&copy_due(text, status));
    output::say(&format!("{}otpctl backup {}\n", text.hint, elsewhere()));
}

/// The reminder in words.
pub(super) fn copy_due(text: &Text, status: Json<'_>) -> String {
    match status.number("copy_age") {
        Some(age) => fill(text.copy_old, &[&duration(text, age)]),
        None => text.copy_none.into(),
    }
}

/// A new file's name on a stick that is there, as a shell takes it; else where one would be.
pub(super) fn elsewhere() -> String {
    let user = std::env::var("USER").unwrap_or_default();
    let folders = ["/run/media/", "/media/"].map(|folder| Path::new(folder).join(&user));
    let mut sticks = folders
        .iter()
        .filter(|_| !user.is_empty())
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .filter_map(|found| {
            found
                .ok()?
                .path()
                .join("otpd-backup.txt")
                .to_str()
                .map(str::to_owned)
        });
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
    sticks
        .find(|path| path.bytes().all(is_plain))
        .unwrap_or_else(|| "/media/USB/otpd-backup.txt".into())
}

fn rows(text: &Text, status: Json<'_>) -> Vec<Vec<String>> {
    let number = |name| status.number(name).unwrap_or_default().to_string();
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![name.to_owned(), value]);
    row(text.row_vault, vault(text, status));
    if let Some(slot) = status.text("unlocked_by") {
        let known = match slot.as_str() {
            "passphrase" => text.opened_passphrase,
            "recovery" => text.opened_recovery,
            "keyring" => text.opened_keyring,
            _ => "",
        };
        let name = if known.is_empty() {
            clean_label(&slot)
        } else {
            known.to_owned()
        };
        row(text.row_opened, name);
    }
    if let Some(entries) = status.number("entries") {
        row(text.row_entries, entries.to_string());
    }
    let sources: Vec<String> = status
        .items("lock_sources")
        .into_iter()
        .map(|it| source(text, it))
        .collect();
    if !sources.is_empty() {
        row(text.row_sources, sources.join(", "));
    }
    row(text.row_memory, memory(text, status).0.into());
    if status.is("vault") {
        row(text.row_backup, backup(text, status));
    }
    row(text.row_clock, clock(text, status).into());
    let version = status.label("version");
    let agent = [
        version.as_str(),
        &number("protocol"),
        &number("pid"),
        client::own_version(),
    ];
    row(text.row_agent, fill(text.agent_line, &agent));
    let socket = status.label("socket");
    if !socket.is_empty() {
        row(text.row_socket, socket);
    }
    rows
}

fn vault(text: &Text, status: Json<'_>) -> String {
    if !status.is("vault") {
        return text.vault_none.into();
    }
    let since = duration(text, status.number("since").unwrap_or_default());
    if let Some(left) = status.number("unlock_in") {
        return fill(text.refused_for, &[&duration(text, left)]);
    }
    if status.is("locked") {
        return match cause(text, status) {
            Some(cause) => fill(text.vault_locked_by, &[&since, cause]),
            None => fill(text.vault_locked_for, &[&since]),
        };
    }
    let Some(left) = status.number("locks_in") else {
        return fill(text.vault_open, &[&since]);
    };
    let is_idle = status.text("locks_by").as_deref() == Some("idle");
    let sentence = if is_idle {
        text.vault_open_idle
    } else {
        text.vault_open_max
    };
    fill(sentence, &[&since, &duration(text, left)])
}

/// What has locked the vault, in words.
fn cause(text: &Text, status: Json<'_>) -> Option<&'static str> {
    Some(match status.text("locked_by")?.as_str() {
        "request" => text.cause_request,
        "signal" => text.cause_signal,
        "idle" => text.cause_idle,
        "max" => text.cause_max,
        "screen" => text.cause_screen,
        "session" => text.cause_session,
        "sleep" => text.cause_sleep,
        "lost" => text.cause_lost,
        "files" => text.cause_files,
        _ => return None,
    })
}

/// A source of locks outside of the agent, and how it stands if it doesn't simply work.
fn source(text: &Text, source: Json<'_>) -> String {
    let name = match source.text("source").as_deref() {
        Some("screen") => text.source_screen.to_owned(),
        Some("session") => text.source_session.to_owned(),
        Some("sleep") => text.source_sleep.to_owned(),
        _ => source.label("source"),
    };
    let sentence = match source.text("state").as_deref() {
        Some("watched") => return name,
        Some("late") => text.source_late,
        Some("off") => text.source_off,
        Some("starting") => text.source_starting,
        _ => text.source_absent,
    };
    fill(sentence, &[&name])
}

fn backup(text: &Text, status: Json<'_>) -> String {
    match status.number("backup_age") {
        Some(age) => {
            let newest = fill(text.backup_age, &[&duration(text, age)]);
            match status.number("copy_age") {
                Some(age) => newest + &fill(text.copy_age, &[&duration(text, age)]),
                None => newest,
            }
        }
        None => text.backup_none.into(),
    }
}

fn clock(text: &Text, status: Json<'_>) -> &'static str {
    match status.get("clock_synchronised").map(Json::raw) {
        Some("true") => text.clock_ok,
        Some(_) => text.clock_wrong,
        None => text.clock_unknown,
    }
}

/// How the keys' memory is protected, in words, and whether it is.
pub(super) fn memory(text: &Text, status: Json<'_>) -> (&'static str, bool) {
    match status.text("memory").as_deref() {
        Some("secret") => (text.memory_secret, true),
        Some("locked") => (text.memory_locked, true),
        _ => (text.memory_unlocked, false),
    }
}
