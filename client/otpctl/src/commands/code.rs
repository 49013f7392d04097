//! `get` and `notify`.

use otp_proto::{Get, Notify};
use zeroize::Zeroizing;

use super::OrUsage as _;
use crate::cli::{Line, Opt, UsageError};
use crate::client::Client;
use crate::failure::Failure;
use crate::json::{Json, Object};
use crate::output;
use crate::text::fill;

/// The keys of `get --json`, which scripts rely on.
const KEYS: [&str; 4] = ["id", "code", "valid_for", "next"];

/// The keys of `notify --json`.
const SHOWN: [&str; 2] = ["id", "valid_for"];

/// Shows the code in a notification; prints nothing, for whoever looks at one has no terminal.
pub(super) fn notify(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let other = [Opt::Next, Opt::MinLeft, Opt::Fresh];
    if let Some(other) = other.into_iter().find(|other| line.has(*other)) {
        // `notify` knows none of them.
        let unknown = UsageError::UnknownOption(format!("--{}", other.name()));
        return Err(unknown).or_usage(client);
    }
    let by_dialog = client.by_dialog();
    let request = Notify {
        query: line.query().or_usage(client)?,
        interactive: by_dialog,
        desktop: Some(Client::desktop()),
    };
    let answer = if by_dialog {
        client.call(&request)?
    } else {
        client.call_unlocked(&request)?
    };
    if client.globals.json {
        let answer = answer.json();
        let object = SHOWN
            .iter()
            .fold(Object::new(), |object, key| object.copy(key, answer));
        return output::print_json(&object.end());
    }
    Ok(())
}

pub(super) fn get(client: &mut Client, line: &Line) -> Result<(), Failure> {
    if line.has(Opt::Notify) {
        return notify(client, line);
    }
    let by_dialog = client.by_dialog();
    let request = Get {
        query: line.query().or_usage(client)?,
        next: line.has(Opt::Next),
        min_left: line.value(Opt::MinLeft).or_usage(client)?,
        fresh: line.has(Opt::Fresh),
        interactive: by_dialog,
        desktop: by_dialog.then(Client::desktop),
    };
    let answer = if request.interactive && client.by_dialog() {
        // It brings the dialog up itself: a lock meanwhile is its answer, not a reason for another.
        client.call(&request)?
    } else {
        client.call_unlocked(&request)?
    };
    let answer = answer.json();
    if client.globals.json {
        let object = KEYS
            .iter()
            .fold(Object::new(), |object, key| object.copy(key, answer));
        return output::print_json(&Zeroizing::new(object.end()));
    }
    let mut out = Zeroizing::new(String::with_capacity(32));
    let code = answer.get("code").and_then(Json::secret);
    out.push_str(code.ok_or_else(|| client.bad_answer())?.expose());
    out.push('\n');
    if let Some(next) = answer.get("next").and_then(Json::secret) {
        out.push_str(next.expose());
        out.push('\n');
    }
    output::print(&out)?;
    if let Some(seconds) = answer.number("valid_for")
        && !client.globals.quiet
        && output::is_terminal()
    {
        output::say(&fill(client.text.seconds_left, &[&seconds.to_string()]));
    }
    Ok(())
}
