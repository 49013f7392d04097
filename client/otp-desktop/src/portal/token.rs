//! The token with which the portal knows us again, so that a person is asked once. It opens nothing
//! to anybody but this user's own programs, which could ask as well.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use otp_proto::Dirs;

/// Longest token that is kept; those of today are UUIDs.
const LONGEST: usize = 256;

fn path() -> Option<PathBuf> {
    let dirs = Dirs::new(&|name| std::env::var_os(name)).ok()?;
    Some(dirs.state.join("remote-desktop"))
}

/// The token of the last time.
pub(super) fn read() -> Option<String> {
    let token = fs::read_to_string(path()?).ok()?;
    (!token.is_empty() && token.len() <= LONGEST).then_some(token)
}

/// Keeps the token of the next time; an empty one is forgotten. Where that fails, a person is asked
/// again, which is no failure.
pub(super) fn keep(token: &str) {
    drop(write(token));
}

fn write(token: &str) -> io::Result<()> {
    let path = path().ok_or(io::ErrorKind::NotFound)?;
    if token.is_empty() || token.len() > LONGEST {
        return fs::remove_file(path);
    }
    if let Some(folder) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    let new = path.with_extension(std::process::id().to_string());
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)?;
    let written = file
        .write_all(token.as_bytes())
        .and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        fs::remove_file(new)?;
    }
    written
}
