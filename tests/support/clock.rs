//! A wall clock of a test's own, which an agent below libfaketime reads.

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use super::{Daemon, Home, programs, skip, wall};

/// The time step of most codes, in seconds.
pub(crate) const STEP: u64 = 30;

/// The library that hands out a time of ours; without it a test is skipped.
pub(crate) fn faketime(test: &str) -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib")
        .unwrap()
        .flatten()
        .map(|folder| folder.path());
    let library = folders
        .chain([PathBuf::from("/usr/local/lib")])
        .map(|folder| folder.join("faketime/libfaketime.so.1"))
        .find(|library| library.exists());
    if library.is_none() {
        skip(test, "no libfaketime");
    }
    library
}

/// A home whose agent takes the wall clock from a file.
pub(crate) struct Clock {
    pub(crate) home: Home,
    file: PathBuf,
    library: PathBuf,
}

impl Clock {
    /// A clock for a new home with a vault.
    pub(crate) fn new(library: PathBuf) -> Self {
        Self::of(Home::with_vault(), library)
    }

    /// A clock for this home.
    pub(crate) fn of(home: Home, library: PathBuf) -> Self {
        let file = home.home().join("clock");
        Self {
            home,
            file,
            library,
        }
    }

    /// Starts an agent that goes by this clock, which must have been set.
    #[track_caller]
    pub(crate) fn start(&self) -> Daemon {
        // Not for setpriv: what the library makes as root, nobody else may open.
        let mut command = self.home.command_with(&["--pdeathsig=KILL"], "env");
        command
            .arg(format!("LD_PRELOAD={}", self.library.display()))
            .arg(format!("FAKETIME_TIMESTAMP_FILE={}", self.file.display()))
            .args(["FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1"])
            .arg(programs().join("otpd"));
        Daemon::run(command)
    }

    /// Sets the clock into the time step of a moment, in seconds since 1970. It goes on from
    /// there: who measures how long something takes must not wait for ever.
    pub(crate) fn set(&self, time: u64) {
        let inside = time / STEP * STEP + 2;
        self.set_ahead(i128::from(inside) - i128::from(wall()));
    }

    /// Sets the clock so many seconds before the real one.
    pub(crate) fn set_ahead(&self, seconds: i128) {
        // Renamed into place: the agent may look at any moment.
        let new = self.file.with_extension("new");
        self.home.write(&new, format!("{seconds:+}\n"));
        fs::rename(&new, &self.file).unwrap();
    }

    /// The code of an entry, by the agent.
    #[track_caller]
    pub(crate) fn code(&self, query: &str) -> String {
        let code = self.home.connect().ok("get", json!({"query": query}));
        code["code"].as_str().unwrap().to_owned()
    }
}
