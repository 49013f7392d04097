//! `add`: keys from a pipe, a prompt or pictures, tried out before they are stored.

use std::ffi::OsStr;
use std::time::Duration;

use otp_proto::{
    Add, Digits, Kind as Type, MAX_LABEL, MAX_URI, NewEntry, Period, Preview, Secret, Status,
    UriError, clean_label, parse_text, print_uri,
};
use zeroize::Zeroizing;

use super::OrUsage as _;
use super::file::unreadable;
use super::reading::{self, Place, Wanted};
use super::review::review;
use super::transfer::{helper_failure, warn_of_missing};
use crate::cli::{Line, Opt, UsageError};
use crate::client::Client;
use crate::desktop::Desktop;
use crate::failure::{Failure, Kind};
use crate::helper::{self, Input};
use crate::json::{Json, Object, array};
use crate::secret::{self, Reply, ask, confirm};
use crate::text::fill;
use crate::{output, terminal};

/// Below so many bits a key is shorter than RFC 4226 section 4 wants; many services do it.
const USUAL_BITS: usize = 128;
/// A code with fewer seconds left can't be typed in time, in seconds.
const TOO_SHORT: u64 = 6;

pub(super) fn add(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let mut clipboard = None;
    let added = enrol(client, line, &mut clipboard);
    if let Some(clipboard) = clipboard {
        if added.is_ok() {
            if clipboard.clear().is_err() {
                client.warn(client.text.not_cleared);
            }
        } else {
            // The person may want to try again; the first failure is the one to tell.
            clipboard.end().ok();
        }
    }
    let answers = added?;
    if client.globals.json {
        output::print_json(&array(answers))?;
    }
    Ok(())
}

/// Stores what the command line names; returns the agent's answers. What was taken off the
/// clipboard stays in `clipboard`'s hands until all is stored.
pub(super) fn enrol(
    client: &mut Client,
    line: &Line,
    clipboard: &mut Option<Desktop>,
) -> Result<Vec<String>, Failure> {
    let text = client.text;
    let asks = client.can_ask() && !line.has(Opt::Yes);
    let places = Place::all(client, line, line.raw(Opt::Image))?;
    let mut entries = if !places.is_empty() {
        pictures(client, &places, clipboard)?
    } else if std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        typed(client, line)?
    } else {
        piped(client)?
    };
    let is_single = entries.len() == 1;
    if !is_single && (line.has(Opt::Account) || line.has(Opt::Issuer)) {
        return Err(Failure::new(Kind::Usage, text.names_for_several));
    }
    for entry in &mut entries {
        override_fields(entry, line).or_usage(client)?;
        if let (true, Some((issuer, account))) = (is_nameless(entry), spare_name(line)) {
            (entry.issuer, entry.account) = (issuer, account);
        }
        if is_nameless(entry) {
            return Err(Failure::new(Kind::Usage, text.needs_name).hint("otpctl help add"));
        }
    }
    let found = places.first().map_or("", |place| place.found(text));
    if asks && !is_single {
        entries = review(client, entries)?;
    }
    // Nobody tries out a list; the one that was chosen of several is tried as one alone.
    let asks = (asks && entries.len() == 1).then_some(found);
    let mut answers = Vec::with_capacity(entries.len());
    for entry in entries {
        answers.push(store(client, entry, asks)?);
    }
    Ok(answers)
}

/// Stores an entry. With `asks`, which says where it was found, its code is tried out with the
/// person first. Returns what the agent says of it, also of a key that is there already.
fn store(client: &mut Client, mut entry: NewEntry, asks: Option<&str>) -> Result<String, Failure> {
    let text = client.text;
    let name = output::full_name(text, entry.issuer.clone(), entry.account.clone());
    if let Some(place) = asks {
        let uri = print_uri(&entry);
        let preview = Preview { uri };
        let mut answer = client.call_unlocked(&preview)?;
        output::say(&found(client, &entry, place, &name));
        if let Some(same) = answer.json().get("duplicate_of") {
            output::say(&fill(text.duplicate, &[&output::name(text, same)]));
            // As the agent says it of one that is sent all the same.
            let object = Object::new().raw("duplicate", "true");
            return Ok(object.raw("entry", same.raw()).end());
        }
        if !answer.json().items("supersedes").is_empty() {
            output::say(text.will_supersede);
        }
        loop {
            match is_accepted(client, answer.json())? {
                Reply::Yes => break,
                Reply::No => return Err(Failure::new(Kind::Refused, text.not_accepted)),
                Reply::Again => {}
            }
            client.secrets();
            answer = client.call_unlocked(&preview)?;
        }
        if let (Some(_), Type::Hotp(counter)) = (answer.json().get("code"), entry.kind) {
            // The page has used this counter's code, which is later than the URI's where the key
            // was there before. An older agent doesn't say.
            let shown = answer
                .json()
                .number("counter")
                .and_then(|n| u64::try_from(n).ok());
            entry.kind = Type::Hotp(shown.unwrap_or(counter).saturating_add(1));
        }
        client.secrets();
    }
    let answer = client.call_unlocked(&Add {
        uri: print_uri(&entry),
    })?;
    let added = answer.json();
    if added.is("duplicate") {
        let same = added.get("entry").ok_or_else(|| client.bad_answer())?;
        client.say(&fill(text.duplicate, &[&output::name(text, same)]));
    } else {
        let mut said = fill(text.saved, &[&name]);
        if let Some(old) = added.items("superseded").first() {
            let number = old.text("trash").unwrap_or_else(|| old.label("id"));
            said += &fill(text.superseded, &[&number]);
        }
        said.push('\n');
        for other in added.items("same_key") {
            said += &fill(text.same_key, &[&output::name(text, other)]);
        }
        client.say(&said);
    }
    Ok(answer.json().raw().to_owned())
}

