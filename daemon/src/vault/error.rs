//! Why a vault can't be opened or a file can't be written.

use std::io;
use std::path::{Path, PathBuf};

use otp_proto::{EntryId, RecoveryKeyError};

use super::slot::IDENTITY;

use super::slot::{KeyringError, PluginError};

/// Why a vault can't be opened, made or restored. No text quotes what is inside of a file.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// None of the vault's files is there.
    #[error("there is no vault")]
    NoVault,
    /// One of the files of a vault to be made is there.
    #[error("there is a vault already")]
    Exists,
    /// Neither passphrase nor recovery key.
    #[error("wrong passphrase")]
    WrongSecret,
    /// It has the form of a recovery key, but isn't one, nor the passphrase.
    #[error(transparent)]
    MistypedRecovery(RecoveryKeyError),
    /// A file isn't what otpd writes.
    #[error("{file} is damaged{}", at(*line))]
    Damaged {
        /// Which one.
        file: &'static str,
        /// The line of its plaintext, from 1.
        line: Option<u32>,
    },
    /// One of the files is missing while others are there.
    #[error("{} is missing", .0.display())]
    Missing(PathBuf),
    /// It decrypts, but its MAC is wrong or missing.
    #[error("the vault is forged or was changed: its MAC is wrong")]
    Forged,
    /// A later version of the format.
    #[error("the vault has format {0}, and this version of otpd reads format 1")]
    TooNew(u64),
    /// A key derivation that only someone hostile would ask for.
    #[error("{0} asks for more work than a passphrase may")]
    TooCostly(&'static str),
    /// More than one file where one is expected.
    #[error("more than one vault in {}: an unlock says what each is (otpctl lock && otpctl unlock)", .0.display())]
    Several(PathBuf),
    /// The same, with what each of them is.
    #[error("more than one vault in {}: {told}; {}", folder.display(), choice(*newest))]
    SeveralVaults {
        /// Where.
        folder: PathBuf,
        /// What each of them is.
        told: String,
        /// The newest of those that open.
        newest: Option<EntryId>,
    },
    /// None of the files has that name.
    #[error("there is no such vault file")]
    NoSuchVault,
    /// The vault's file isn't there. Nobody can tell a file that was removed from a disk that is
    /// away, so that nothing takes its place by itself.
    #[error("there is no vault in {}: {}", folder.display(), way_back(backup.as_deref()))]
    NoVaultFile {
        /// Where.
        folder: PathBuf,
        /// The newest automatic backup that opens.
        backup: Option<String>,
    },
    /// The vault's file isn't what was last opened or written: no copy is made of it.
    #[error("{} is not as otpd left it: an unlock looks at it (otpctl lock && otpctl unlock)", .0.display())]
    NotAsItWas(PathBuf),
    /// The vault can't be opened, and a backup can't be read at the moment.
    #[error(
        "{0}, and nothing has taken its place: {1}; try again, or put another backup in its place (otpctl backups list)"
    )]
    NotNow(Box<Self>, StoreError),
    /// The vault of one device under the name of another, where a write would go elsewhere.
    #[error("{} is the vault of {theirs}: give it back its name, {theirs}.age", path.display())]
    Renamed {
        /// The file.
        path: PathBuf,
        /// The device that it says it is of.
        theirs: EntryId,
    },
    /// The vault can't be opened, and neither can a backup.
    #[error(
        "{0}, and none of the automatic backups opens: put one of your own in its place (otpctl restore-backup FILE)"
    )]
    NoBackup(Box<Self>),
    /// There is no automatic backup.
    #[error("there is no automatic backup")]
    NoBackups,
    /// No automatic backup has that name.
    #[error("there is no such backup")]
    NoSuchBackup,
    /// A backup that the open vault's identity doesn't open, and nothing was typed.
    #[error("the backup needs its passphrase or recovery key")]
    NeedsSecret,
    /// An automatic backup doesn't open.
    #[error("the backup {} does not open: {}", .0.display(), .1)]
    BackupFails(PathBuf, Box<Self>),
    /// The file of a slot is damaged or gone.
    #[error("{}", way_on(file, .cause, *.other))]
    Slot {
        /// Which one.
        file: &'static str,
        /// What opening it said.
        cause: Box<Self>,
        /// The other slot that a person types, if its file is there.
        other: Option<&'static str>,
    },
    /// A text that isn't a backup, and why.
    #[error("not a backup of otpd: {0}")]
    NotABackup(&'static str),
    /// A backup that can't be taken: what is wrong with it.
    #[error("the backup {0}")]
    BadBackup(&'static str),
    /// A backup is whole on disk, but not yet in the vault's place. Nothing can undo it.
    #[error("the backup takes the vault's place when otpd is restarted: {0}")]
    Unfinished(StoreError),
    /// A new identity is whole on disk, but not yet in the old one's place.
    #[error(
        "the new identity takes the old one's place when otpd is restarted; renew the recovery key then: {0}"
    )]
    HalfRekeyed(StoreError),
    /// A slot that isn't there.
    #[error("there is no such slot")]
    NoSlot,
    /// A slot that must stay.
    #[error("the last slot that a person can type cannot be removed")]
    LastSlot,
    /// A recovery key that is the only way in: another one that nobody sees would lock it for ever.
    #[error("the recovery key is the only way in: set a passphrase first (otpctl passwd)")]
    OnlyRecovery,
    /// A slot that is there already.
    #[error("there is a slot of that name already")]
    SlotExists,
    /// A plugin is of no use, or a person or its hardware refused.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// The session's keyring is of no use.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// A slot that opens, but not this vault.
    #[error("the slot does not open this vault")]
    ForeignSlot,
    /// What was wrapped for a slot is the identity of before.
    #[error("the vault got another identity meanwhile: add the slot again")]
    Rekeyed,
    /// The identity couldn't be wrapped.
    #[error("cannot encrypt the vault's identity")]
    Wrap,
    /// Reading failed underway.
    #[error("cannot read the vault: {}", cause(.0))]
    Unreadable(io::Error),
    /// A file couldn't be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OpenError {
    /// Whether the vault's files are such that only other files help.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged { .. }
            | Self::Missing(_)
            | Self::Forged
            | Self::TooCostly(_)
            | Self::Several(_)
            | Self::SeveralVaults { .. }
            | Self::NoVaultFile { .. }
            | Self::NotNow(..)
            | Self::Renamed { .. }
            | Self::NoBackup(_)
            | Self::Slot { other: None, .. }
            | Self::Store(StoreError::TooLarge { .. }) => true,
            // A slot that isn't there may have been removed on purpose, and the other one opens.
            Self::Slot {
                cause,
                other: Some(_),
                ..
            } => !matches!(**cause, Self::Missing(_)),
            Self::NoVault
            | Self::Exists
            | Self::WrongSecret
            | Self::MistypedRecovery(_)
            | Self::TooNew(_)
            | Self::NotABackup(_)
            | Self::BadBackup(_)
            | Self::NoBackups
            | Self::NoSuchBackup
            | Self::NoSuchVault
            | Self::NotAsItWas(_)
            // What can't be read now may be whole.
            | Self::Unreadable(_)
            | Self::NeedsSecret
            | Self::BackupFails(..)
            | Self::Unfinished(_)
            | Self::HalfRekeyed(_)
            | Self::NoSlot
            | Self::LastSlot
            | Self::OnlyRecovery
            | Self::ForeignSlot
            | Self::Rekeyed
            | Self::Wrap
            | Self::SlotExists
            | Self::Plugin(_)
            | Self::Keyring(_)
            | Self::Store(_) => false,
        }
    }
}

