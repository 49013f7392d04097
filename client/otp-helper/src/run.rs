//! Does what the command line asks for.

use std::io::{self, BufRead as _, BufReader, Read, Write};

use otp_proto::{NewEntry, Secret, parse_uri};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::cli::Verb;
use crate::draw::{Code, Drawing, Style};
use crate::export::Export;
use crate::fetch;
use crate::finding::Finding;
use crate::import::kdbx::{self, Parcel};
use crate::import::picture::{self as pictures, Wanted};
use crate::import::{self, Format, PICTURE};
use crate::manual::Page;
use crate::picture::{self, netpbm};
use crate::sandbox;

/// Most bytes on stdin: a picture, or a list of a hundred thousand keys.
const MAX_INPUT: usize = picture::MAX_BYTES;

/// Why it failed; one function maps it to the exit status.
pub(crate) enum Failure {
    /// Nothing in the input can be used, and the findings say why.
    Nothing,
    /// The input is wrong.
    Input(String),
    /// A program needs a person, and nobody may be asked.
    Person(String),
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
        Verb::Parse(format, wanted) => parse(*format, *wanted),
        Verb::Fetch(wanted) => fetch::fetch(wanted),
        Verb::Draw(drawing, style) => draw(*drawing, style),
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
otp-helper parse --image --text    a picture on stdin to the texts of its QR codes
otp-helper parse --format NAME     a file on stdin to its keys; NAME: auto, picture, kdbx,
                                   otpauth
otp-helper fetch kdbx --file FILE [--key-file FILE] | pass --store FOLDER [--folder NAME] |
                 gopass … | command --line LINE | preset --name NAME; [--entry ID] [--attended]
                                   what another program keeps, to stdout, for parse
otp-helper draw --format NAME      a text on stdin to a QR code; NAME: terminal (with colours),
                                   text (for dark terminals), png, svg, page (HTML to print);
                                   --invert, --language en|ja
otp-helper export --format NAME    URIs on stdin ({\"uri\":…} a line) to a list; NAME: otpauth
otp-helper man [PAGE]              a manual page; man --write FOLDER: all of them
otp-helper completions SHELL       completions of otpctl for bash, zsh or fish
otp-helper --version | --help

A picture is PNG, JPEG, WebP, GIF or BMP, or one or several of Netpbm's P5, P6 and P7 with 8 bits
a sample, one after another. parse prints one JSON object a line: {\"uri\"}, {\"skipped\"},
{\"batch\"} or {\"error\"}, with --text {\"text\",\"at\":{\"x\",\"y\",\"width\",\"height\"}} or
{\"error\"}; \"picture\" is the number of a picture after the first. parse and draw never write into
a file. Exit status: 0 ok, 1 failure, 2 usage, 8 nothing in the input can be used.
";

/// Takes everything away that isn't needed, before the first byte of input is read.
fn confine() -> Result<(), Failure> {
    refuse_files()?;
    Ok(sandbox::confine()?)
}

fn refuse_files() -> Result<(), Failure> {
    if sandbox::is_regular_file_stdout() {
        return Err(Failure::Usage(
            "keys are written into no file; give it a pipe".into(),
        ));
    }
    Ok(())
}

/// A database, with what opens it, to findings. Its header says how much memory opening it takes,
/// so that it is read first.
fn parse_database() -> Result<(), Failure> {
    refuse_files()?;
    sandbox::confine_reading()?;
    let bytes = read_all(&mut io::stdin().lock())?;
    let mut out = io::stdout().lock();
    let (mut is_open, mut failure) = (true, None);
    let mut found = |finding: Finding| {
        is_open &= !matches!(finding, Finding::Error { id: None, .. });
        if failure.is_none() {
            failure = finding.write(0, &mut out).err();
        }
    };
    match Parcel::unpack(&bytes).map(|parcel| (parcel.memory(), parcel)) {
        Some((Ok(memory), parcel)) => {
            sandbox::confine_computing(memory)?;
            parcel.parse(&mut found);
        }
        Some((Err(why), _)) => found(Finding::error(&why)),
        None => found(Finding::error(&"not what otp-helper fetch writes")),
    }
    match failure.map_or_else(|| out.flush(), Err) {
        Err(error) => Err(Failure::Io(error)),
        Ok(()) if is_open => Ok(()),
        Ok(()) => Err(Failure::Nothing),
    }
}

/// Foreign bytes to findings, in the sandbox.
fn parse(format: Option<&'static dyn Format>, wanted: Wanted) -> Result<(), Failure> {
    if format.is_some_and(|format| format.name() == kdbx::NAME) {
        return parse_database();
    }
    confine()?;
    let mut out = io::stdout().lock();
    let (mut has_any, mut failure) = (false, None);
    let mut found = |finding: Finding, picture| {
        has_any |= matches!(
            finding,
            Finding::Uri { .. }
                | Finding::Text { .. }
                | Finding::Named { .. }
                | Finding::Code { .. }
        );
        if failure.is_none() {
            let written = finding.write(picture, &mut out);
            failure = written.and_then(|()| out.flush()).err();
        }
    };
    let may_be_picture = format.is_none_or(|format| format.name() == PICTURE);
    let mut input = BufReader::new(io::stdin().lock());
    // A capture of screens isn't kept whole: it may be larger than the limit of memory.
    if may_be_picture && netpbm::matches(input.fill_buf()?) {
        pictures::stream(&mut input, wanted, &mut found);
    } else {
        match read_all(&mut input) {
            Ok(bytes) => match format.or_else(|| import::sniff(&bytes)) {
                Some(format) if format.name() == PICTURE => {
                    pictures::parse(&bytes, wanted, &mut found);
                }
                Some(format) => format.parse(&bytes, &mut |finding| found(finding, 0)),
                None => found(Finding::error(&"not in a format that is known"), 0),
            },
            Err(Failure::Input(error)) => found(Finding::error(&error), 0),
            Err(other) => return Err(other),
        }
    }
    match failure {
        Some(error) => Err(Failure::Io(error)),
        None if has_any => Ok(()),
        None => Err(Failure::Nothing),
    }
}

/// A text to a QR code, in the sandbox too: it is a key in most cases.
fn draw(drawing: &dyn Drawing, style: &Style) -> Result<(), Failure> {
    confine()?;
    let bytes = read_all(&mut io::stdin().lock())?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::Input("the text is not UTF-8".into()))?
        .trim_end_matches(['\r', '\n']);
    let code = Code::new(text).map_err(|error| Failure::Input(error.to_string()))?;
    let drawn = drawing.draw(text, &code, style)?;
    let mut out = io::stdout().lock();
    out.write_all(&drawn)?;
    Ok(out.flush()?)
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
