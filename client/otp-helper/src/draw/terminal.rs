//! Codes as lines of half blocks, two modules a letter.

use std::io;

use zeroize::Zeroizing;

use super::{Code, Drawing, Style};

/// Black on white from the fixed part of the 256 colours, which no theme changes: right on dark
/// and on light terminals.
const BLACK_ON_WHITE: &str = "\x1b[38;5;16;48;5;231m";
const RESET: &str = "\x1b[0m";

/// With colours.
pub(super) struct Coloured;

impl Drawing for Coloured {
    fn name(&self) -> &'static str {
        "terminal"
    }

    fn draw(&self, _text: &str, code: &Code, style: &Style) -> io::Result<Zeroizing<Vec<u8>>> {
        // The text's colour is black here, so that the blocks are the dark modules.
        Ok(lines(code, !style.is_inverted, BLACK_ON_WHITE, RESET))
    }
}

/// Without colours, for a terminal that is dark.
pub(super) struct Plain;

impl Drawing for Plain {
    fn name(&self) -> &'static str {
        "text"
    }

    fn draw(&self, _text: &str, code: &Code, style: &Style) -> io::Result<Zeroizing<Vec<u8>>> {
        Ok(lines(code, style.is_inverted, "", ""))
    }
}

/// `is_ink_dark`: the blocks stand for dark modules, else for light ones.
pub(super) fn lines(code: &Code, is_ink_dark: bool, start: &str, end: &str) -> Zeroizing<Vec<u8>> {
    let side = code.side();
    let is_ink = |x, y| y < side && code.is_dark(x, y) == is_ink_dark;
    // A block takes three bytes.
    let line = 3 * side + start.len() + end.len() + 1;
    let mut out = Zeroizing::new(Vec::with_capacity(line * side.div_ceil(2)));
    for y in (0..side).step_by(2) {
        out.extend_from_slice(start.as_bytes());
        for x in 0..side {
            let block = match (is_ink(x, y), is_ink(x, y + 1)) {
                (true, true) => "█",
                (true, false) => "▀",
                (false, true) => "▄",
                (false, false) => " ",
            };
            out.extend_from_slice(block.as_bytes());
        }
        out.extend_from_slice(end.as_bytes());
        out.push(b'\n');
    }
    out
}
