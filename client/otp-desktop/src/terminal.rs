//! A code handed to the terminal, which puts it onto the clipboard of the machine that it runs on
//! (OSC 52: Xterm Control Sequences, "Manipulate Selection Data"): the way over SSH.

use std::fs::File;
use std::io::Write as _;

use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::order;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What stands between us and the terminal and wants to be asked to let this through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Between {
    Nothing,
    /// With `allow-passthrough on` (tmux(1)). Its own clipboard would keep the code in a buffer.
    Tmux,
    /// screen(1), "String Escapes".
    Screen,
}

/// Hands over what is ordered. Nothing takes it away again: not every terminal lets us.
pub(crate) fn run() -> Result<(), Failure> {
    let terminal = File::options().write(true).open("/dev/tty");
    let mut terminal = terminal.map_err(|_| Failure::NoTerminal)?;
    let order: order::Copy = order::take()?;
    let code = order::checked(order.code)?;
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let between = if is_set("TMUX") {
        Between::Tmux
    } else if is_set("STY") {
        Between::Screen
    } else {
        Between::Nothing
    };
    terminal.write_all(&sequence(code.expose().as_bytes(), between))?;
    order::tell("copied");
    Ok(())
}

fn sequence(code: &[u8], between: Between) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(256));
    let (before, after): (&[u8], &[u8]) = match between {
        Between::Nothing => (b"\x1b]52;c;", b"\x07"),
        Between::Tmux => (b"\x1bPtmux;\x1b\x1b]52;c;", b"\x07\x1b\\"),
        Between::Screen => (b"\x1bP\x1b]52;c;", b"\x07\x1b\\"),
    };
    bytes.extend_from_slice(before);
    base64(code, &mut bytes);
    bytes.extend_from_slice(after);
    bytes
}

/// RFC 4648 section 4.
fn base64(from: &[u8], to: &mut Vec<u8>) {
    for three in from.chunks(3) {
        let byte = |place: usize| u32::from(three.get(place).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let six = usize::try_from(bits >> (18 - 6 * place) & 63).unwrap_or_default();
            let is_there = usize::try_from(place).is_ok_and(|place| place <= three.len());
            to.push(match ALPHABET.get(six) {
                Some(letter) if is_there => *letter,
                _ => b'=',
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (from, expected) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
            ("257274", "MjU3Mjc0"),
        ] {
            let mut to = Vec::new();
            base64(from.as_bytes(), &mut to);
            assert_eq!(to, expected.as_bytes());
        }
    }

    #[test]
    fn a_multiplexer_is_asked_to_let_it_through() {
        let text = |between| String::from_utf8(sequence(b"257274", between).to_vec()).unwrap();
        assert_eq!(text(Between::Nothing), "\u{1b}]52;c;MjU3Mjc0\u{7}");
        assert_eq!(
            text(Between::Tmux),
            "\u{1b}Ptmux;\u{1b}\u{1b}]52;c;MjU3Mjc0\u{7}\u{1b}\\"
        );
        assert_eq!(
            text(Between::Screen),
            "\u{1b}P\u{1b}]52;c;MjU3Mjc0\u{7}\u{1b}\\"
        );
    }
}
