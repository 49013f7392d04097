//! Copies of the vault that are not on its own disk: when there was one, and when to remind.

use std::time::Duration;

use super::Agent;
use crate::clock::Now;

const DAY: u64 = 24 * 3600;
/// How old the newest copy may become.
const OLD: u64 = 30 * DAY;
/// How long nobody is reminded of the first one.
const FIRST: u64 = DAY;
/// A time that far ahead was set by a clock that was wrong.
const AHEAD: u64 = DAY;
/// How exactly the time of copies that are made by themselves is kept, so that the state isn't
/// written a second time for each change.
const GRAIN: u64 = 3600;

impl Agent {
    /// A person has put a copy elsewhere.
    pub(super) fn copied_elsewhere(&mut self, now: Now) {
        self.keeping.state.outside = Some(now.wall.as_secs());
        self.keeping.want();
    }

    /// A copy was written into the user's folder, which is on another disk or isn't; or why none
    /// was.
    pub(super) fn copied_to_folder(&mut self, now: Now, result: Result<Option<bool>, String>) {
        self.no_folder = match result {
            Ok(is_outside) => {
                let is_fresh = self.outside(now).is_some_and(|age| age < GRAIN);
                if is_outside == Some(true) && !is_fresh {
                    self.copied_elsewhere(now);
                }
                None
            }
            Err(error) => Some(format!(
                "there is no new copy of the vault in the backup folder: {error}"
            )),
        };
    }

    /// Seconds since the newest copy outside the vault's disk was made.
    pub(super) fn outside(&self, now: Now) -> Option<u64> {
        age(now.wall, self.keeping.state.outside?)
    }

    /// Whether a person should make another one: the newest is old, or after a day there is none.
    pub(super) fn copy_is_due(&self, now: Now) -> bool {
        let is_empty = |open: &super::Open| open.document.entries.is_empty();
        if !self.vault_exists || self.open.as_ref().is_some_and(is_empty) {
            return false;
        }
        if let Some(age) = self.outside(now) {
            return age >= OLD;
        }
        let since = self.keeping.state.since;
        since.is_some_and(|since| age(now.wall, since).is_none_or(|age| age >= FIRST))
    }
}

/// How long ago something was; `None` if it is far ahead.
fn age(wall: Duration, at: u64) -> Option<u64> {
    let now = wall.as_secs();
    (at <= now.saturating_add(AHEAD)).then(|| now.saturating_sub(at))
}
