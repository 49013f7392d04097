//! Lines out of a stream, with little of it in memory.

use std::io::{self, Read};
use std::ops::Range;

use hmac::Mac as _;
use zeroize::Zeroizing;

use super::OpenError;
use super::document::{MAX_LINE, Mac, VAULT, damaged};

/// How much is read at once: the plaintext that is in clear besides age's own chunk.
const WINDOW: usize = 8 * 1024;

/// The way in: a window of the plaintext, wiped at the end, and the MAC over what left it.
pub(super) struct Input<R> {
    stream: R,
    mac: Mac,
    window: Zeroizing<Vec<u8>>,
    /// Where in the window the MAC ends.
    authenticated: usize,
    /// The line handed out last, with its end.
    current: Range<usize>,
    /// Where what was read ends; the next line begins where the current one ends.
    filled: usize,
    number: u32,
}

impl<R: Read> Input<R> {
    pub(super) fn new(stream: R, mac: Mac) -> Self {
        Self {
            stream,
            mac,
            window: Zeroizing::new(vec![0; WINDOW]),
            authenticated: 0,
            current: 0..0,
            filled: 0,
            number: 0,
        }
    }

    /// Returns the next line without its end, and its number from 1; `None` after the last.
    pub(super) fn line(&mut self) -> Result<Option<(&[u8], u32)>, OpenError> {
        self.number = self.number.saturating_add(1);
        self.current = self.current.end..self.current.end;
        loop {
            let rest = self.window.get(self.current.end..self.filled);
            let rest = rest.unwrap_or_default();
            let (length, is_whole) = until_newline(rest);
            self.current.end += length;
            if self.current.len() > MAX_LINE {
                return Err(damaged(self.number));
            }
            if is_whole {
                let line = self.current.start..self.current.end - 1;
                return Ok(self.window.get(line).map(|line| (line, self.number)));
            }
            if !self.fill()? {
                // Nothing more: fine after a whole line, a mistake within one.
                return if self.current.is_empty() {
                    Ok(None)
                } else {
                    Err(damaged(self.number))
                };
            }
        }
    }

    /// Compares a tag with the MAC over every byte before the line handed out last.
    pub(super) fn verify(&mut self, tag: &[u8]) -> Result<(), OpenError> {
        self.authenticate();
        let mac = self.mac.clone();
        mac.verify_slice(tag).map_err(|_| OpenError::Forged)
    }

    /// Takes the lines before the current one into the MAC.
    fn authenticate(&mut self) {
        let lines = self.window.get(self.authenticated..self.current.start);
        self.mac.update(lines.unwrap_or_default());
        self.authenticated = self.current.start;
    }

    /// Reads more behind what is there; false at the end.
    fn fill(&mut self) -> Result<bool, OpenError> {
        self.authenticate();
        self.window.copy_within(self.current.start..self.filled, 0);
        self.filled -= self.current.start;
        self.current = 0..self.current.len();
        self.authenticated = 0;
        if self.filled == self.window.len() {
            // Not `resize`, which would leave the old window behind.
            let mut wider = Zeroizing::new(vec![0; self.window.len() * 2]);
            if let Some(front) = wider.get_mut(..self.filled) {
                front.copy_from_slice(&self.window);
            }
            self.window = wider;
        }
        let room = self.window.get_mut(self.filled..).unwrap_or_default();
        let read = self.stream.read(room).map_err(|error| {
            // age's words for a chunk that doesn't decrypt, and for a file cut off.
            let of_age = [io::ErrorKind::InvalidData, io::ErrorKind::UnexpectedEof];
            if of_age.contains(&error.kind()) {
                OpenError::Damaged {
                    file: VAULT,
                    line: None,
                }
            } else {
                OpenError::Unreadable(error)
            }
        })?;
        self.filled += read;
        Ok(read > 0)
    }
}

/// Returns the length of a text up to and with its first newline, or all of it.
fn until_newline(mut text: &[u8]) -> (usize, bool) {
    let whole = text;
    // Reading from memory can't fail; the standard library searches quickly.
    let length = io::BufRead::skip_until(&mut text, b'\n').unwrap_or(0);
    let found = length > 0 && whole.get(length - 1) == Some(&b'\n');
    (length, found)
}
