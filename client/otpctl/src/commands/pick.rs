//! `pick`: a person chooses an entry by its name; what follows is `get` with its id.

use std::cmp::Reverse;

use otp_proto::{ErrorKind, List};

use super::OrUsage as _;
use super::{code, list};
use crate::cli::{Line, Opt};
use crate::client::Client;
use crate::desktop;
use crate::failure::{Failure, Kind};
use crate::json::Json;
use crate::output;
use crate::text::Text;

/// Only names go to the picker; where there is no terminal to print a code on, it is shown.
pub(super) fn pick(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let request = List {
        query: line.argument().or_usage(client)?,
        trash: false,
        // A menu on a locked screen would lie over the lock, or behind it.
        attended: !output::is_attended(),
    };
    let answer = list::entries(client, &request)?;
    let mut entries = answer.json().items("entries");
    if entries.is_empty() {
        let cause = match request.query {
            Some(_) => client.text.not_found,
            None => client.text.nothing_to_pick,
        };
        return Err(Failure::new(Kind::Rpc(ErrorKind::NotFound), cause));
    }
    // Stable: those that were never asked for stay in the order of their names.
    entries.sort_by_key(|entry| Reverse(entry.number("used").unwrap_or_default()));
    client.rest();
    let names = names(client.text, &entries);
    let chosen = match desktop::pick(&names, output::is_attended()) {
        Ok(chosen) => chosen,
        Err(error) => return Err(error.into_failure(client.text)),
    };
    let chosen = chosen.and_then(|place| entries.get(place));
    let id = chosen.ok_or_else(|| client.bad_answer())?.label("id");
    let ways = [Opt::Copy, Opt::Osc52, Opt::TypeIt];
    let goes_elsewhere = ways.into_iter().any(|way| line.has(way));
    let shows = !output::is_attended() && !goes_elsewhere;
    code::get(client, &line.about(id, shows.then_some(Opt::Notify)))
}

/// A line for each entry; those with the same name are told apart by their ids.
fn names(text: &Text, entries: &[Json<'_>]) -> String {
    let names: Vec<_> = entries
        .iter()
        .map(|entry| {
            let name = output::name(text, *entry);
            match entry.get("source") {
                Some(_) => name + " [" + &entry.label("source") + "]",
                None => name,
            }
        })
        .collect();
    let mut sorted: Vec<&str> = names.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    let is_twice = |name: &str| {
        let first = sorted.partition_point(|one| *one < name);
        sorted.get(first + 1).is_some_and(|next| *next == name)
    };
    let mut lines = String::new();
    for (name, entry) in names.iter().zip(entries) {
        lines += name;
        if is_twice(name) {
            lines += " ";
            lines += &entry.label("id");
        }
        lines.push('\n');
    }
    lines
}
