//! The delay that logind grants before suspend and hibernation ("Taking Inhibitor Locks" in
//! systemd's "Inhibitor Locks"): as long as the descriptor is open, at most `InhibitDelayMaxSec`.

use std::os::fd::OwnedFd;

use super::logind::{MANAGER, PATH};
use crate::bus::{self, Fault, Peer};

/// The delay, and whether it is needed now.
#[derive(Default)]
pub(super) struct Sleep {
    /// Closing it says that we are ready.
    delay: Option<OwnedFd>,
    is_near: bool,
}

impl Sleep {
    /// Asks for the delay before the next sleep; whether it was granted.
    ///
    /// # Errors
    /// logind doesn't answer.
    pub(super) async fn delay(&mut self, peer: &Peer) -> Result<bool, Fault> {
        self.is_near = false;
        let request = ("sleep", "otpd", "wipes the keys from memory", "delay");
        let granted = peer.call(PATH, MANAGER, "Inhibit", &request).await;
        let granted: Option<bus::OwnedFd> = match granted {
            Ok(granted) => Some(granted),
            Err(Fault::Refused) => None,
            Err(fault) => return Err(fault),
        };
        self.delay = granted.map(Into::into);
        Ok(self.delay.is_some())
    }

    /// The system is about to sleep.
    pub(super) fn comes(&mut self) {
        self.is_near = true;
    }

    /// Whether the system waits for us.
    pub(super) fn is_near(&self) -> bool {
        self.is_near && self.delay.is_some()
    }

    /// Lets the system sleep.
    pub(super) fn allow(&mut self) {
        self.delay = None;
    }
}
