//! One of us for each display.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use otp_proto::{Endpoint, User, endpoint};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::failure::{Failure, reason};

/// Where the hotkeys of a session come from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Session {
    /// `DISPLAY`.
    X11,
    /// The compositor's socket.
    Wayland(PathBuf),
}

impl Session {
    /// Wayland first: X11 is its guest then, and hears only keys that go to other guests.
    pub(super) fn of_environment() -> Result<Self, Failure> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        if let Some(display) = set("WAYLAND_DISPLAY") {
            // wl_display_connect(3): an absolute path, or a name in the runtime folder.
            let runtime = PathBuf::from(set("XDG_RUNTIME_DIR").ok_or(Failure::NoSession)?);
            return Ok(Self::Wayland(runtime.join(display)));
        }
        set("DISPLAY").map(|_| Self::X11).ok_or(Failure::NoSession)
    }

    fn name(&self) -> String {
        let name = match self {
            Self::X11 => std::env::var_os("DISPLAY").unwrap_or_default(),
            Self::Wayland(socket) => socket.file_name().unwrap_or_default().to_owned(),
        };
        let plain = |letter: char| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '-'
            }
        };
        name.to_string_lossy().chars().map(plain).collect()
    }
}

/// The lock that says that we are there; the system lets go of it with the process.
pub(super) struct Instance(#[expect(dead_code, reason = "held, not read")] File);

impl Instance {
    /// `None` if there is one already.
    pub(super) fn take(session: &Session) -> Result<Option<Self>, Failure> {
        let user = User::Uid(geteuid().as_raw());
        let place = endpoint(&|name| std::env::var_os(name), &user, &is_private)
            .map_err(|error| Failure::System(error.to_string()))?;
        let Endpoint::Socket(socket) = place else {
            return Err(Failure::NoSession);
        };
        let folder = socket.parent().unwrap_or_else(|| Path::new("/"));
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| Failure::System(reason(&error)))?;
        let path = folder.join(format!("desktop{}.lock", session.name()));
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|error| Failure::System(reason(&error)))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self(file))),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(Failure::System(reason(&error.into()))),
        }
    }
}

/// Whether a folder is ours alone: owner, mode 0700, not a link.
fn is_private(path: &Path) -> bool {
    const OTHERS: u32 = 0o077;
    std::fs::symlink_metadata(path).is_ok_and(|found| {
        found.is_dir() && found.uid() == geteuid().as_raw() && found.mode() & OTHERS == 0
    })
}
