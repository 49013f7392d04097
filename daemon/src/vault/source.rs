//! Where entries live that are shown beside our own: one line of the vault each. What can make otpd
//! read a file or run a program is so as well guarded as the keys.

use std::fmt::Write as _;

use otp_proto::percent_encode;

use super::line::{Query, text};
use super::slot::is_name;
use crate::platform::arena::{Arena, Slot};

/// Most sources of a vault: each is read by programs of its own.
pub const MAX_SOURCES: usize = 32;

/// A source of entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What it is called.
    pub name: Box<str>,
    /// What it is.
    pub what: What,
}

/// What a source is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A database of KeePass or KeePassXC.
    Kdbx {
        /// Its absolute path.
        file: Box<str>,
        /// The absolute path of its key file.
        key_file: Option<Box<str>>,
        /// Its password.
        password: Password,
    },
}

/// Where a password is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Password {
    /// There is none.
    None,
    /// A person types it.
    Asked,
    /// In the vault.
    Kept(Slot),
}

impl Source {
    /// Returns what of it is in the arena.
    pub fn slot(&self) -> Option<Slot> {
        match self.what {
            What::Kdbx {
                password: Password::Kept(slot),
                ..
            } => Some(slot),
            What::Kdbx { .. } => None,
        }
    }

    /// Returns a length in bytes that its line doesn't exceed.
    pub(super) fn longest(&self, arena: &Arena) -> usize {
        let What::Kdbx { file, key_file, .. } = &self.what;
        let key_file = key_file.as_deref().unwrap_or_default();
        let password = self.slot().map_or(0, |slot| arena.key(slot).len());
        128 + self.name.len() + 3 * (file.len() + key_file.len() + password)
    }

    /// Appends its line, without its end; [`Self::longest`] must fit in `out`.
    pub(super) fn print(&self, arena: &Arena, out: &mut String) {
        let What::Kdbx {
            file,
            key_file,
            password,
        } = &self.what;
        // Writing into a String can't fail.
        let _ = write!(out, "# source {} kdbx file=", self.name);
        percent_encode(file, out);
        if let Some(key_file) = key_file {
            out.push_str("&key-file=");
            percent_encode(key_file, out);
        }
        match *password {
            Password::None => {}
            Password::Asked => out.push_str("&asks=password"),
            Password::Kept(slot) => {
                out.push_str("&password=");
                let password = std::str::from_utf8(arena.key(slot));
                percent_encode(password.unwrap_or_default(), out);
            }
        }
    }

    /// Reads what follows a source's name in its line.
    pub(super) fn read(name: &str, rest: &str, arena: &mut Arena) -> Option<Self> {
        let rest = rest.strip_prefix("kdbx ").filter(|_| is_name(name))?;
        let mut query = Query(Some(rest));
        let file = text(query.take(b"file=")?)?;
        let key_file = match query.take(b"key-file=") {
            Some(raw) => Some(text(raw)?),
            None => None,
        };
        let password = if let Some(raw) = query.take(b"password=") {
            let plain = zeroize::Zeroizing::new(text(raw)?.into_string());
            Password::Kept(arena.put(plain.as_bytes()))
        } else {
            match query.take(b"asks=") {
                Some("password") => Password::Asked,
                Some(_) => return None,
                None => Password::None,
            }
        };
        let what = What::Kdbx {
            file,
            key_file,
            password,
        };
        let is_whole = query.0.is_none();
        let name = name.into();
        is_whole.then_some(Self { name, what })
    }
}
