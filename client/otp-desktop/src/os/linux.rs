//! Linux's desktops: Wayland and X11.

use std::fs::File;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};

use crate::clip::Clipboard;
use crate::failure::{Failure, Way, reason};
use crate::out::Pipe;
use crate::text::Language;
use crate::wayland::DataControl;
use crate::wtype::Wtype;
use crate::{copy, grim, portal, resident, terminal, typing, wayland, x11};

/// Longest that `grim` may take; it asks nobody.
const GRIM_PATIENCE: Duration = Duration::from_secs(10);

/// Writes pictures of every monitor; returns a warning if there is something to warn about.
pub(crate) fn screen(
    via: Option<Way>,
    timeout: Duration,
    out: &mut Pipe,
) -> Result<Option<Failure>, Failure> {
    match via {
        Some(Way::X11) => x11::grab(out).map(|()| None),
        Some(Way::Portal) => portal::grab(timeout, out),
        Some(Way::Grim) => grim::grab(timeout, out).map(|()| None),
        Some(way @ (Way::System | Way::Shortcuts | Way::Remote | Way::Wtype)) => {
            Err(Failure::Missing(way))
        }
        None if is_set("WAYLAND_DISPLAY") => wayland(timeout, out),
        None if is_set("DISPLAY") => match x11::grab(out) {
            // Nothing was written: it would have been a black picture. Whoever forgot to hand us
            // WAYLAND_DISPLAY has a session bus all the same.
            Err(Failure::Guest) => portal::grab(timeout, out)
                .map_err(|failure| Failure::Both(Box::new(Failure::Guest), Box::new(failure))),
            other => other.map(|()| None),
        },
        None => Err(Failure::NoSession),
    }
}

/// The portal first; where it doesn't work, `grim`. But a no is a no.
fn wayland(timeout: Duration, out: &mut Pipe) -> Result<Option<Failure>, Failure> {
    match portal::grab(timeout, out) {
        Err(
            first @ (Failure::Missing(_)
            | Failure::Failed(..)
            | Failure::TimedOut(_)
            | Failure::BadPlace),
        ) => match grim::grab(GRIM_PATIENCE.min(timeout), out) {
            Ok(()) => Ok(None),
            Err(Failure::OutputClosed) => Err(Failure::OutputClosed),
            Err(last) => Err(Failure::Both(Box::new(first), Box::new(last))),
        },
        other => other,
    }
}

/// Stays, and serves hotkeys.
pub(crate) fn stay(linger: Duration, language: Language) -> Result<(), Failure> {
    resident::run(linger, language)
}

/// The clipboard of the session.
pub(crate) fn clipboard() -> Result<Box<dyn Clipboard>, Failure> {
    let (wayland, x11) = (is_set("WAYLAND_DISPLAY"), is_set("DISPLAY"));
    if wayland {
        match DataControl::open() {
            Ok(clipboard) => return Ok(Box::new(clipboard)),
            // Compositors without such a protocol share their clipboard with their X guests.
            Err(Failure::NoClipboard | Failure::Display(_)) if x11 => {}
            Err(failure) => return Err(failure),
        }
    }
    if x11 {
        return Ok(Box::new(x11::Selection::open()?));
    }
    Err(Failure::NoSession)
}

/// Puts a code that standard input gives onto the clipboard.
pub(crate) fn copy(by_terminal: bool) -> Result<(), Failure> {
    if by_terminal {
        return terminal::run();
    }
    close_inherited()?;
    let (wayland, x11) = (is_set("WAYLAND_DISPLAY"), is_set("DISPLAY"));
    if wayland {
        match DataControl::open() {
            Ok(mut clipboard) => return copy::run(&mut clipboard),
            // As above.
            Err(Failure::NoClipboard | Failure::Display(_)) if x11 => {}
            Err(failure) => return Err(failure),
        }
    }
    if x11 {
        return copy::run(&mut x11::Owned::open()?);
    }
    Err(Failure::NoSession)
}

