//! Copies in a folder of the user's choice, on a thread that nobody waits for: the folder's disk
//! may be slow, or hang.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use super::beside::{Done, hand_back, spawn};
use crate::clock;
use crate::vault::store::Store;

/// What is wanted, and where the thread stands.
#[derive(Default)]
struct Wanted {
    folder: Option<PathBuf>,
    floor: u64,
    /// Something changed since the last copy was begun.
    is_due: bool,
    /// One is being made.
    is_busy: bool,
    is_running: bool,
}

impl Wanted {
    fn is_at_rest(&self) -> bool {
        let is_wanted = self.is_due && self.folder.is_some();
        !self.is_running || !is_wanted && !self.is_busy
    }
}

/// The folder, and its thread once there was something to copy.
#[derive(Default)]
pub(super) struct Folder {
    wanted: Mutex<Wanted>,
    changed: Condvar,
}

impl Folder {
    /// Takes the folder of a configuration.
    pub(super) fn choose(&self, folder: Option<PathBuf>) {
        self.wanted().folder = folder;
    }

    /// Copies below this generation hold a purged key. Returns whether that is new.
    pub(super) fn raise_floor(&self, floor: u64) -> bool {
        let mut wanted = self.wanted();
        let is_new = floor > wanted.floor;
        wanted.floor = wanted.floor.max(floor);
        is_new
    }

    /// Wants a copy of what is on disk now; what was wanted and not begun is in it.
    pub(super) fn ring(self: &Arc<Self>, store: &Arc<Store>, done: &mpsc::Sender<Done>) {
        let mut wanted = self.wanted();
        wanted.is_due = true;
        if wanted.folder.is_none() {
            return;
        }
        if !wanted.is_running {
            let (own, store, done) = (Arc::clone(self), Arc::clone(store), done.clone());
            match spawn("otpd-folder", move || own.work(&store, &done)) {
                Ok(_) => wanted.is_running = true,
                Err(error) => tracing::warn!(%error, "no thread for the backup folder"),
            }
        }
        drop(wanted);
        self.changed.notify_all();
    }

    /// Waits until nothing is to be copied, but not for long.
    pub(super) fn rest(&self, patience: Duration) {
        let wanted = self.wanted();
        let goes_on = |wanted: &mut Wanted| !wanted.is_at_rest();
        drop(self.changed.wait_timeout_while(wanted, patience, goes_on));
    }

    fn work(&self, store: &Store, done: &mpsc::Sender<Done>) {
        loop {
            let (folder, floor) = self.next();
            let copied = store.copy_to(&folder, floor, clock::now().wall);
            hand_back(done, Done::InFolder(copied));
        }
    }

    /// Waits for something to copy.
    fn next(&self) -> (PathBuf, u64) {
        let mut wanted = self.wanted();
        wanted.is_busy = false;
        loop {
            if wanted.is_due
                && let Some(folder) = wanted.folder.clone()
            {
                wanted.is_due = false;
                wanted.is_busy = true;
                return (folder, wanted.floor);
            }
            self.changed.notify_all();
            wanted = self
                .changed
                .wait(wanted)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        // Each holder leaves it whole.
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
