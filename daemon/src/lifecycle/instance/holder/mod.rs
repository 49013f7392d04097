//! Who holds the lock file, for those who find it locked.
//!
//! The lock itself is flock(2): it ends with its holder, however that ends. Who the holder is,
//! and that it serves, is said in two ways: the file's text names process and socket, and on
//! Linux a record lock (fcntl(2)) beside it makes the kernel a witness, because nobody may be
//! signalled on the word of a file that a killed process left behind.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(super) use linux::{ask_to_leave, mark, unmark, witness};

#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(not(target_os = "linux"))]
pub(super) use other::{ask_to_leave, mark, unmark, witness};

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

/// A holder that serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) pid: u32,
    /// The inode of its listening socket (not of the socket's file).
    pub(super) socket: u64,
}

impl Holder {
    /// Writes the file's text.
    pub(super) fn write(self, mut file: &File) -> io::Result<()> {
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(format!("{} {}\n", self.pid, self.socket).as_bytes())
    }

    /// Reads the file's text; `None` if it isn't whole.
    pub(super) fn read(mut file: &File) -> Option<Self> {
        let mut text = String::new();
        file.seek(SeekFrom::Start(0)).ok()?;
        file.take(64).read_to_string(&mut text).ok()?;
        let (pid, socket) = text.strip_suffix('\n')?.split_once(' ')?;
        Some(Self {
            pid: pid.parse().ok()?,
            socket: socket.parse().ok()?,
        })
    }
}
