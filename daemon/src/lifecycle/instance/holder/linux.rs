//! The kernel as a witness.

use std::fs::File;
use std::io;

use rustix::fs::{FlockOperation, fcntl_lock};
use rustix::process::{
    Flock, FlockType, Pid, PidfdFlags, Signal, fcntl_getlk, pidfd_open, pidfd_send_signal,
};

use super::Holder;

/// Lets the kernel testify that this process serves. The text was written before.
pub(in super::super) fn mark(file: &File) -> io::Result<()> {
    Ok(fcntl_lock(file, FlockOperation::NonBlockingLockExclusive)?)
}

/// Takes it back.
pub(in super::super) fn unmark(file: &File) {
    // Fails only for a descriptor that isn't a file.
    let _ = fcntl_lock(file, FlockOperation::NonBlockingUnlock);
}

/// Returns the holder, if there is one that serves.
pub(in super::super) fn witness(file: &File) -> Option<Holder> {
    let pid = marked_by(file)?;
    let holder = Holder::read(file)?;
    // Another pid: the holder changed between the two lines; ask again later.
    (holder.pid == pid.as_raw_nonzero().get().unsigned_abs()).then_some(holder)
}

/// Sends SIGTERM to the holder, and to nobody else.
pub(in super::super) fn ask_to_leave(file: &File, holder: Holder) -> io::Result<()> {
    let gone = || io::Error::from(io::ErrorKind::NotFound);
    let pid = marked_by(file).ok_or_else(gone)?;
    let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
    // Still marked by the same number now that the pidfd is open: then it names this process.
    if witness(file) != Some(holder) || marked_by(file) != Some(pid) {
        return Err(gone());
    }
    Ok(pidfd_send_signal(pidfd, Signal::TERM)?)
}

fn marked_by(file: &File) -> Option<Pid> {
    let lock = fcntl_getlk(file, &Flock::from(FlockType::WriteLock)).ok()??;
    lock.pid
}
