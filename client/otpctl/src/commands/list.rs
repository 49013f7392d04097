//! `list` and `show`.

use otp_proto::{EntryInfo, List, Show, clean_label};

use super::OrUsage as _;
use crate::cli::{Line, Opt};
use crate::client::Client;
use crate::failure::Failure;
use crate::output;
use crate::text::date;

pub(super) fn list(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let request = List {
        query: line.argument().or_usage(client)?,
        trash: line.has(Opt::Trash),
    };
    let mut answer = client.call(&request)?;
    if answer.locked {
        if !client.may_unlock() {
            return Err(client.locked());
        }
        client.unlock()?;
        answer = client.call(&request)?;
    }
    if client.globals.json {
        return output::print_json(&answer.entries);
    }
    if line.has(Opt::Names) {
        let mut out = String::new();
        for entry in &answer.entries {
            out += &query_of(entry);
            out.push('\n');
        }
        return output::print(&out);
    }
    if answer.entries.is_empty() && output::is_terminal() {
        client.say(client.text.no_entries);
    }
    output::print(&table(&answer.entries))
}

/// Entries as aligned lines: id (or number in the trash), issuer, account, type.
pub(super) fn table(entries: &[EntryInfo]) -> String {
    let rows: Vec<_> = entries
        .iter()
        .map(|entry| {
            vec![
                entry.trash.clone().unwrap_or_else(|| entry.id.to_string()),
                clean_label(&entry.issuer),
                clean_label(&entry.account),
                clean_label(&entry.kind),
            ]
        })
        .collect();
    output::columns(&rows)
}

/// A text that `get` finds this entry by.
fn query_of(entry: &EntryInfo) -> String {
    match (entry.issuer.is_empty(), entry.account.is_empty()) {
        (false, false) => clean_label(&entry.issuer) + ":" + &clean_label(&entry.account),
        (false, true) => clean_label(&entry.issuer),
        (true, false) => clean_label(&entry.account),
        (true, true) => entry.id.to_string(),
    }
}

pub(super) fn show(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let query = line.query().or_usage(client)?;
    let details = client.call_unlocked(&Show { query })?;
    if client.globals.json {
        return output::print_json(&details);
    }
    let text = client.text;
    let entry = &details.entry;
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| {
        if !value.is_empty() {
            rows.push(vec![name.to_owned(), value]);
        }
    };
    row(text.row_id, entry.id.to_string());
    row(text.row_issuer, clean_label(&entry.issuer));
    row(text.row_account, clean_label(&entry.account));
    row(text.row_type, clean_label(&entry.kind));
    row(text.row_algorithm, entry.algorithm.name().into());
    row(text.row_digits, entry.digits.value().to_string());
    if let Some(period) = entry.period {
        row(text.row_period, period.seconds().to_string() + " s");
    }
    if let Some(counter) = entry.counter {
        row(text.row_counter, counter.to_string());
    }
    row(text.row_key, details.key_bits.to_string() + " bit");
    row(text.row_tags, clean_label(&entry.tags.join(", ")));
    row(text.row_note, clean_label(&details.note));
    row(text.row_created, date(details.created));
    row(text.row_extra, clean_label(&details.extra.join(", ")));
    row(text.row_trash, entry.trash.clone().unwrap_or_default());
    output::print(&output::columns(&rows))
}
