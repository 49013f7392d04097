//! `list` and `show`.

use otp_proto::{List, Show, Status, clean_label};

use super::OrUsage as _;
use super::menu::Format;
use crate::cli::{Line, Opt};
use crate::client::Client;
use crate::failure::Failure;
use crate::json::{Answer, Json};
use crate::output;
use crate::text::date;

/// Asks for entries; a vault that remembers none of them is opened first.
pub(super) fn entries(client: &mut Client, request: &List) -> Result<Answer, Failure> {
    let mut answer = client.call(request)?;
    let is_remembered = answer.json().is("locked") && !answer.json().items("entries").is_empty();
    if answer.json().is("locked") && !is_remembered {
        if !client.call(&Status {})?.json().is("vault") {
            return Err(client.no_vault());
        }
        if client.by_dialog() {
            client.unlock_by_dialog()?;
        } else if client.may_unlock() {
            client.unlock()?;
        } else {
            return Err(client.locked());
        }
        answer = client.call(request)?;
    }
    Ok(answer)
}

pub(super) fn list(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let request = List {
        query: line.argument().or_usage(client)?,
        trash: line.has(Opt::Trash),
        attended: false,
    };
    let format = line.text(Opt::Format).or_usage(client)?;
    let format = format.as_deref().map(Format::named).transpose();
    let format = format.or_usage(client)?;
    let answer = entries(client, &request)?;
    let is_remembered = answer.json().is("locked");
    if client.globals.json {
        let entries = answer.json().get("entries");
        return output::print_json(entries.map_or("[]", Json::raw));
    }
    let entries = answer.json().items("entries");
    if let Some(format) = format {
        return output::print(&format.write(client.text, entries));
    }
    if is_remembered && output::is_terminal() {
        client.say(client.text.remembered);
    }
    if line.has(Opt::Names) {
        let mut out = String::new();
        for entry in entries {
            out += &query_of(entry);
            out.push('\n');
        }
        return output::print(&out);
    }
    if entries.is_empty() && output::is_terminal() {
        client.say(client.text.no_entries);
    }
    output::print(&table(&entries))
}

/// Entries as aligned lines: id (or number in the trash), issuer, account, type.
pub(super) fn table(entries: &[Json<'_>]) -> String {
    let rows: Vec<_> = entries
        .iter()
        .map(|entry| {
            let id = entry.text("trash").unwrap_or_else(|| entry.label("id"));
            let mut row = vec![
                id,
                entry.label("issuer"),
                entry.label("account"),
                entry.label("type"),
            ];
            row.extend(entry.get("source").map(|_| entry.label("source")));
            row
        })
        .collect();
    output::columns(&rows)
}

/// A text that `get` finds this entry by.
fn query_of(entry: Json<'_>) -> String {
    let (issuer, account) = (entry.label("issuer"), entry.label("account"));
    match (issuer.is_empty(), account.is_empty()) {
        (false, false) => issuer + ":" + &account,
        (false, true) => issuer,
        (true, false) => account,
        (true, true) => entry.label("id"),
    }
}

pub(super) fn show(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let query = line.query().or_usage(client)?;
    let answer = client.call_unlocked(&Show { query })?;
    let entry = answer.json();
    if client.globals.json {
        return output::print_json(entry.raw());
    }
    let text = client.text;
    let number = |name, unit: &str| match entry.number(name) {
        Some(number) => number.to_string() + unit,
        None => String::new(),
    };
    // Nobody knows either of an entry that another program keeps.
    let is_known = |number: &i64| *number != 0;
    let created = entry.number("created").filter(is_known);
    let key = entry.number("key_bits").filter(is_known);
    let key = key.map(|_| number("key_bits", " bit")).unwrap_or_default();
    let rows: Vec<_> = [
        (text.row_id, entry.label("id")),
        (text.row_issuer, entry.label("issuer")),
        (text.row_account, entry.label("account")),
        (text.row_type, entry.label("type")),
        (text.row_algorithm, entry.label("algorithm")),
        (text.row_digits, number("digits", "")),
        (text.row_period, number("period", " s")),
        (text.row_counter, number("counter", "")),
        (text.row_key, key),
        (text.row_tags, words(entry, "tags")),
        (text.row_note, entry.label("note")),
        (text.row_created, created.map(date).unwrap_or_default()),
        (text.row_extra, words(entry, "extra")),
        (text.row_trash, entry.label("trash")),
    ]
    .into_iter()
    .filter(|row| !row.1.is_empty())
    .map(|(name, value)| vec![name.to_owned(), value])
    .collect();
    output::print(&output::columns(&rows))
}

fn words(entry: Json<'_>, name: &str) -> String {
    let words: Vec<_> = entry
        .items(name)
        .into_iter()
        .filter_map(Json::secret)
        .map(|word| clean_label(word.expose()))
        .collect();
    words.join(", ")
}
