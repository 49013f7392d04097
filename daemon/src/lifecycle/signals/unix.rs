//! signal(7). SIGPIPE is ignored by Rust's runtime.

use std::io;

use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

use super::Signal;

/// The signals that mean something to us. Made before anybody can know our process id.
pub(crate) struct Signals {
    terminate: Stream,
    interrupt: Stream,
    user: Stream,
    hangup: Stream,
}

impl Signals {
    /// Takes the signals over from their default, which is death.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            user: signal(SignalKind::user_defined1())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// The next signal. May be dropped between two polls.
    pub(crate) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::Stop,
            _ = self.interrupt.recv() => Signal::Stop,
            _ = self.user.recv() => Signal::Lock,
            _ = self.hangup.recv() => Signal::Reload,
        }
    }
}
