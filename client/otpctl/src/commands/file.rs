//! Files that hold keys or a backup: private, durable, and checked before success is said.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use zeroize::Zeroizing;

use crate::client::Client;
use crate::failure::{Failure, Kind, reason};
use crate::text::fill;
use crate::{os, output};

/// Longest file that is read, in bytes: no answer of the agent is longer either.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Writes to a new file with mode 0600, or to standard output for `-`. An existing file is
/// replaced only with `force`, and then as a whole.
pub(super) fn save(
    client: &Client,
    path: &OsStr,
    content: &[u8],
    force: bool,
) -> Result<(), Failure> {
    if path == "-" {
        return output::print_bytes(content);
    }
    let path = Path::new(path);
    let failed = |error: &io::Error| {
        let cause = fill(client.text.cannot_write, &[&shown(path), &reason(error)]);
        Failure::new(Kind::Other, cause)
    };
    if path.is_dir() {
        return Err(failed(&io::ErrorKind::IsADirectory.into()));
    }
    if force && path.exists() {
        // A link stays one. A device or a pipe would be gone, and nothing written to it.
        let path = &std::fs::canonicalize(path).map_err(|error| failed(&error))?;
        if !path.is_file() {
            return Err(failed(&io::Error::other("not a regular file")));
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let new = path.with_file_name(name);
        write(&new, content).map_err(|error| failed(&error))?;
        let renamed = std::fs::rename(&new, path);
        if renamed.is_err() {
            // It holds keys, and nobody knows its name.
            std::fs::remove_file(&new).ok();
        }
        return renamed
            .and_then(|()| os::sync_folder(path))
            .map_err(|error| failed(&error));
    }
    write(path, content).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            Failure::new(Kind::Other, fill(client.text.file_exists, &[&shown(path)]))
        } else {
            failed(&error)
        }
    })
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = os::create_private(path)?;
    let written = file
        .write_all(content)
        .and_then(|()| file.sync_all())
        .and_then(|()| read_back(path, content))
        .and_then(|()| os::sync_folder(path));
    if written.is_err() {
        // Half a file would look like a whole one; the first error is the one to tell.
        std::fs::remove_file(path).ok();
    }
    written
}

fn read_back(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut found = Zeroizing::new(Vec::with_capacity(content.len() + 1));
    File::open(path)?.read_to_end(&mut found)?;
    if found.as_slice() == content {
        Ok(())
    } else {
        Err(io::Error::other("reads back differently"))
    }
}

/// Opens a file that was named on the command line; `-` is standard input.
pub(super) fn open(client: &Client, path: &OsStr) -> Result<File, Failure> {
    let opened = if path == "-" {
        os::stdin()
    } else {
        File::open(path).and_then(|file| {
            if file.metadata()?.is_dir() {
                Err(io::ErrorKind::IsADirectory.into())
            } else {
                Ok(file)
            }
        })
    };
    opened.map_err(|error| unreadable(client, path, &reason(&error)))
}

/// Reads a text file that was named on the command line.
pub(super) fn read(client: &Client, path: &OsStr) -> Result<Zeroizing<String>, Failure> {
    let mut bytes = Zeroizing::new(Vec::new());
    open(client, path)?
        .take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(client, path, &reason(&error)))?;
    let too_long = u64::try_from(bytes.len()).is_ok_and(|length| length > LONGEST);
    match std::str::from_utf8(&bytes) {
        Ok(text) if !too_long => Ok(Zeroizing::new(text.to_owned())),
        _ => Err(unreadable(client, path, client.text.not_a_text)),
    }
}

/// The failure of an input that can't be read.
pub(super) fn unreadable(client: &Client, path: &OsStr, why: &str) -> Failure {
    let cause = fill(client.text.cannot_read, &[&shown(Path::new(path)), why]);
    Failure::new(Kind::BadInput, cause)
}

/// A path as it may stand in a message.
pub(super) fn shown(path: &Path) -> String {
    otp_proto::clean_label(&path.to_string_lossy())
}
