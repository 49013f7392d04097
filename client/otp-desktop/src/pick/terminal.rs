//! Our own list, where there is a terminal and no other picker. It is drawn below the cursor and
//! leaves nothing behind.

use std::fmt::Write as _;

use super::keys::Keys;
use super::list::{Ended, List};
use crate::failure::Failure;
use crate::os::Tty;

/// Most names that are seen at once.
const MOST_ROWS: usize = 10;

/// Lets a person choose; the number of the name.
pub(super) fn choose(names: &[String]) -> Result<usize, Failure> {
    let tty = Tty::open().map_err(|_| Failure::NoPicker)?;
    match asked(&tty, names)? {
        Some(Ended::Chosen(place)) => Ok(place),
        Some(Ended::Cancelled) => Err(Failure::NotChosen(None)),
        None => Err(Failure::Interrupted),
    }
}

/// Shows the list until it comes to an end; `None` if something else ended it.
fn asked(tty: &Tty, names: &[String]) -> Result<Option<Ended>, Failure> {
    let raw = tty.raw()?;
    let (mut list, mut keys) = (List::new(names), Keys::default());
    let ended = loop {
        let (rows, columns) = tty.size();
        let page = rows.saturating_sub(2).clamp(1, MOST_ROWS);
        tty.write(&drawn(&list, columns, page))?;
        let mut bytes = [0; 64];
        let length = raw.read(&mut bytes)?;
        if length == 0 {
            break None;
        }
        let pressed = keys.take(bytes.get(..length).unwrap_or_default());
        let mut ends = pressed.into_iter().map(|key| list.press(key, page));
        if let Some(ended) = ends.find_map(|ended| ended) {
            break Some(ended);
        }
    };
    // Gone before the terminal is as it was.
    tty.write("\r\x1b[J").ok();
    Ok(ended)
}

/// The list over what was there, with the cursor where the person types.
fn drawn(list: &List<'_>, columns: usize, page: usize) -> String {
    let (lines, column) = list.lines(columns, page);
    let mut out = String::from("\r\x1b[J");
    out += &lines.join("\r\n");
    let below = lines.len().saturating_sub(1);
    if below > 0 {
        write!(out, "\x1b[{below}A").ok();
    }
    out.push('\r');
    if column > 0 {
        write!(out, "\x1b[{column}C").ok();
    }
    out
}
