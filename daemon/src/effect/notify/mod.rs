//! Notifications, by the desktop's server.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod markup;
#[cfg(not(target_os = "linux"))]
mod other;

#[cfg(target_os = "linux")]
pub(crate) use linux::start;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::start;

use crate::agent::Notice;

/// Orders that may wait for the server.
pub(crate) const WAITING: usize = 16;

/// What is to be done; each notice is answered by [`crate::agent::Input::Shown`].
#[derive(Debug)]
pub(crate) enum Order {
    /// Show it in the place of what is shown.
    Show(Box<Notice>),
    /// Take away what is shown.
    Unshow,
}