fn found(client: &Client, entry: &NewEntry, place: &str, name: &str) -> String {
    let text = client.text;
    let mut line = fill(text.found_one, &[place, name]);
    let bits = entry.key.len() * 8;
    if bits < USUAL_BITS {
        line += &fill(text.short_key, &[&bits.to_string()]);
    }
    line.push('\n');
    line
}

/// Shows a code and asks whether the page took it. `Again` asks for a newer one: on the person's
/// word, or because this one ends before anybody could type it.
fn is_accepted(client: &Client, preview: Json<'_>) -> Result<Reply, Failure> {
    let text = client.text;
    let Some(code) = preview.get("code").and_then(Json::secret) else {
        output::say(text.unsupported_yet);
        return confirm(text.store_question, true).map(
            |is_yes| {
                if is_yes { Reply::Yes } else { Reply::No }
            },
        );
    };
    let left = preview.number("valid_for");
    if let Some(seconds) = left.and_then(|left| u64::try_from(left).ok())
        && (1..TOO_SHORT).contains(&seconds)
    {
        output::say(&fill(text.next_code_soon, &[&seconds.to_string()]));
        std::thread::sleep(Duration::from_secs(seconds));
        return Ok(Reply::Again);
    }
    let code = Zeroizing::new(output::grouped(code.expose()));
    let line = match left {
        Some(seconds) => fill(text.type_code, &[&code, &seconds.to_string()]),
        None => fill(text.type_counter_code, &[&code]),
    };
    output::say(&Zeroizing::new(line));
    // A counter's next code comes only after this one was used.
    let question = if left.is_some() {
        text.accepted_question
    } else {
        text.accepted_counter
    };
    loop {
        match ask(question, true)? {
            Some(Reply::Again) if left.is_none() => {}
            Some(reply) => return Ok(reply),
            None => {}
        }
    }
}

