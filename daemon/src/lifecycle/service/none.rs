//! No service manager that wants to know: launchd watches the process, Windows starts it and
//! forgets it.

/// The agent listens.
pub(crate) fn ready() {}

/// The configuration is being read again.
pub(crate) fn reloading() {}

/// The agent ends.
pub(crate) fn stopping() {}
