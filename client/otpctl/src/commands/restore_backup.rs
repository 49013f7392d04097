//! `restore-backup`: a backup takes the vault's place, after a look at what would change.

use otp_proto::{
    ErrorKind, RestoreBackupAdd, RestoreBackupBegin, RestoreBackupCommit, Secret, Status,
};
use zeroize::Zeroizing;

use super::OrUsage as _;
use super::file::{read, unreadable};
use super::list::table;
use crate::cli::{Line, Opt};
use crate::client::{Client, TRIES};
use crate::failure::{Failure, Kind};
use crate::json::{Answer, Json};
use crate::output;
use crate::secret::confirm;
use crate::text::{Text, date, fill};

/// The longest piece of a backup in one request, in bytes.
const PIECE: usize = 32 * 1024;

/// Where the backup is.
enum Source {
    /// The text of a file.
    Text(Zeroizing<String>),
    /// Among the automatic ones.
    Kept(String),
}

pub(super) fn restore(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let text = client.text;
    let source = source(client, line)?;
    let status = client.call(&Status {})?;
    let (has_vault, is_locked) = (status.json().is("vault"), status.json().is("locked"));
    let dry_run = line.has(Opt::DryRun);
    let replaces = has_vault && !dry_run;
    if replaces && !line.has(Opt::Yes) && !client.can_ask() {
        return Err(Failure::new(Kind::Usage, text.restore_needs_yes));
    }
    let is_damaged = status.json().is("damaged");
    if has_vault && is_locked && !is_damaged {
        unlock(client)?;
    }
    let looks_first = dry_run || replaces && !line.has(Opt::Yes);
    let (answer, mut request) = open(client, &source, looks_first)?;
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
        // The one that was shown, whatever is the last one now.
        request.from = answer.json().text("from").or(request.from);
        request.dry_run = false;
        hand_over(client, &source, &request)?
    } else {
        answer
    };
    if client.globals.json {
        return output::print_json(answer.json().raw());
    }
    client.warnings(answer.json());
    let count = answer.json().number("entries").unwrap_or_default();
    client.say(&fill(text.put_back, &[&count.to_string()]));
    if answer.json().get("replaced").is_some() {
        let name = answer.json().label("replaced");
        client.say(&fill(text.undo, &[&name]));
    }
    Ok(())
}

/// Reads what the command line names.
fn source(client: &Client, line: &Line) -> Result<Source, Failure> {
    let text = client.text;
    let from = line.text(Opt::From).or_usage(client)?;
    match (line.paths().next(), from) {
        (None, Some(name)) => Ok(Source::Kept(name)),
        (Some(path), None) => {
            let backup = read(client, path)?;
            if !backup.is_ascii() || backup.is_empty() {
                return Err(unreadable(client, path, text.not_a_backup));
            }
            Ok(Source::Text(backup))
        }
        (None, None) | (Some(_), Some(_)) => {
            Err(Failure::new(Kind::Usage, text.one_backup).hint("otpctl backups list"))
        }
    }
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

/// Hands the backup over: an automatic one first as it is, for the open vault may open it, else
/// with a passphrase, which a person may mistype as often as at an unlock.
fn open(
    client: &mut Client,
    source: &Source,
    dry_run: bool,
) -> Result<(Answer, RestoreBackupCommit), Failure> {
    let text = client.text;
    let request = |passphrase: Option<Secret>| RestoreBackupCommit {
        passphrase,
        from: match source {
            Source::Text(_) => None,
            Source::Kept(name) => Some(name.clone()),
        },
        dry_run,
    };
    if matches!(source, Source::Kept(_)) {
        let request = request(None);
        match hand_over(client, source, &request) {
            Err(failure) if failure.kind == Kind::Rpc(ErrorKind::Denied) => {}
            answer => return Ok((answer?, request)),
        }
    }
    let mut tries = TRIES;
    let _quiet = client.secrets().quiet();
    loop {
        let secrets = client.secrets();
        let can_retry = secrets.is_terminal();
        let request = request(Some(secrets.passphrase(text.backup_passphrase)?));
        match hand_over(client, source, &request) {
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

/// Sends a text in pieces, and the passphrase last.
fn hand_over(
    client: &mut Client,
    source: &Source,
    request: &RestoreBackupCommit,
) -> Result<Answer, Failure> {
    if let Source::Text(backup) = source {
        client.call(&RestoreBackupBegin {})?;
        for piece in backup.as_bytes().chunks(PIECE) {
            // Only ASCII comes here, so that no piece ends within a character.
            let text = String::from_utf8_lossy(piece).into_owned();
            client.call(&RestoreBackupAdd { text })?;
        }
    }
    match &request.passphrase {
        Some(passphrase) => client.call_with(request, passphrase),
        None => client.call(request),
    }
}

/// Says what would change.
fn describe(client: &Client, answer: Json<'_>) {
    let text = client.text;
    if let Some(backup) = answer.get("backup") {
        let backup = edition(text, backup);
        output::say(&match answer.get("present") {
            Some(present) => fill(text.both_sides, &[&backup, &edition(text, present)]),
            None => fill(text.one_side, &[&backup]),
        });
    }
    let count = answer.number("entries").unwrap_or_default();
    output::say(&fill(text.backup_holds, &[&count.to_string()]));
    let mut is_same = answer.get("present").is_some();
    for (title, name) in [(text.would_go, "missing"), (text.would_come, "returning")] {
        let entries = answer.items(name);
        if !entries.is_empty() {
            is_same = false;
            output::say(title);
            output::say(&table(&entries));
        }
    }
    let changed = answer.items("changed");
    if !changed.is_empty() {
        is_same = false;
        output::say(text.would_change);
        let rows: Vec<_> = changed.iter().map(|one| difference(text, *one)).collect();
        output::say(&output::columns(&rows));
    }
    if is_same {
        output::say(text.would_stay);
    }
}

/// A state of a vault in words.
fn edition(text: &Text, edition: Json<'_>) -> String {
    let generation = edition.number("generation").unwrap_or_default().to_string();
    match edition.number("written") {
        Some(written) => fill(text.generation_of, &[&generation, &date(written)]),
        None => fill(text.generation, &[&generation]),
    }
}

/// An entry that would change as a row: what it is called now, and what differs.
fn difference(text: &Text, changed: Json<'_>) -> Vec<String> {
    let words: Vec<&str> = changed
        .items("fields")
        .into_iter()
        .filter_map(|field| match field.secret()?.expose() {
            "issuer" => Some(text.row_issuer),
            "account" => Some(text.row_account),
            "type" => Some(text.row_type),
            "algorithm" => Some(text.row_algorithm),
            "digits" => Some(text.row_digits),
            "period" => Some(text.row_period),
            "key" => Some(text.row_key),
            "tags" => Some(text.row_tags),
            "note" => Some(text.row_note),
            "recovery_codes" => Some(text.row_codes),
            "extra" => Some(text.row_extra),
            _ => None,
        })
        .collect();
    let before = changed.get("before");
    let label = |name| before.map(|entry| entry.label(name)).unwrap_or_default();
    let [id, issuer, account] = ["id", "issuer", "account"].map(label);
    vec![id, issuer, account, words.join(", ")]
}
