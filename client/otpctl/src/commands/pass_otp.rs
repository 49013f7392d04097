//! `pass-otp`: the arguments of pass's extension for codes, answered by otpd. Nothing of pass's own
//! store is read or written. A name in it is kept as the tag `pass:NAME`.

use std::ffi::OsString;

use otp_proto::{Edit, ErrorKind, List, Remove, Show, UriError};
use zeroize::Zeroizing;

use super::transfer::{asked_again, unlocked_with};
use super::{OrUsage as _, add, code, list, qr};
use crate::cli::{Line, Opt, UsageError, Verb};
use crate::client::Client;
use crate::failure::{Failure, Kind};
use crate::json::Json;
use crate::secret::{self, confirm};
use crate::text::fill;
use crate::{output, terminal};

/// What stands before a name in its tag.
const TAG: &str = "pass:";

/// What the extension's options say.
#[derive(Default)]
struct Given {
    /// Those without a value, by their letters.
    flags: String,
    issuer: Option<OsString>,
    account: Option<OsString>,
    names: Vec<String>,
}

impl Given {
    fn has(&self, letter: char) -> bool {
        self.flags.contains(letter)
    }
}

pub(super) fn pass_otp(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let mut words: Vec<OsString> = line.paths().map(OsString::from).collect();
    let verb = match words.first().and_then(|word| word.to_str()) {
        Some(
            "code" | "show" | "insert" | "add" | "append" | "uri" | "validate" | "help" | "version",
        ) => words.remove(0).to_string_lossy().into_owned(),
        _ => "code".into(),
    };
    let given = match verb.as_str() {
        "insert" | "add" | "append" => read(words, "fesia").or_usage(client)?,
        "uri" => read(words, "cq").or_usage(client)?,
        "code" | "show" => read(words, "c").or_usage(client)?,
        _ => read(words, "").or_usage(client)?,
    };
    let most = usize::from(!matches!(verb.as_str(), "validate" | "help" | "version"));
    if given.names.len() > most {
        return Err(UsageError::TooMany(line.verb)).or_usage(client);
    }
    let name = given.names.first().map(|name| name.trim_matches('/'));
    let needed = name.filter(|name| !name.is_empty());
    let needed = needed.ok_or(UsageError::TooFew(line.verb));
    match verb.as_str() {
        "insert" | "add" => insert(client, line, &given, name),
        "append" => insert(client, line, &given, Some(needed.or_usage(client)?)),
        "uri" => uri(client, line, &given, needed.or_usage(client)?),
        "validate" => validate(client),
        "help" => output::print(client.text.help(Some(line.verb))),
        "version" => super::state::version(client),
        _ => {
            let id = find(client, needed.or_usage(client)?)?;
            let copy = given.has('c').then(|| (Opt::Copy, OsString::new()));
            code::get(client, &line.instead(Verb::Get, Some(id), copy))
        }
    }
}

/// Reads options, of which a verb has some letters, and names.
fn read(words: Vec<OsString>, letters: &str) -> Result<Given, UsageError> {
    use lexopt::Arg;
    let unknown = |name: &str| UsageError::UnknownOption(name.to_owned());
    let mut parser = lexopt::Parser::from_args(words);
    let mut given = Given::default();
    while let Some(word) = parser.next().map_err(|_| unknown("-"))? {
        let letter = match word {
            Arg::Value(name) => {
                let name = name.into_string();
                given
                    .names
                    .push(name.map_err(|_| UsageError::BadValue("pass-otp"))?);
                continue;
            }
            Arg::Short(letter) => letter,
            Arg::Long(name) => match name {
                "clip" => 'c',
                "force" => 'f',
                // What is typed is a key, and never shown.
                "echo" => 'e',
                "secret" => 's',
                "issuer" => 'i',
                "account" => 'a',
                "qrcode" => 'q',
                _ => return Err(unknown(&["--", name].concat())),
            },
        };
        if !letters.contains(letter) {
            return Err(unknown(&String::from_iter(['-', letter])));
        }
        match letter {
            'i' => given.issuer = Some(value(&mut parser, "issuer")?),
            'a' => given.account = Some(value(&mut parser, "account")?),
            _ => given.flags.push(letter),
        }
    }
    Ok(given)
}

fn value(parser: &mut lexopt::Parser, name: &'static str) -> Result<OsString, UsageError> {
    parser.value().map_err(|_| UsageError::NeedsValue(name))
}

/// The entry of a name: the one that was stored under it, else `FOLDER/NAME` as issuer and account,
/// else whatever `get` finds by it.
fn find(client: &mut Client, name: &str) -> Result<String, Failure> {
    let mut named = tagged(client, name)?;
    if named.len() > 1 {
        let mut failure = Failure::new(Kind::Rpc(ErrorKind::Ambiguous), client.text.ambiguous);
        failure.details = named.join("\n") + "\n";
        return Err(failure);
    }
    if let Some(id) = named.pop() {
        return Ok(id);
    }
    let mut queries = vec![name.to_owned()];
    if let Some((issuer, account)) = split(name) {
        queries.insert(0, [issuer, ":", account].concat());
    }
    let mut last = Err(client.bad_answer());
    for query in queries {
        last = client.call_unlocked(&Show { query });
        let is_missing = Kind::Rpc(ErrorKind::NotFound);
        if !matches!(&last, Err(failure) if failure.kind == is_missing) {
            break;
        }
    }
    Ok(last?.json().label("id"))
}

