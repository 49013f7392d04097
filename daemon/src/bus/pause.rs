//! How long to wait before a bus is tried again: ever longer, until it was there.

use std::time::Duration;

use tokio::time::sleep;

/// The first pause: a bus that is restarted is back by then.
const FIRST: Duration = Duration::from_secs(1);
/// The longest: a connect to nobody once a minute costs nothing.
const LONGEST: Duration = Duration::from_secs(60);

/// The pause that comes next.
pub(crate) struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(FIRST)
    }
}

impl Pause {
    /// The bus was there.
    pub(crate) fn reset(&mut self) {
        self.0 = FIRST;
    }

    /// Waits; the next time twice as long.
    pub(crate) async fn wait(&mut self) {
        sleep(self.0).await;
        self.0 = self.0.saturating_mul(2).min(LONGEST);
    }
}
