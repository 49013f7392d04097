//! The terminal of this session, with and without echo.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{InputModes, LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

/// The terminal, whatever the standard streams are.
pub(crate) struct Tty {
    file: File,
}

impl Tty {
    pub(crate) fn open() -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        if file.is_terminal() {
            Ok(Self { file })
        } else {
            Err(io::ErrorKind::Unsupported.into())
        }
    }

    /// Stops echo, line editing and the signals of keys until the guard is dropped. Keys that
    /// would raise a signal arrive as bytes, and signals of other programs wait for the guard.
    pub(crate) fn hide(&self) -> io::Result<Hidden<'_>> {
        let signals = Signals::hold()?;
        let before = tcgetattr(&self.file)?;
        let mut hidden = before.clone();
        hidden
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN);
        hidden.input_modes.remove(InputModes::IXON);
        // What was typed ahead stays: a person who types on isn't made to repeat it.
        tcsetattr(&self.file, OptionalActions::Drain, &hidden)?;
        Ok(Hidden {
            tty: self,
            before,
            signals,
        })
    }

    /// Shows nothing of what is typed until the guard is dropped: from the first of several hidden
    /// questions to the last, also while what was typed is being tried. A signal that would end the
    /// program ends [`wait_for`] first.
    pub(crate) fn quiet(self) -> io::Result<Quiet> {
        let signals = Signals::hold()?;
        let before = tcgetattr(&self.file)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&self.file, OptionalActions::Drain, &quiet)?;
        Ok(Quiet {
            tty: self,
            before,
            signals,
        })
    }

    pub(crate) fn read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        (&self.file).read(bytes)
    }

    pub(crate) fn write(&self, text: &str) -> io::Result<()> {
        (&self.file).write_all(text.as_bytes())
    }
}

/// A terminal without echo; dropping it restores the terminal.
pub(crate) struct Hidden<'a> {
    tty: &'a Tty,
    before: Termios,
    signals: &'static Signals,
}

impl Hidden<'_> {
    /// Reads what is typed; a signal to end ends the input.
    pub(crate) fn read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut waits = [
            PollFd::new(&self.tty.file, PollFlags::IN),
            PollFd::new(&self.signals.came, PollFlags::IN),
        ];
        rustix::io::retry_on_intr(|| poll(&mut waits, None))?;
        match &waits {
            [_, signal] if signal.revents().is_empty() => self.tty.read(bytes),
            _ => Ok(0),
        }
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        // A terminal that is gone needs no restoring.
        tcsetattr(&self.tty.file, OptionalActions::Drain, &self.before).ok();
        self.signals.release();
    }
}

/// A terminal that shows nothing between hidden questions; dropping it restores the terminal.
pub(crate) struct Quiet {
    tty: Tty,
    before: Termios,
    signals: &'static Signals,
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // As above.
        tcsetattr(&self.tty.file, OptionalActions::Drain, &self.before).ok();
        self.signals.release();
    }
}

/// Returns the name of the terminal that standard error is.
pub(crate) fn terminal_name() -> Option<String> {
    let name = rustix::termios::ttyname(rustix::stdio::stderr(), Vec::new()).ok()?;
    name.into_string().ok()
}

/// Waits until there is something to read.
///
/// # Errors
/// `Interrupted` if a signal to end came while the terminal shows nothing: whoever waits leaves,
/// restores it, and ends.
pub(crate) fn wait_for(stream: &UnixStream) -> io::Result<()> {
    let Some(signals) = SIGNALS.get().filter(|signals| signals.is_held()) else {
        return Ok(());
    };
    let mut waits = [
        PollFd::new(stream, PollFlags::IN),
        PollFd::new(&signals.came, PollFlags::IN),
    ];
    rustix::io::retry_on_intr(|| poll(&mut waits, None))?;
    match &waits {
        [_, signal] if signal.revents().is_empty() => Ok(()),
        _ => Err(io::ErrorKind::Interrupted.into()),
    }
}

/// Signals that end the program: held back while the terminal has no echo, so that a `timeout`
/// doesn't leave a shell in which nothing is seen.
struct Signals {
    /// Whether a signal does what it does by default.
    pass: Arc<AtomicBool>,
    /// How many guards hold them.
    holders: AtomicUsize,
    /// Readable once a signal came.
    came: UnixStream,
}

static SIGNALS: OnceLock<Signals> = OnceLock::new();

impl Signals {
    fn hold() -> io::Result<&'static Self> {
        if SIGNALS.get().is_none() {
            let pass = Arc::new(AtomicBool::new(true));
            let (came, sent) = UnixStream::pair()?;
            came.set_nonblocking(true)?;
            for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
                let pass = Arc::clone(&pass);
                signal_hook::flag::register_conditional_default(signal, pass)?;
                signal_hook::low_level::pipe::register(signal, sent.try_clone()?)?;
            }
            SIGNALS.get_or_init(|| Self {
                pass,
                holders: AtomicUsize::new(0),
                came,
            });
        }
        let signals = SIGNALS.get().ok_or(io::ErrorKind::Other)?;
        signals.holders.fetch_add(1, Ordering::SeqCst);
        signals.pass.store(false, Ordering::SeqCst);
        Ok(signals)
    }

    fn is_held(&self) -> bool {
        self.holders.load(Ordering::SeqCst) > 0
    }

    /// Lets signals through again once nobody holds them, and ends the program if one came.
    fn release(&self) {
        if self.holders.fetch_sub(1, Ordering::SeqCst) > 1 {
            return;
        }
        self.pass.store(true, Ordering::SeqCst);
        if matches!((&self.came).read(&mut [0]), Ok(1)) {
            // Ends us as the signal would have; there is nothing to do if it can't.
            signal_hook::low_level::emulate_default_handler(SIGTERM).ok();
        }
    }
}
