//! The identity behind a plugin of age: hardware, most of the time.
//!
//! Two files: `<slot>.age` is an ordinary age file to the plugin's recipient, and `<slot>.plugin`
//! is the age identity file that opens it, with the program's path in a comment. What a program
//! is asked, and how, is here; starting one is not.

mod file;
mod talk;

use std::io::{BufRead, Write};

use age_core::format::{FileKey, Stanza};
use age_core::secrecy::ExposeSecret as _;
use otp_proto::Secret;

pub use file::PluginFile;
use talk::Talk;
pub use talk::{Person, PluginError, Purpose};

use super::identity_of;
use crate::vault::OpenError;
use crate::vault::envelope::{self, EnvelopeError};

/// How a program is reached: started anew for each purpose.
pub trait Program {
    /// What it says.
    type Output: BufRead;
    /// What is said to it.
    type Input: Write;

    /// Starts it.
    ///
    /// # Errors
    /// [`PluginError::Missing`], [`PluginError::Failed`]
    fn start(&mut self, purpose: Purpose) -> Result<(Self::Output, Self::Input), PluginError>;
}

/// Wraps an identity to a plugin's recipient; returns the slot's file.
///
/// # Errors
/// [`OpenError::Plugin`]
pub fn wrap(
    plugin: &PluginFile,
    identity: &Secret,
    program: &mut impl Program,
    person: &mut dyn Person,
) -> Result<Vec<u8>, OpenError> {
    let line = identity.expose();
    let mut out = envelope::seal(line.len() + 1, |file_key| {
        let (output, input) = program.start(Purpose::Wrap)?;
        Talk::new(output, input, &mut *person).wrap(plugin, file_key)
    })?;
    for part in [line.as_bytes(), b"\n"] {
        out.write_all(part).map_err(|_| OpenError::Wrap)?;
    }
    Ok(out.finish())
}

/// Unwraps it.
///
/// # Errors
/// [`OpenError::Plugin`], [`OpenError::Damaged`]
pub fn unwrap(
    plugin: &PluginFile,
    wrapped: &[u8],
    program: &mut impl Program,
    person: &mut dyn Person,
) -> Result<Secret, OpenError> {
    let plain = envelope::open(wrapped, |stanzas| {
        let (output, input) = program.start(Purpose::Unwrap)?;
        Ok(Talk::new(output, input, &mut *person).unwrap(plugin, stanzas)?)
    });
    let plain = plain.map_err(|refusal| match refusal {
        Refusal::Damaged => damaged(),
        Refusal::Plugin(error) => error.into(),
    })?;
    identity_of(plain).ok_or_else(damaged)
}

fn damaged() -> OpenError {
    OpenError::Damaged {
        file: "the slot's file",
        line: None,
    }
}

/// Why a file's key isn't there.
enum Refusal {
    Damaged,
    Plugin(PluginError),
}

impl From<EnvelopeError> for Refusal {
    // The file is in memory: reading it can't fail.
    fn from(_: EnvelopeError) -> Self {
        Self::Damaged
    }
}

impl From<PluginError> for Refusal {
    fn from(error: PluginError) -> Self {
        Self::Plugin(error)
    }
}

/// Copies a file's key out of what a plugin said.
fn key(bytes: &[u8]) -> Option<FileKey> {
    FileKey::try_init_with_mut(|key| {
        if key.len() != bytes.len() {
            return Err(());
        }
        key.copy_from_slice(bytes);
        Ok(())
    })
    .ok()
}

/// Lends a file's key.
fn bytes(key: &FileKey) -> &[u8] {
    key.expose_secret()
}

/// Whether a stanza may stand in a header with others: a passphrase's may not.
fn is_ours(stanza: &Stanza) -> bool {
    stanza.tag != envelope::SCRYPT
}

#[cfg(test)]
mod tests;
