//! A person chooses one of some names: in a program that they have, or in the terminal. Names
//! alone come in, and the number of one goes out.

mod keys;
mod list;
mod program;
mod terminal;

use std::io::{self, Read as _, Write as _};

use crate::failure::Failure;
use crate::out::Pipe;
use crate::settings::Settings;

/// Most bytes of names: ten thousand entries with the longest labels that a screen has room for.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Reads names, one a line, from standard input, and writes the number of the chosen one, from 0.
pub(crate) fn run(mut out: Pipe, in_terminal: bool) -> Result<(), Failure> {
    let names = names()?;
    let settings = Settings::read()?;
    let configured = settings.pick.program.as_ref();
    let chosen = match program::find(configured, in_terminal)? {
        Some(program) => program.choose(&names, in_terminal)?,
        None => terminal::choose(&names)?,
    };
    Ok(writeln!(out, "{chosen}")?)
}

fn names() -> Result<Vec<String>, Failure> {
    let mut text = Vec::new();
    io::stdin().lock().take(MOST_BYTES).read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    // Whatever a terminal or a picker would obey is taken out.
    Ok(text.lines().map(otp_proto::clean_label).collect())
}
