//! `get`.

use otp_proto::{Code, EntryId, Get};
use serde::Serialize;
use zeroize::Zeroizing;

use super::OrUsage as _;
use crate::cli::{Asking, Line, Opt};
use crate::client::Client;
use crate::failure::Failure;
use crate::output;
use crate::text::fill;

/// The keys of `get --json`, which scripts rely on.
#[derive(Serialize)]
struct Printed<'a> {
    id: EntryId,
    code: &'a Code,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_for: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a Code>,
}

pub(super) fn get(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let request = Get {
        query: line.query().or_usage(client)?,
        next: line.has(Opt::Next),
        min_left: line.value(Opt::MinLeft).or_usage(client)?,
        fresh: line.has(Opt::Fresh),
        interactive: client.globals.asking == Asking::Anywhere,
    };
    let answer = client.call_unlocked(&request)?;
    if client.globals.json {
        return output::print_json(&Printed {
            id: answer.id,
            code: &answer.code,
            valid_for: answer.valid_for,
            next: answer.next.as_ref(),
        });
    }
    let mut out = Zeroizing::new(String::with_capacity(32));
    for code in [Some(&answer.code), answer.next.as_ref()]
        .into_iter()
        .flatten()
    {
        out.push_str(code.expose());
        out.push('\n');
    }
    output::print(&out)?;
    if let Some(seconds) = answer.valid_for
        && !client.globals.quiet
        && output::is_terminal()
    {
        output::say(&fill(client.text.seconds_left, &[&seconds.to_string()]));
    }
    Ok(())
}
