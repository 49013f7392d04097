//! Foreign bytes to keys: one file a format, and the table that names them.
//!
//! A new format is a file here with a [`Format`] in it and a line in [`FORMATS`]. Formats know
//! neither files nor the command line; they get bytes and hand out [`Finding`]s.

mod base64;
mod elsewhere;
pub mod kdbx;
mod migration;
mod otpauth;
mod payload;
pub mod picture;
mod text;

use crate::finding::Finding;

/// A format that can be read.
pub trait Format: Sync {
    /// Returns the name that `--format` takes.
    fn name(&self) -> &'static str;

    /// Returns whether the bytes look like this format; cheap, and sure where it says yes.
    fn matches(&self, bytes: &[u8]) -> bool;

    /// Reads everything there is, handing out each finding at once. A part that can't be used
    /// is a [`Finding::Error`] and doesn't stop the rest.
    fn parse(&self, bytes: &[u8], found: &mut dyn FnMut(Finding));
}

/// Every format, in the order in which they are tried.
pub const FORMATS: &[&dyn Format] = &[&picture::Picture, &kdbx::Kdbx, &otpauth::Otpauth];

/// What programs say that `fetch` runs; never found out by itself.
pub const ANSWERS: &[&dyn Format] = &[
    &elsewhere::Names,
    &elsewhere::Entry,
    &elsewhere::Code,
    &elsewhere::LIST,
    &elsewhere::RBW,
    &elsewhere::BW,
    &elsewhere::OP,
    &elsewhere::PROTON,
    &elsewhere::OPENBAO,
];

/// The name of the format of pictures.
pub const PICTURE: &str = "picture";

/// The name of the format that stands for "find out".
pub const AUTO: &str = "auto";

/// Returns the format of this name.
pub fn named(name: &str) -> Option<&'static dyn Format> {
    let all = FORMATS.iter().chain(ANSWERS).copied();
    all.into_iter().find(|format| format.name() == name)
}

/// Finds out which format the bytes are in.
pub fn sniff(bytes: &[u8]) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.matches(bytes))
}
