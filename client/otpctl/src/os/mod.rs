//! What differs between systems, under the same names everywhere.

#[cfg(unix)]
mod tty;
#[cfg(unix)]
pub(crate) use tty::*;

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::*;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::*;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(crate) use linux::*;

#[cfg(all(unix, not(target_os = "linux")))]
mod macos;
#[cfg(all(unix, not(target_os = "linux")))]
pub(crate) use macos::*;

/// The command that ends a process, whose number follows.
pub(crate) const END_PROCESS: &str = if cfg!(windows) {
    "taskkill /f /pid "
} else {
    "kill "
};

/// The command that shows the agent among the processes.
pub(crate) const FIND_AGENT: &str = if cfg!(windows) {
    "tasklist /fi \"imagename eq otpd.exe\""
} else {
    "ps -C otpd -o pid,stat,args"
};
