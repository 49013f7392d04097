//! Lines out of a stream, with little of it in memory.

use std::io::{self, Read};

use zeroize::Zeroizing;

use super::OpenError;
use super::document::{MAX_LINE, damaged};

/// How much is read at once: the plaintext that is in clear besides age's own chunk.
const WINDOW: usize = 8 * 1024;

/// The way in: a window of the plaintext, wiped at the end.
pub(super) struct Input<R> {
    input: R,
    window: Zeroizing<Vec<u8>>,
    /// What of the window is filled and not yet handed out.
    filled: std::ops::Range<usize>,
    /// The number of the line handed out last.
    pub(super) number: u32,
}

impl<R: Read> Input<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            window: Zeroizing::new(vec![0; WINDOW]),
            filled: 0..0,
            number: 0,
        }
    }

    /// Returns the next line without its end, and its number; `None` after the last.
    pub(super) fn line(&mut self) -> Result<Option<(&[u8], u32)>, OpenError> {
        self.number = self.number.saturating_add(1);
        let mut searched = 0;
        loop {
            let rest = self.window.get(self.filled.clone()).unwrap_or_default();
            let unsearched = rest.get(searched..).unwrap_or_default();
            let length = searched + until_newline(unsearched);
            if rest.get(length - usize::from(length > 0)) == Some(&b'\n') && length > searched {
                let start = self.filled.start;
                self.filled.start += length;
                let line = self.window.get(start..start + length - 1);
                return Ok(line.map(|line| (line, self.number)));
            }
            searched = rest.len();
            if !self.fill()? {
                // Nothing more: fine after a whole line, a mistake within one.
                return if searched == 0 {
                    Ok(None)
                } else {
                    Err(damaged(self.number))
                };
            }
        }
    }

    /// Reads more behind what is there; false at the end.
    fn fill(&mut self) -> Result<bool, OpenError> {
        self.window.copy_within(self.filled.clone(), 0);
        self.filled = 0..self.filled.len();
        if self.filled.end == self.window.len() {
            let length = self.window.len() * 2;
            if length > MAX_LINE * 2 {
                return Err(damaged(self.number));
            }
            // Not `resize`, which would leave the old window behind.
            let mut wider = Zeroizing::new(vec![0; length]);
            if let Some(front) = wider.get_mut(..self.window.len()) {
                front.copy_from_slice(&self.window);
            }
            self.window = wider;
        }
        let room = self.window.get_mut(self.filled.end..).unwrap_or_default();
        let read = self.input.read(room).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => damaged(self.number),
            _ => OpenError::Unreadable(error),
        })?;
        self.filled.end += read;
        Ok(read > 0)
    }
}

/// Returns the length of a text up to and with its first newline, or all of it.
fn until_newline(mut text: &[u8]) -> usize {
    // Reading from memory can't fail; the standard library searches quickly.
    io::BufRead::skip_until(&mut text, b'\n').unwrap_or(0)
}
