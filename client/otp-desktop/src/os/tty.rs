//! The terminal of this session.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

/// The terminal, whatever the standard streams are.
pub(crate) struct Tty(File);

impl Tty {
    pub(crate) fn open() -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        if file.is_terminal() {
            Ok(Self(file))
        } else {
            Err(io::ErrorKind::Unsupported.into())
        }
    }

    /// Stops echo, line editing and the signals of keys until the guard is dropped. A signal of
    /// another program ends what is read.
    pub(crate) fn raw(&self) -> io::Result<Raw<'_>> {
        let (came, sent) = UnixStream::pair()?;
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
            signal_hook::low_level::pipe::register(signal, sent.try_clone()?)?;
        }
        let before = tcgetattr(&self.0)?;
        let mut raw = before.clone();
        raw.local_modes
            .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN);
        raw.input_modes.remove(InputModes::IXON | InputModes::ICRNL);
        tcsetattr(&self.0, OptionalActions::Drain, &raw)?;
        Ok(Raw {
            tty: self,
            before,
            came,
        })
    }

    /// Rows and columns; a terminal that doesn't know has 24 and 80.
    pub(crate) fn size(&self) -> (usize, usize) {
        match tcgetwinsize(&self.0) {
            Ok(size) if size.ws_row > 0 && size.ws_col > 0 => {
                (size.ws_row.into(), size.ws_col.into())
            }
            _ => (24, 80),
        }
    }

    pub(crate) fn write(&self, text: &str) -> io::Result<()> {
        (&self.0).write_all(text.as_bytes())
    }
}

/// A terminal that shows only what we write; dropping it restores the terminal.
pub(crate) struct Raw<'a> {
    tty: &'a Tty,
    before: Termios,
    /// Readable once a signal came.
    came: UnixStream,
}

impl Raw<'_> {
    /// Reads what is typed; 0 at its end, which a signal is as well.
    pub(crate) fn read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut waits = [
            PollFd::new(&self.tty.0, PollFlags::IN),
            PollFd::new(&self.came, PollFlags::IN),
        ];
        rustix::io::retry_on_intr(|| poll(&mut waits, None))?;
        match &waits {
            [_, signal] if signal.revents().is_empty() => (&self.tty.0).read(bytes),
            _ => Ok(0),
        }
    }
}

impl Drop for Raw<'_> {
    fn drop(&mut self) {
        // A terminal that is gone needs no restoring.
        tcsetattr(&self.tty.0, OptionalActions::Drain, &self.before).ok();
    }
}

/// The terminal for a program that draws on its standard error.
pub(crate) fn terminal_for_child() -> Stdio {
    match OpenOptions::new().read(true).write(true).open("/dev/tty") {
        Ok(tty) => tty.into(),
        Err(_) => Stdio::null(),
    }
}
