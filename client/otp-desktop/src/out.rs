//! Standard output, which must be a pipe: pixels and copied texts show keys, and must reach no
//! file and no terminal.

use std::fs::File;
use std::io::{self, Write};
use std::process::Stdio;

use crate::failure::Failure;
use crate::os;

/// The pipe to the reader.
pub(crate) struct Pipe(File);

#[allow(dead_code, reason = "each system's ways need a part of it")]
impl Pipe {
    /// Takes standard output.
    pub(crate) fn of_stdout() -> Result<Self, Failure> {
        os::pipe_of_stdout()?.map(Self).ok_or(Failure::NotAPipe)
    }

    /// The same pipe once more, for a thread.
    pub(crate) fn again(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    /// The same pipe, for a program to write into.
    pub(crate) fn share(&self) -> io::Result<Stdio> {
        self.0.try_clone().map(Stdio::from)
    }

    /// Tells the reader that this was all.
    pub(crate) fn close(self) -> io::Result<()> {
        drop(self);
        os::close_stdout()
    }

    /// Copies all of a file, where the system can within the kernel.
    pub(crate) fn copy(&mut self, mut from: &File) -> io::Result<u64> {
        io::copy(&mut from, &mut self.0)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