/// Takes standard input as a file: `std::io::stdin` would keep what it read.
pub(crate) fn stdin() -> io::Result<File> {
    Ok(rustix::stdio::stdin().try_clone_to_owned()?.into())
}

/// Types what standard input gives.
pub(crate) fn type_keys(window: Option<&str>) -> Result<(), Failure> {
    if !is_set("WAYLAND_DISPLAY") {
        return if is_set("DISPLAY") {
            typing::run(&mut x11::Keyboard::open(window)?)
        } else {
            Err(Failure::NoSession)
        };
    }
    if window.is_some() {
        return Err(Failure::NoWindows);
    }
    if !wayland::takes_keys()? {
        return typing::run(&mut portal::Remote::open()?);
    }
    if let Some(mut wtype) = Wtype::find() {
        return typing::run(&mut wtype);
    }
    let mut remote = portal::Remote::open().map_err(|failure| {
        let missing = Failure::Missing(Way::Wtype);
        Failure::Both(Box::new(missing), Box::new(failure))
    })?;
    typing::run(&mut remote)
}

/// A program. A relative folder of PATH would run whatever lies in the working directory.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// Closes every descriptor but the standard ones, so that a pipe or a lock of whoever started us
/// doesn't last as long as we do. To be called before this process opens anything.
#[allow(
    unsafe_code,
    reason = "descriptors that nobody owns are closed by number"
)]
fn close_inherited() -> io::Result<()> {
    const FIRST: i32 = 3;
    let all = std::fs::read_dir("/proc/self/fd")?;
    let all: Vec<_> = all.flatten().map(|one| one.path()).collect();
    // The folder's own is closed by now.
    for path in all
        .into_iter()
        .filter(|path| path.symlink_metadata().is_ok())
    {
        let number = path
            .file_name()
            .and_then(|name| name.to_str()?.parse().ok());
        if let Some(number) = number.filter(|number: &i32| *number >= FIRST) {
            // SAFETY: nothing in this process has opened a descriptor that is still open, so none
            // of these has an owner.
            unsafe { rustix::io::close(number) };
        }
    }
    Ok(())
}

/// Leaves the session and the folder of whoever started us: its end is not ours.
pub(crate) fn leave_session() -> io::Result<()> {
    match rustix::process::setsid() {
        // Who leads a group has left already.
        Ok(_) | Err(rustix::io::Errno::PERM) => std::env::set_current_dir("/"),
        Err(error) => Err(error.into()),
    }
}

/// Lets go of the standard streams, whose other ends wait for that.
pub(crate) fn close_streams() -> io::Result<()> {
    let nothing = File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&nothing)?;
    rustix::stdio::dup2_stdout(&nothing)?;
    Ok(rustix::stdio::dup2_stderr(&nothing)?)
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// Waits for a child's end, and kills it when the time is over.
pub(crate) fn wait(child: &mut Child, way: Way, timeout: Duration) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::Failed(way, reason(&error));
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or(Failure::Failed(way, String::new()))?;
    let ended = pidfd_open(pid, PidfdFlags::empty()).map_err(|error| failed(error.into()))?;
    let timeout = Timespec::try_from(timeout).ok();
    let count = loop {
        match poll(&mut [PollFd::new(&ended, PollFlags::IN)], timeout.as_ref()) {
            Err(rustix::io::Errno::INTR) => {}
            count => break count,
        }
    };
    if !matches!(count, Ok(1)) {
        child.kill().ok();
        child.wait().ok();
        return Err(Failure::TimedOut(way));
    }
    let status = child.wait().map_err(failed)?;
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(()),
        (Some(code), _) => Err(Failure::Failed(way, format!("exit status {code}"))),
        // Its reader has gone.
        (None, Some(signal)) if signal == Signal::PIPE.as_raw() => Err(Failure::OutputClosed),
        (None, signal) => {
            let signal = signal.unwrap_or_default();
            Err(Failure::Failed(way, format!("signal {signal}")))
        }
    }
}
