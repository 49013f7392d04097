//! Unix sockets.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use interprocess::local_socket::tokio::Listener;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, ToFsName as _};
use interprocess::os::unix::uds_local_socket::tokio::Listener as UnixSocket;
use otp_proto::Endpoint;

use crate::lifecycle::ClaimError;
use crate::platform::Inherited;

/// Returns the path of a socket that somebody else made.
///
/// # Errors
/// If it has none: an abstract socket has no mode, and whoever shares the network namespace may
/// connect.
pub(crate) fn inherited_endpoint(socket: &Inherited) -> io::Result<Endpoint> {
    let address = UnixListener::from(socket.try_clone()?).local_addr()?;
    match address.as_pathname() {
        Some(path) if path.is_absolute() => Ok(Endpoint::Socket(PathBuf::from(path))),
        _ => Err(io::Error::other("the socket has no absolute path")),
    }
}

/// Listens on the inherited socket, or makes one that only its owner may connect to. The path is
/// free, and its folder private.
///
/// # Errors
/// If the socket can't be made.
pub(crate) fn listen(
    endpoint: &Endpoint,
    inherited: Option<Inherited>,
) -> Result<Listener, ClaimError> {
    make(endpoint, inherited)
        .map_err(|cause| ClaimError::io("listen on", endpoint.to_string().as_ref(), cause))
}

fn make(endpoint: &Endpoint, inherited: Option<Inherited>) -> io::Result<Listener> {
    if let Some(socket) = inherited {
        return Ok(UnixSocket::try_from(socket)?.into());
    }
    let Endpoint::Socket(path) = endpoint else {
        return Err(io::ErrorKind::Unsupported.into());
    };
    let name = path.as_path().to_fs_name::<GenericFilePath>()?;
    // Reclaiming would remove whatever has the name at the end, another agent's socket included.
    let options = ListenerOptions::new().name(name).reclaim_name(false);
    let listener = options.create_tokio()?;
    // Not `mode()`, which macOS lacks; until here the umask let nobody else in either.
    std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(listener)
}
