//! The grammar of the command line.

mod fetch;

use std::ffi::OsString;
use std::path::PathBuf;

use crate::draw::{self, DRAWINGS, Drawing, Style};
use crate::export::{self, EXPORTS, Export};
use crate::fetch::Wanted as Fetched;
use crate::import::picture::Wanted;
use crate::import::{self, AUTO, FORMATS, Format, PICTURE};
use crate::manual::{PAGES, Page, SHELLS, Shell};
use crate::text::{self, ENGLISH, TEXTS};

/// What was asked for.
pub(crate) enum Verb {
    /// Foreign bytes on stdin to findings; without a format it is found out.
    Parse(Option<&'static dyn Format>, Wanted),
    /// What another program keeps to stdout, as `parse` reads it.
    Fetch(Fetched),
    /// A text on stdin to a QR code.
    Draw(&'static dyn Drawing, Style),
    /// URIs on stdin to a foreign format.
    Export(&'static dyn Export),
    /// A manual page.
    Man(&'static Page),
    /// All manual pages into a folder.
    WriteMan(PathBuf),
    /// Completions of `otpctl`.
    Completions(&'static Shell),
    /// How to use it.
    Help,
    /// Which version it is.
    Version,
}

/// Reads the arguments.
///
/// # Errors
/// What is wrong with them, for the person who typed them.
pub(crate) fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Verb, String> {
    use lexopt::Arg::{Long, Short, Value};
    let mut parser = lexopt::Parser::from_args(arguments);
    let verb = match parser.next().map_err(|error| error.to_string())? {
        Some(Value(verb)) => verb.to_string_lossy().into_owned(),
        Some(Short('h') | Long("help")) | None => return Ok(Verb::Help),
        Some(Short('V') | Long("version")) => return Ok(Verb::Version),
        Some(other @ (Short(_) | Long(_))) => return Err(other.unexpected().to_string()),
    };
    if verb == "fetch" {
        return fetch::read(&mut parser);
    }
    let (mut format, mut folder, mut argument) = (None, None, None);
    let mut wanted = Wanted::Keys;
    let mut style = Style {
        is_inverted: false,
        text: &ENGLISH,
    };
    while let Some(given) = parser.next().map_err(|error| error.to_string())? {
        match given {
            Long("image") if verb == "parse" => format = Some(PICTURE.into()),
            Long("text") if verb == "parse" => wanted = Wanted::Texts,
            Long("format") if ["parse", "export", "draw"].contains(&verb.as_str()) => {
                format = Some(value(&mut parser)?.to_string_lossy().into_owned());
            }
            Long("invert") if verb == "draw" => style.is_inverted = true,
            Long("language") if verb == "draw" => {
                style.text = text::named(&value(&mut parser)?.to_string_lossy())
                    .ok_or_else(|| unknown("language", TEXTS.iter().map(|text| text.language)))?;
            }
            Long("write") if verb == "man" => folder = Some(value(&mut parser)?),
            Value(text)
                if argument.is_none() && ["man", "completions"].contains(&verb.as_str()) =>
            {
                argument = Some(text.to_string_lossy().into_owned());
            }
            Short('h') | Long("help") => return Ok(Verb::Help),
            other @ (Short(_) | Long(_) | Value(_)) => return Err(other.unexpected().to_string()),
        }
    }
    match (verb.as_str(), format, argument) {
        ("parse", None, _) => Err("parse needs --image or --format NAME".into()),
        ("parse", Some(name), _) if wanted == Wanted::Texts && name != PICTURE => {
            Err("--text is for pictures".into())
        }
        ("parse", Some(name), _) if name == AUTO => Ok(Verb::Parse(None, wanted)),
        ("parse", Some(name), _) => import::named(&name)
            .map(|format| Verb::Parse(Some(format), wanted))
            .ok_or_else(|| {
                let names = FORMATS.iter().map(|format| format.name());
                unknown("format", std::iter::once(AUTO).chain(names))
            }),
        ("draw", None, _) => Err("draw needs --format NAME".into()),
        ("draw", Some(name), _) => draw::named(&name)
            .map(|drawing| Verb::Draw(drawing, style))
            .ok_or_else(|| unknown("format", DRAWINGS.iter().map(|drawing| drawing.name()))),
        ("export", None, _) => Err("export needs --format NAME".into()),
        ("export", Some(name), _) => export::named(&name)
            .map(Verb::Export)
            .ok_or_else(|| unknown("format", EXPORTS.iter().map(|export| export.name()))),
        ("man", _, None) if folder.is_some() => {
            Ok(Verb::WriteMan(folder.unwrap_or_default().into()))
        }
        ("man", _, name) => Page::named(name.as_deref().unwrap_or("otpctl"))
            .map(Verb::Man)
            .ok_or_else(|| unknown("page", PAGES.iter().map(|page| page.name))),
        ("completions", _, name) => name
            .and_then(|name| Shell::named(&name))
            .map(Verb::Completions)
            .ok_or_else(|| unknown("shell", SHELLS.iter().map(|shell| shell.name))),
        _ => Err(unknown(
            "verb",
            ["parse", "fetch", "draw", "export", "man", "completions"].into_iter(),
        )),
    }
}

fn value(parser: &mut lexopt::Parser) -> Result<OsString, String> {
    parser.value().map_err(|error| error.to_string())
}

fn unknown(what: &str, names: impl Iterator<Item = &'static str>) -> String {
    let known: Vec<&str> = names.collect();
    format!("unknown {what} (known: {})", known.join(", "))
}
