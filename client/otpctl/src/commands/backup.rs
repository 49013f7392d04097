//! `backup` and `restore-backup`: the encrypted vault as one text file.

use std::ffi::OsStr;
use std::path::Path;

use otp_proto::{
    Backup, BackupCopied, Dirs, ErrorKind, RestoreBackupAdd, RestoreBackupBegin,
    RestoreBackupCommit, Status,
};

use super::file::{read, save, shown, unreadable};
use super::list::table;
use crate::cli::{Line, Opt};
use crate::client::{Client, TRIES};
use crate::failure::{Failure, Kind};
use crate::json::{Answer, Json, Object};
use crate::secret::confirm;
use crate::text::fill;
use crate::{os, output};

/// The longest piece of a backup in one request, in bytes.
const PIECE: usize = 32 * 1024;

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

pub(super) fn restore(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let text = client.text;
    let backup = read(client, line.path())?;
    if !backup.is_ascii() || backup.is_empty() {
        return Err(unreadable(client, line.path(), text.not_a_backup));
    }
    let status = client.call(&Status {})?;
    let (has_vault, is_locked) = (status.json().is("vault"), status.json().is("locked"));
    let dry_run = line.has(Opt::DryRun);
    let replaces = has_vault && !dry_run;
    if replaces && !line.has(Opt::Yes) && !client.can_ask() {
        return Err(Failure::new(Kind::Usage, text.restore_needs_yes));
    }
    if has_vault && is_locked && !status.json().is("damaged") {
        unlock(client)?;
    }
    let looks_first = dry_run || replaces && !line.has(Opt::Yes);
    let (answer, mut request) = open(client, &backup, looks_first)?;
    if looks_first {
        if dry_run && client.globals.json {
            return output::print_json(answer.json().raw());
        }
        describe(client, answer.json());
        if dry_run {
            return Ok(());
        }
        if !confirm(text.restore_question, false)? {
            return Err(Failure::new(Kind::Refused, text.cancelled));
        }
        client.secrets();
    }
    let answer = if looks_first {
        request.dry_run = false;
        hand_over(client, &backup, &request)?
    } else {
        answer
    };
    if client.globals.json {
        return output::print_json(answer.json().raw());
    }
    let count = answer.json().number("entries").unwrap_or_default();
    client.say(&fill(text.put_back, &[&count.to_string()]));
    Ok(())
}

/// Opens the vault that a backup will replace; one that is too damaged for it may be replaced
/// unopened.
fn unlock(client: &mut Client) -> Result<(), Failure> {
    let unlocked = if client.by_dialog() {
        client.unlock_by_dialog()
    } else if client.may_unlock() {
        client.unlock().map(drop)
    } else {
        return Err(client.locked());
    };
    match unlocked {
        Err(failure) if failure.kind == Kind::Rpc(ErrorKind::Storage) => {
            if !client.call(&Status {})?.json().is("damaged") {
                return Err(failure);
            }
            output::complain(client.text, &failure);
            Ok(())
        }
        other => other,
    }
}

/// Hands the backup over with a passphrase, which a person may mistype as often as at an unlock.
fn open(
    client: &mut Client,
    backup: &str,
    dry_run: bool,
) -> Result<(Answer, RestoreBackupCommit), Failure> {
    let text = client.text;
    let mut tries = TRIES;
    loop {
        let secrets = client.secrets();
        let can_retry = secrets.is_terminal();
        let passphrase = secrets.passphrase(text.backup_passphrase)?;
        let request = RestoreBackupCommit {
            passphrase,
            dry_run,
        };
        match hand_over(client, backup, &request) {
            Err(failure) if failure.kind == Kind::Rpc(ErrorKind::Denied) => {
                tries -= 1;
                if !can_retry || tries == 0 {
                    return Err(failure);
                }
                output::complain(text, &failure.of(text.cannot_unlock));
            }
            answer => return Ok((answer?, request)),
        }
    }
}

/// Sends the backup in pieces, and the passphrase last.
fn hand_over(
    client: &mut Client,
    backup: &str,
    request: &RestoreBackupCommit,
) -> Result<Answer, Failure> {
    client.call(&RestoreBackupBegin {})?;
    for piece in backup.as_bytes().chunks(PIECE) {
        // Only ASCII comes here, so that no piece ends within a character.
        let text = String::from_utf8_lossy(piece).into_owned();
        client.call(&RestoreBackupAdd { text })?;
    }
    client.call_with(request, &request.passphrase)
}

fn describe(client: &Client, answer: Json<'_>) {
    let text = client.text;
    let count = answer.number("entries").unwrap_or_default();
    output::say(&fill(text.backup_holds, &[&count.to_string()]));
    for (title, name) in [(text.would_go, "missing"), (text.would_come, "returning")] {
        let entries = answer.items(name);
        if !entries.is_empty() {
            output::say(title);
            output::say(&table(&entries));
        }
    }
}
