//! `source`: entries that live elsewhere.

use std::ffi::OsStr;

use otp_proto::{SourceAdd, SourceKind, SourceList, SourceRemove, SourceSync};

use super::OrUsage as _;
use crate::cli::{Line, Opt, UsageError};
use crate::client::Client;
use crate::failure::{Failure, Kind};
use crate::json::{Answer, Json};
use crate::output;
use crate::text::{Text, duration, fill};

pub(super) fn list(client: &mut Client) -> Result<(), Failure> {
    let answer = client.call_unlocked(&SourceList {})?;
    print(client, &answer)
}

fn print(client: &Client, answer: &Answer) -> Result<(), Failure> {
    if client.globals.json {
        let sources = answer.json().get("sources");
        return output::print_json(sources.map_or("[]", Json::raw));
    }
    let sources = answer.json().items("sources");
    let rows: Vec<_> = sources
        .iter()
        .map(|source| {
            vec![
                source.label("name"),
                source.label("kind"),
                source.label("place"),
                standing(client.text, *source),
            ]
        })
        .collect();
    output::print(&output::columns(&rows))
}

/// How a source stands, in words.
pub(super) fn standing(text: &Text, source: Json<'_>) -> String {
    let entries = source.number("entries").unwrap_or_default().to_string();
    let since = duration(text, source.number("since").unwrap_or_default());
    let cause = text.cause(&source.label("cause"));
    match source.label("state").as_str() {
        "ready" => fill(text.source_ready, &[&entries, &since]),
        "stale" => fill(text.source_stale, &[&entries, &since, &cause]),
        "loading" => text.source_loading.into(),
        _ => cause,
    }
}

/// Adds a source. A database's password is asked, or read as a line, unless a key file is all that it
/// has.
pub(super) fn add(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let text = client.text;
    let name = line.query().or_usage(client)?;
    let ways = [
        (Opt::Kdbx, SourceKind::Kdbx),
        (Opt::Pass, SourceKind::Pass),
        (Opt::Gopass, SourceKind::Gopass),
        (Opt::Command, SourceKind::Command),
        (Opt::Preset, SourceKind::Command),
    ];
    let mut given = ways.into_iter().filter(|(way, _)| line.has(*way));
    let (Some((way, kind)), None) = (given.next(), given.next()) else {
        return Err(Failure::new(Kind::Usage, text.source_needs_place));
    };
    let mut request = SourceAdd {
        name,
        kind,
        file: path(client, line, Opt::Kdbx)?,
        key_file: path(client, line, Opt::KeyFile)?,
        store: path(client, line, Opt::Store)?,
        folder: line.text(Opt::Folder).or_usage(client)?,
        list: line.text(Opt::Command).or_usage(client)?,
        code: line.text(Opt::Code).or_usage(client)?,
        uri: line.text(Opt::Uri).or_usage(client)?,
        preset: line.text(Opt::Preset).or_usage(client)?,
        remember: line.has(Opt::Remember),
        password: None,
    };
    if matches!(way, Opt::Pass | Opt::Gopass) && request.store.is_none() {
        request.store = usual_store(way == Opt::Pass);
    }
    // Opened first, so that nobody types a password for nothing.
    client.call_unlocked(&SourceList {})?;
    if way == Opt::Kdbx && !line.has(Opt::NoPassword) {
        request.password = Some(client.secrets().passphrase(text.source_password)?);
    }
    let answer = client.call(&request)?;
    print(client, &answer)
}

/// Where a store is, unless something else is said.
fn usual_store(is_pass: bool) -> Option<String> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let home = |below| variable("HOME").map(|home| home + below);
    variable("PASSWORD_STORE_DIR").or_else(|| {
        if is_pass {
            return home("/.password-store");
        }
        let data = variable("XDG_DATA_HOME").or_else(|| home("/.local/share"));
        data.map(|data| data + "/gopass/stores/root")
    })
}

/// An option's file by its absolute path, which the agent takes alone.
fn path(client: &Client, line: &Line, opt: Opt) -> Result<Option<String>, Failure> {
    let given: Option<&OsStr> = line.raw(opt).last();
    let Some(given) = given else {
        return Ok(None);
    };
    let path = std::path::absolute(given).map_err(|error| Failure::io(&error))?;
    let path = path.into_os_string().into_string();
    let path = path.map_err(|_| UsageError::BadValue(opt.name()));
    path.map(Some).or_usage(client)
}

pub(super) fn remove(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let name = line.query().or_usage(client)?;
    client.call_unlocked(&SourceRemove { name })?;
    Ok(())
}

/// Reads one source again, or all; the password of one that has forgotten it is asked.
pub(super) fn sync(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let text = client.text;
    let name = line.argument().or_usage(client)?;
    let answer = client.call_unlocked(&SourceList {})?;
    let sources = answer.json().items("sources");
    let needs_password = sources
        .into_iter()
        .any(|source| Some(source.label("name")) == name && source.is("needs_password"));
    let password = if needs_password {
        Some(client.secrets().passphrase(text.source_password)?)
    } else {
        None
    };
    let answer = client.call(&SourceSync { name, password })?;
    print(client, &answer)
}
