//! The file that says until when every unlock is refused.

use std::time::Duration;

use super::{Store, private_folder};
use crate::clock::Now;
use crate::platform;
use crate::vault::{ShutUntil, StoreError, durable, shut};

/// Longest such file in bytes.
const MAX_SHUT: u64 = 1024;
/// Its name in the state's folder.
const SHUT: &str = "shut";

impl Store {
    /// Notes durably until when every unlock is refused, or that none is.
    ///
    /// # Errors
    /// The file is as before, or may be again after a crash.
    pub fn write_shut(&self, shut: Option<&ShutUntil>) -> Result<(), StoreError> {
        private_folder(&self.state)?;
        let path = self.state.join(SHUT);
        if let Some(shut) = shut {
            let text = shut.print(platform::boot_id().as_deref());
            durable::replace(&path, text.as_bytes())
        } else {
            durable::remove(&path)?;
            durable::sync_folder(&self.state)
        }
    }

    /// Reads until when that is, on the boot clock; `None` if no unlock is refused. One that is over
    /// or damaged goes: a clock that is set back must not revive it.
    ///
    /// # Errors
    /// It can't be read, or is damaged.
    pub fn shut_until(&self, now: Now) -> Result<Option<Duration>, StoreError> {
        let path = self.state.join(SHUT);
        let Some(bytes) = durable::read(&path, MAX_SHUT)? else {
            return Ok(None);
        };
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let noted = shut::read(text, now, platform::boot_id().as_deref());
        let until = noted
            .as_ref()
            .map(|(shut, is_same_boot)| shut.at(now, *is_same_boot));
        if !matches!(until, Some(Some(_))) {
            durable::remove(&path)?;
        }
        until.ok_or(StoreError::Damaged(path))
    }
}
