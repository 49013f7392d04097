//! Time-based codes (RFC 6238): HOTP with the number of the time step for a counter.

use otp_proto::{Algorithm, Code, Digits};

/// Computes the code of a time step.
pub(super) fn code(algorithm: Algorithm, digits: Digits, key: &[u8], step: u64) -> Code {
    super::of_counter(super::hash(algorithm), digits.value(), key, step)
}
