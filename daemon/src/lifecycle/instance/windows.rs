//! The pipe's first instance is the lock: the system lets only one process have it.

use interprocess::local_socket::tokio::Listener;
use otp_proto::Endpoint;

use super::ClaimError;
use crate::platform::Inherited;

/// The right to serve an endpoint: the pipe itself.
#[derive(Debug)]
pub(crate) struct Claim;

impl Claim {
    /// Nothing to do before the pipe is made.
    pub(crate) fn take(
        _endpoint: &Endpoint,
        _inherited: Option<&Inherited>,
        _may_close: bool,
    ) -> Result<Self, ClaimError> {
        Ok(Self)
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
