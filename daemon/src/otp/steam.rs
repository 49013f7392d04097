//! Steam Guard: TOTP with HMAC-SHA-1, shown as five letters of an alphabet of 26 that avoids
//! look-alikes.

use otp_proto::{Code, Digits};

/// Computes the code of a time step. Hash and length are fixed, whatever a URI said.
pub(super) fn code(key: &[u8], step: u64) -> Code {
    super::of_counter(totp_rs::Algorithm::Steam, Digits::FIVE.value(), key, step)
}
