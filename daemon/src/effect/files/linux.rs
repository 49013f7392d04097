//! inotify(7): the folder of a file is watched, for whoever saves a file well puts another one in
//! its place.

use std::ffi::OsString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use rustix::io::Errno;

/// Bytes of events that are taken at once; each has at most a name of 255.
const EVENTS: usize = 4096;

/// A file that is watched until this is dropped.
pub(super) struct Watch {
    /// Written to, it ends the thread.
    stop: Arc<OwnedFd>,
    thread: JoinHandle<()>,
}

impl Watch {
    pub(super) fn start(file: &str, tell: impl Fn(String) + Send + 'static) -> Option<Self> {
        let stop = Arc::new(eventfd(0, EventfdFlags::CLOEXEC).ok()?);
        let (ends, file) = (Arc::clone(&stop), file.to_owned());
        let work = move || {
            if let Err(error) = watch(&file, &ends, tell) {
                tracing::debug!(%error, "changes of a source's file are not noticed");
            }
        };
        let thread = Builder::new().name("otpd-watch".into()).spawn(work).ok()?;
        Some(Self { stop, thread })
    }

    /// Whether it is watched still.
    pub(super) fn goes_on(&self) -> bool {
        !self.thread.is_finished()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        rustix::io::write(&self.stop, &1_u64.to_ne_bytes()).ok();
    }
}

/// Tells of changes until it is stopped; ends if the folder goes.
fn watch(file: &str, stop: &OwnedFd, tell: impl Fn(String)) -> io::Result<()> {
    let events = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    let wanted = WatchFlags::CLOSE_WRITE
        | WatchFlags::MOVED_TO
        | WatchFlags::DELETE
        | WatchFlags::DELETE_SELF
        | WatchFlags::MOVE_SELF
        | WatchFlags::ONLYDIR;
    let names = places(Path::new(file))
        .into_iter()
        .map(|(folder, name)| {
            inotify::add_watch(&events, folder, wanted)?;
            Ok(name)
        })
        .collect::<io::Result<Vec<OsString>>>()?;
    loop {
        let mut ready = [
            PollFd::new(&events, PollFlags::IN),
            PollFd::new(stop, PollFlags::IN),
        ];
        match poll(&mut ready, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let [_, stopped] = &ready;
        if !stopped.revents().is_empty() {
            return Ok(());
        }
        let mut buffer = [MaybeUninit::uninit(); EVENTS];
        let mut reader = Reader::new(&events, &mut buffer);
        let (mut is_changed, mut is_over) = (false, false);
        loop {
            match reader.next() {
                Ok(event) => match event.file_name() {
                    Some(name) => {
                        is_changed |= names.iter().any(|own| own.as_bytes() == name.to_bytes());
                    }
                    // The folder itself.
                    None => is_over = true,
                },
                Err(Errno::WOULDBLOCK) => break,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if is_changed || is_over {
            tell(file.to_owned());
        }
        if is_over {
            return Ok(());
        }
    }
}

/// The folder and the name of a file, and where it is a link, of what it leads to.
fn places(file: &Path) -> Vec<(PathBuf, OsString)> {
    let real = file.canonicalize().ok();
    let mut places = Vec::new();
    for path in [Some(file), real.as_deref()].into_iter().flatten() {
        let place = path.parent().zip(path.file_name());
        let place = place.map(|(folder, name)| (folder.to_owned(), name.to_owned()));
        places.extend(place.filter(|place| !places.contains(place)));
    }
    places
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// Watches a file; returns once it is.
    fn watched(file: &Path) -> (Watch, Receiver<String>) {
        let (sender, told) = channel();
        let tell = move |file| drop(sender.send(file));
        let watch = Watch::start(file.to_str().unwrap(), tell).unwrap();
        // It is watched when a change is told that is made until one is.
        while told.try_recv().is_err() {
            fs::write(file, "first").unwrap();
            assert!(watch.goes_on());
            std::thread::yield_now();
        }
        while told.recv_timeout(Duration::from_millis(200)).is_ok() {}
        (watch, told)
    }

    #[test]
    fn a_file_that_is_written_replaced_or_removed_is_told_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.kdbx");
        let (_watch, told) = watched(&file);
        let path = file.to_str().unwrap();
        let other = folder.path().join("b.kdbx");
        fs::write(&other, "x").unwrap();
        assert!(told.try_recv().is_err());
        fs::rename(&other, &file).unwrap();
        assert_eq!(told.recv_timeout(PATIENCE).unwrap(), path);
        fs::remove_file(&file).unwrap();
        assert_eq!(told.recv_timeout(PATIENCE).unwrap(), path);
    }

    #[test]
    fn a_watch_ends_when_it_is_dropped_and_when_the_folder_goes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.kdbx");
        let (watch, told) = watched(&file);
        drop(watch);
        // The sender goes with the thread.
        assert!(told.recv_timeout(PATIENCE).is_err());
        let (watch, told) = watched(&file);
        fs::remove_dir_all(folder.path()).unwrap();
        while told.recv_timeout(PATIENCE).is_ok() {}
        assert!(told.recv_timeout(PATIENCE).is_err());
        assert!(!watch.goes_on() || watch.thread.is_finished());
    }
}