/// What to do about several vaults.
fn choice(newest: Option<EntryId>) -> String {
    match newest {
        Some(vault) => {
            format!("keep one, and the others are set aside (otpctl unlock --vault {vault})")
        }
        None => {
            "none of them opens: put a backup in their place (otpctl restore-backup --from last)"
                .into()
        }
    }
}

/// What to do where the vault's file isn't.
fn way_back(backup: Option<&str>) -> String {
    const AWAY: &str = "if its disk is away, bring it back; else put a backup in its place";
    match backup {
        Some(name) => format!("{AWAY} (otpctl restore-backup --from {name})"),
        None => format!("{AWAY} (otpctl restore-backup FILE)"),
    }
}

/// What is wrong with a slot, and what opens the vault all the same.
fn way_on(file: &str, cause: &OpenError, other: Option<&str>) -> String {
    let what = if matches!(cause, OpenError::WrongSecret) {
        format!("wrong passphrase, or {file} is damaged: it is not as otpd left it")
    } else {
        cause.to_string()
    };
    let way = match other {
        Some(IDENTITY) => {
            "; the passphrase opens the vault, then otpctl recovery-key renew makes it anew"
        }
        Some(_) => "; type the recovery key instead, then otpctl passwd makes it anew",
        None => "; put a backup in the vault's place (otpctl restore-backup FILE)",
    };
    what + way
}

