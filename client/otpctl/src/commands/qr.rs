//! `qr read` and `qr show`: the text of any QR code, and an entry as one.

use std::ffi::OsStr;
use std::path::Path;

use otp_proto::{Export, Secret, Show, parse_uri, print_uri};
use zeroize::Zeroizing;

use super::OrUsage as _;
use super::file::{save, shown};
use super::reading::{self, Place, Wanted, is_no_code};
use super::transfer::{asked_again, helper_failure, unlocked_with};
use crate::cli::{Line, Opt, UsageError};
use crate::client::Client;
use crate::failure::{Failure, Kind};
use crate::helper::{self, HelperError};
use crate::json::{Object, array};
use crate::output;
use crate::text::fill;

/// Prints the texts and stores nothing; no agent is asked.
pub(super) fn read(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let places = Place::all(client, line, line.paths())?;
    if places.is_empty() {
        return Err(UsageError::TooFew(line.verb)).or_usage(client);
    }
    let is_shown = output::is_terminal();
    let mut objects = Vec::new();
    let mut failure = None;
    for place in places {
        match texts(client, place) {
            Ok(texts) if client.globals.json => {
                objects.extend(texts.iter().map(|text| {
                    let object = Object::new().text("text", text.expose());
                    object.text("source", &place.name()).end()
                }));
            }
            Ok(texts) => {
                for text in texts {
                    let mut out = Zeroizing::new(String::with_capacity(text.expose().len() * 8));
                    write_safely(text.expose(), is_shown, &mut out);
                    out.push('\n');
                    output::print(&out)?;
                }
            }
            // The other pictures are read all the same.
            Err(other) => failure = Some(other),
        }
    }
    if client.globals.json {
        output::print_json(&Zeroizing::new(array(objects)))?;
    }
    failure.map_or(Ok(()), Err)
}

fn texts(client: &Client, place: Place<'_>) -> Result<Vec<Secret>, Failure> {
    let (findings, _) = reading::read(client, place, Wanted::Texts)?;
    let mut texts: Vec<Secret> = Vec::new();
    let mut why = client.text.could_not_be_read.to_owned();
    for finding in findings {
        if let Some(text) = finding.text {
            // Two monitors may show the same.
            if !texts.contains(&text) {
                texts.push(text);
            }
        } else if let Some(error) = finding.error {
            why = if is_no_code(&error) {
                client.text.no_code.into()
            } else {
                otp_proto::clean_label(&error)
            };
        }
    }
    if texts.is_empty() {
        return Err(place.unreadable(client, &why));
    }
    Ok(texts)
}

/// Copies a text, on a terminal without what would command it: control characters, and those
/// that change the order of others, appear as `\u{1b}`.
fn write_safely(text: &str, is_shown: bool, out: &mut String) {
    for c in text.chars() {
        // Blanks of other widths are harmless; separators of lines and paragraphs are not.
        let is_blank =
            c.is_whitespace() && !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}');
        let is_plain = matches!(c, '\n' | '\t') || is_blank;
        let mut one = [0; 4];
        if is_shown && !is_plain && otp_proto::clean_label(c.encode_utf8(&mut one)).is_empty() {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
}

/// Draws an entry's URI, for the camera of another device, after the passphrase was asked again.
pub(super) fn show(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let text = client.text;
    let file = match (line.raw(Opt::Png).last(), line.raw(Opt::Print).last()) {
        (Some(_), Some(_)) => return Err(Failure::new(Kind::Usage, text.png_or_print)),
        (Some(path), None) => Some((path, "png")),
        (None, Some(path)) => Some((path, "page")),
        (None, None) => None,
    };
    let query = line.query().or_usage(client)?;
    let opened = unlocked_with(client)?;
    // First of all, so that nobody types a passphrase for a name that isn't there.
    let entry = client.call(&Show { query })?;
    if entry.json().get("source").is_some() {
        let cause = fill(text.foreign_entry, &[&entry.json().label("source")]);
        return Err(Failure::new(Kind::Refused, cause));
    }
    let id = entry.json().text("id").ok_or_else(|| client.bad_answer())?;
    let passphrase = asked_again(client, opened)?;
    let uri = exported(client, passphrase, id)?;
    let Some((path, format)) = file else {
        return on_terminal(client, line, uri);
    };
    let picture = draw(
        client,
        &["--format", format, "--language", text.language],
        uri,
    )?;
    save(client, path, &picture, line.has(Opt::Force))?;
    if path != "-" {
        let path = shown(Path::new(path));
        output::say(&fill(text.drawn, &[&path]));
    }
    Ok(())
}

/// An entry's URI for another authenticator.
pub(super) fn exported(
    client: &mut Client,
    passphrase: Secret,
    id: String,
) -> Result<Secret, Failure> {
    let request = Export {
        passphrase,
        query: Some(id),
    };
    let answer = client.call_with(&request, &request.passphrase)?;
    let uris = answer.json().items("uris");
    let [uri] = uris.as_slice() else {
        return Err(client.bad_answer());
    };
    let uri = uri.secret().ok_or_else(|| client.bad_answer())?;
    for_others(client, &uri)
}

/// The URI without what only otpd reads: another authenticator needs no tags and notes, has no
/// business with recovery codes, and a shorter text makes a coarser picture.
fn for_others(client: &Client, uri: &Secret) -> Result<Secret, Failure> {
    let mut entry = parse_uri(uri.expose()).map_err(|_| client.bad_answer())?;
    entry.tags.clear();
    entry.note.clear();
    entry.recovery = otp_proto::RecoveryCodes::default();
    entry.extra.retain(|(name, _)| !name.starts_with("x-otpd-"));
    Ok(print_uri(&entry))
}

fn on_terminal(client: &Client, line: &Line, uri: Secret) -> Result<(), Failure> {
    let has_colours = output::is_terminal()
        && !line.has(Opt::Invert)
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let args: &[&str] = match (has_colours, line.has(Opt::Invert)) {
        (true, _) => &["--format", "terminal"],
        (false, false) => &["--format", "text"],
        (false, true) => &["--format", "text", "--invert"],
    };
    let drawn = draw(client, args, uri)?;
    if output::is_terminal() {
        output::say(client.text.scrollback);
    }
    output::print_bytes(&drawn)
}

fn draw(client: &Client, args: &[&str], uri: Secret) -> Result<Zeroizing<Vec<u8>>, Failure> {
    helper::draw(args, uri).map_err(|error| match error {
        HelperError::Unreadable => Failure::new(Kind::BadInput, client.text.no_room),
        HelperError::NoProgram | HelperError::Spawn(_) => {
            helper_failure(client, OsStr::new(""), &error)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, is_shown: bool) -> String {
        let mut out = String::new();
        write_safely(text, is_shown, &mut out);
        out
    }

    #[test]
    fn on_a_terminal_nothing_of_a_stranger_s_text_commands_it() {
        let text = "山 a\u{1b}]52;c;x\u{7}\r\n\u{202e}b\u{9b}1m";
        assert_eq!(
            written(text, true),
            "山 a\\u{1b}]52;c;x\\u{7}\\u{d}\n\\u{202e}b\\u{9b}1m"
        );
        assert_eq!(written(text, false), text);
    }
}
