//! The few operations that change files. All of the vault's go through here, so that tests can
//! make any one of them fail.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use crate::platform;

/// Makes a file of ours alone.
pub(super) fn create(path: &Path) -> io::Result<File> {
    step()?;
    platform::create_private(path)
}

/// Writes to a new file.
pub(super) fn write(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    step()?;
    file.write_all(bytes)
}

/// Syncs a file.
pub(super) fn sync(file: &File) -> io::Result<()> {
    step()?;
    file.sync_all()
}

/// Opens a file that was just written.
pub(super) fn open_again(path: &Path) -> io::Result<File> {
    step()?;
    File::open(path)
}

/// Renames a file or folder over what has the name.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    step()?;
    fs::rename(from, to)
}

/// Gives a file a second name.
pub(super) fn link(from: &Path, to: &Path) -> io::Result<()> {
    step()?;
    fs::hard_link(from, to)
}

/// Copies a file, for where a second name can't be given.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    step()?;
    fs::copy(from, to).map(|_| ())
}

/// Removes a file, if it is there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    step()?;
    absent(fs::remove_file(path))
}

/// Removes a folder with what is in it, if it is there.
pub(super) fn remove_folder(path: &Path) -> io::Result<()> {
    step()?;
    absent(fs::remove_dir_all(path))
}

/// Makes a folder of ours alone.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    step()?;
    platform::make_private_dir(path)
}

/// Syncs a folder, so that the names in it last.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    step()?;
    platform::sync_folder(path)
}

fn absent(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "it fails in tests")]
fn step() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
use fault::step;

/// Operations of the current thread that fail on purpose.
#[cfg(test)]
pub(crate) mod fault {
    use std::cell::Cell;
    use std::io;

    #[derive(Clone, Copy)]
    enum Plan {
        Never,
        /// After so many operations one fails, or all from then on.
        After(usize, Lasting),
        Reached(Lasting),
    }

    /// What comes after the operation that fails.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub(crate) enum Lasting {
        /// Nothing: the process died.
        Crash,
        /// The next operation works again.
        Once,
    }

    thread_local!(static PLAN: Cell<Plan> = const { Cell::new(Plan::Never) });

    /// Runs some work in which operation `number` (from 0) fails. `None` if it wasn't reached.
    pub(crate) fn at<T>(number: usize, lasting: Lasting, work: impl FnOnce() -> T) -> (T, bool) {
        PLAN.set(Plan::After(number, lasting));
        let done = work();
        let reached = matches!(PLAN.replace(Plan::Never), Plan::Reached(_));
        (done, reached)
    }

    pub(super) fn step() -> io::Result<()> {
        let fails = match PLAN.get() {
            Plan::Never | Plan::Reached(Lasting::Once) => false,
            Plan::Reached(Lasting::Crash) => true,
            Plan::After(0, lasting) => {
                PLAN.set(Plan::Reached(lasting));
                true
            }
            Plan::After(left, lasting) => {
                PLAN.set(Plan::After(left - 1, lasting));
                false
            }
        };
        if fails {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    }
}
