//! Keys to foreign formats: one file a format, and the table that names them.

mod otpauth;

use otp_proto::NewEntry;
use zeroize::Zeroizing;

/// A format that can be written.
pub trait Export: Sync {
    /// Returns the name that `--format` takes.
    fn name(&self) -> &'static str;

    /// Writes all entries.
    fn write(&self, entries: &[NewEntry]) -> Zeroizing<Vec<u8>>;
}

/// Every format.
pub const EXPORTS: &[&dyn Export] = &[&otpauth::Otpauth];

/// Returns the format of this name.
pub fn named(name: &str) -> Option<&'static dyn Export> {
    EXPORTS.iter().copied().find(|export| export.name() == name)
}
