//! `get`.

use otp_proto::Get;
use zeroize::Zeroizing;

use super::OrUsage as _;
use crate::cli::{Line, Opt};
use crate::client::Client;
use crate::failure::Failure;
use crate::json::{Json, Object};
use crate::output;
use crate::text::fill;

/// The keys of `get --json`, which scripts rely on.
const KEYS: [&str; 4] = ["id", "code", "valid_for", "next"];

pub(super) fn get(client: &mut Client, line: &Line) -> Result<(), Failure> {
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
