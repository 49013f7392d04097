//! No list of our own is drawn here: a picker must be configured.

use std::io;
use std::process::Stdio;

/// A terminal, which can't be had.
pub(crate) enum Tty {}

/// A terminal that shows only what we write.
pub(crate) enum Raw {}

impl Tty {
    pub(crate) fn open() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn raw(&self) -> io::Result<Raw> {
        match *self {}
    }

    pub(crate) fn size(&self) -> (usize, usize) {
        match *self {}
    }

    pub(crate) fn write(&self, _text: &str) -> io::Result<()> {
        match *self {}
    }
}

impl Raw {
    pub(crate) fn read(&self, _bytes: &mut [u8]) -> io::Result<usize> {
        match *self {}
    }
}

/// A program draws where it likes.
pub(crate) fn terminal_for_child() -> Stdio {
    Stdio::inherit()
}
