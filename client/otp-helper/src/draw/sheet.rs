//! The same as a page, for a printer that takes text: the code in half blocks, and the words.

use std::io;

use otp_proto::RecoveryKey;
use zeroize::Zeroizing;

use super::{Code, Drawing, Style, terminal};

/// A plain text.
pub(super) struct Sheet;

impl Drawing for Sheet {
    fn name(&self) -> &'static str {
        "sheet"
    }

    fn draw(&self, text: &str, code: &Code, style: &Style) -> io::Result<Zeroizing<Vec<u8>>> {
        let words = style.text;
        let recovery = RecoveryKey::parse(text).ok();
        // Ink is dark on paper.
        let blocks = terminal::lines(code, true, "", "");
        let mut out = Zeroizing::new(Vec::with_capacity(blocks.len() + text.len() + 2048));
        let mut lines = |lines: &[&str]| {
            for line in lines {
                out.extend_from_slice(line.as_bytes());
                out.push(b'\n');
            }
        };
        match &recovery {
            None => lines(&[text.trim_end(), ""]),
            Some(key) => {
                lines(&[words.recovery, "", key.expose(), ""]);
                lines(&words.recovery_uses);
                lines(&["", words.keep_recovery_safe, ""]);
            }
        }
        out.extend_from_slice(&blocks);
        Ok(out)
    }
}
