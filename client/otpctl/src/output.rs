//! What leaves for the person or the script: results to standard output, the rest to standard
//! error. Nothing else in this program writes there.

use std::io::IsTerminal as _;

use unicode_width::UnicodeWidthStr as _;

use crate::failure::{Failure, Kind};
use crate::json::Json;
use crate::os;
use crate::text::Text;

/// Writes a result.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

/// Writes a result that is no text.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    os::write_stdout(bytes).map_err(|error| Failure::output(&error))
}

/// Writes a result that is JSON already, as a line.
pub(crate) fn print_json(json: &str) -> Result<(), Failure> {
    let mut line = zeroize::Zeroizing::new(String::with_capacity(json.len() + 1));
    line.push_str(json);
    line.push('\n');
    print(&line)
}

/// Tells a person something. Standard error may be gone; that is no reason to fail.
pub(crate) fn say(text: &str) {
    os::write_stderr(text.as_bytes()).ok();
}

/// Names the place of a defect of this program.
pub(crate) fn defect(place: Option<&std::panic::Location<'_>>) {
    let (file, line) = place.map_or(("?", 0), |place| (place.file(), place.line()));
    let mut message = String::from("otpctl: internal error at ");
    for part in [file, ":", &line.to_string(), "\n"] {
        message.push_str(part);
    }
    say(&message);
}

/// Writes why the command failed, and what to do.
pub(crate) fn complain(text: &Text, failure: &Failure) {
    complain_as("otpctl: ", text, failure);
}

/// The same of another program of this package.
pub(crate) fn complain_as(program: &str, text: &Text, failure: &Failure) {
    if failure.kind == Kind::OutputClosed {
        return;
    }
    let cause = text.cause(&failure.cause);
    let mut message = String::from(program);
    for part in [failure.what, ": ", &cause, "\n", &failure.details] {
        message.push_str(part);
    }
    if let Some(hint) = &failure.hint {
        for part in [text.hint, hint, "\n"] {
            message.push_str(part);
        }
    }
    say(&message);
}

/// Whether standard output is a terminal.
pub(crate) fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Whether a person sits at standard input and standard error.
pub(crate) fn is_attended() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Aligns rows in columns by display width (UAX #11), two blanks apart.
pub(crate) fn columns(rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        for (place, cell) in row.iter().enumerate() {
            let width = cell.width();
            match widths.get_mut(place) {
                Some(widest) => *widest = width.max(*widest),
                None => widths.push(width),
            }
        }
    }
    let mut out = String::new();
    for row in rows {
        let mut gap = 0;
        for (cell, widest) in row.iter().zip(&widths) {
            // Blanks only before something: no line ends in them.
            let width = cell.width();
            if width > 0 {
                out.extend(std::iter::repeat_n(' ', gap));
                out.push_str(cell);
                gap = 0;
            }
            gap += widest - width + 2;
        }
        out.push('\n');
    }
    out
}

/// An entry's name for people.
pub(crate) fn name(text: &Text, entry: Json<'_>) -> String {
    full_name(text, entry.label("issuer"), entry.label("account"))
}

/// A name for people: `ISSUER (ACCOUNT)`, either of them, or a stand-in.
pub(crate) fn full_name(text: &Text, issuer: String, account: String) -> String {
    match (issuer.is_empty(), account.is_empty()) {
        (false, false) => issuer + " (" + &account + ")",
        (false, true) => issuer,
        (true, false) => account,
        (true, true) => text.nameless.into(),
    }
}

/// A code in groups, as it is easier to read: threes, or fours for eight digits.
pub(crate) fn grouped(code: &str) -> String {
    let group = if code.len() == 8 { 4 } else { 3 };
    let mut out = String::with_capacity(code.len() + 3);
    for (place, c) in code.chars().enumerate() {
        if place > 0 && place % group == 0 && code.len() > 5 {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_by_display_width_not_by_characters() {
        let rows = [
            vec!["a1".to_owned(), "トレンド".to_owned(), "x".to_owned()],
            vec!["b2".to_owned(), "GitHub".to_owned(), "y".to_owned()],
        ];
        assert_eq!(columns(&rows), "a1  トレンド  x\nb2  GitHub    y\n");
    }

    #[test]
    fn a_code_is_shown_in_groups_and_a_short_one_whole() {
        assert_eq!(grouped("257274"), "257 274");
        assert_eq!(grouped("25727412"), "2572 7412");
        assert_eq!(grouped("1234567"), "123 456 7");
        assert_eq!(grouped("F3K9P"), "F3K9P");
    }
}
