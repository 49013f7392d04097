//! The only reader of clocks.

use std::time::Duration;

/// A moment on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Time since 1970 (CLOCK_REALTIME): what codes are computed from. It may jump.
    pub wall: Duration,
    /// Time since boot with suspend counted (CLOCK_BOOTTIME): what deadlines are measured in.
    pub boot: Duration,
}
