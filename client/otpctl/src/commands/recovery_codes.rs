//! `recovery-codes`: the service's own one-use codes, kept with the entry.

use std::io::IsTerminal as _;

use otp_proto::{
    ErrorKind, MAX_RECOVERY_CODE, MAX_RECOVERY_CODES, RecoveryCodesAdd, RecoveryCodesList,
    RecoveryCodesUse, Secret, Show,
};
use zeroize::Zeroizing;

use super::OrUsage as _;
use super::pasted::codes;
use super::transfer::{asked_again, unlocked_with};
use crate::cli::{Line, Opt};
use crate::client::Client;
use crate::failure::{Failure, Kind};
use crate::json::{Json, Object};
use crate::text::fill;
use crate::{output, secret, terminal};

/// Longest text that codes are read from, in bytes: with numbers, blanks and bullets.
const LONGEST: usize = MAX_RECOVERY_CODES * (MAX_RECOVERY_CODE + 16);

pub(super) fn add(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let text = client.text;
    let query = line.query().or_usage(client)?;
    let is_typed = std::io::stdin().is_terminal();
    if is_typed {
        if !client.can_ask() {
            return Err(Failure::new(Kind::Usage, text.no_prompt));
        }
        // Asked first, so that nobody pastes codes in vain.
        let entry = client.call_unlocked(&Show {
            query: query.clone(),
        })?;
        output::say(&fill(text.codes_for, &[&output::name(text, entry.json())]));
        client.secrets();
    }
    secret::hide()?;
    let pasted = if is_typed {
        terminal::ask_secret_lines(text.ask_codes)
            .map_err(|error| Failure::io(&error))?
            .ok_or_else(|| Failure::new(Kind::Refused, text.cancelled))?
    } else {
        let bytes = secret::read_stdin(LONGEST).map_err(|error| Failure::io(&error))?;
        let bytes = bytes.ok_or_else(|| Failure::new(Kind::BadInput, text.no_codes))?;
        let pasted = std::str::from_utf8(&bytes);
        Zeroizing::new(
            pasted
                .map_err(|_| Failure::new(Kind::BadInput, text.not_a_text))?
                .to_owned(),
        )
    };
    let codes = codes(&pasted);
    let lengths = codes.iter().map(|code| code.expose().len());
    let (Some(shortest), Some(longest)) = (lengths.clone().min(), lengths.max()) else {
        return Err(Failure::new(Kind::BadInput, text.no_codes));
    };
    let read = codes.len();
    let request = RecoveryCodesAdd {
        query,
        codes,
        replace: line.has(Opt::Replace),
    };
    let answer = client.call_unlocked(&request)?;
    let answer = answer.json();
    if client.globals.json {
        return output::print_json(&counts(answer).copy("added", answer).end());
    }
    // Who sees what was taken for a code notices a heading among them.
    let numbers = [read, shortest, longest].map(|number| number.to_string());
    client.say(&fill(
        text.codes_read,
        &numbers.each_ref().map(String::as_str),
    ));
    let added = answer.number("added").unwrap_or_default().to_string();
    client.say(&fill(
        text.codes_added,
        &[&added, &standing(client, answer)],
    ));
    Ok(())
}

pub(super) fn list(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let query = line.query().or_usage(client)?;
    let request = |passphrase| RecoveryCodesList {
        query: query.clone(),
        passphrase,
    };
    if !line.has(Opt::Show) {
        let answer = client.call_unlocked(&request(None))?;
        let answer = answer.json();
        if client.globals.json {
            return output::print_json(&counts(answer).end());
        }
        let mut out = standing(client, answer);
        out.push('\n');
        return output::print(&out);
    }
    let opened = unlocked_with(client)?;
    client.call(&request(None))?;
    let passphrase = asked_again(client, opened)?;
    let answer = client.call(&request(Some(passphrase))).map_err(|failure| {
        if failure.kind == Kind::Rpc(ErrorKind::Denied) {
            failure.because(client.text.wrong_passphrase)
        } else {
            failure
        }
    })?;
    let answer = answer.json();
    if client.globals.json {
        let object = counts(answer).copy("codes", answer);
        return output::print_json(&Zeroizing::new(object.end()));
    }
    if output::is_terminal() {
        output::say(client.text.codes_scrollback);
    }
    let mut out = Zeroizing::new(String::with_capacity(answer.raw().len() * 2));
    for code in answer.items("codes") {
        let secret = code.get("code").and_then(Json::secret);
        let secret = secret.ok_or_else(|| client.bad_answer())?;
        out.push_str(secret.expose());
        if code.is("used") {
            out.push_str("  ");
            out.push_str(client.text.code_used);
        }
        out.push('\n');
    }
    output::print(&out)
}

/// Hands out the next code, which the agent has marked as used on disk by then.
pub(super) fn take(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let text = client.text;
    let query = line.query().or_usage(client)?;
    let answer = client.call_unlocked(&RecoveryCodesUse { query })?;
    let answer = answer.json();
    let Some(code) = answer.get("code").and_then(Json::secret) else {
        let kind = Kind::Rpc(ErrorKind::NotFound);
        return Err(Failure::new(kind, text.no_code_left));
    };
    if client.globals.json {
        let object = counts(answer).copy("code", answer);
        return output::print_json(&Zeroizing::new(object.end()));
    }
    print_line(&code)?;
    if answer.number("left") == Some(0) {
        client.warn(text.last_code);
    } else if output::is_terminal() {
        client.say(&fill(text.code_marked, &[&standing(client, answer)]));
    }
    Ok(())
}

fn print_line(code: &Secret) -> Result<(), Failure> {
    let mut out = Zeroizing::new(String::with_capacity(MAX_RECOVERY_CODE + 1));
    out.push_str(code.expose());
    out.push('\n');
    output::print(&out)
}

/// How many are left, for people.
fn standing(client: &Client, answer: Json<'_>) -> String {
    let text = client.text;
    let number = |name| answer.number(name).unwrap_or_default().to_string();
    let name = answer.get("entry").map(|entry| output::name(text, entry));
    let name = name.unwrap_or_default();
    fill(text.codes_left, &[&name, &number("left"), &number("total")])
}

/// The keys that every answer has, which scripts rely on.
fn counts(answer: Json<'_>) -> Object {
    let object = match answer.get("entry") {
        Some(entry) => Object::new().copy("id", entry),
        None => Object::new(),
    };
    object.copy("left", answer).copy("total", answer)
}
