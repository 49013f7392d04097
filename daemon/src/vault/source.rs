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
    /// A store of pass or gopass.
    Store {
        /// Whose it is.
        program: Keeper,
        /// Its absolute path.
        store: Box<str>,
        /// The folder in it that has the entries; `None` if all of it does.
        folder: Option<Box<str>>,
    },
    /// Lines that run programs; no shell reads them.
    Lines {
        /// The one that lists entries.
        list: Box<str>,
        /// The one that answers for the entry `{id}`.
        ask: Box<str>,
        /// What that gives.
        gives: Gives,
    },
    /// A program whose lines `otp-helper` knows.
    Preset(Box<str>),
}

/// The programs that keep an entry a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeper {
    /// <https://www.passwordstore.org>.
    Pass,
    /// <https://www.gopass.pw>.
    Gopass,
}

impl Keeper {
    /// Returns its name, in the vault and as a program.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Gopass => "gopass",
        }
    }
}

/// What a program answers for an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// The code of now.
    Code,
    /// Its otpauth URI.
    Uri,
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
            What::Kdbx { .. } | What::Store { .. } | What::Lines { .. } | What::Preset(_) => None,
        }
    }

    /// Returns a length in bytes that its line doesn't exceed.
    pub(super) fn longest(&self, arena: &Arena) -> usize {
        let length = |text: &Option<Box<str>>| text.as_deref().map_or(0, str::len);
        let texts = match &self.what {
            What::Kdbx { file, key_file, .. } => {
                let password = self.slot().map_or(0, |slot| arena.key(slot).len());
                file.len() + length(key_file) + password
            }
            What::Store { store, folder, .. } => store.len() + length(folder),
            What::Lines { list, ask, .. } => list.len() + ask.len(),
            What::Preset(name) => name.len(),
        };
        128 + self.name.len() + 3 * texts
    }

    /// Appends its line, without its end; [`Self::longest`] must fit in `out`.
    pub(super) fn print(&self, arena: &Arena, out: &mut String) {
        // Writing into a String can't fail.
        let _ = write!(out, "# source {} ", self.name);
        match &self.what {
            What::Kdbx {
                file,
                key_file,
                password,
            } => {
                pair(out, "kdbx file=", file);
                if let Some(key_file) = key_file {
                    pair(out, "&key-file=", key_file);
                }
                match *password {
                    Password::None => {}
                    Password::Asked => out.push_str("&asks=password"),
                    Password::Kept(slot) => {
                        let password = std::str::from_utf8(arena.key(slot));
                        pair(out, "&password=", password.unwrap_or_default());
                    }
                }
            }
            What::Store {
                program,
                store,
                folder,
            } => {
                out.push_str(program.name());
                pair(out, " store=", store);
                if let Some(folder) = folder {
                    pair(out, "&folder=", folder);
                }
            }
            What::Lines { list, ask, gives } => {
                pair(out, "command list=", list);
                let name = match gives {
                    Gives::Code => "&code=",
                    Gives::Uri => "&uri=",
                };
                pair(out, name, ask);
            }
            What::Preset(name) => pair(out, "command preset=", name),
        }
    }

    /// Reads what follows a source's name in its line.
    pub(super) fn read(name: &str, rest: &str, arena: &mut Arena) -> Option<Self> {
        let (kind, rest) = rest.split_once(' ').filter(|_| is_name(name))?;
        let mut query = Query(Some(rest));
        let what = match kind {
            "kdbx" => kdbx(&mut query, arena)?,
            "pass" => store(&mut query, Keeper::Pass)?,
            "gopass" => store(&mut query, Keeper::Gopass)?,
            "command" => command(&mut query)?,
            _ => return None,
        };
        let is_whole = query.0.is_none();
        let name = name.into();
        is_whole.then_some(Self { name, what })
    }
}

fn pair(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    percent_encode(value, out);
}

/// The next parameter, where it is of this name; `Err` where it can't be read.
fn optional<const N: usize>(query: &mut Query<'_>, name: &[u8; N]) -> Result<Option<Box<str>>, ()> {
    query.take(name).map(|raw| text(raw).ok_or(())).transpose()
}

fn kdbx(query: &mut Query<'_>, arena: &mut Arena) -> Option<What> {
    let file = text(query.take(b"file=")?)?;
    let key_file = optional(query, b"key-file=").ok()?;
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
    Some(What::Kdbx {
        file,
        key_file,
        password,
    })
}

fn store(query: &mut Query<'_>, program: Keeper) -> Option<What> {
    Some(What::Store {
        program,
        store: text(query.take(b"store=")?)?,
        folder: optional(query, b"folder=").ok()?,
    })
}

fn command(query: &mut Query<'_>) -> Option<What> {
    if let Some(name) = optional(query, b"preset=").ok()? {
        return Some(What::Preset(name));
    }
    let list = text(query.take(b"list=")?)?;
    let (ask, gives) = match optional(query, b"code=").ok()? {
        Some(ask) => (ask, Gives::Code),
        None => (text(query.take(b"uri=")?)?, Gives::Uri),
    };
    Some(What::Lines { list, ask, gives })
}