fn at(line: Option<u32>) -> String {
    line.map(|line| format!(" in line {line}"))
        .unwrap_or_default()
}

/// Why a file couldn't be written or read; the files on disk are as before, but for
/// [`Self::Unsure`].
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No space, or the quota is used up.
    #[error("cannot {verb} {}: {cause}", path.display())]
    Full {
        /// What failed.
        verb: &'static str,
        /// On which file.
        path: PathBuf,
        /// The system's word.
        cause: String,
    },
    /// The file system or the folder doesn't let us write.
    #[error("cannot {verb} {}: {cause}", path.display())]
    ReadOnly {
        /// What failed.
        verb: &'static str,
        /// On which file.
        path: PathBuf,
        /// The system's word.
        cause: String,
    },
    /// Anything else.
    #[error("cannot {verb} {}: {cause}", path.display())]
    Io {
        /// What failed.
        verb: &'static str,
        /// On which file.
        path: PathBuf,
        /// The system's word.
        cause: String,
    },
    /// A change is in its place, but a crash may undo it.
    #[error("{0}: it is changed now, and a crash may undo that")]
    Unsure(Box<Self>),
    /// What was read back isn't what was written.
    #[error("cannot write {}: it reads back differently", .0.display())]
    Differs(PathBuf),
    /// A restored vault isn't wholly in place; writing the one before it would be lost.
    #[error("a vault in {} is not wholly in place: restart otpd", .0.display())]
    Unfinished(PathBuf),
    /// A file beside the vault that can't be made out.
    #[error("{} is damaged", .0.display())]
    Damaged(PathBuf),
    /// A file beyond its limit.
    #[error("{} is larger than {limit} bytes", path.display())]
    TooLarge {
        /// Which one.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// An entry whose line would be too long to be read again.
    #[error("entry {0} is too large to be stored")]
    Entry(EntryId),
    /// The vault as a whole would be too large to be read again.
    #[error("the vault is too large to be stored")]
    Vault,
}

impl StoreError {
    /// Makes the error of an operation (`"write"`, `"read"`, …) on a file.
    pub fn new(verb: &'static str, path: &Path, error: &io::Error) -> Self {
        let (path, cause) = (path.to_owned(), cause(error));
        let is = |kinds: [io::ErrorKind; 2]| kinds.contains(&error.kind());
        if is([io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded]) {
            Self::Full { verb, path, cause }
        } else if is([
            io::ErrorKind::ReadOnlyFilesystem,
            io::ErrorKind::PermissionDenied,
        ]) {
            Self::ReadOnly { verb, path, cause }
        } else {
            Self::Io { verb, path, cause }
        }
    }
}

/// The system's word in the style of our own: `No space left on device (os error 28)` without
/// its capital and its number.
fn cause(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_lowercase().chain(chars).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_file_and_cause_and_its_kind_follows_the_system() {
        let made = |kind: io::ErrorKind| {
            StoreError::new("write", Path::new("/x/vault"), &io::Error::from(kind))
        };
        let full = made(io::ErrorKind::StorageFull);
        assert!(matches!(full, StoreError::Full { .. }));
        assert_eq!(full.to_string(), "cannot write /x/vault: no storage space");
        for kind in [
            io::ErrorKind::ReadOnlyFilesystem,
            io::ErrorKind::PermissionDenied,
        ] {
            assert!(matches!(made(kind), StoreError::ReadOnly { .. }));
        }
        let error = io::Error::other("Input/output error (os error 5)");
        let other = StoreError::new("write", Path::new("/x/vault"), &error);
        assert!(matches!(other, StoreError::Io { .. }));
        assert_eq!(
            other.to_string(),
            "cannot write /x/vault: input/output error"
        );
    }
}
