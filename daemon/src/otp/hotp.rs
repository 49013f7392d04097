//! Counter-based codes (RFC 4226).

use otp_proto::{Algorithm, Code, Digits};

/// Computes the code of a counter. The caller keeps the next counter before the code is shown.
pub(super) fn code(algorithm: Algorithm, digits: Digits, key: &[u8], counter: u64) -> Code {
    super::of_counter(super::hash(algorithm), digits.value(), key, counter)
}
