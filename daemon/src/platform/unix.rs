//! What Linux and macOS share: POSIX.
#![allow(
    unsafe_code,
    reason = "mappings are made and unmade through raw pointers"
)]

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::ptr::{NonNull, null_mut};

use otp_proto::User;
use rustix::fs::{Mode, OFlags, Stat};
use rustix::mm::{MapFlags, ProtFlags};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::pages::Pages;

/// Returns the unit of mappings in bytes.
pub(super) fn page_size() -> usize {
    rustix::param::page_size()
}

/// Maps zeroed memory of our own.
pub(super) fn map_private(len: usize) -> io::Result<Pages> {
    let access = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: a new mapping where the kernel likes; it overlaps nothing.
    let start = unsafe { rustix::mm::mmap_anonymous(null_mut(), len, access, MapFlags::PRIVATE) }?;
    let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
    // SAFETY: just mapped with this length, readable, writable and zeroed, and known to nobody.
    Ok(unsafe { Pages::from_raw(start, len) })
}

/// Keeps pages in memory (mlock(2)); touches every one of them.
pub(super) fn lock(pages: &Pages) -> io::Result<()> {
    // SAFETY: the whole range is mapped as long as `pages` lives.
    unsafe { rustix::mm::mlock(pages.start().cast(), pages.len()) }?;
    Ok(())
}

/// Unmaps pages, which also unlocks them.
///
/// # Safety
/// Nobody uses the pages afterwards.
pub(super) unsafe fn unmap(pages: &mut Pages) {
    // SAFETY: the range is a mapping of its own, and the caller promises that it is done with.
    let _ = unsafe { rustix::mm::munmap(pages.start().cast(), pages.len()) };
}

/// Raises the soft limit of locked memory to the hard one. Whoever set the hard one is asked for
/// no more.
pub(super) fn raise_lock_limit() {
    let limit = getrlimit(Resource::Memlock);
    if limit.current != limit.maximum {
        let _ = setrlimit(
            Resource::Memlock,
            Rlimit {
                current: limit.maximum,
                maximum: limit.maximum,
            },
        );
    }
}

/// Allows no core file and no access for others to files that we make.
pub(super) fn no_core_no_access() -> io::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)?;
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    Ok(())
}

/// Returns who we run as: the effective user.
///
/// # Errors
/// None here; Windows has to ask for its answer.
pub fn user() -> io::Result<User> {
    Ok(User::Uid(rustix::process::geteuid().as_raw()))
}

/// Returns whether a folder is ours alone: a directory and not a link to one, owned by us, mode
/// `0700` or less.
pub fn is_private_dir(path: &Path) -> bool {
    open_dir(path)
        .and_then(|dir| Ok(rustix::fs::fstat(dir)?))
        .is_ok_and(|stat| is_ours(&stat) && others(&stat).is_empty())
}

/// Makes a folder ours alone. Absent folders on the way are made, too, all with mode `0700`; a
/// folder of ours that others may enter is closed to them.
///
/// # Errors
/// If the path is a link or another kind of file, if the folder belongs to another user (who
/// could put what they like into it), or if it can't be made.
pub fn make_private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let dir = open_dir(path)?;
    let stat = rustix::fs::fstat(&dir)?;
    if !is_ours(&stat) {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "the folder belongs to another user",
        ));
    }
    if !others(&stat).is_empty() {
        rustix::fs::fchmod(&dir, Mode::RWXU)?;
    }
    Ok(())
}

/// Makes a file that only we may read, for writing.
///
/// # Errors
/// If there is one already, or anything else of that name, a link too.
pub fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Syncs a folder, so that files made, renamed and removed in it are so after a power cut
/// (fsync(2): syncing the file alone doesn't sync its name).
///
/// # Errors
/// The system's.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Whether two files are on one file system. What can't be looked at counts as so.
pub fn is_same_disk(one: &Path, other: &Path) -> bool {
    let device = |path: &Path| rustix::fs::stat(path).map(|found| found.st_dev);
    match (device(one), device(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => true,
    }
}

/// Opens a directory, but not through a link at the path's end.
fn open_dir(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}

fn is_ours(stat: &Stat) -> bool {
    stat.st_uid == rustix::process::geteuid().as_raw()
}

/// Returns what a mode allows group and others.
fn others(stat: &Stat) -> Mode {
    Mode::from_raw_mode(stat.st_mode) & (Mode::RWXG | Mode::RWXO)
}

#[cfg(test)]
#[path = "unix_tests.rs"]
mod tests;
