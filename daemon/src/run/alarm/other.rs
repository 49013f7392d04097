//! Systems without a timer that counts suspend: a look at the clock every second.

use std::io;
use std::time::Duration;

use crate::clock;

/// How late a deadline may be noticed after a suspend.
const LOOK: Duration = Duration::from_secs(1);

pub(in crate::run) struct Alarm {
    armed: Option<Duration>,
}

impl Alarm {
    #[expect(
        clippy::unnecessary_wraps,
        reason = "the same signature on every system"
    )]
    pub(in crate::run) fn new() -> io::Result<Self> {
        Ok(Self { armed: None })
    }

    /// Rings at a moment since boot, or not at all.
    #[expect(
        clippy::unnecessary_wraps,
        reason = "the same signature on every system"
    )]
    pub(in crate::run) fn set(&mut self, moment: Option<Duration>) -> io::Result<()> {
        self.armed = moment;
        Ok(())
    }

    /// Returns when the moment has come, or a second has passed.
    pub(in crate::run) async fn rings(&mut self) {
        match self.armed {
            Some(moment) => {
                let left = moment.saturating_sub(clock::now().boot);
                tokio::time::sleep(left.min(LOOK)).await;
            }
            None => std::future::pending().await,
        }
    }
}
