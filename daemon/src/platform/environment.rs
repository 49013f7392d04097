//! Taking variables out of the environment.
#![allow(unsafe_code, reason = "the environment has no lock against C code")]

use std::io;

use super::os;

/// Removes a variable, so that no library and no child sees it: `AGEDEBUG`, for example, makes
/// the age crate print the keys it unwraps.
///
/// # Errors
/// If other threads run already (as far as the system tells): C code in them may be reading the
/// environment, which has no lock. A variable that isn't set is no error, and costs nothing.
pub fn remove_env(name: &str) -> io::Result<()> {
    if std::env::var_os(name).is_none() {
        return Ok(());
    }
    if !os::is_single_threaded() {
        return Err(io::Error::other("threads are running"));
    }
    // SAFETY: no other thread exists that could read or write the environment meanwhile.
    unsafe { std::env::remove_var(name) };
    Ok(())
}
