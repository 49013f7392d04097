//! What every Unix has: limits, the mask of new files' modes, standard output.

use std::fs::File;
use std::io;

use rustix::fs::{FileType, Mode};
use rustix::process::{Resource, Rlimit, setrlimit, umask};
use rustix::termios::isatty;

/// Leaves no core, and makes new files the user's own. The process stays dumpable: a portal looks
/// at its `/proc/PID/root`, and refuses what it can't see.
pub(crate) fn harden() -> io::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)?;
    umask(Mode::RWXG | Mode::RWXO);
    Ok(())
}

/// Takes standard output if it keeps nothing: a pipe, a socket, a device that is no terminal.
pub(crate) fn pipe_of_stdout() -> io::Result<Option<File>> {
    let stdout = rustix::stdio::stdout();
    let kind = FileType::from_raw_mode(rustix::fs::fstat(stdout)?.st_mode);
    let keeps_nothing = match kind {
        FileType::Fifo | FileType::Socket => true,
        FileType::CharacterDevice => !isatty(stdout),
        FileType::RegularFile
        | FileType::Directory
        | FileType::Symlink
        | FileType::BlockDevice
        | FileType::Unknown => false,
    };
    if !keeps_nothing {
        return Ok(None);
    }
    Ok(Some(stdout.try_clone_to_owned()?.into()))
}

/// Closes standard output, by putting `/dev/null` in its place.
pub(crate) fn close_stdout() -> io::Result<()> {
    let nothing = File::options().write(true).open("/dev/null")?;
    Ok(rustix::stdio::dup2_stdout(&nothing)?)
}
