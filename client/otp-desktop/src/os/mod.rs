//! What differs between systems, under the same names everywhere: the only folder that may say
//! `unsafe`.
//!
//! | | Linux | macOS | Windows |
//! |---|---|---|---|
//! | screen | X11, portal, grim | `screencapture` | `BitBlt` |
//! | clipboard | X11, data-control | `osascript`, `pbpaste` | `OpenClipboard` |
//! | hotkeys | X11, portal | none | none |
//! | terminal | `/dev/tty` | `/dev/tty` | none |
//! | copying a code | X11, data-control, OSC 52 | no | no |
//! | typing | X11, `wtype`, portal | no | no |

#[cfg(unix)]
mod tty;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use tty::{Tty, terminal_for_child};
#[cfg(unix)]
pub(crate) use unix::{close_stdout, harden, pipe_of_stdout};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(crate) use linux::{
    clipboard, close_streams, copy, find, leave_session, screen, stay, stdin, type_keys, wait,
};

#[cfg(all(unix, not(target_os = "linux")))]
mod macos;
#[cfg(all(unix, not(target_os = "linux")))]
pub(crate) use macos::{clipboard, copy, screen, stay, type_keys};

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::{
    Tty, clipboard, close_stdout, copy, harden, pipe_of_stdout, screen, stay, terminal_for_child,
    type_keys,
};
