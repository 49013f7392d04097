//! Who may ask. A front-end translates between its transport and the loop, and decides nothing.

mod connection;
#[cfg(target_os = "linux")]
mod dbus;
pub(crate) mod ipc;
#[cfg(not(target_os = "linux"))]
mod no_dbus;
mod os;
mod outbox;
mod peers;
#[cfg(test)]
mod tests;

#[cfg(target_os = "linux")]
pub(crate) use dbus::start as serve_desktop;
#[cfg(not(target_os = "linux"))]
pub(crate) use no_dbus::start as serve_desktop;

pub(crate) use outbox::Outbox;
pub(crate) use peers::Peers;

use std::time::Duration;

/// Connections open at once. A desktop needs a handful; more would only serve a flood.
pub(crate) const MAX_CONNECTIONS: usize = 64;

/// Requests of one connection that may wait at once; after that it isn't read from.
const MAX_IN_FLIGHT: usize = 16;

/// Bytes read ahead of a connection whose requests wait: one longest line, so that its end is
/// noticed while it waits.
const MAX_AHEAD: usize = otp_proto::MAX_REQUEST;

/// Events that a subscriber may be behind; then it is cut off, never waited for.
const MAX_EVENTS: usize = 64;

/// From the connection to the end of its first line. Programs send at once; people use otpctl.
const FIRST_LINE: Duration = Duration::from_secs(5);

/// How long a peer may leave an answer unread.
const UNREAD: Duration = Duration::from_secs(10);

/// How often a peer that has ended its side, but waits for answers, is looked at: no event tells
/// that the other side is closed too.
const HALF_CLOSED: Duration = Duration::from_millis(250);
