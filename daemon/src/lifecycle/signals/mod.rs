//! What the system tells a process to do.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::Signals;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::Signals;

/// A signal's meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Finish writes, lock, end (TERM, INT).
    Stop,
    /// Lock (USR1).
    #[cfg_attr(windows, expect(dead_code, reason = "Windows has no such signal"))]
    Lock,
    /// Read the configuration again (HUP).
    #[cfg_attr(windows, expect(dead_code, reason = "Windows has no such signal"))]
    Reload,
}
