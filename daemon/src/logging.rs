//! Log lines: to the journal where stderr is the journal, else plain to stderr.

#[cfg(target_os = "linux")]
mod journal;
#[cfg(not(target_os = "linux"))]
mod journal {
    //! No journal.

    pub(super) fn layer() -> Option<tracing_subscriber::layer::Identity> {
        None
    }
}

use std::io;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt, registry};

use crate::config::LogLevel;

/// Starts logging. Other people's crates say at most what is odd: what they say in detail isn't
/// ours to vouch for.
pub(crate) fn start(level: LogLevel) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let wanted = Targets::new()
        .with_target("otpd", level)
        .with_default(level.min(LevelFilter::WARN));
    let started = if let Some(journal) = journal::layer() {
        registry().with(journal.with_filter(wanted)).try_init()
    } else {
        // A closed stderr must not end the agent: the layer would complain there, and panic.
        let plain = fmt::layer()
            .with_writer(io::stderr)
            .with_ansi(false)
            .log_internal_errors(false);
        registry().with(plain.with_filter(wanted)).try_init()
    };
    // Only a second start in one process fails, which tests may do.
    started.ok();
}
