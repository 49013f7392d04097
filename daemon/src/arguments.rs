//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::prelude::{Long, Short, Value};
use lexopt::{Parser, ValueExt as _};

use crate::config::LogLevel;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Version,
    CheckConfig(Options),
    Run(Options),
}

/// How to run.
#[derive(Debug, PartialEq, Eq, Default)]
pub(crate) struct Options {
    /// In place of the usual file; then it must exist.
    pub(crate) config: Option<PathBuf>,
    /// In place of the configuration's.
    pub(crate) log: Option<LogLevel>,
    /// Started by otpctl: leave its session, and tell it on stdout when we listen.
    pub(crate) spawned: bool,
}

/// Reads the arguments, without the program's name.
pub(crate) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Command, lexopt::Error> {
    let mut parser = Parser::from_args(arguments);
    let mut options = Options::default();
    let mut check = false;
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Short('V') | Long("version") => return Ok(Command::Version),
            Long("config") => options.config = Some(parser.value()?.into()),
            Long("log") => options.log = Some(parser.value()?.parse_with(level)?),
            Long("check-config") => check = true,
            Long("foreground") => {}
            Long("spawned") => options.spawned = true,
            unknown @ (Short(_) | Long(_) | Value(_)) => return Err(unknown.unexpected()),
        }
    }
    Ok(if check {
        Command::CheckConfig(options)
    } else {
        Command::Run(options)
    })
}

fn level(text: &str) -> Result<LogLevel, &'static str> {
    match text {
        "error" => Ok(LogLevel::Error),
        "warn" => Ok(LogLevel::Warn),
        "info" => Ok(LogLevel::Info),
        "debug" => Ok(LogLevel::Debug),
        "trace" => Ok(LogLevel::Trace),
        _ => Err("expected error, warn, info, debug or trace"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Command, String> {
        parse(arguments.iter().map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn arguments_are_read_and_unknown_ones_refused() {
        assert_eq!(parsed(&[]), Ok(Command::Run(Options::default())));
        assert_eq!(parsed(&["--foreground"]), parsed(&[]));
        assert!(parsed(&["--nope", "--help"]).is_err());
        assert_eq!(parsed(&["-h"]), Ok(Command::Help));
        assert_eq!(parsed(&["--version"]), Ok(Command::Version));
        let options = Options {
            config: Some("/c".into()),
            log: Some(LogLevel::Debug),
            spawned: true,
        };
        assert_eq!(
            parsed(&[
                "--config",
                "/c",
                "--log=debug",
                "--spawned",
                "--check-config"
            ]),
            Ok(Command::CheckConfig(options))
        );
        for wrong in [&["--log", "loud"][..], &["--config"], &["file"], &["-x"]] {
            assert!(parsed(wrong).is_err(), "{wrong:?}");
        }
    }
}
