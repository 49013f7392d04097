//! A list of canonical URIs, one a line: what nearly every authenticator imports.

use otp_proto::{NewEntry, print_uri};
use zeroize::Zeroizing;

use super::Export;

/// One URI a line.
pub(super) struct Otpauth;

impl Export for Otpauth {
    fn name(&self) -> &'static str {
        "otpauth"
    }

    fn write(&self, entries: &[NewEntry]) -> Zeroizing<Vec<u8>> {
        let mut list = Zeroizing::new(Vec::with_capacity(entries.len() * 256));
        for entry in entries {
            list.extend_from_slice(print_uri(entry).expose().as_bytes());
            list.push(b'\n');
        }
        list
    }
}
