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

use self::os::Watch;

/// The files that are watched.
#[derive(Default)]
#[allow(
    clippy::zero_sized_map_values,
    reason = "a watch is nothing where nothing can be watched"
)]
pub(crate) struct Files(BTreeMap<String, Watch>);

impl Files {
    /// Watches these files, and no others any more. One whose watching has ended, because its
    /// folder wasn't there, is tried again. `tell` runs on a thread of its own.
    pub(crate) fn watch(
        &mut self,
        files: Vec<String>,
        tell: impl Fn(String) + Clone + Send + 'static,
    ) {
        self.0
            .retain(|file, watch| files.contains(file) && watch.goes_on());
        for file in files {
            if !self.0.contains_key(&file)
                && let Some(watch) = Watch::start(&file, tell.clone())
            {
                self.0.insert(file, watch);
            }
        }
    }
}
