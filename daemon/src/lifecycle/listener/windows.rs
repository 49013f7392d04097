//! Named pipes.

use std::io;

use interprocess::local_socket::tokio::Listener;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, ToFsName as _};
use interprocess::os::windows::local_socket::ListenerOptionsExt as _;
use interprocess::os::windows::security_descriptor::SecurityDescriptor;
use otp_proto::{Endpoint, User};
use widestring::U16CString;

use crate::lifecycle::ClaimError;
use crate::platform::{self, Inherited};

/// Nothing hands pipes over.
///
/// # Errors
/// Always.
pub(crate) fn inherited_endpoint(_pipe: &Inherited) -> io::Result<Endpoint> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Makes the first instance of the pipe, for its owner alone: Windows' default lets everybody
/// read. Remote clients are refused.
///
/// # Errors
/// [`ClaimError::Taken`] if another process has the name; otherwise if the pipe can't be made.
pub(crate) fn listen(
    endpoint: &Endpoint,
    _inherited: Option<Inherited>,
) -> Result<Listener, ClaimError> {
    make(endpoint).map_err(|cause| {
        if cause.kind() == io::ErrorKind::PermissionDenied {
            ClaimError::Taken { pid: None }
        } else {
            ClaimError::io("listen on", endpoint.to_string().as_ref(), cause)
        }
    })
}

fn make(endpoint: &Endpoint) -> io::Result<Listener> {
    let (Endpoint::Pipe(name), User::Sid(sid)) = (endpoint, platform::user()?) else {
        return Err(io::ErrorKind::Unsupported.into());
    };
    // Protected, and all rights for the user.
    let text = U16CString::from_str(format!("D:P(A;;GA;;;{sid})")).map_err(io::Error::other)?;
    ListenerOptions::new()
        .name(name.as_str().to_fs_name::<GenericFilePath>()?)
        .security_descriptor(SecurityDescriptor::deserialize(&text)?)
        .create_tokio()
}
