//! Where QR codes are read from: pictures, the screen, the clipboard.

use std::ffi::OsStr;

use otp_proto::{NewEntry, clean_label, parse_uri};

use super::file::{open, unreadable};
use super::transfer::helper_failure;
use crate::cli::{Line, Opt};
use crate::client::Client;
use crate::desktop::{Desktop, DesktopError, THEN_CLEAR};
use crate::failure::{Failure, Kind};
use crate::helper::{self, Finding, HelperError, Input};
use crate::text::{Text, fill};
use crate::{secret, sibling};

/// A place that QR codes are read from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// A file, or standard input for `-`.
    File(&'a OsStr),
    Screen,
    /// A picture or a key's text.
    Clipboard,
}

/// What is wanted of a QR code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Keys,
    Texts,
}

impl<'a> Place<'a> {
    /// The places that a command line names beside `files`; none if there are none.
    pub(super) fn all(
        client: &Client,
        line: &'a Line,
        files: impl Iterator<Item = &'a OsStr>,
    ) -> Result<Vec<Self>, Failure> {
        let mut places: Vec<_> = files.map(Self::File).collect();
        let mut sources = usize::from(!places.is_empty());
        for (opt, place) in [
            (Opt::Screen, Self::Screen),
            (Opt::Clipboard, Self::Clipboard),
        ] {
            if line.has(opt) {
                places.push(place);
                sources += 1;
            }
        }
        if sources > 1 {
            return Err(Failure::new(Kind::Usage, client.text.one_source));
        }
        Ok(places)
    }

    /// Where codes were found, for the message that says so; nothing for a file.
    pub(super) fn found(self, text: &Text) -> &'static str {
        match self {
            Self::File(_) => "",
            Self::Screen => text.on_screen,
            Self::Clipboard => text.on_clipboard,
        }
    }

    /// The place as a program names it.
    pub(super) fn name(self) -> String {
        match self {
            Self::File(path) => path.to_string_lossy().into_owned(),
            Self::Screen => "screen".into(),
            Self::Clipboard => "clipboard".into(),
        }
    }

    /// The failure of an input that can't be read.
    pub(super) fn unreadable(self, client: &Client, why: &str) -> Failure {
        match self {
            Self::File(path) => unreadable(client, path, why),
            Self::Screen => unreadable(client, OsStr::new(client.text.the_screen), why),
            Self::Clipboard => unreadable(client, OsStr::new(client.text.the_clipboard), why),
        }
    }
}

/// Reads a place in a process of its own. The clipboard's is handed out, so that it can be
/// cleared when what it held is stored.
pub(super) fn read(
    client: &Client,
    place: Place<'_>,
    wanted: Wanted,
) -> Result<(Vec<Finding>, Option<Desktop>), Failure> {
    secret::hide()?;
    let args: &[&str] = match (wanted, place) {
        (Wanted::Texts, _) => &["--image", "--text"],
        (Wanted::Keys, Place::Clipboard) => &["--format", "auto"],
        (Wanted::Keys, Place::File(_) | Place::Screen) => &["--image"],
    };
    let failed = |error: &HelperError| match error {
        HelperError::Unreadable => place.unreadable(client, client.text.could_not_be_read),
        HelperError::NoProgram | HelperError::Spawn(_) => {
            helper_failure(client, OsStr::new(""), error)
        }
    };
    let verb: &[&str] = match (place, wanted) {
        (Place::File(path), _) => {
            let input = Input::File(open(client, path)?);
            let findings = helper::parse(args, input).map_err(|error| failed(&error))?;
            return Ok((findings, None));
        }
        (Place::Screen, _) => &["grab"],
        (Place::Clipboard, Wanted::Keys) => &["clip", THEN_CLEAR],
        (Place::Clipboard, Wanted::Texts) => &["clip"],
    };
    if sibling::find("otp-helper").is_none() {
        // Before a person is asked whether the screen may be taken.
        return Err(failed(&HelperError::NoProgram));
    }
    let (desktop, pixels) = Desktop::start(verb).map_err(|error| desktop_failure(client, error))?;
    let findings = match helper::parse(args, Input::Pipe(pixels)) {
        Ok(findings) => findings,
        Err(error) => {
            desktop.stop();
            return Err(failed(&error));
        }
    };
    let has_key = findings.iter().any(|finding| finding.uri.is_some());
    if place == Place::Clipboard && has_key {
        return Ok((findings, Some(desktop)));
    }
    desktop
        .end()
        .map_err(|error| desktop_failure(client, error))?;
    Ok((findings, None))
}

