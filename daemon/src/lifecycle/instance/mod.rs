//! One agent per endpoint.

#[cfg(unix)]
mod holder;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::Claim;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::Claim;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a holder that starts or stops may take. A stop may have to finish a write.
pub(crate) const WAIT: Duration = Duration::from_secs(5);

/// How often a lock is tried meanwhile.
pub(super) const AGAIN: Duration = Duration::from_millis(10);

/// Why an endpoint isn't ours.
#[derive(Debug, thiserror::Error)]
#[cfg_attr(
    windows,
    expect(dead_code, reason = "a pipe has no folder, file or lock to go wrong")
)]
pub(crate) enum ClaimError {
    /// Another agent serves it, which is what was wanted.
    #[error("{}", crate::text::already_running(*pid))]
    Taken {
        /// Which one, where that is known.
        pid: Option<u32>,
    },
    /// Another agent holds the endpoint, but neither serves nor goes away.
    #[error("{}", crate::text::stuck(*pid))]
    Stuck {
        /// Which one, where that is known.
        pid: Option<u32>,
    },
    /// The folder may be entered by others, and isn't one that otpd may close.
    #[error("{} must be a folder of yours with mode 0700", path.display())]
    Open {
        /// Which one.
        path: PathBuf,
    },
    /// The folder can't be made private.
    #[error("cannot make {} private: {cause}", path.display())]
    Folder {
        /// Which one.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// A socket's path has its limit (unix(7)).
    #[error("{} is too long for a socket's path; set OTPD_SOCKET to a shorter one", path.display())]
    TooLong {
        /// Which one.
        path: PathBuf,
    },
    /// A file of another kind lies where the socket should be.
    #[error("{} is in the way: it is not a socket", path.display())]
    InTheWay {
        /// Which one.
        path: PathBuf,
    },
    /// Another agent serves the same vault elsewhere.
    #[error("the vault in {} is in use by an otpd with another socket", path.display())]
    Vault {
        /// Its folder.
        path: PathBuf,
    },
    /// Another user was there first, and would be asked for what is ours.
    #[cfg_attr(unix, expect(dead_code, reason = "a private folder keeps others out"))]
    #[error("{} belongs to another user", path.display())]
    Foreign {
        /// Which one.
        path: PathBuf,
    },
    /// Something failed on the way.
    #[error("cannot {verb} {}: {cause}", path.display())]
    Io {
        /// What failed.
        verb: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

impl ClaimError {
    pub(crate) fn io(verb: &'static str, path: &Path, cause: io::Error) -> Self {
        Self::Io {
            verb,
            path: path.to_owned(),
            cause,
        }
    }
}
