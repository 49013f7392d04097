//! The arguments of `fetch`.

use super::{Fetched, Verb, unknown, value};
use crate::fetch::{Kept, Lines, PRESETS, Store, preset};

const NEEDS: &str = "fetch needs kdbx --file FILE, pass --store FOLDER, gopass --store FOLDER, \
     command --line LINE or preset --name NAME";

/// Reads them.
pub(super) fn read(parser: &mut lexopt::Parser) -> Result<Verb, String> {
    use lexopt::Arg::{Long, Short, Value};
    let (mut kind, mut file, mut key_file, mut store) = (None, None, None, None);
    let (mut folder, mut line, mut name, mut entry) = (None, None, None, None);
    let mut is_attended = false;
    while let Some(given) = parser.next().map_err(|error| error.to_string())? {
        match given {
            Long("file") => file = Some(value(parser)?.into()),
            Long("key-file") => key_file = Some(value(parser)?.into()),
            Long("store") => store = Some(value(parser)?.into()),
            Long("folder") => folder = Some(value(parser)?.into()),
            Long("line") => line = Some(text(parser)?),
            Long("name") => name = Some(text(parser)?),
            Long("entry") => entry = Some(text(parser)?),
            Long("attended") => is_attended = true,
            Value(word) if kind.is_none() => kind = Some(word.to_string_lossy().into_owned()),
            Short('h') | Long("help") => return Ok(Verb::Help),
            other @ (Short(_) | Long(_) | Value(_)) => return Err(other.unexpected().to_string()),
        }
    }
    let kind = kind.unwrap_or_default();
    let wanted = match kind.as_str() {
        "kdbx" => file.map(|file| Fetched::Kdbx(Kept { file, key_file })),
        "pass" | "gopass" => store.map(|path| {
            Fetched::Store(Store {
                program: if kind == "pass" { "pass" } else { "gopass" },
                path,
                folder,
                entry,
                is_attended,
            })
        }),
        "command" => line.map(|line| Fetched::Lines(Lines { line, entry })),
        "preset" => {
            let names = || unknown("name", PRESETS.iter().map(|preset| preset.name));
            let name = name.unwrap_or_default();
            let line = preset(&name, entry.is_some()).ok_or_else(names)?.to_owned();
            Some(Fetched::Lines(Lines { line, entry }))
        }
        _ => None,
    };
    wanted.map(Verb::Fetch).ok_or_else(|| NEEDS.into())
}

fn text(parser: &mut lexopt::Parser) -> Result<String, String> {
    let text = value(parser)?.into_string();
    text.map_err(|_| "an argument is not UTF-8".into())
}
