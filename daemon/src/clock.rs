//! The only reader of clocks.

use std::cell::Cell;
use std::time::{Duration, SystemTime};

use crate::platform;

/// How old the answer whether the clock is synchronised may be: asking costs more than the rest
/// of a small request (the kernel stirs its random numbers with it).
const AGE: Duration = Duration::from_secs(1);

thread_local! {
    /// When it was asked last, on the boot clock, and the answer.
    static SYNCHRONISED: Cell<Option<(Duration, Option<bool>)>> = const { Cell::new(None) };
}

/// A moment on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Time since 1970 (`CLOCK_REALTIME`): what codes are computed from. It may jump.
    pub wall: Duration,
    /// Time since boot with suspend counted (`CLOCK_BOOTTIME`): what deadlines are measured in.
    pub boot: Duration,
    /// Whether a time service keeps the wall clock right, as of a second ago at most; `None` where
    /// nobody knows.
    pub is_synchronised: Option<bool>,
}

/// Reads both clocks. A wall clock before 1970 reads as 1970.
#[expect(clippy::disallowed_methods, reason = "the one place that reads clocks")]
pub fn now() -> Now {
    let boot = platform::boot();
    Now {
        wall: SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default(),
        boot,
        is_synchronised: is_synchronised(boot),
    }
}

fn is_synchronised(boot: Duration) -> Option<bool> {
    SYNCHRONISED.with(|known| match known.get() {
        Some((asked, answer)) if boot.saturating_sub(asked) < AGE => answer,
        _ => {
            let answer = platform::is_synchronised();
            known.set(Some((boot, answer)));
            answer
        }
    })
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
