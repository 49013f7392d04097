//! Changes to an entry: `edit`, `remove`, `restore`.

use otp_proto::{Digits, Edit, Period, Remove, Restore, Show};

use super::OrUsage as _;
use crate::cli::{Line, Opt, UsageError};
use crate::client::Client;
use crate::failure::{Failure, Kind};
use crate::json::Json;
use crate::output;
use crate::secret::confirm;
use crate::text::fill;

pub(super) fn edit(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let request = edit_request(line).or_usage(client)?;
    let is_empty = request
        == Edit {
            query: request.query.clone(),
            ..Edit::default()
        };
    if is_empty {
        let failure = Failure::new(Kind::Usage, client.text.no_change);
        return Err(failure.hint("otpctl help edit"));
    }
    let answer = client.call_unlocked(&request)?;
    done(client, answer.json(), client.text.changed)
}

/// Says what became of an entry.
fn done(client: &Client, entry: Json<'_>, sentence: &str) -> Result<(), Failure> {
    if client.globals.json {
        return output::print_json(entry.raw());
    }
    client.say(&fill(sentence, &[&output::name(client.text, entry)]));
    Ok(())
}

fn edit_request(line: &Line) -> Result<Edit, UsageError> {
    let number = |opt| line.value::<u32>(opt);
    let digits = match number(Opt::Digits)? {
        None => None,
        Some(digits) => Some(
            u8::try_from(digits)
                .ok()
                .and_then(|digits| Digits::new(digits).ok())
                .ok_or(UsageError::BadValue("digits"))?,
        ),
    };
    let period = match number(Opt::Period)? {
        None => None,
        Some(period) => Some(Period::new(period).map_err(|_| UsageError::BadValue("period"))?),
    };
    let tags = line.texts(Opt::Tag)?;
    Ok(Edit {
        query: line.query()?,
        issuer: line.text(Opt::Issuer)?,
        account: line.text(Opt::Account)?,
        kind: line.text(Opt::Type)?,
        algorithm: line.value(Opt::Algorithm)?,
        digits,
        period,
        counter: line.value(Opt::Counter)?,
        tags: line
            .has(Opt::Tag)
            .then(|| tags.into_iter().filter(|tag| !tag.is_empty()).collect()),
        note: line.text(Opt::Note)?,
    })
}

pub(super) fn remove(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let text = client.text;
    let mut query = line.query().or_usage(client)?;
    let purge = line.has(Opt::Purge);
    if !line.has(Opt::Yes) {
        if client.can_ask() {
            let mut name = query.clone();
            // A number of the trash names no entry that could be shown.
            if !query.starts_with("tr-") {
                let answer = client.call_unlocked(&Show { query })?;
                query = answer.json().label("id");
                name = output::name(text, answer.json());
            }
            let question = if purge {
                text.purge_question
            } else {
                text.remove_question
            };
            if !confirm(&fill(question, &[&name]), false)? {
                return Err(Failure::new(Kind::Refused, text.cancelled));
            }
        } else if purge {
            return Err(Failure::new(Kind::Usage, text.purge_needs_yes));
        }
    }
    let answer = client.call_unlocked(&Remove { query, purge })?;
    let answer = answer.json();
    if client.globals.json {
        return output::print_json(answer.raw());
    }
    let entry = answer.get("entry").ok_or_else(|| client.bad_answer())?;
    let parts = [output::name(text, entry), entry.label("trash")];
    let sentence = if answer.is("purged") {
        text.purged
    } else {
        text.removed
    };
    client.say(&fill(sentence, &parts.each_ref().map(String::as_str)));
    Ok(())
}

pub(super) fn restore(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let id = line.query().or_usage(client)?;
    let answer = client.call_unlocked(&Restore { id })?;
    done(client, answer.json(), client.text.restored)
}
