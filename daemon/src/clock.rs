//! The only reader of clocks.

use std::time::{Duration, SystemTime};

use crate::platform;

/// A moment on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Time since 1970 (`CLOCK_REALTIME`): what codes are computed from. It may jump.
    pub wall: Duration,
    /// Time since boot with suspend counted (`CLOCK_BOOTTIME`): what deadlines are measured in.
    pub boot: Duration,
    /// Whether a time service keeps the wall clock right; `None` where nobody knows.
    pub is_synchronised: Option<bool>,
}

/// Reads both clocks. A wall clock before 1970 reads as 1970.
#[expect(clippy::disallowed_methods, reason = "the one place that reads clocks")]
pub fn now() -> Now {
    Now {
        wall: SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default(),
        boot: platform::boot(),
        is_synchronised: platform::is_synchronised(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boot_clock_never_goes_back_and_the_wall_clock_is_past_2020() {
        const YEAR_2020: Duration = Duration::from_secs(1_577_836_800);
        let first = now();
        let second = now();
        assert!(first.boot > Duration::ZERO);
        assert!(second.boot >= first.boot);
        assert!(first.wall > YEAR_2020);
    }
}
