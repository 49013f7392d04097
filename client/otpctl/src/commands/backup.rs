//! `backup` and `backups`: the encrypted vault as one text file, and the copies that otpd makes.

use std::ffi::OsStr;
use std::path::Path;

use otp_proto::{Backup, BackupCopied, BackupsList, Dirs};

use super::file::{save, shown};
use crate::cli::{Line, Opt};
use crate::client::Client;
use crate::failure::Failure;
use crate::json::{Json, Object};
use crate::text::{fill, moment};
use crate::{os, output};

pub(super) fn backup(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let answer = client.call(&Backup {})?;
    let text = answer
        .json()
        .text("text")
        .ok_or_else(|| client.bad_answer())?;
    save(client, line.path(), text.as_bytes(), line.has(Opt::Force))?;
    let is_outside = is_outside(line.path());
    if is_outside {
        // Only a reminder comes sooner where this fails.
        client.call(&BackupCopied {}).ok();
    }
    let path = shown(Path::new(line.path()));
    if client.globals.json && line.path() != "-" {
        let bool = |is: bool| if is { "true" } else { "false" };
        let object = Object::new()
            .text("file", &path)
            .raw("bytes", &text.len().to_string())
            .raw("outside", bool(is_outside))
            .raw("verified", "true")
            .copy("generation", answer.json())
            .copy("entries", answer.json());
        return output::print_json(&object.end());
    }
    client.say(&fill(client.text.backed_up, &[&path]));
    if let Some(entries) = answer.json().number("entries") {
        let generation = answer.json().number("generation").unwrap_or_default();
        let numbers = [entries, generation].map(|number| number.to_string());
        let [entries, generation] = &numbers;
        client.say(&fill(client.text.backup_what, &[entries, generation]));
    }
    if !is_outside {
        client.say(client.text.backup_inside);
    }
    Ok(())
}

/// Whether what was written to is not on the vault's disk.
fn is_outside(path: &OsStr) -> bool {
    let Ok(dirs) = Dirs::new(&|name| std::env::var_os(name)) else {
        return false;
    };
    let path = (path != "-").then(|| Path::new(path));
    os::is_elsewhere(path, &dirs.data)
}

pub(super) fn list(client: &mut Client) -> Result<(), Failure> {
    let text = client.text;
    let answer = client.call(&BackupsList {})?;
    let backups = answer.json().items("backups");
    if client.globals.json {
        let backups = answer.json().get("backups");
        return output::print_json(backups.map_or("[]", Json::raw));
    }
    if backups.is_empty() && output::is_terminal() {
        client.say(text.no_backups);
    }
    let rows: Vec<_> = backups
        .iter()
        .map(|backup| {
            let written = backup.number("written").map(moment).unwrap_or_default();
            let is_current = backup.is("current");
            let note = if is_current { text.as_it_is } else { "" };
            vec![backup.label("name"), written, note.to_owned()]
        })
        .collect();
    output::print(&output::columns(&rows))
}
