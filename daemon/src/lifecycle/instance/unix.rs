//! The lock file beside the socket, and the socket's file.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use interprocess::local_socket::tokio::Listener;
use otp_proto::Endpoint;
use rustix::fs::OFlags;
use rustix::io::{Errno, ioctl_fionbio};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, connect, socket};

use super::holder::{self, Holder};
use super::{AGAIN, ClaimError, WAIT};
use crate::clock;
use crate::lifecycle::listener;
use crate::platform::{self, Inherited};

/// How long a holder may take that was asked to leave.
const LEAVE: Duration = Duration::from_secs(2);

/// A file's identity: device and inode.
type Identity = (u64, u64);

/// The right to serve an endpoint, as long as it lives.
#[derive(Debug)]
pub(crate) struct Claim {
    socket: PathBuf,
    lock: PathBuf,
    file: File,
    /// The socket's file once we serve.
    ours: Option<Identity>,
    /// Somebody else made the socket and removes it.
    inherited: bool,
}

impl Claim {
    /// Claims a socket's path: takes the lock, waits for a holder that starts or stops, and makes
    /// sure that nobody listens. With an inherited socket, a holder that serves another one is
    /// asked to leave. `may_close` allows to close the socket's folder to others.
    ///
    /// # Errors
    /// [`ClaimError::Taken`] if it is served already; otherwise what is in the way.
    pub(crate) fn take(
        endpoint: &Endpoint,
        inherited: Option<&Inherited>,
        may_close: bool,
    ) -> Result<Self, ClaimError> {
        let Endpoint::Socket(socket) = endpoint else {
            let (name, cause) = (endpoint.to_string(), io::ErrorKind::Unsupported.into());
            return Err(ClaimError::io("serve", name.as_ref(), cause));
        };
        check_length(socket)?;
        private_folder(socket, may_close)?;
        let lock = socket.with_extension("lock");
        let file = take_lock(&lock, inherited)?;
        if inherited.is_none() {
            free_path(socket)?;
        }
        Ok(Self {
            socket: socket.to_owned(),
            lock,
            file,
            ours: None,
            inherited: inherited.is_some(),
        })
    }

    /// Listens on the inherited socket, or makes one.
    ///
    /// # Errors
    /// If the socket can't be made.
    #[expect(clippy::unused_self, reason = "on Windows the claim is the listener")]
    pub(crate) fn listen(
        &mut self,
        endpoint: &Endpoint,
        inherited: Option<Inherited>,
    ) -> Result<Listener, ClaimError> {
        listener::listen(endpoint, inherited)
    }

    /// Lets newcomers know that we serve. Signals must be ours by now, since one may come.
    ///
    /// # Errors
    /// If the socket's file or the lock can't be seen or written.
    pub(crate) fn serving(&mut self, listener: &Listener) -> Result<(), ClaimError> {
        let Listener::UdSocket(listener) = listener;
        let found = std::fs::symlink_metadata(&self.socket)
            .map_err(|cause| ClaimError::io("find", &self.socket, cause))?;
        self.ours = Some(identity(&found));
        let holder = Holder {
            pid: std::process::id(),
            socket: socket_inode(listener)
                .map_err(|cause| ClaimError::io("look at", &self.socket, cause))?,
        };
        holder
            .write(&self.file)
            .and_then(|()| holder::mark(&self.file))
            .map_err(|cause| ClaimError::io("write", &self.lock, cause))
    }

    /// Returns whether the socket's file is still the one that we serve.
    pub(crate) fn is_ours(&self) -> bool {
        let found = std::fs::symlink_metadata(&self.socket);
        found.ok().map(|found| identity(&found)) == self.ours
    }

    /// Lets newcomers wait for the lock instead of taking us for serving.
    pub(crate) fn leaving(&mut self) {
        holder::unmark(&self.file);
    }

    /// Removes the files that are ours.
    pub(crate) fn release(self) {
        if !self.inherited && self.ours.is_some() && self.is_ours() {
            remove(&self.socket);
        }
        // Of somebody who came after the folder was emptied under us, perhaps.
        if is_file_at(&self.file, &self.lock) {
            remove(&self.lock);
        }
    }
}

fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path) {
        tracing::warn!(path = %path.display(), %error, "cannot remove");
    }
}

fn identity(found: &Metadata) -> Identity {
    (found.dev(), found.ino())
}

fn check_length(socket: &Path) -> Result<(), ClaimError> {
    match SocketAddr::from_pathname(socket) {
        Ok(_) => Ok(()),
        Err(_) => Err(ClaimError::TooLong {
            path: socket.to_owned(),
        }),
    }
}

/// Sees to it that nobody else enters the socket's folder.
fn private_folder(socket: &Path, may_close: bool) -> Result<(), ClaimError> {
    let folder = socket.parent().unwrap_or_else(|| Path::new("/"));
    if !may_close && folder.exists() {
        // A folder that the user chose may hold more than our socket.
        return if platform::is_private_dir(folder) {
            Ok(())
        } else {
            Err(ClaimError::Open {
                path: folder.to_owned(),
            })
        };
    }
    platform::make_private_dir(folder).map_err(|cause| ClaimError::Folder {
        path: folder.to_owned(),
        cause,
    })
}

/// Takes the lock, or says who serves.
fn take_lock(lock: &Path, inherited: Option<&Inherited>) -> Result<File, ClaimError> {
    let error = |cause| ClaimError::io("lock", lock, cause);
    let own_socket = inherited.map(socket_inode).transpose().map_err(error)?;
    let mut patience = clock::now().boot + WAIT;
    let mut asked = None;
    loop {
        let file = open_lock(lock).map_err(error)?;
        match file.try_lock() {
            Ok(()) if is_file_at(&file, lock) => return Ok(file),
            // The holder before us has just removed it.
            Ok(()) => continue,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(cause)) => return Err(error(cause)),
        }
        if let Some(holder) = holder::witness(&file) {
            if own_socket.is_none_or(|socket| socket == holder.socket) {
                return Err(ClaimError::Taken {
                    pid: Some(holder.pid),
                });
            }
            // It may have gone by itself meanwhile; the lock tells.
            if asked != Some(holder) && holder::ask_to_leave(&file, holder).is_ok() {
                tracing::info!(pid = holder.pid, "asked the running otpd to leave");
                asked = Some(holder);
                patience = clock::now().boot + LEAVE;
            }
        }
        if clock::now().boot > patience {
            let pid = Holder::read(&file).map(|holder| holder.pid);
            return Err(ClaimError::Stuck { pid });
        }
        std::thread::sleep(AGAIN);
    }
}

fn open_lock(lock: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(lock)
}

fn is_file_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::symlink_metadata(path)) {
        (Ok(held), Ok(found)) => identity(&held) == identity(&found),
        _ => false,
    }
}

fn socket_inode(socket: impl AsFd) -> io::Result<u64> {
    Ok(rustix::fs::fstat(socket)?.st_ino)
}

/// Removes a socket that nobody listens on; whatever else is there stays.
fn free_path(path: &Path) -> Result<(), ClaimError> {
    let error = |verb, cause| ClaimError::io(verb, path, cause);
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => {}
        Ok(_) => {
            return Err(ClaimError::InTheWay {
                path: path.to_owned(),
            });
        }
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(error("look at", cause)),
    }
    match probe(path) {
        Ok(pid) => Err(ClaimError::Taken { pid }),
        // Its queue is full, but somebody keeps it.
        Err(Errno::AGAIN) => Err(ClaimError::Taken { pid: None }),
        Err(Errno::NOENT) => Ok(()),
        Err(Errno::CONNREFUSED) => {
            std::fs::remove_file(path).map_err(|cause| error("remove", cause))
        }
        // Anything else is no proof that nobody is there.
        Err(cause) => Err(error("connect to", cause.into())),
    }
}

/// Connects without waiting for a queue that is full, and says who listens.
fn probe(path: &Path) -> Result<Option<u32>, Errno> {
    let probe = socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    ioctl_fionbio(&probe, true)?;
    connect(&probe, &SocketAddrUnix::new(path)?)?;
    Ok(platform::peer(&probe).ok().and_then(|peer| peer.pid))
}
