//! How many codes a user may ask for: a token bucket, kept as the one moment at which it will be
//! full again.

use std::collections::BTreeMap;
use std::time::Duration;

/// Codes in a row. A person needs one, a script that fills in a page of tests perhaps a hundred.
const BURST: u32 = 200;
/// One code in this time on the long run: 50 in a second.
const EACH: Duration = Duration::from_millis(20);

/// The buckets by user id.
#[derive(Debug, Default)]
pub(super) struct Rates(BTreeMap<Option<u32>, Duration>);

impl Rates {
    /// Takes a token, if there is one.
    pub(super) fn allow(&mut self, uid: Option<u32>, boot: Duration) -> bool {
        // Full buckets say nothing.
        self.0.retain(|_, full_at| *full_at > boot);
        let full_at = self.0.get(&uid).copied().unwrap_or(boot) + EACH;
        let is_allowed = full_at.saturating_sub(boot) <= EACH * BURST;
        if is_allowed {
            self.0.insert(uid, full_at);
        }
        is_allowed
    }
}
