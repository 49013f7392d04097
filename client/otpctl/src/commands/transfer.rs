//! `import` and `export`: whole lists, in one durable write or out in clear.

use otp_proto::{Export, ImportAdd, ImportBegin, ImportCommit, Secret, Status};
use zeroize::Zeroizing;

use super::OrUsage as _;
use super::file::{open, save, shown, unreadable};
use super::list::table;
use crate::cli::{Line, Opt};
use crate::client::Client;
use crate::failure::{Failure, Kind, reason};
use crate::helper::{self, Finding, HelperError, Input};
use crate::json::{Object, array};
use crate::output;
use crate::text::fill;

/// A progress line every so many entries.
const PROGRESS: usize = 100;
/// Most bad lines that a message names.
const MOST_NAMED: usize = 10;

/// A line that was left out.
struct Skipped {
    line: Option<i64>,
    reason: String,
}

impl Skipped {
    fn json(&self) -> String {
        let object = match self.line {
            Some(line) => Object::new().raw("line", &line.to_string()),
            None => Object::new(),
        };
        object.text("reason", &self.reason).end()
    }
}

pub(super) fn import(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let text = client.text;
    let path = line.path();
    let format = line.text(Opt::Format).or_usage(client)?;
    let file = open(client, path)?;
    crate::secret::hide()?;
    let mut findings = helper::parse(
        &["--format", format.as_deref().unwrap_or("auto")],
        Input::File(file),
    );
    let needs_password = |found: &[Finding]| found.iter().any(|one| one.needs_password);
    if findings.as_deref().is_ok_and(needs_password) && path != "-" {
        let password = client.secrets().passphrase(text.source_password)?;
        findings = helper::open(path.as_ref(), &password);
    }
    let findings = findings.map_err(|error| helper_failure(client, path, &error))?;
    let batches: Vec<_> = findings.iter().filter_map(|one| one.batch).collect();
    let (uris, mut skipped) = sort(client, findings);
    let may_skip = line.has(Opt::SkipBad);
    if !skipped.is_empty() && !may_skip {
        return Err(bad_lines(client, path, &skipped));
    }
    if uris.is_empty() {
        return Err(unreadable(client, path, text.no_key_in_it));
    }

    client.call_unlocked(&ImportBegin {})?;
    let show_progress = output::is_attended() && !client.globals.quiet;
    let total = uris.len().to_string();
    for (place, uri) in uris.into_iter().enumerate() {
        match client.call(&ImportAdd { uri: uri.uri }) {
            Ok(_) => {}
            Err(failure) if failure.kind == Kind::Rpc(otp_proto::ErrorKind::Invalid) => {
                let bad = Skipped {
                    line: uri.line,
                    reason: failure.cause.clone(),
                };
                if !may_skip {
                    return Err(bad_lines(client, path, &[bad]));
                }
                skipped.push(bad);
            }
            Err(failure) => return Err(failure),
        }
        if show_progress && (place + 1) % PROGRESS == 0 {
            output::say(&fill(text.progress, &[&(place + 1).to_string(), &total]));
        }
    }
    let dry_run = line.has(Opt::DryRun);
    let answer = client.call(&ImportCommit { dry_run })?;
    let answer = answer.json();
    if client.globals.json {
        let object = Object::new()
            .copy("added", answer)
            .copy("duplicates", answer)
            .copy("same_key", answer)
            .raw("skipped", &array(skipped.iter().map(Skipped::json)));
        return output::print_json(&object.end());
    }
    for bad in &skipped {
        client.warn(&line_of(client, bad));
    }
    warn_of_missing(client, &batches);
    let added = answer.items("added");
    if dry_run {
        output::print(&table(&added))?;
    }
    let said = if dry_run {
        text.would_import
    } else {
        text.imported
    };
    let counts = [added.len(), answer.items("duplicates").len()].map(|count| count.to_string());
    client.say(&fill(said, &counts.each_ref().map(String::as_str)));
    // A dry run adds nothing yet; its table shows what it would be.
    if !dry_run {
        for entry in answer.items("same_key") {
            client.say(&fill(text.same_keys, &[&output::name(text, entry)]));
        }
    }
    Ok(())
}