/// The entries that were stored under a name: one, unless a person gave the tag to others.
fn tagged(client: &mut Client, name: &str) -> Result<Vec<String>, Failure> {
    let answer = list::entries(client, &List::default())?;
    let tag = [TAG, name].concat();
    let has_it = |entry: &Json<'_>| {
        let mut tags = entry.items("tags").into_iter().filter_map(Json::secret);
        tags.any(|word| word.expose() == tag)
    };
    let entries = answer.json().items("entries").into_iter();
    Ok(entries
        .filter(has_it)
        .map(|entry| entry.label("id"))
        .collect())
}

/// The last folder of a name, and what stands in it.
fn split(name: &str) -> Option<(&str, &str)> {
    let (folders, account) = name.rsplit_once('/')?;
    let issuer = folders.rsplit('/').next()?;
    Some((issuer, account))
}

/// Stores a key from standard input or from the terminal; one of that name goes into the trash.
fn insert(
    client: &mut Client,
    line: &Line,
    given: &Given,
    name: Option<&str>,
) -> Result<(), Failure> {
    let text = client.text;
    if given.has('s') && given.issuer.is_none() && given.account.is_none() {
        return Err(UsageError::NeedsValue("issuer")).or_usage(client);
    }
    let old = match name {
        Some(name) => tagged(client, name)?,
        None => Vec::new(),
    };
    if let (false, Some(name), false) = (old.is_empty(), name, given.has('f'))
        && client.can_ask()
        && !confirm(&fill(text.overwrite_question, &[name]), false)?
    {
        return Err(Failure::new(Kind::Refused, text.cancelled));
    }
    let mut options = Vec::new();
    for (opt, value) in [(Opt::Issuer, &given.issuer), (Opt::Account, &given.account)] {
        options.extend(value.iter().map(|value| (opt, value.clone())));
    }
    if let Some(name) = name {
        options.push((Opt::Tag, [TAG, name].concat().into()));
        let (issuer, account) = split(name).unwrap_or((name, ""));
        options.push((Opt::Name, [issuer, "/", account].concat().into()));
    }
    if given.has('f') {
        options.push((Opt::Yes, OsString::new()));
    }
    let answers = add::enrol(client, &line.instead(Verb::Add, None, options), &mut None)?;
    let Some(name) = name else {
        return Ok(());
    };
    let mut stored = Vec::new();
    for answer in &answers {
        let answer = Json::object(answer.as_bytes()).ok_or_else(|| client.bad_answer())?;
        let entry = answer.get("entry").ok_or_else(|| client.bad_answer())?;
        stored.push(entry.label("id"));
        if answer.is("duplicate") && !old.contains(&entry.label("id")) {
            name_as_well(client, entry, name)?;
        }
    }
    // The new one has taken the old one's place already, unless it has another issuer or account.
    let now = tagged(client, name)?;
    for query in old
        .into_iter()
        .filter(|id| now.contains(id) && !stored.contains(id))
    {
        client.call_unlocked(&Remove {
            query,
            purge: false,
        })?;
    }
    Ok(())
}

/// Gives one more name to an entry whose key was there already.
fn name_as_well(client: &mut Client, entry: Json<'_>, name: &str) -> Result<(), Failure> {
    let tags = entry.items("tags").into_iter().filter_map(Json::secret);
    let mut tags: Vec<_> = tags.map(|tag| tag.expose().to_owned()).collect();
    tags.push([TAG, name].concat());
    let change = Edit {
        query: entry.label("id"),
        tags: Some(tags),
        ..Edit::default()
    };
    client.call_unlocked(&change).map(drop)
}

/// Hands out a key, after the passphrase was asked again.
fn uri(client: &mut Client, line: &Line, given: &Given, name: &str) -> Result<(), Failure> {
    if given.has('c') {
        let cause = client.text.no_key_on_clipboard;
        return Err(Failure::new(Kind::Refused, cause).hint("otpctl pass-otp uri -q NAME"));
    }
    let opened = unlocked_with(client)?;
    let id = find(client, name)?;
    if given.has('q') {
        return qr::show(client, &line.instead(Verb::QrShow, Some(id), None));
    }
    let passphrase = asked_again(client, opened)?;
    let uri = qr::exported(client, passphrase, id)?;
    let mut out = Zeroizing::new(String::with_capacity(uri.expose().len() + 1));
    out.push_str(uri.expose());
    out.push('\n');
    output::print(&out)
}

/// Looks at a URI on standard input, or at one that is typed without echo.
fn validate(client: &Client) -> Result<(), Failure> {
    secret::hide()?;
    if std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        let typed = terminal::ask_secret(client.text.ask_key);
        let typed = typed.map_err(|error| Failure::io(&error))?;
        let cancelled = || Failure::new(Kind::Refused, client.text.cancelled);
        return judged(client, typed.ok_or_else(cancelled)?.trim());
    }
    let bytes = secret::read_stdin(otp_proto::MAX_URI).map_err(|error| Failure::io(&error))?;
    let too_long = || Failure::new(Kind::BadInput, client.text.uri_error(UriError::TooLong));
    let bytes = bytes.ok_or_else(too_long)?;
    let not_a_text = |_| Failure::new(Kind::BadInput, client.text.not_a_text);
    judged(
        client,
        std::str::from_utf8(&bytes).map_err(not_a_text)?.trim(),
    )
}

fn judged(client: &Client, uri: &str) -> Result<(), Failure> {
    let failed = |error| Failure::new(Kind::BadInput, client.text.uri_error(error));
    otp_proto::parse_uri(uri).map(drop).map_err(failed)
}
