//! Codes, one file per type; pure: a type, a key and a moment in, a code out.
//!
//! totp-rs does the HMAC step, the truncation and Steam's alphabet. It gets values that were
//! checked (`otp_proto`'s newtypes), because its `generate` panics outside them, and a fresh heap
//! copy of the key for each code: a boxed key isn't moved about, and is wiped when the code is
//! made, whereas keys of 20 bytes given as arrays would be stored inline and copied with every
//! move. What HMAC itself leaves on the stack (the padded key, the hash's state) is overwritten
//! by [`scrubbed`].

mod hotp;
mod scrub;
mod steam;
mod totp;

use std::fmt::Write as _;
use std::time::Duration;

use otp_proto::{Algorithm, Code, Digits, Kind, Period};

pub use scrub::scrubbed;

/// Longest code: nine digits.
const CODE_SIZE: usize = 16;

/// The type's codes can't be computed by this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this type's codes come in a later version")]
pub struct Unsupported;

/// Computes the code of a moment (time-based types) or of the counter in `kind` (HOTP).
///
/// # Errors
/// [`Unsupported`] for Yandex and mOTP.
pub fn code(
    kind: Kind,
    algorithm: Algorithm,
    digits: Digits,
    key: &[u8],
    wall: Duration,
) -> Result<Code, Unsupported> {
    match kind {
        Kind::Totp(period) => Ok(totp::code(algorithm, digits, key, step(period, wall))),
        Kind::Hotp(counter) => Ok(hotp::code(algorithm, digits, key, counter)),
        Kind::Steam(period) => Ok(steam::code(key, step(period, wall))),
        Kind::Yandex(_) | Kind::Motp(_) => Err(Unsupported),
    }
}

/// Returns the time step that a moment is in ("T" of RFC 6238 section 4.2, with T0 = 0).
pub fn step(period: Period, wall: Duration) -> u64 {
    wall.as_secs() / u64::from(period.seconds())
}

/// Returns how many seconds the moment's step still lasts: 1 to the period, the second that has
/// begun counted whole.
pub fn left(period: Period, wall: Duration) -> u32 {
    let gone = wall.as_secs() % u64::from(period.seconds());
    // The remainder is below the period, which is a u32.
    period.seconds() - u32::try_from(gone).unwrap_or(0)
}

/// HOTP's value of a counter: what all types here are made of (RFC 6238 section 4.1).
fn of_counter(algorithm: totp_rs::Algorithm, digits: u8, key: &[u8], counter: u64) -> Code {
    scrubbed(|| {
        let token = totp_rs::Builder::new()
            .with_algorithm(algorithm)
            .with_digits(digits)
            .with_step_duration(1)
            .with_secret(Box::<[u8]>::from(key))
            .build_noncompliant()
            .generate(counter);
        let mut text = String::with_capacity(CODE_SIZE);
        // Writing into a String can't fail.
        let _ = write!(text, "{token}");
        Code::new(text)
    })
}

/// The hash in totp-rs's words.
fn hash(algorithm: Algorithm) -> totp_rs::Algorithm {
    match algorithm {
        Algorithm::Sha1 => totp_rs::Algorithm::SHA1,
        Algorithm::Sha256 => totp_rs::Algorithm::SHA256,
        Algorithm::Sha512 => totp_rs::Algorithm::SHA512,
    }
}

#[cfg(test)]
mod tests;
