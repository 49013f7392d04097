//! The grammar of the command line.

use std::ffi::OsString;

use crate::export::{self, EXPORTS, Export};
use crate::import::{self, AUTO, FORMATS, Format};

/// What was asked for.
pub(crate) enum Verb {
    /// Foreign bytes on stdin to findings; without a format it is found out.
    Parse(Option<&'static dyn Format>),
    /// URIs on stdin to a foreign format.
    Export(&'static dyn Export),
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
    let mut format = None;
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Long("image") if verb == "parse" => format = Some("picture".into()),
            Long("format") if verb == "parse" || verb == "export" => {
                format = Some(
                    parser
                        .value()
                        .map_err(|error| error.to_string())?
                        .to_string_lossy()
                        .into_owned(),
                );
            }
            Short('h') | Long("help") => return Ok(Verb::Help),
            other @ (Short(_) | Long(_) | Value(_)) => {
                return Err(other.unexpected().to_string());
            }
        }
    }
    match (verb.as_str(), format) {
        ("parse", None) => Err("parse needs --image or --format NAME".into()),
        ("parse", Some(name)) if name == AUTO => Ok(Verb::Parse(None)),
        ("parse", Some(name)) => import::named(&name)
            .map(|format| Verb::Parse(Some(format)))
            .ok_or_else(|| unknown(AUTO, FORMATS.iter().map(|format| format.name()))),
        ("export", None) => Err("export needs --format NAME".into()),
        ("export", Some(name)) => export::named(&name)
            .map(Verb::Export)
            .ok_or_else(|| unknown("", EXPORTS.iter().map(|export| export.name()))),
        _ => Err("unknown verb (parse, export, man and completions are known)".into()),
    }
}

fn unknown(first: &str, names: impl Iterator<Item = &'static str>) -> String {
    let mut known = first.to_owned();
    for name in names {
        if !known.is_empty() {
            known.push_str(", ");
        }
        known.push_str(name);
    }
    format!("unknown format (known: {known})")
}
