//! Every text that a person reads from `otpd` itself, in one place. Answers to requests carry
//! their own texts; log lines are for administrators and stay where they are written.

use std::fmt::Display;

/// `otpd --help`.
pub(crate) const HELP: &str = "\
otpd holds one-time-password keys in protected memory and answers code requests.

usage: otpd [options]

  --config FILE    read FILE instead of $XDG_CONFIG_HOME/otpd/otpd.toml
  --check-config   read the configuration, say what is wrong with it, and end
  --log LEVEL      error, warn, info, debug or trace; wins over the configuration
  --foreground     accepted for symmetry: otpd never puts itself into the background
  --spawned        leave the starter's session; say on stdout when ready (otpctl uses it)
  --help           show this text
  --version        show the version

signals: TERM and INT finish writes, lock and stop; USR1 locks; HUP reads the configuration again
exit status: 0 stopped, or already running; 1 failure; 2 usage; 8 bad configuration
";

/// `otpd --version`.
pub(crate) const VERSION: &str = concat!("otpd ", env!("CARGO_PKG_VERSION"), "\n");

/// Puts the program's name before a message, as every line on stderr has it.
pub(crate) fn stderr_line(message: impl Display) -> String {
    format!("otpd: {message}\n")
}

/// The one line that scripts and tests wait for.
pub(crate) fn ready(endpoint: impl Display) -> String {
    stderr_line(format_args!("ready at {endpoint}"))
}

/// Another agent serves this endpoint.
pub(crate) fn already_running(pid: Option<u32>) -> String {
    match pid {
        Some(pid) => format!("already running (pid {pid})"),
        None => "already running".into(),
    }
}

/// Another agent has the endpoint's lock and that is all that can be said of it.
pub(crate) fn stuck(pid: Option<u32>) -> String {
    match pid {
        Some(pid) => format!("another otpd (pid {pid}) neither serves nor ends"),
        None => "another otpd neither serves nor ends".into(),
    }
}

/// A usage error.
pub(crate) fn usage(error: impl Display) -> String {
    format!("{error}\nhint: otpd --help")
}
