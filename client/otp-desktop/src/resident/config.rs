//! The hotkeys of `otpd.toml`, read again whenever the file changes (inotify(7)) or SIGHUP comes.

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

use otp_proto::Hotkey;
use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

use super::Teller;
use crate::failure::Failure;
use crate::settings::{self, Settings};

/// How long an editor may take from its first step to its last.
const SETTLE: Duration = Duration::from_millis(100);

/// The file, and what was in it.
pub(super) struct Configuration {
    path: PathBuf,
    events: AsyncFd<OwnedFd>,
    hangup: Signal,
    /// What the file said when it was read last, right or wrong.
    seen: Option<Result<String, String>>,
    /// The last that was right.
    hotkeys: Vec<Hotkey>,
}

impl Configuration {
    pub(super) fn watch() -> Result<Self, Failure> {
        let events = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC);
        let events = events.map_err(std::io::Error::from)?;
        Ok(Self {
            path: settings::path()?,
            events: super::readable(events)?,
            hangup: signal(SignalKind::hangup())?,
            seen: None,
            hotkeys: Vec::new(),
        })
    }

    /// Reads the file. Of a wrong one it is told what is wrong, and the keys stay as they were.
    pub(super) fn read(&mut self, teller: &Teller) -> Vec<Hotkey> {
        // Before it is read, so that no change is missed.
        self.arm();
        self.seen = Some(self.content());
        match Settings::read() {
            Ok(settings) => self.hotkeys = settings.hotkeys.all().to_vec(),
            Err(failure) => super::tell(teller.language.cause(&failure)),
        }
        self.hotkeys.clone()
    }

    /// What the file says, or why it can't be read.
    fn content(&self) -> Result<String, String> {
        settings::text(&self.path).map_err(|error| error.to_string())
    }

    /// Watches the file's folder, and those above it that may be replaced or made.
    fn arm(&self) {
        let changes = WatchFlags::CLOSE_WRITE
            | WatchFlags::MOVED_TO
            | WatchFlags::MOVED_FROM
            | WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::ONLYDIR;
        for folder in self.path.ancestors().skip(1).take(3) {
            // One that isn't there is made below one that is.
            add_watch(self.events.get_ref(), folder, changes).ok();
        }
    }

    /// Returns once the file says something else, or SIGHUP came.
    pub(super) async fn changed(&mut self) {
        loop {
            tokio::select! {
                _ = self.hangup.recv() => return,
                () = heard(&self.events) => {}
            }
            sleep(SETTLE).await;
            self.arm();
            if self.seen.as_ref() != Some(&self.content()) {
                return;
            }
        }
    }
}

/// Waits for events, and takes them all.
async fn heard(events: &AsyncFd<OwnedFd>) {
    let Ok(mut ready) = events.readable().await else {
        // There is no more to be heard; SIGHUP is left.
        return std::future::pending().await;
    };
    ready.clear_ready();
    let mut piece = [0; 4096];
    while matches!(rustix::io::read(events.get_ref(), &mut piece), Ok(1..)) {}
}
