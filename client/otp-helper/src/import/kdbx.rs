//! Databases of KeePass and KeePassXC (KDBX 3.1 and 4): their keys of one-time passwords, and
//! nothing else of them.
//!
//! What `otp-helper fetch` hands over is a [`Parcel`]: password and key file before the database.

mod cost;
mod otp;

use keepass::db::{DatabaseFormatError, DatabaseOpenError, EntryRef};
use keepass::{Database, DatabaseKey};
use otp_proto::print_uri;
use zeroize::Zeroizing;

use super::Format;
use crate::finding::Finding;

/// The name of the format.
pub const NAME: &str = "kdbx";
/// What a database begins with.
const MAGIC: [u8; 4] = [0x03, 0xd9, 0xa2, 0x9a];
/// Most groups that are looked into.
const MAX_GROUPS: usize = 100_000;

/// A database as it lies on a disk.
pub(super) struct Kdbx;

impl Format for Kdbx {
    fn name(&self) -> &'static str {
        NAME
    }

    fn matches(&self, bytes: &[u8]) -> bool {
        bytes.starts_with(&MAGIC)
    }

    fn parse(&self, _bytes: &[u8], found: &mut dyn FnMut(Finding)) {
        found(Finding::wrong_password(
            "a KeePass database needs its password (otpctl source add NAME --kdbx FILE)",
        ));
    }
}

/// A database with what opens it.
pub struct Parcel<'a> {
    password: Option<&'a str>,
    key_file: Option<&'a [u8]>,
    database: &'a [u8],
}

impl<'a> Parcel<'a> {
    /// Packs a database with what opens it.
    pub fn pack(
        password: Option<&str>,
        key_file: Option<&[u8]>,
        database: &[u8],
    ) -> Zeroizing<Vec<u8>> {
        let parts = [password.map(str::as_bytes), key_file];
        let length: usize = parts.iter().flatten().map(|part| part.len()).sum();
        let mut packed = Zeroizing::new(Vec::with_capacity(length + database.len() + 64));
        for part in parts {
            match part {
                Some(part) => packed.extend_from_slice(part.len().to_string().as_bytes()),
                None => packed.push(b'-'),
            }
            packed.push(b'\n');
        }
        parts
            .into_iter()
            .flatten()
            .for_each(|part| packed.extend_from_slice(part));
        packed.extend_from_slice(database);
        packed
    }

    /// Unpacks it; `None` if it isn't one.
    pub fn unpack(bytes: &'a [u8]) -> Option<Self> {
        let (password, rest) = length(bytes)?;
        let (key_file, rest) = length(rest)?;
        let (password, rest) = part(rest, password)?;
        let (key_file, database) = part(rest, key_file)?;
        let password = match password {
            Some(bytes) => Some(std::str::from_utf8(bytes).ok()?),
            None => None,
        };
        Some(Self {
            password,
            key_file,
            database,
        })
    }

    /// Returns how many bytes of address space the key derivation takes that the database asks for.
    ///
    /// # Errors
    /// What is wrong with the database, or why it is too costly.
    pub fn memory(&self) -> Result<u64, &'static str> {
        cost::memory(self.database)
    }

    /// Opens the database and hands out its keys.
    pub fn parse(&self, found: &mut dyn FnMut(Finding)) {
        let mut key = DatabaseKey::new();
        if let Some(password) = self.password {
            key = key.with_password(password);
        }
        if let Some(mut file) = self.key_file {
            key = match key.with_keyfile(&mut file) {
                Ok(key) => key,
                Err(_) => return found(Finding::error(&"the key file can't be used")),
            };
        }
        if key.is_empty() {
            return found(Finding::wrong_password("its password is needed"));
        }
        match Database::parse(self.database, key) {
            Ok(database) => entries(&database, found),
            Err(error) => found(refusal(&error)),
        }
    }
}

fn length(bytes: &[u8]) -> Option<(Option<usize>, &[u8])> {
    let end = bytes.iter().position(|&byte| byte == b'\n')?;
    let (line, rest) = (bytes.get(..end)?, bytes.get(end + 1..)?);
    let length = match line {
        b"-" => None,
        line => Some(std::str::from_utf8(line).ok()?.parse().ok()?),
    };
    Some((length, rest))
}

fn part(bytes: &[u8], length: Option<usize>) -> Option<(Option<&[u8]>, &[u8])> {
    let Some(length) = length else {
        return Some((None, bytes));
    };
    let (part, rest) = bytes.split_at_checked(length)?;
    Some((Some(part), rest))
}

/// Why a database doesn't open; the crate's own words may quote it.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other failure is damage"
)]
fn refusal(error: &DatabaseOpenError) -> Finding {
    let is_older = matches!(
        error,
        DatabaseOpenError::Format(DatabaseFormatError::Kdbx3(_))
            | DatabaseOpenError::Cryptography(_)
    );
    match error {
        DatabaseOpenError::Key(_) => Finding::wrong_password("wrong password or key file"),
        DatabaseOpenError::UnsupportedVersion => {
            Finding::error(&"a KeePass database of a version that isn't known")
        }
        // KDBX 3.1 has nothing that tells a wrong password from damage.
        _ if is_older => Finding::wrong_password("wrong password or key file, or it is damaged"),
        _ => Finding::error(&"the KeePass database is damaged"),
    }
}

/// Every living entry that has a one-time password; history isn't among them, and the recycle bin
/// is left out with everything in it.
fn entries(database: &Database, found: &mut dyn FnMut(Finding)) {
    let is_used = database.meta.recyclebin_enabled != Some(false);
    let bin = database.recycle_bin().filter(|_| is_used);
    let bin = bin.map(|group| group.id());
    let mut groups = vec![database.root().id()];
    let mut seen = 0;
    while let Some(id) = groups.pop() {
        seen += 1;
        if Some(id) == bin || seen > MAX_GROUPS {
            continue;
        }
        let Some(group) = database.group(id) else {
            continue;
        };
        for entry in group.entries() {
            if let Some(finding) = finding(&entry) {
                found(finding.of(entry.id().to_string()));
            }
        }
        groups.extend(group.group_ids());
    }
}

fn finding(entry: &EntryRef<'_>) -> Option<Finding> {
    let field = |name: &str| entry.get(name).filter(|value| !value.trim().is_empty());
    Some(match otp::read(&field)? {
        Ok(new) => Finding::uri(print_uri(&new)),
        Err(error) => Finding::error(&error),
    })
}
