//! `status` and `version`.

use otp_proto::{Status, VERSION};

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
    let text = client.text;
    let number = |name| status.number(name).unwrap_or_default().to_string();
    let agent = [
        &status.label("version"),
        &number("protocol"),
        &number("pid"),
    ];
    let mut rows = vec![
        vec![text.row_vault.to_owned(), vault(text, status)],
        vec![
            text.row_agent.to_owned(),
            fill(text.agent_line, &agent.map(String::as_str)),
        ],
        vec![text.row_memory.to_owned(), memory(text, status).0.into()],
    ];
    if let Some(entries) = status.number("entries") {
        rows.insert(1, vec![text.row_entries.to_owned(), entries.to_string()]);
    }
    output::print(&output::columns(&rows))?;
    if status.is("rollback") {
        output::say(text.rollback);
    }
    client.warnings(status);
    Ok(())
}

fn vault(text: &Text, status: Json<'_>) -> String {
    if !status.is("vault") {
        return text.vault_none.into();
    }
    if status.is("locked") {
        return text.vault_locked.into();
    }
    let since = duration(text, status.number("since").unwrap_or_default());
    match status.number("locks_in") {
        None => fill(text.vault_open, &[&since]),
        Some(left) => fill(text.vault_open_until, &[&since, &duration(text, left)]),
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
