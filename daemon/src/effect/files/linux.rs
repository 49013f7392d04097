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
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

use super::Begun;

/// Bytes of events that are taken at once; each has at most a name of 255.
const EVENTS: usize = 4096;

/// A file that is watched until this is dropped.
pub(super) struct Watch {
    /// Written to, it ends the thread.
    stop: Arc<OwnedFd>,
    thread: JoinHandle<()>,
}

impl Watch {
    pub(super) fn start(
        file: &str,
        begun: Begun,
        tell: impl Fn(String) + Send + 'static,
    ) -> Option<Self> {
        let stop = Arc::new(eventfd(0, EventfdFlags::CLOEXEC).ok()?);
        let (ends, file) = (Arc::clone(&stop), file.to_owned());
        let work = move || {
            if let Err(error) = watch(&file, &ends, &begun, tell) {
                tracing::debug!(%error, "changes of a source's file are not noticed");
            }
            begun.set();
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

/// What is seen of a file at one time.
struct View {
    events: OwnedFd,
    /// What the file and what it leads to are called in their folders; `None` while a folder isn't
    /// there, and one above it is looked at.
    names: Option<Vec<OsString>>,
}

/// What came of waiting.
enum Seen {
    Stopped,
    Changed,
    /// A folder has come or gone: what is looked at must be chosen anew.
    Moved,
}

/// Tells of changes until it is stopped.
fn watch(file: &str, stop: &OwnedFd, begun: &Begun, tell: impl Fn(String)) -> io::Result<()> {
    let mut view = View::of(Path::new(file))?;
    begun.set();
    loop {
        match view.wait(stop)? {
            Seen::Stopped => return Ok(()),
            Seen::Changed => tell(file.to_owned()),
            Seen::Moved => {
                let was_there = view.names.is_some();
                view = View::of(Path::new(file))?;
                // Its folder has gone, or come back with a file that nobody has seen.
                if was_there || view.names.is_some() {
                    tell(file.to_owned());
                }
            }
        }
    }
}

impl View {
    fn of(file: &Path) -> io::Result<Self> {
        let above = WatchFlags::CREATE | WatchFlags::MOVED_TO;
        let gone = WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF | WatchFlags::ONLYDIR;
        for folder in file.ancestors().skip(1) {
            let events = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
            let is_above = file.parent() != Some(folder);
            if is_above && inotify::add_watch(&events, folder, above | gone).is_err() {
                continue;
            }
            // Where one above is looked at, what it lacked may have come meanwhile.
            let changes = WatchFlags::CLOSE_WRITE | WatchFlags::MOVED_TO | WatchFlags::DELETE;
            let places = places(file).into_iter();
            let names = places.map(|(folder, name)| {
                inotify::add_watch(&events, folder, changes | gone | WatchFlags::MASK_ADD)?;
                Ok(name)
            });
            let names: io::Result<Vec<OsString>> = names.collect();
            match names {
                Ok(names) => {
                    let names = Some(names);
                    return Ok(Self { events, names });
                }
                Err(_) if is_above => {
                    return Ok(Self {
                        events,
                        names: None,
                    });
                }
                Err(_) => {}
            }
        }
        Err(io::ErrorKind::NotFound.into())
    }

    fn wait(&self, stop: &OwnedFd) -> io::Result<Seen> {
        loop {
            let mut ready = [
                PollFd::new(&self.events, PollFlags::IN),
                PollFd::new(stop, PollFlags::IN),
            ];
            match poll(&mut ready, None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let [_, stopped] = &ready;
            if !stopped.revents().is_empty() {
                return Ok(Seen::Stopped);
            }
            if let Some(seen) = self.seen()? {
                return Ok(seen);
            }
        }
    }

    /// Takes all events that there are.
    fn seen(&self) -> io::Result<Option<Seen>> {
        let mut buffer = [MaybeUninit::uninit(); EVENTS];
        let mut reader = Reader::new(&self.events, &mut buffer);
        let (mut is_changed, mut is_moved) = (false, false);
        loop {
            match reader.next() {
                // More happened than is told.
                Ok(event) if event.events().contains(ReadFlags::QUEUE_OVERFLOW) => {
                    is_changed = true;
                    is_moved |= self.names.is_none();
                }
                Ok(event) => match (event.file_name(), &self.names) {
                    (Some(name), Some(names)) => {
                        let name = name.to_bytes();
                        is_changed |= names.iter().any(|own| own.as_bytes() == name);
                    }
                    // The folder itself, or one that may lead to it.
                    (None, _) | (_, None) => is_moved = true,
                },
                Err(Errno::WOULDBLOCK) => break,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(match (is_moved, is_changed) {
            (true, _) => Some(Seen::Moved),
            (false, true) => Some(Seen::Changed),
            (false, false) => None,
        })
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
    use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
    use std::time::Duration;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    /// Watches a file; returns once it is.
    fn watched(file: &Path) -> (Watch, Receiver<String>) {
        let (sender, told) = channel();
        let tell = move |file| drop(sender.send(file));
        let begun = Begun::default();
        let watch = Watch::start(file.to_str().unwrap(), begun.clone(), tell).unwrap();
        begun.wait(PATIENCE);
        (watch, told)
    }

    #[track_caller]
    fn is_told(told: &Receiver<String>, file: &Path) {
        let path = told.recv_timeout(PATIENCE).unwrap();
        assert_eq!(path, file.to_str().unwrap());
    }

    #[test]
    fn a_file_that_is_written_replaced_or_removed_is_told_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.kdbx");
        let (_watch, told) = watched(&file);
        fs::write(&file, "x").unwrap();
        is_told(&told, &file);
        let other = folder.path().join("b.kdbx");
        fs::write(&other, "x").unwrap();
        fs::remove_file(&other).unwrap();
        fs::write(&other, "x").unwrap();
        // Events come in their order: had the others been told, there would be more than these.
        fs::rename(&other, &file).unwrap();
        is_told(&told, &file);
        fs::remove_file(&file).unwrap();
        is_told(&told, &file);
        assert!(told.try_recv().is_err());
    }

    #[test]
    fn a_folder_that_goes_and_comes_back_with_those_above_it_is_watched_again() {
        let folder = tempfile::tempdir().unwrap();
        let above = folder.path().join("above");
        let within = above.join("within");
        let file = within.join("a.kdbx");
        let (_watch, told) = watched(&file);
        for _ in 0..3 {
            fs::create_dir_all(&within).unwrap();
            // It may have come before the file, or after it.
            is_told(&told, &file);
            while told.try_recv().is_ok() {}
            let new = within.join("new");
            fs::write(&new, "x").unwrap();
            fs::rename(&new, &file).unwrap();
            is_told(&told, &file);
            fs::remove_dir_all(&above).unwrap();
            is_told(&told, &file);
            while told.try_recv().is_ok() {}
        }
    }

    #[test]
    fn a_watch_ends_when_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let (watch, told) = watched(&folder.path().join("a.kdbx"));
        assert!(watch.goes_on());
        drop(watch);
        // The sender goes with the thread.
        let ended = told.recv_timeout(PATIENCE);
        assert_eq!(ended, Err(RecvTimeoutError::Disconnected));
    }
}
