//! Lines out of a byte stream, without I/O: push what was read, take whole lines.

use std::fmt;

use zeroize::{Zeroize as _, Zeroizing};

/// Collects bytes into lines of a bounded length; every buffer is wiped.
#[derive(Default)]
pub struct Frames {
    buffer: Zeroizing<Vec<u8>>,
    /// Bytes before this place hold no newline.
    searched: usize,
    /// Where the unfinished line begins; kept, because looking for it in a long answer that
    /// comes in small pieces would take the square of its length.
    unfinished: usize,
    limit: usize,
}

/// A line grew past the limit; the connection can only be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("line too long")
    }
}
impl std::error::Error for TooLong {}

impl Frames {
    /// Starts with an empty buffer and a limit in bytes for a line without its newline.
    pub fn new(limit: usize) -> Self {
        Self {
            buffer: Zeroizing::default(),
            searched: 0,
            unfinished: 0,
            limit,
        }
    }

    /// Adds bytes that were read.
    ///
    /// # Errors
    /// [`TooLong`] once the unfinished line passes the limit.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        let needed = self.buffer.len() + bytes.len();
        if needed > self.buffer.capacity() {
            // Grown by hand: a plain reallocation would leave the old bytes unwiped.
            let mut larger =
                Zeroizing::new(Vec::with_capacity(needed.next_power_of_two().max(512)));
            larger.extend_from_slice(&self.buffer);
            self.buffer = larger;
        }
        if let Some(last) = bytes.iter().rposition(|&b| b == b'\n') {
            self.unfinished = self.buffer.len() + last + 1;
        }
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() - self.unfinished > self.limit {
            Err(TooLong)
        } else {
            Ok(())
        }
    }

    /// Takes the next whole line, without its newline.
    ///
    /// # Errors
    /// [`TooLong`] if the line passes the limit.
    pub fn next_line(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, TooLong> {
        let Some(found) = self
            .buffer
            .iter()
            .skip(self.searched)
            .position(|&b| b == b'\n')
        else {
            self.searched = self.buffer.len();
            return Ok(None);
        };
        let end = self.searched + found;
        if end > self.limit {
            return Err(TooLong);
        }
        let line = Zeroizing::new(self.buffer.get(..end).unwrap_or_default().to_vec());
        let rest = self.buffer.len() - end - 1;
        self.buffer.copy_within(end + 1.., 0);
        if let Some(stale) = self.buffer.get_mut(rest..) {
            stale.zeroize();
        }
        self.buffer.truncate(rest);
        self.searched = 0;
        // At or behind the newline that was found.
        self.unfinished -= end + 1;
        Ok(Some(line))
    }

    /// Returns whether bytes of an unfinished line wait in the buffer.
    pub fn is_partial(&self) -> bool {
        !self.buffer.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_out_whole_however_the_bytes_arrive() {
        let text = b"one\n\ntwo two\nthree";
        for step in 1..text.len() {
            let mut frames = Frames::new(16);
            let mut lines = Vec::new();
            for piece in text.chunks(step) {
                frames.push(piece).unwrap();
                while let Some(line) = frames.next_line().unwrap() {
                    lines.push(String::from_utf8(line.to_vec()).unwrap());
                }
            }
            assert_eq!(lines, ["one", "", "two two"], "step {step}");
            assert!(frames.is_partial());
        }
    }

    #[test]
    fn a_line_past_the_limit_is_refused_before_its_newline_comes() {
        let mut frames = Frames::new(8);
        frames.push(b"12345678").unwrap();
        assert_eq!(frames.push(b"9"), Err(TooLong));
    }

    #[test]
    fn a_line_of_exactly_the_limit_is_taken_and_one_byte_more_is_not() {
        let mut frames = Frames::new(4);
        frames.push(b"1234\n").unwrap();
        assert_eq!(frames.next_line().unwrap().unwrap().as_slice(), b"1234");
        frames.push(b"12345\n").unwrap();
        assert_eq!(frames.next_line(), Err(TooLong));
    }
}
