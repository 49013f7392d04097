//! The X server: the pixels of its screens, its clipboard, its keyboard.

mod clipboard;
mod focus;
mod keys;
mod owner;
mod pixels;
mod screen;
mod typist;

pub(crate) use clipboard::Selection;
pub(crate) use keys::symbol;
pub(crate) use owner::Owned;
pub(crate) use screen::grab;
pub(crate) use typist::Keyboard;

use x11rb::errors::{ConnectError, ConnectionError, ReplyError, ReplyOrIdError};

use x11rb::reexports::x11rb_protocol::parse_display::parse_display;
use x11rb::rust_connection::RustConnection;

use crate::failure::Failure;

/// The first TCP port of X servers, which display numbers are added to.
const PORT: u16 = 6000;

/// Connects to `DISPLAY`; the connection, and the number of the screen that is named there.
pub(crate) fn connect() -> Result<(RustConnection, usize), Failure> {
    let display = parse_display(None).map_err(|error| Failure::Display(error.to_string()))?;
    // x11rb's own sum overflows.
    if display.display.checked_add(PORT).is_none() {
        return Err(Failure::Display("no display has such a number".into()));
    }
    Ok(RustConnection::connect(None)?)
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        Self::Display(error.to_string())
    }
}

impl From<ConnectionError> for Failure {
    fn from(error: ConnectionError) -> Self {
        Self::Display(error.to_string())
    }
}

impl From<ReplyError> for Failure {
    fn from(error: ReplyError) -> Self {
        Self::Display(error.to_string())
    }
}

impl From<ReplyOrIdError> for Failure {
    fn from(error: ReplyOrIdError) -> Self {
        Self::Display(error.to_string())
    }
}
