//! A service's own one-use codes, which let a person in when the token is lost.

use std::fmt;

use zeroize::ZeroizeOnDrop;

use crate::Code;

/// Most codes of an entry; services hand out 5 to 16.
pub const MAX_RECOVERY_CODES: usize = 64;
/// Longest code in bytes; real ones have 6 to 32.
pub const MAX_RECOVERY_CODE: usize = 64;

/// What stands before a code that is left, and before one that was used.
const LEFT: u8 = b'+';
const USED: u8 = b'-';

/// The codes of an entry in their order, each with whether it was used. Wiped on drop, never
/// printed.
///
/// They are kept as lines, `+code` or `-code`, so that an agent can put them where its keys are.
#[derive(Default, PartialEq, Eq, ZeroizeOnDrop)]
pub struct RecoveryCodes(Vec<u8>);

/// Why a code isn't acceptable; never quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryCodeError {
    /// Empty, or longer than [`MAX_RECOVERY_CODE`].
    Length,
    /// Something else than visible ASCII characters and blanks between them.
    Characters,
    /// More than [`MAX_RECOVERY_CODES`].
    Count,
}

impl fmt::Display for RecoveryCodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => write!(
                f,
                "a recovery code must have 1 to {MAX_RECOVERY_CODE} bytes"
            ),
            Self::Characters => f.write_str("a recovery code has letters, digits and ASCII signs"),
            Self::Count => write!(
                f,
                "an entry has at most {MAX_RECOVERY_CODES} recovery codes"
            ),
        }
    }
}
impl std::error::Error for RecoveryCodeError {}

impl RecoveryCodes {
    /// Copies what [`Self::expose`] lent.
    pub fn copy_of(lines: &[u8]) -> Self {
        let mut all = Self::default();
        all.reserve();
        all.0.extend_from_slice(lines);
        all
    }

    /// Appends a code; false if it is there already, used or not.
    ///
    /// # Errors
    /// [`RecoveryCodeError`].
    pub fn push(&mut self, code: &str, is_used: bool) -> Result<bool, RecoveryCodeError> {
        if code.is_empty() || code.len() > MAX_RECOVERY_CODE {
            return Err(RecoveryCodeError::Length);
        }
        let is_visible = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
        if !code.bytes().all(is_visible) || code.trim() != code {
            return Err(RecoveryCodeError::Characters);
        }
        if self.iter().any(|(other, _)| other == code) {
            return Ok(false);
        }
        if self.iter().count() >= MAX_RECOVERY_CODES {
            return Err(RecoveryCodeError::Count);
        }
        self.reserve();
        self.0.push(if is_used { USED } else { LEFT });
        self.0.extend_from_slice(code.as_bytes());
        self.0.push(b'\n');
        Ok(true)
    }

    /// Marks the next code that is left as used, and returns it.
    pub fn take(&mut self) -> Option<Code> {
        let mut place = 0;
        for line in self.0.split(|&byte| byte == b'\n') {
            if let [LEFT, code @ ..] = line {
                let code = std::str::from_utf8(code).ok()?.to_owned();
                *self.0.get_mut(place)? = USED;
                return Some(Code::new(code));
            }
            place += line.len() + 1;
        }
        None
    }

    /// Returns the codes in their order, each with whether it was used.
    pub fn iter(&self) -> impl Iterator<Item = (&str, bool)> {
        recovery_codes(&self.0)
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Lends the lines.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Makes room for all that may come, so that growing leaves no copy behind.
    fn reserve(&mut self) {
        if self.0.capacity() == 0 {
            self.0 = Vec::with_capacity(MAX_RECOVERY_CODES * (MAX_RECOVERY_CODE + 2));
        }
    }
}

impl fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Reads the lines that [`RecoveryCodes::expose`] lent: codes, each with whether it was used.
pub fn recovery_codes(lines: &[u8]) -> impl Iterator<Item = (&str, bool)> {
    lines
        .split(|&byte| byte == b'\n')
        .filter_map(|line| match line {
            [mark @ (LEFT | USED), code @ ..] => {
                Some((std::str::from_utf8(code).ok()?, *mark == USED))
            }
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_taken_in_their_order_and_once() {
        let mut codes = RecoveryCodes::default();
        for code in ["-a1", "+b2", "c 3"] {
            assert_eq!(codes.push(code, false), Ok(true));
        }
        for expected in ["-a1", "+b2", "c 3"] {
            assert_eq!(codes.take().unwrap().expose(), expected);
        }
        assert!(codes.take().is_none());
        assert!(codes.iter().all(|(_, is_used)| is_used));
        assert_eq!(codes.push("c 3", false), Ok(false), "a used one stays used");
    }

    #[test]
    fn what_is_no_code_is_refused_and_never_shown() {
        let mut codes = RecoveryCodes::default();
        for (code, expected) in [
            ("", RecoveryCodeError::Length),
            (&"x".repeat(65), RecoveryCodeError::Length),
            ("a\nb", RecoveryCodeError::Characters),
            ("a\u{1b}", RecoveryCodeError::Characters),
            ("コード", RecoveryCodeError::Characters),
            (" a", RecoveryCodeError::Characters),
        ] {
            assert_eq!(codes.push(code, false), Err(expected), "{code}");
        }
        for number in 0..MAX_RECOVERY_CODES {
            assert_eq!(codes.push(&format!("{number:064}"), false), Ok(true));
        }
        assert_eq!(codes.push("more", false), Err(RecoveryCodeError::Count));
        assert_eq!(format!("{codes:?}"), "[redacted]");
        assert_eq!(RecoveryCodes::copy_of(codes.expose()), codes);
    }
}
