//! The pipe's first instance is the lock: the system lets only one process have it.
#![allow(
    clippy::unused_self,
    clippy::unnecessary_wraps,
    reason = "the same signatures on every system"
)]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::Path;

use interprocess::local_socket::tokio::Listener;
use otp_proto::Endpoint;

use super::{AGAIN, ClaimError, WAIT};
use crate::clock;
use crate::lifecycle::listener;
use crate::platform::{self, Inherited};

/// A server may know who we are, and not act as us (`SECURITY_IDENTIFICATION`).
const IDENTIFICATION: u32 = 1 << 16;

/// Every instance of the pipe is in use (`ERROR_PIPE_BUSY`).
const BUSY: i32 = 231;

/// The right to serve an endpoint: the pipe itself.
#[derive(Debug)]
pub(crate) struct Claim {
    listener: Option<Listener>,
}

impl Claim {
    /// Makes the pipe, or finds out whose it is. Clients that come early wait.
    ///
    /// # Errors
    /// [`ClaimError::Taken`] if an agent of ours has it, [`ClaimError::Foreign`] if another user
    /// does; otherwise if the pipe can't be made.
    pub(crate) fn take(
        endpoint: &Endpoint,
        _inherited: Option<&Inherited>,
        _may_close: bool,
    ) -> Result<Self, ClaimError> {
        let name = endpoint.to_string();
        let patience = clock::now().boot + WAIT;
        loop {
            // Looked at first, to say whose it is; who comes between the two is refused below.
            if let Holder::Known(error) = holder(&name) {
                return Err(error);
            }
            match listener::make(endpoint) {
                Ok(listener) => {
                    return Ok(Self {
                        listener: Some(listener),
                    });
                }
                Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => {}
                Err(cause) => return Err(ClaimError::io("listen on", name.as_ref(), cause)),
            }
            if clock::now().boot > patience {
                return Err(ClaimError::Stuck { pid: None });
            }
            std::thread::sleep(AGAIN);
        }
    }

    /// Hands the pipe out, once.
    ///
    /// # Errors
    /// If it was handed out before.
    pub(crate) fn listen(
        &mut self,
        endpoint: &Endpoint,
        _inherited: Option<Inherited>,
    ) -> Result<Listener, ClaimError> {
        self.listener.take().ok_or_else(|| {
            let name = endpoint.to_string();
            ClaimError::io("listen on", name.as_ref(), io::ErrorKind::AddrInUse.into())
        })
    }

    /// The pipe says it.
    pub(crate) fn serving(&mut self, _listener: &Listener) -> Result<(), ClaimError> {
        Ok(())
    }

    /// A pipe's name can't be taken while it is ours.
    pub(crate) fn is_ours(&self) -> bool {
        true
    }

    /// The pipe ends with the process.
    pub(crate) fn leaving(&mut self) {}

    /// Nothing is left behind.
    pub(crate) fn release(self) {}
}

/// Who has a pipe.
enum Holder {
    /// An agent of ours or another user, and what that means for us.
    Known(ClaimError),
    /// Nobody, or somebody who is busy with others.
    Unknown,
}

fn holder(name: &str) -> Holder {
    let foreign = || ClaimError::Foreign {
        path: Path::new(name).to_owned(),
    };
    match open(name) {
        Ok(pipe) => Holder::Known(match platform::server(&pipe) {
            Ok(server) if platform::same_user(&server) => ClaimError::Taken { pid: server.pid },
            _ => foreign(),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Holder::Unknown,
        Err(error) if error.raw_os_error() == Some(BUSY) => Holder::Unknown,
        // Ours would let us in.
        Err(_) => Holder::Known(foreign()),
    }
}

fn open(name: &str) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .security_qos_flags(IDENTIFICATION)
        .open(name)
}

#[cfg(test)]
mod tests {
    use interprocess::os::windows::named_pipe::{PipeListenerOptions, pipe_mode};
    use interprocess::os::windows::security_descriptor::SecurityDescriptor;
    use widestring::U16CString;

    use super::*;

    fn pipe(name: &str) -> (String, Endpoint) {
        let name = format!(r"\\.\pipe\otpd-{name}-{}", std::process::id());
        (name.clone(), Endpoint::Pipe(name))
    }

    #[tokio::test]
    async fn a_pipe_is_claimed_once_and_free_again_when_it_is_dropped() {
        let (_, endpoint) = pipe("once");
        let first = Claim::take(&endpoint, None, false).unwrap();
        match Claim::take(&endpoint, None, false) {
            Err(ClaimError::Taken { pid }) => assert_eq!(pid, Some(std::process::id())),
            other => panic!("{other:?}"),
        }
        drop(first);
        Claim::take(&endpoint, None, false).unwrap();
    }

    #[tokio::test]
    async fn a_pipe_that_somebody_else_made_first_is_noticed() {
        let (name, endpoint) = pipe("squatted");
        // Owned by the administrators, open to everybody.
        let access = U16CString::from_str("O:BAD:(A;;GA;;;WD)").unwrap();
        let squatter = PipeListenerOptions::new()
            .path(U16CString::from_str(&name).unwrap())
            .security_descriptor(Some(SecurityDescriptor::deserialize(&access).unwrap()))
            .create_tokio_duplex::<pipe_mode::Bytes>()
            .unwrap();
        match Claim::take(&endpoint, None, false) {
            Err(error @ ClaimError::Foreign { .. }) => {
                assert_eq!(error.to_string(), format!("{name} belongs to another user"));
            }
            other => panic!("{other:?}"),
        }
        drop(squatter);
        Claim::take(&endpoint, None, false).unwrap();
    }
}
