//! `get` and `notify`.

use std::ffi::OsStr;

use otp_proto::{ErrorKind, Get, Notify, Show, is_script};
use zeroize::Zeroizing;

use super::OrUsage as _;
use crate::cli::{Line, Opt, UsageError};
use crate::client::Client;
use crate::desktop::Desktop;
use crate::failure::{Failure, Kind};
use crate::json::{Answer, Json, Object};
use crate::output;
use crate::text::fill;

/// The keys of `get --json`, which scripts rely on.
const KEYS: [&str; 4] = ["id", "code", "valid_for", "next"];

/// The keys of `notify --json`, and of a `get --json` whose code goes elsewhere.
const SHOWN: [&str; 2] = ["id", "valid_for"];

/// What `otp-desktop` is told of a code.
const ORDERED: [&str; 2] = ["code", "valid_for"];

/// Shows the code in a notification; prints nothing, for whoever looks at one has no terminal.
pub(super) fn notify(client: &mut Client, line: &Line) -> Result<(), Failure> {
    // `notify` knows none of them.
    refuse(client, line, &[Opt::Next, Opt::MinLeft, Opt::Fresh])?;
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
        return output::print_json(&shown(&answer).end());
    }
    Ok(())
}

pub(super) fn get(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let ways = [Opt::Copy, Opt::Notify, Opt::Osc52, Opt::TypeIt];
    let mut given = ways.into_iter().filter(|way| line.has(*way));
    let way = given.next();
    if given.next().is_some() {
        return Err(Failure::new(Kind::Usage, client.text.one_way));
    }
    if way != Some(Opt::TypeIt) {
        refuse(client, line, &[Opt::Script, Opt::Window])?;
    }
    match way {
        Some(Opt::Notify) => notify(client, line),
        Some(Opt::TypeIt) => type_it(client, line),
        Some(way) => copy(client, line, way),
        None => print(client, line),
    }
}

fn print(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let answer = ask(client, line, false)?;
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

/// Has the code copied by a process that stays behind, which takes it away again; or by the
/// terminal, which doesn't.
fn copy(client: &mut Client, line: &Line, way: Opt) -> Result<(), Failure> {
    refuse(client, line, &[Opt::Next])?;
    let text = client.text;
    let is_terminal = way == Opt::Osc52;
    let verb: &[&str] = if is_terminal {
        &["copy", "--terminal"]
    } else {
        &["copy"]
    };
    let desktop = Desktop::prepare(verb).map_err(|error| error.into_failure(text))?;
    let answer = ask(client, line, !is_terminal)?;
    let order = ORDERED
        .iter()
        .fold(Object::new(), |object, key| object.copy(key, answer.json()));
    let order = Zeroizing::new(order.end());
    let said = desktop
        .order(&order)
        .map_err(|error| error.into_failure(text))?;
    let stay = said.strip_prefix("copied ");
    if client.globals.json {
        let mut object = shown(&answer);
        if let Some(stay) = stay {
            object = object.raw("clears_in", stay);
        }
        output::print_json(&object.end())?;
    }
    client.say(&match stay {
        Some(stay) => fill(text.copied, &[stay]),
        None => text.copied_by_terminal.into(),
    });
    Ok(())
}

/// Has the code typed into the field that has the focus, or a script in which it is.
fn type_it(client: &mut Client, line: &Line) -> Result<(), Failure> {
    refuse(client, line, &[Opt::Next])?;
    let text = client.text;
    let script = script(client, line)?;
    // Before a counter is used for it.
    if !is_script(&script) {
        return Err(UsageError::BadValue("script")).or_usage(client);
    }
    let window = line.text(Opt::Window).or_usage(client)?;
    let mut verb = vec!["type"];
    if let Some(window) = &window {
        verb.extend(["--window", window]);
    }
    let desktop = Desktop::prepare(&verb).map_err(|error| error.into_failure(text))?;
    let answer = ask(client, line, true)?;
    let mut order = Object::new()
        .text("script", script.as_str())
        .copy("code", answer.json());
    if script.to_ascii_uppercase().contains("{USER}") {
        let show = Show {
            query: answer.json().label("id"),
        };
        let entry = client.call(&show)?;
        order = order.text("user", &entry.json().label("account"));
    }
    let order = Zeroizing::new(order.end());
    desktop
        .order(&order)
        .map_err(|error| error.into_failure(text))?;
    if client.globals.json {
        return output::print_json(&shown(&answer).end());
    }
    Ok(())
}

/// What is typed: `-` is a line of standard input, which no other process can read off the command
/// line.
fn script(client: &Client, line: &Line) -> Result<Zeroizing<String>, Failure> {
    let script = line.text(Opt::Script).or_usage(client)?;
    let script = Zeroizing::new(script.unwrap_or_else(|| "{CODE}".into()));
    if *script != "-" {
        return Ok(script);
    }
    let mut read = super::file::read(client, OsStr::new("-"))?;
    for end in ['\n', '\r'] {
        if read.ends_with(end) {
            read.pop();
        }
    }
    Ok(read)
}

/// Asks the agent for the code of a command line.
fn ask(client: &mut Client, line: &Line, is_attended: bool) -> Result<Answer, Failure> {
    let by_dialog = client.by_dialog();
    let request = Get {
        query: line.query().or_usage(client)?,
        next: line.has(Opt::Next),
        min_left: line.value(Opt::MinLeft).or_usage(client)?,
        fresh: line.has(Opt::Fresh),
        attended: is_attended,
        interactive: by_dialog,
        desktop: by_dialog.then(Client::desktop),
    };
    answer(client, request)
}

/// Asks the agent for a code, and a person for whatever opens it where one may be asked.
pub(super) fn answer(client: &mut Client, request: Get) -> Result<Answer, Failure> {
    let answer = if request.interactive && client.by_dialog() {
        // It brings the dialog up itself: a lock meanwhile is its answer, not a reason for another.
        client.call(&request)
    } else {
        client.call_unlocked(&request)
    };
    match answer {
        // The program that has the entry asks on this terminal, or on its screen.
        Err(failure) if is_closed(&failure) && client.can_ask() => client.call(&Get {
            interactive: true,
            desktop: Some(Client::desktop()),
            ..request
        }),
        Err(failure) if is_closed(&failure) => Err(failure.hint("otpctl get --prompt")),
        answer => answer,
    }
}

fn is_closed(failure: &Failure) -> bool {
    failure.kind == Kind::Rpc(ErrorKind::SourceLocked)
}

/// Refuses options that a way to hand out a code doesn't know.
fn refuse(client: &Client, line: &Line, others: &[Opt]) -> Result<(), Failure> {
    match others.iter().find(|other| line.has(**other)) {
        Some(other) => {
            let unknown = UsageError::UnknownOption(String::from("--") + other.name());
            Err(unknown).or_usage(client)
        }
        None => Ok(()),
    }
}

/// What is told of a code that went elsewhere.
fn shown(answer: &Answer) -> Object {
    SHOWN
        .iter()
        .fold(Object::new(), |object, key| object.copy(key, answer.json()))
}
