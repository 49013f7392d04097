//! Files whose changes are noticed: a thread each, since naming a file may hang on its disk.
//!
//! Linux tells (inotify(7)); elsewhere `otpctl source sync` does.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as os;
#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(not(target_os = "linux"))]
use other as os;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use self::os::Watch;

/// The files that are watched.
#[derive(Default)]
pub(crate) struct Files(BTreeMap<String, (Watch, Begun)>);

impl Files {
    /// Watches these files, and no others any more. One whose watching has failed is tried again.
    /// `tell` runs on a thread of its own.
    pub(crate) fn watch(
        &mut self,
        files: Vec<String>,
        tell: impl Fn(String) + Clone + Send + 'static,
    ) {
        self.0
            .retain(|file, (watch, _)| files.contains(file) && watch.goes_on());
        for file in files {
            if let Entry::Vacant(place) = self.0.entry(file) {
                let begun = Begun::default();
                if let Some(watch) = Watch::start(place.key(), begun.clone(), tell.clone()) {
                    place.insert((watch, begun));
                }
            }
        }
    }

    /// When the watching of a file has begun; `None` if it isn't watched.
    pub(crate) fn begun(&self, file: &str) -> Option<Begun> {
        self.0.get(file).map(|(_, begun)| begun.clone())
    }
}

/// Whether a watching has begun, for who reads the file after that.
#[derive(Debug, Clone, Default)]
pub(crate) struct Begun(Arc<(Mutex<bool>, Condvar)>);

impl Begun {
    /// Waits until it has, or can't, but no longer than this.
    pub(crate) fn wait(&self, most: Duration) {
        let (has_begun, changed) = &*self.0;
        let has_begun = has_begun.lock().unwrap_or_else(PoisonError::into_inner);
        drop(changed.wait_timeout_while(has_begun, most, |has_begun| !*has_begun));
    }

    /// It has, or can't.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "nothing is watched")
    )]
    fn set(&self) {
        let (has_begun, changed) = &*self.0;
        *has_begun.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
    }
}
