//! Does what the command line asks for.

use std::io::{self, Read, Write};

use otp_proto::{NewEntry, Secret, parse_uri};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::cli::Verb;
use crate::export::Export;
use crate::finding::Finding;
use crate::import::{self, Format};
use crate::manual::Page;
use crate::{picture, sandbox};

/// Most bytes on stdin: a picture, or a list of a hundred thousand keys.
const MAX_INPUT: usize = picture::MAX_BYTES;

/// Why it failed; one function maps it to the exit status.
pub(crate) enum Failure {
    /// Nothing in the input can be used, and the findings say why.
    Nothing,
    /// The input is wrong.
    Input(String),
    /// The command line is wrong.
    Usage(String),
    /// The system refused something.
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Runs one verb.
pub(crate) fn run(verb: &Verb) -> Result<(), Failure> {
    match verb {
        Verb::Parse(format) => parse(*format),
        Verb::Export(format) => export(*format),
        Verb::Man(page) => Ok(io::stdout().write_all(page.text().as_bytes())?),
        Verb::WriteMan(folder) => Ok(Page::write_all(folder)?),
        Verb::Completions(shell) => Ok(io::stdout().write_all(shell.script().as_bytes())?),
        Verb::Help => Ok(io::stdout().write_all(HELP.as_bytes())?),
        Verb::Version => Ok(writeln!(
            io::stdout(),
            "otp-helper {}",
            env!("CARGO_PKG_VERSION")
        )?),
    }
}

const HELP: &str = "\
otp-helper: the helper of otpctl, which runs it; of use by itself in scripts

otp-helper parse --image           a picture on stdin to the keys in its QR codes
otp-helper parse --format NAME     a file on stdin to its keys; NAME: auto, picture, otpauth
otp-helper export --format NAME    URIs on stdin ({\"uri\":…} a line) to a list; NAME: otpauth
otp-helper man [PAGE]              a manual page; man --write FOLDER: all of them
otp-helper completions SHELL       completions of otpctl for bash, zsh or fish
otp-helper --version | --help

parse prints one JSON object a line: {\"uri\"}, {\"skipped\"}, {\"batch\"} or {\"error\"}, and never
into a file. Exit status: 0 ok, 1 failure, 2 usage, 8 nothing in the input can be used.
";

/// Foreign bytes to findings, in the sandbox.
fn parse(format: Option<&'static dyn Format>) -> Result<(), Failure> {
    if sandbox::is_regular_file_stdout() {
        return Err(Failure::Usage(
            "parse prints keys and writes into no file; give it a pipe".into(),
        ));
    }
    sandbox::confine()?;
    let mut out = io::stdout().lock();
    let (mut has_key, mut failure) = (false, None);
    let mut found = |finding: Finding| {
        has_key |= matches!(finding, Finding::Uri { .. });
        if failure.is_none() {
            failure = finding.write(&mut out).and_then(|()| out.flush()).err();
        }
    };
    match read_all(&mut io::stdin().lock()) {
        Ok(bytes) => match format.or_else(|| import::sniff(&bytes)) {
            Some(format) => format.parse(&bytes, &mut found),
            None => found(Finding::error(&"not in a format that is known")),
        },
        Err(Failure::Input(error)) => found(Finding::error(&error)),
        Err(other) => return Err(other),
    }
    match failure {
        Some(error) => Err(Failure::Io(error)),
        None if has_key => Ok(()),
        None => Err(Failure::Nothing),
    }
}

/// Reads stdin whole. The buffer doubles up to the limit and not beyond, so that a large file
/// leaves room for its pixels under the limit of memory.
fn read_all(input: &mut dyn Read) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut bytes = Zeroizing::new(vec![0; 64 * 1024]);
    let mut filled = 0;
    loop {
        if filled == bytes.len() {
            let longer = (bytes.len() * 2).min(MAX_INPUT + 1);
            let mut grown = Zeroizing::new(Vec::with_capacity(longer));
            grown.extend_from_slice(&bytes);
            grown.resize(longer, 0);
            bytes = grown;
        }
        match input.read(bytes.get_mut(filled..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
        if filled > MAX_INPUT {
            return Err(Failure::Input(format!(
                "the input is larger than {} MiB",
                MAX_INPUT >> 20
            )));
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Keys to a foreign format; nothing is printed unless all of them can be.
fn export(format: &dyn Export) -> Result<(), Failure> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        uri: Secret,
    }
    let input = read_all(&mut io::stdin().lock())?;
    let mut entries: Vec<NewEntry> = Vec::new();
    for (index, line) in input.split(|&byte| byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let wrong =
            |why: &dyn ToString| Failure::Input(format!("line {}: {}", index + 1, why.to_string()));
        // serde's own message may quote the line.
        let line: Line =
            serde_json::from_slice(line).map_err(|_| wrong(&"not a JSON object with a uri"))?;
        entries.push(parse_uri(line.uri.expose()).map_err(|error| wrong(&error))?);
    }
    let list = format.write(&entries);
    let mut out = io::stdout().lock();
    out.write_all(&list)?;
    Ok(out.flush()?)
}
