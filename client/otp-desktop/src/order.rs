//! What is to be done with a code: one JSON object on standard input. It comes after we have said
//! that we are ready, so that a desktop that can't do it costs no counter's code.

use std::io::{self, Read as _, Write as _};

use otp_proto::Code;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::os;

/// Most bytes that an order has.
const LONGEST: usize = 4096;
/// Most characters that a code has: more than those of any type.
const LONGEST_CODE: usize = 64;

/// A code that goes onto the clipboard.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Copy {
    pub(crate) code: Code,
    /// Seconds until it dies; none if it doesn't by itself.
    pub(crate) valid_for: Option<u32>,
}

/// Says that all is ready, and waits for what is to be done.
pub(crate) fn take<T: DeserializeOwned>() -> Result<T, Failure> {
    tell("ready");
    let mut order = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    let most = u64::try_from(LONGEST + 1).unwrap_or_default();
    os::stdin()?.take(most).read_to_end(&mut order)?;
    if order.trim_ascii().is_empty() {
        return Err(Failure::NoCode);
    }
    if order.len() > LONGEST {
        return Err(Failure::BadOrder);
    }
    serde_json::from_slice(&order).map_err(|_| Failure::BadOrder)
}

/// The code, unless it could be something else: a line's end would send a form.
pub(crate) fn checked(code: Code) -> Result<Code, Failure> {
    let text = code.expose();
    let is_code = text.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_code || text.is_empty() || text.len() > LONGEST_CODE {
        return Err(Failure::BadOrder);
    }
    Ok(code)
}

/// Writes a word on standard output, whose reader may have left.
pub(crate) fn tell(word: &str) {
    let mut stdout = io::stdout();
    drop(writeln!(stdout, "{word}").and_then(|()| stdout.flush()));
}