/// Keeps the keys of what was found. Anything else is named, and is no failure where there is a
/// key.
pub(super) fn keys(
    client: &Client,
    place: Place<'_>,
    findings: Vec<Finding>,
    batches: &mut Vec<(i64, i64)>,
) -> Result<Vec<NewEntry>, Failure> {
    let mut others = Vec::new();
    let entries = sorted(client, place, findings, batches, &mut others)?;
    without_others(client, place, entries, &others)
}

/// Says what is no key; a failure where there is none.
pub(super) fn without_others(
    client: &Client,
    place: Place<'_>,
    entries: Vec<NewEntry>,
    others: &[String],
) -> Result<Vec<NewEntry>, Failure> {
    let text = client.text;
    let others = others.join(", ");
    if entries.is_empty() {
        return Err(place.unreadable(client, &fill(text.only_others, &[&others])));
    }
    if !others.is_empty() {
        client.say(&fill(text.left_out, &[&others]));
    }
    Ok(entries)
}

/// The keys of what was found; what else there is goes to `others`. A failure where there is
/// neither.
pub(super) fn sorted(
    client: &Client,
    place: Place<'_>,
    findings: Vec<Finding>,
    batches: &mut Vec<(i64, i64)>,
    others: &mut Vec<String>,
) -> Result<Vec<NewEntry>, Failure> {
    let text = client.text;
    let mut entries: Vec<NewEntry> = Vec::new();
    let (mut why, mut is_empty, mut has_other) = (None, false, false);
    for finding in findings {
        batches.extend(finding.batch);
        if let Some(uri) = finding.uri {
            let entry = parse_uri(uri.expose())
                .map_err(|error| place.unreadable(client, &text.uri_error(error)))?;
            // Two monitors may show the same.
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        } else if let Some(kind) = finding.skipped {
            has_other = true;
            let other = other(text, &kind, finding.what);
            if !others.contains(&other) {
                others.push(other);
            }
        } else if let Some(error) = finding.error {
            if is_no_code(&error) {
                is_empty = true;
            } else {
                why = Some(error);
            }
        }
    }
    match (entries.is_empty(), why) {
        (true, Some(why)) => Err(place.unreadable(client, &clean_label(&why))),
        (true, None) if !has_other => {
            let why = if is_empty {
                text.no_code
            } else {
                text.could_not_be_read
            };
            Err(place.unreadable(client, why))
        }
        (_, why) => {
            if let Some(why) = why {
                client.warn(&clean_label(&why));
            }
            Ok(entries)
        }
    }
}

/// Whether the helper says no more than that there is nothing: other pictures may have codes.
pub(super) fn is_no_code(error: &str) -> bool {
    error.starts_with("no QR code")
}

/// What a QR code is that is no key.
fn other(text: &Text, kind: &str, what: Option<String>) -> String {
    let name = match kind {
        "url" => text.a_url,
        "unsupported" => text.a_uri,
        _ => text.a_text,
    };
    match what {
        Some(what) => String::from(name) + " (" + &clean_label(&what) + ")",
        None => name.into(),
    }
}

/// Why nothing was taken of the screen or the clipboard.
fn desktop_failure(client: &Client, error: DesktopError) -> Failure {
    let is_absent = matches!(error, DesktopError::NoProgram);
    let failure = error.into_failure(client.text);
    if is_absent {
        failure.hint("otpctl add --image FILE")
    } else {
        failure
    }
}
