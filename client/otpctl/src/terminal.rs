//! Questions on the terminal: secrets without echo, answers with it.

use std::io;

use zeroize::Zeroizing;

use crate::os::Tty;

/// Longest secret or answer in bytes: a URI of the longest length fits.
const LONGEST: usize = otp_proto::MAX_URI + 64;

/// Asks for a secret without echo; `None` if the person gave up (Ctrl-C, or Ctrl-D at once).
pub(crate) fn ask_secret(prompt: &str) -> io::Result<Option<Zeroizing<String>>> {
    ask_hidden(prompt, false)
}

/// Asks for lines without echo, up to an empty one; `None` if the person gave up.
pub(crate) fn ask_secret_lines(prompt: &str) -> io::Result<Option<Zeroizing<String>>> {
    ask_hidden(prompt, true)
}

fn ask_hidden(prompt: &str, has_lines: bool) -> io::Result<Option<Zeroizing<String>>> {
    let tty = Tty::open()?;
    // First: who types as soon as the question is there must not see it.
    let hidden = tty.hide()?;
    tty.write(prompt)?;
    let mut line = Hidden::new();
    let ended = loop {
        let mut byte = Zeroizing::new([0_u8]);
        match hidden.read(&mut *byte) {
            Ok(0) => break Ended::Cancelled,
            Ok(_) => {}
            Err(error) => return Err(error),
        }
        let [byte] = *byte;
        match line.key(byte) {
            Some(Ended::Done) if has_lines && line.goes_on() => {}
            Some(ended) => break ended,
            None => {}
        }
    };
    drop(hidden);
    tty.write("\n")?;
    Ok(match ended {
        Ended::Done => Some(line.into_text()),
        Ended::Cancelled => None,
    })
}

/// Asks a question and returns the line that was typed; `None` at the end of input.
pub(crate) fn ask(prompt: &str) -> io::Result<Option<String>> {
    let tty = Tty::open()?;
    tty.write(prompt)?;
    let mut line = Vec::new();
    loop {
        let mut byte = [0_u8];
        match tty.read(&mut byte) {
            Ok(0) if line.is_empty() => return Ok(None),
            Ok(0) => break,
            Ok(_) if byte == *b"\n" => break,
            Ok(_) if line.len() < LONGEST => line.extend_from_slice(&byte),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Some(String::from_utf8_lossy(&line).trim().to_owned()))
}

/// How a hidden line came to its end.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Done,
    Cancelled,
}

/// Where in an escape sequence of a cursor key the input is (ECMA-48 section 5.4).
#[derive(PartialEq, Eq)]
enum Escape {
    Outside,
    Begun,
    Sequence,
}

/// A line that is typed without echo, and the keys that edit it.
struct Hidden {
    bytes: Zeroizing<Vec<u8>>,
    escape: Escape,
}

impl Hidden {
    fn new() -> Self {
        Self {
            bytes: Zeroizing::new(Vec::with_capacity(LONGEST)),
            escape: Escape::Outside,
        }
    }

    /// Takes a key's byte; returns how the line ended, once it does.
    fn key(&mut self, byte: u8) -> Option<Ended> {
        match self.escape {
            Escape::Begun => {
                self.escape = if byte == b'[' || byte == b'O' {
                    Escape::Sequence
                } else {
                    Escape::Outside
                };
                return None;
            }
            Escape::Sequence => {
                if (0x40..=0x7e).contains(&byte) {
                    self.escape = Escape::Outside;
                }
                return None;
            }
            Escape::Outside => {}
        }
        match byte {
            // Ctrl-C, Ctrl-\
            0x03 | 0x1c => return Some(Ended::Cancelled),
            // Ctrl-D
            0x04 if self.bytes.is_empty() => return Some(Ended::Cancelled),
            b'\n' | b'\r' | 0x04 => return Some(Ended::Done),
            // Backspace: the whole of the last character
            0x08 | 0x7f => {
                while let Some(last) = self.bytes.pop() {
                    if last & 0xc0 != 0x80 {
                        break;
                    }
                }
            }
            // Ctrl-U
            0x15 => self.bytes.clear(),
            0x1b => self.escape = Escape::Begun,
            0x00..=0x1f => {}
            _ if self.bytes.len() < LONGEST => self.bytes.push(byte),
            _ => {}
        }
        None
    }

    /// Begins another line, unless this one is empty.
    fn goes_on(&mut self) -> bool {
        let is_empty = matches!(self.bytes.last(), None | Some(b'\n'));
        if !is_empty && self.bytes.len() < LONGEST {
            self.bytes.push(b'\n');
        }
        !is_empty
    }

    fn into_text(self) -> Zeroizing<String> {
        Zeroizing::new(String::from_utf8_lossy(&self.bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> (Option<Ended>, String) {
        let mut line = Hidden::new();
        let ended = keys.iter().find_map(|&byte| line.key(byte));
        (ended, line.into_text().to_string())
    }

    #[test]
    fn backspace_takes_back_a_whole_japanese_character() {
        let keys = ["合言葉".as_bytes(), b"\x7f\n"].concat();
        assert_eq!(typed(&keys), (Some(Ended::Done), "合言".into()));
    }

    #[test]
    fn ctrl_u_clears_and_cursor_keys_leave_nothing() {
        assert_eq!(
            typed(b"wrong\x15ri\x1b[D\x1bOAght\x1b[3~\n"),
            (Some(Ended::Done), "right".into())
        );
    }

    #[test]
    fn ctrl_c_gives_up_and_ctrl_d_only_at_the_start() {
        assert_eq!(typed(b"abc\x03").0, Some(Ended::Cancelled));
        assert_eq!(typed(b"\x04").0, Some(Ended::Cancelled));
        assert_eq!(typed(b"abc\x04"), (Some(Ended::Done), "abc".into()));
    }
}
