//! `status` and `version`.

use otp_proto::{Memory, Status, StatusAnswer, VERSION};

use crate::client::{self, Client, is_running};
use crate::failure::Failure;
use crate::output;
use crate::text::{Text, duration, fill};

/// What `--version` prints.
pub(crate) fn own_version() -> String {
    version_line("otpctl", client::own_version(), VERSION)
}

fn version_line(program: &str, version: &str, protocol: u32) -> String {
    fill(
        "{} {} (protocol {})\n",
        &[program, version, &protocol.to_string()],
    )
}

pub(super) fn version(client: &mut Client) -> Result<(), Failure> {
    let mut out = own_version();
    if is_running() {
        let status = client.call(&Status {})?;
        out += &version_line("otpd", &status.version, status.protocol);
    }
    output::print(&out)
}

pub(super) fn status(client: &mut Client) -> Result<(), Failure> {
    let status = client.call(&Status {})?;
    if client.globals.json {
        return output::print_json(&status);
    }
    let text = client.text;
    let mut rows = vec![
        vec![text.row_vault.to_owned(), vault(text, &status)],
        vec![
            text.row_agent.to_owned(),
            fill(
                text.agent_line,
                &[
                    &status.version,
                    &status.protocol.to_string(),
                    &status.pid.to_string(),
                ],
            ),
        ],
        vec![
            text.row_memory.to_owned(),
            memory(text, status.memory).into(),
        ],
    ];
    if let Some(entries) = status.entries {
        rows.insert(1, vec![text.row_entries.to_owned(), entries.to_string()]);
    }
    output::print(&output::columns(&rows))?;
    if status.rollback {
        output::say(text.rollback);
    }
    for warning in &status.warnings {
        client.warn(warning);
    }
    Ok(())
}

fn vault(text: &Text, status: &StatusAnswer) -> String {
    if !status.vault {
        return text.vault_none.into();
    }
    if status.locked {
        return text.vault_locked.into();
    }
    let since = duration(text, status.since);
    match status.locks_in {
        None => fill(text.vault_open, &[&since]),
        Some(left) => fill(text.vault_open_until, &[&since, &duration(text, left)]),
    }
}

/// How the keys' memory is protected, in words.
pub(super) fn memory(text: &Text, memory: Memory) -> &'static str {
    match memory {
        Memory::Secret => text.memory_secret,
        Memory::Locked => text.memory_locked,
        Memory::Unlocked => text.memory_unlocked,
    }
}