/// Reads each picture in a process of its own. One that can't be read and nothing is stored; what
/// holds something else than a key is named.
fn pictures(
    client: &mut Client,
    places: &[Place<'_>],
    clipboard: &mut Option<Desktop>,
) -> Result<Vec<NewEntry>, Failure> {
    if places.iter().any(|place| !matches!(place, Place::File(_))) {
        // Before the desktop is asked in vain. An unlock comes after: its question may cover
        // the code on the screen.
        let status = client.call(&Status {})?;
        if !status.json().is("vault") {
            return Err(client.no_vault());
        }
        if status.json().is("locked") && !client.may_unlock() && !client.by_dialog() {
            return Err(client.locked());
        }
    }
    let (mut entries, mut batches): (Vec<NewEntry>, _) = (Vec::new(), Vec::new());
    let mut others = Vec::new();
    for &place in places {
        let (findings, desktop) = reading::read(client, place, Wanted::Keys)?;
        *clipboard = desktop;
        for entry in reading::sorted(client, place, findings, &mut batches, &mut others)? {
            // Two pictures may show the same.
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
    }
    if let Some(&place) = places.first() {
        entries = reading::without_others(client, place, entries, &others)?;
    }
    warn_of_missing(client, &batches);
    Ok(entries)
}

/// Asks for a URI or a key on the terminal, without echo.
fn typed(client: &mut Client, line: &Line) -> Result<Vec<NewEntry>, Failure> {
    let text = client.text;
    if !client.can_ask() {
        return Err(Failure::new(Kind::Usage, text.no_prompt));
    }
    // Asked first, so that nobody pastes a key in vain.
    let status = client.call(&Status {})?;
    if !status.json().is("vault") {
        return Err(client.no_vault());
    }
    if status.json().is("locked") {
        client.unlock()?;
    }
    client.secrets();
    secret::hide()?;
    let typed = terminal::ask_secret(text.ask_key)
        .map_err(|error| Failure::io(&error))?
        .ok_or_else(|| Failure::new(Kind::Refused, text.cancelled))?;
    let mut entries = from_text(client, &typed)?;
    if let [entry] = entries.as_mut_slice() {
        let named = [Opt::Issuer, Opt::Account, Opt::Name];
        if is_nameless(entry) && !named.into_iter().any(|opt| line.has(opt)) {
            let ask = |prompt| -> Result<String, Failure> {
                let answer = terminal::ask(prompt).map_err(|error| Failure::io(&error))?;
                Ok(clean_label(&answer.unwrap_or_default()))
            };
            entry.issuer = ask(text.ask_issuer)?;
            entry.account = ask(text.ask_account)?;
        }
    }
    Ok(entries)
}

/// Reads a URI or a key from standard input.
fn piped(client: &Client) -> Result<Vec<NewEntry>, Failure> {
    let text = client.text;
    secret::hide()?;
    let bad = |why: &str| unreadable(client, OsStr::new("-"), why);
    let bytes = secret::read_stdin(MAX_URI)
        .map_err(|error| Failure::io(&error))?
        .ok_or_else(|| bad(&text.uri_error(UriError::TooLong)))?;
    let content = std::str::from_utf8(&bytes).map_err(|_| bad(text.not_a_text))?;
    if content.trim().lines().count() > 1 {
        return Err(bad(text.several_lines).hint("otpctl import -"));
    }
    from_text(client, content)
}

fn from_text(client: &Client, content: &str) -> Result<Vec<NewEntry>, Failure> {
    let path = OsStr::new("-");
    let content = content.trim();
    let is_migration = content
        .get(..18)
        .is_some_and(|start| start.eq_ignore_ascii_case("otpauth-migration:"));
    if is_migration {
        let input = Input::Text(Secret::copy_of(content));
        let findings = helper::parse(&["--format", "auto"], input)
            .map_err(|error| helper_failure(client, path, &error))?;
        let mut batches = Vec::new();
        let entries = reading::keys(client, Place::File(path), findings, &mut batches);
        warn_of_missing(client, &batches);
        return entries;
    }
    match parse_text(content) {
        Ok(entry) => Ok(vec![entry]),
        Err(error) => Err(unreadable(client, path, &client.text.uri_error(error))),
    }
}

/// The name of an entry that has none of its own: issuer, slash, account.
fn spare_name(line: &Line) -> Option<(String, String)> {
    let name = line.text(Opt::Name).ok()??;
    let (issuer, account) = name.split_once('/')?;
    Some((issuer.to_owned(), account.to_owned()))
}

fn is_nameless(entry: &NewEntry) -> bool {
    entry.issuer.is_empty() && entry.account.is_empty()
}

/// Puts the command line's fields in place of the URI's.
fn override_fields(entry: &mut NewEntry, line: &Line) -> Result<(), UsageError> {
    let label = |opt| -> Result<Option<String>, UsageError> {
        let Some(label) = line.text(opt)?.map(|label| clean_label(&label)) else {
            return Ok(None);
        };
        if label.len() > MAX_LABEL {
            return Err(UsageError::BadValue(opt.name()));
        }
        Ok(Some(label))
    };
    if let Some(issuer) = label(Opt::Issuer)? {
        entry.issuer = issuer;
    }
    if let Some(account) = label(Opt::Account)? {
        entry.account = account;
    }
    if let Some(note) = label(Opt::Note)? {
        entry.note = note;
    }
    if let Some(algorithm) = line.value(Opt::Algorithm)? {
        entry.algorithm = algorithm;
    }
    let period = match line.value(Opt::Period)? {
        Some(seconds) => Some(Period::new(seconds).map_err(|_| UsageError::BadValue("period"))?),
        None => None,
    };
    let counter: Option<u64> = line.value(Opt::Counter)?;
    let kind = line.text(Opt::Type)?;
    let kind = kind.as_deref().unwrap_or_else(|| entry.kind.word());
    let step = period
        .or_else(|| entry.kind.period())
        .unwrap_or(Period::THIRTY);
    let next = counter.or_else(|| entry.kind.counter()).unwrap_or(0);
    entry.kind = match kind {
        "totp" => Type::Totp(step),
        "hotp" => Type::Hotp(next),
        "steam" => Type::Steam(step),
        "yandex" => Type::Yandex(step),
        "motp" => Type::Motp(step),
        _ => return Err(UsageError::BadValue("type")),
    };
    // A period for a counter, or the reverse, is a misunderstanding and better said.
    if entry.kind.period().is_none() && period.is_some() {
        return Err(UsageError::BadValue("period"));
    }
    if entry.kind.counter().is_none() && counter.is_some() {
        return Err(UsageError::BadValue("counter"));
    }
    if let Some(digits) = line.value(Opt::Digits)? {
        entry.digits = Digits::new(digits).map_err(|_| UsageError::BadValue("digits"))?;
    }
    if let Type::Steam(_) = entry.kind {
        entry.digits = Digits::FIVE;
    }
    for tag in line.texts(Opt::Tag)? {
        let tag = clean_label(&tag);
        if !tag.is_empty() {
            entry.tags.push(tag);
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "add_tests.rs"]
mod tests;
