//! `otp-helper`: reads pictures and foreign files for us, one process per input.
//!
//! It gets the input on its standard input and answers with one JSON line per finding. Whatever
//! else happens there (an abort, a signal, a limit) means that the input can't be read.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{ChildStdout, Command, Stdio};
use std::time::Duration;

use otp_proto::Secret;
use zeroize::Zeroizing;

use crate::json::Json;
use crate::{os, sibling};

/// Most bytes that we take from it: an export of 10,000 entries fits.
const LONGEST: usize = 16 * 1024 * 1024;
/// Longest time that it may take; its own limits are tighter.
const LONGEST_TIME: Duration = Duration::from_secs(20);
/// The same where a person may have to allow first that the screen is taken; otp-desktop waits
/// a minute.
const LONGEST_ASKING: Duration = Duration::from_secs(85);

/// What the helper reads.
pub(crate) enum Input {
    /// A file that we opened.
    File(File),
    /// A text of at most 8 KiB, which a pipe takes at once.
    Text(Secret),
    /// What another program writes: otp-desktop, or the helper itself.
    Pipe(ChildStdout),
}

/// One thing that the helper found.
pub(crate) struct Finding {
    /// A key, as an otpauth URI.
    pub(crate) uri: Option<Secret>,
    /// Something else: `url`, `text` or `unsupported`.
    pub(crate) skipped: Option<String>,
    /// The host of a web address.
    pub(crate) what: Option<String>,
    /// The text of a QR code, where any is wanted.
    pub(crate) text: Option<Secret>,
    /// Why something can't be read, in plain words.
    pub(crate) error: Option<String>,
    /// It is a database, whose password is missing or wrong.
    pub(crate) needs_password: bool,
    /// The line of the input, from 1.
    pub(crate) line: Option<i64>,
    /// Of an export in several pictures: how many there are, and which this is, from 0.
    pub(crate) batch: Option<(i64, i64)>,
}

/// Which parts of an export in several pictures are missing, counted from 1.
pub(crate) fn missing_parts(batches: &[(i64, i64)]) -> Vec<String> {
    let size = batches.iter().map(|batch| batch.0).max().unwrap_or(0);
    // More parts than any export has would only fill the screen.
    (0..size.min(1000))
        .filter(|index| !batches.iter().any(|batch| batch.1 == *index))
        .map(|index| (index + 1).to_string())
        .collect()
}

/// Why there are no findings.
#[derive(Debug)]
pub(crate) enum HelperError {
    /// No `otp-helper` beside us, in libexec or in `PATH`.
    NoProgram,
    /// It can't be run.
    Spawn(std::io::Error),
    /// It failed in a way that says nothing about the input's content.
    Unreadable,
}

/// Runs `otp-helper parse` with these arguments over the input.
pub(crate) fn parse(args: &[&str], input: Input) -> Result<Vec<Finding>, HelperError> {
    let (answer, status) = run("parse", args, input)?;
    if !matches!(status, Some(0 | 8)) {
        return Err(HelperError::Unreadable);
    }
    answer
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| {
            let json = Json::object(line).ok_or(HelperError::Unreadable)?;
            Ok(Finding {
                uri: json.get("uri").and_then(Json::secret),
                text: json.get("text").and_then(Json::secret),
                skipped: json.text("skipped"),
                what: json.text("what"),
                error: json.text("error"),
                needs_password: json.is("password"),
                line: json.number("line"),
                batch: json
                    .get("batch")
                    .and_then(|batch| Some((batch.number("size")?, batch.number("index")?))),
            })
        })
        .collect()
}

/// Runs `otp-helper fetch` over a database, and `parse` over what it writes.
pub(crate) fn open(path: &Path, password: &Secret) -> Result<Vec<Finding>, HelperError> {
    let program = sibling::find("otp-helper").ok_or(HelperError::NoProgram)?;
    let mut child = Command::new(program)
        .args(["fetch", "kdbx", "--file"])
        .arg(path)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(HelperError::Spawn)?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that can't open the file doesn't read it.
        let line = [password.expose().as_bytes(), b"\n"].into_iter();
        line.for_each(|part| drop(stdin.write_all(part)));
    }
    let pipe = child.stdout.take().ok_or(HelperError::Unreadable)?;
    let findings = parse(&["--format", "kdbx"], Input::Pipe(pipe));
    child.wait().map_err(HelperError::Spawn)?;
    findings
}

/// Draws a text as a QR code with `otp-helper draw`; `Unreadable` if it doesn't fit one.
pub(crate) fn draw(args: &[&str], text: Secret) -> Result<Zeroizing<Vec<u8>>, HelperError> {
    match run("draw", args, Input::Text(text))? {
        (picture, Some(0)) => Ok(picture),
        _ => Err(HelperError::Unreadable),
    }
}

/// Runs the helper; returns what it wrote and its status.
fn run(
    verb: &str,
    args: &[&str],
    input: Input,
) -> Result<(Zeroizing<Vec<u8>>, Option<i32>), HelperError> {
    let program = sibling::find("otp-helper").ok_or(HelperError::NoProgram)?;
    let (stdin, text, time) = match input {
        Input::File(file) => (Stdio::from(file), None, LONGEST_TIME),
        Input::Text(text) => (Stdio::piped(), Some(text), LONGEST_TIME),
        Input::Pipe(pipe) => (Stdio::from(pipe), None, LONGEST_ASKING),
    };
    let mut child = Command::new(program)
        .arg(verb)
        .args(args)
        .env_clear()
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(HelperError::Spawn)?;
    if let (Some(text), Some(mut stdin)) = (text, child.stdin.take()) {
        // A helper that ended before it read has told why on its output.
        stdin.write_all(text.expose().as_bytes()).ok();
    }
    let Some(stdout) = child.stdout.take() else {
        return Err(HelperError::Unreadable);
    };
    let answer = os::read_within(stdout, LONGEST, time, |_| false);
    let Ok(Some(answer)) = answer else {
        // It may have ended by itself meanwhile.
        child.kill().ok();
        child.wait().ok();
        return Err(HelperError::Unreadable);
    };
    let status = child.wait().map_err(HelperError::Spawn)?;
    Ok((answer, status.code()))
}
