//! What every Unix has: limits and the mask of new files' modes.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FileType, Mode};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, umask};
use rustix::time::{ClockId, clock_gettime};

/// Most seconds of CPU time: twice what the slowest picture takes.
const MAX_CPU: u64 = 10;
/// Most seconds of CPU time of a key derivation, all processors together.
const MAX_DERIVATION: u64 = 120;
/// Most open files: the three standard streams.
const MAX_FILES: u64 = 3;

/// Leaves no core, and makes new files the user's own.
///
/// # Errors
/// Those of setrlimit(2).
pub(super) fn harden() -> io::Result<()> {
    limit(Resource::Core, 0)?;
    umask(Mode::RWXG | Mode::RWXO);
    Ok(())
}

/// Limits CPU time, files and children.
///
/// # Errors
/// Those of setrlimit(2).
pub(super) fn limits() -> io::Result<()> {
    limit(Resource::Core, 0)?;
    limit(Resource::Cpu, MAX_CPU)?;
    limit(Resource::Fsize, 0)?;
    limit(Resource::Nproc, 0)?;
    limit(Resource::Nofile, MAX_FILES)
}

/// Limits CPU time and files, for a key derivation with threads of its own.
///
/// # Errors
/// Those of setrlimit(2).
pub(super) fn computing_limits() -> io::Result<()> {
    limit(Resource::Core, 0)?;
    limit(Resource::Cpu, MAX_DERIVATION)?;
    limit(Resource::Fsize, 0)?;
    limit(Resource::Nofile, MAX_FILES)
}

pub(super) fn limit(resource: Resource, most: u64) -> io::Result<()> {
    // Whoever started us may allow even less; a hard limit can't be raised again.
    let most = getrlimit(resource)
        .maximum
        .map_or(most, |hard| hard.min(most));
    let limit = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    Ok(setrlimit(resource, limit)?)
}

/// Returns the CPU time that this process has used.
pub fn cpu_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

/// Returns whether standard output is a file on disk, where no key may land.
pub fn is_regular_file_stdout() -> bool {
    rustix::fs::fstat(rustix::stdio::stdout())
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_file())
}

/// Makes a written file readable by everybody, whatever the mask.
///
/// # Errors
/// Those of chmod(2).
pub fn publish(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(0o644))
}
