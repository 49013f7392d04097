//! `SSH_ASKPASS`, for desktops without a pinentry: the question is its argument, the answer the
//! first line of its output (ssh(1), ENVIRONMENT).

use std::io::BufRead;

use otp_proto::Secret;
use zeroize::Zeroizing;

use crate::agent::PromptError;

/// Longest line that is read.
const LONGEST: u64 = 4096;

/// Reads what was typed; an end without a line is a person's no.
pub(super) fn answer(output: impl BufRead) -> Result<Secret, PromptError> {
    let mut line = Zeroizing::new(String::with_capacity(4096));
    let read = output.take(LONGEST).read_line(&mut line);
    let typed = line.trim_end_matches(['\n', '\r']);
    match read {
        Ok(_) if !typed.is_empty() => Ok(Secret::copy_of(typed)),
        _ => Err(PromptError::Cancelled),
    }
}
