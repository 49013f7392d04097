//! Systems without these means: the same names, and nothing behind them.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// Does nothing.
///
/// # Errors
/// None.
pub fn harden() -> io::Result<()> {
    Ok(())
}

/// Does nothing.
///
/// # Errors
/// None.
pub fn confine() -> io::Result<()> {
    Ok(())
}

/// Does nothing.
///
/// # Errors
/// None.
pub fn confine_reading() -> io::Result<()> {
    Ok(())
}

/// Does nothing.
///
/// # Errors
/// None.
pub fn confine_computing(_memory: u64) -> io::Result<()> {
    Ok(())
}

/// Returns the time since the first call, since the CPU's isn't at hand.
pub fn cpu_time() -> Duration {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    #[expect(
        clippy::disallowed_methods,
        reason = "a budget of seconds, not a deadline"
    )]
    START.get_or_init(Instant::now).elapsed()
}

/// Returns `false`: nothing here would fail for it.
pub fn is_regular_file_stdout() -> bool {
    false
}

/// Does nothing: new files are as readable as their folder says.
///
/// # Errors
/// None.
pub fn publish(_path: &Path) -> io::Result<()> {
    Ok(())
}