/// Says which pictures of an export in several are still to be read.
pub(super) fn warn_of_missing(client: &Client, batches: &[(i64, i64)]) {
    let missing = helper::missing_parts(batches);
    if !missing.is_empty() {
        client.warn(&fill(client.text.missing_parts, &[&missing.join(", ")]));
    }
}

/// A key that the helper found, and where.
struct Found {
    uri: Secret,
    line: Option<i64>,
}

/// Keys to one side, everything else to the other.
fn sort(client: &Client, findings: Vec<Finding>) -> (Vec<Found>, Vec<Skipped>) {
    let mut uris = Vec::with_capacity(findings.len());
    let mut skipped = Vec::new();
    for finding in findings {
        match finding.uri {
            Some(uri) => uris.push(Found {
                uri,
                line: finding.line,
            }),
            None if finding.batch.is_some() => {}
            None => skipped.push(Skipped {
                line: finding.line,
                reason: finding
                    .error
                    .unwrap_or_else(|| client.text.not_a_key.to_owned()),
            }),
        }
    }
    (uris, skipped)
}

fn line_of(client: &Client, bad: &Skipped) -> String {
    let reason = otp_proto::clean_label(&bad.reason);
    match bad.line {
        Some(line) => fill(client.text.bad_line, &[&line.to_string(), &reason]),
        None => reason,
    }
}

fn bad_lines(client: &Client, path: &std::ffi::OsStr, bad: &[Skipped]) -> Failure {
    let named: Vec<_> = bad
        .iter()
        .take(MOST_NAMED)
        .map(|bad| line_of(client, bad))
        .collect();
    let mut failure = match named.as_slice() {
        [only] if bad.len() == 1 => unreadable(client, path, only),
        _ => {
            let count = bad.len().to_string();
            unreadable(client, path, &fill(client.text.bad_lines, &[&count]))
        }
    };
    if bad.len() > 1 {
        for line in named {
            failure.details += "  ";
            failure.details += &line;
            failure.details.push('\n');
        }
    }
    failure
}

/// Why the helper had nothing to say.
pub(super) fn helper_failure(
    client: &Client,
    path: &std::ffi::OsStr,
    error: &HelperError,
) -> Failure {
    match error {
        HelperError::NoProgram => Failure::new(Kind::Other, client.text.no_helper),
        HelperError::Spawn(error) => {
            let cause = fill(client.text.cannot_run, &["otp-helper", &reason(error)]);
            Failure::new(Kind::Other, cause)
        }
        HelperError::Unreadable => unreadable(client, path, client.text.could_not_be_read),
    }
}

/// Opens a locked vault, and returns the passphrase that did: one question serves both where it
/// is asked again.
pub(super) fn unlocked_with(client: &mut Client) -> Result<Option<Secret>, Failure> {
    if !client.call(&Status {})?.json().is("locked") {
        return Ok(None);
    }
    if client.by_dialog() {
        client.unlock_by_dialog()?;
        return Ok(None);
    }
    if !client.may_unlock() {
        return Err(client.locked());
    }
    client.unlock()
}

/// The passphrase, asked again whether the vault is open or not.
pub(super) fn asked_again(client: &mut Client, opened: Option<Secret>) -> Result<Secret, Failure> {
    let text = client.text;
    match opened {
        Some(passphrase) => Ok(passphrase),
        None => client.secrets().passphrase(text.passphrase),
    }
}

pub(super) fn export(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let text = client.text;
    let path = line.path();
    match line.text(Opt::Format).or_usage(client)?.as_deref() {
        None | Some("otpauth") => {}
        Some(_) => return Err(Failure::new(Kind::Usage, text.unknown_format)),
    }
    let opened = unlocked_with(client)?;
    let passphrase = asked_again(client, opened)?;
    let request = Export {
        passphrase,
        query: None,
    };
    let answer = client.call_with(&request, &request.passphrase)?;
    let uris = answer.json().items("uris");
    let mut content = Zeroizing::new(String::with_capacity(answer.json().raw().len()));
    for uri in &uris {
        let uri = uri.secret().ok_or_else(|| client.bad_answer())?;
        content.push_str(uri.expose());
        content.push('\n');
    }
    save(client, path, content.as_bytes(), line.has(Opt::Force))?;
    let count = uris.len().to_string();
    let path = shown(std::path::Path::new(path));
    output::say(&fill(text.exported, &[&count, &path]));
    Ok(())
}
