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
use tracing_subscriber::{Layer as _, Registry, fmt, registry, reload};

use crate::config::LogLevel;

/// How much is logged, to be changed while the agent runs.
pub(crate) struct Log {
    /// `None` if the command line has fixed the level.
    filter: Option<reload::Handle<Targets, Registry>>,
}

impl Log {
    /// Takes the level of a configuration that was read again.
    pub(crate) fn set(&self, level: LogLevel) {
        if let Some(filter) = &self.filter {
            // Fails only if the log itself is gone.
            filter.reload(wanted(level)).ok();
        }
    }
}

/// Starts logging: at the level of the command line, which stays, else of the configuration.
pub(crate) fn start(fixed: Option<LogLevel>, configured: LogLevel) -> Log {
    let (filter, handle) = reload::Layer::new(wanted(fixed.unwrap_or(configured)));
    let started = if let Some(journal) = journal::layer() {
        registry().with(journal.with_filter(filter)).try_init()
    } else {
        // A closed stderr must not end the agent: the layer would complain there, and panic.
        let plain = fmt::layer()
            .with_writer(io::stderr)
            .with_ansi(false)
            .log_internal_errors(false);
        registry().with(plain.with_filter(filter)).try_init()
    };
    // Only a second start in one process fails, which tests may do.
    started.ok();
    Log {
        filter: fixed.is_none().then_some(handle),
    }
}

/// Other people's crates say at most what is odd: what they say in detail isn't ours to vouch
/// for.
fn wanted(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Targets::new()
        .with_target("otpd", level)
        .with_default(level.min(LevelFilter::WARN))
}
