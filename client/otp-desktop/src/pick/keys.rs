//! What a terminal sends when keys are pressed.

/// A key that means something in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Letter(char),
    Backspace,
    Clear,
    Up,
    Down,
    PageUp,
    PageDown,
    Enter,
    Cancel,
}

/// Bytes of a key that isn't whole yet.
#[derive(Default)]
pub(super) struct Keys(Vec<u8>);

impl Keys {
    /// Takes what one read gave. An escape key stands alone; a cursor key's sequence comes at once
    /// (ECMA-48 section 5.4).
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Key> {
        if bytes == b"\x1b" {
            self.0.clear();
            return vec![Key::Cancel];
        }
        self.0.extend_from_slice(bytes);
        let mut keys = Vec::new();
        while let Some((key, length)) = first(&self.0) {
            self.0.drain(..length);
            keys.extend(key);
        }
        keys
    }
}

/// The first key and how many bytes it has; `None` if more must come.
fn first(bytes: &[u8]) -> Option<(Option<Key>, usize)> {
    let (&byte, rest) = bytes.split_first()?;
    let key = match byte {
        0x1b => return sequence(rest).map(|(key, length)| (key, length + 1)),
        b'\r' | b'\n' => Key::Enter,
        // Ctrl-C, Ctrl-D, Ctrl-G, Ctrl-\
        0x03 | 0x04 | 0x07 | 0x1c => Key::Cancel,
        0x08 | 0x7f => Key::Backspace,
        // Ctrl-U, Ctrl-P, Ctrl-N
        0x15 => Key::Clear,
        0x10 => Key::Up,
        0x0e => Key::Down,
        0x00..=0x1f => return Some((None, 1)),
        _ => return letter(bytes),
    };
    Some((Some(key), 1))
}

fn sequence(rest: &[u8]) -> Option<(Option<Key>, usize)> {
    let [introducer, parameters @ ..] = rest else {
        return None;
    };
    if !matches!(introducer, b'[' | b'O') {
        // A letter with Alt.
        return Some((None, 1));
    }
    let end = parameters
        .iter()
        .position(|byte| (0x40..=0x7e).contains(byte))?;
    let key = match (parameters.get(..end)?, parameters.get(end)?) {
        (_, b'A') => Some(Key::Up),
        (_, b'B') => Some(Key::Down),
        (b"5", b'~') => Some(Key::PageUp),
        (b"6", b'~') => Some(Key::PageDown),
        _ => None,
    };
    Some((key, end + 2))
}

fn letter(bytes: &[u8]) -> Option<(Option<Key>, usize)> {
    let whole = bytes.get(..bytes.len().min(4)).unwrap_or_default();
    let text = match std::str::from_utf8(whole) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() > 0 => {
            std::str::from_utf8(whole.get(..error.valid_up_to())?).ok()?
        }
        // The rest of the character is still to come.
        Err(error) if error.error_len().is_none() => return None,
        Err(_) => return Some((None, 1)),
    };
    let letter = text.chars().next()?;
    let key = (!letter.is_control()).then_some(Key::Letter(letter));
    Some((key, letter.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_come_whole_however_they_are_cut() {
        let mut keys = Keys::default();
        let text = "aé山".as_bytes();
        let heard: Vec<Key> = text.iter().flat_map(|&byte| keys.take(&[byte])).collect();
        let letters = ['a', 'é', '山'].map(Key::Letter);
        assert_eq!(heard, letters);
        assert_eq!(Keys::default().take(text), letters);
        assert_eq!(Keys::default().take(b"\xff\xfea"), [Key::Letter('a')]);
    }

    #[test]
    fn cursor_keys_are_one_key_and_escape_alone_ends() {
        let heard = Keys::default().take(b"\x1b[A\x1bOB\x1b[5~\x1b[6~\x1b[1;5C\x1b[3~\x1bx\r");
        let expected = [Key::Up, Key::Down, Key::PageUp, Key::PageDown, Key::Enter];
        assert_eq!(heard, expected);
        assert_eq!(Keys::default().take(b"\x1b"), [Key::Cancel]);
        for byte in [3, 4, 0x1c] {
            assert_eq!(Keys::default().take(&[byte]), [Key::Cancel]);
        }
    }
}
