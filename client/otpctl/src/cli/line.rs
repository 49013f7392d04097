//! A command line that follows the grammar, and what it holds.

use std::ffi::{OsStr, OsString};
use std::str::FromStr;

use super::{Opt, UsageError, Verb};

/// Whether a person may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Asking {
    /// On the terminal only.
    #[default]
    Terminal,
    /// Also by the agent's own dialog.
    Anywhere,
    /// Not at all.
    Never,
}

/// Options that every verb knows, before or behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Globals {
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    pub(crate) no_start: bool,
    pub(crate) asking: Asking,
    pub(crate) passphrase_fd: Option<u32>,
}

/// A command line that follows the grammar.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) verb: Verb,
    pub(crate) globals: Globals,
    pub(super) args: Vec<OsString>,
    pub(super) options: Vec<(Opt, OsString)>,
}

impl Line {
    /// The same about one entry, with one more option.
    pub(crate) fn about(&self, id: String, more: Option<Opt>) -> Self {
        let more = more.map(|opt| (opt, OsString::new()));
        Self {
            verb: self.verb,
            globals: self.globals,
            args: vec![id.into()],
            options: self.options.iter().cloned().chain(more).collect(),
        }
    }

    /// Another command with the same global options.
    pub(crate) fn instead(
        &self,
        verb: Verb,
        argument: Option<String>,
        options: impl IntoIterator<Item = (Opt, OsString)>,
    ) -> Self {
        Self {
            verb,
            globals: self.globals,
            args: argument.into_iter().map(OsString::from).collect(),
            options: options.into_iter().collect(),
        }
    }

    /// Whether an option is there.
    pub(crate) fn has(&self, opt: Opt) -> bool {
        self.options.iter().any(|given| given.0 == opt)
    }

    /// All values of an option, as they were given.
    pub(crate) fn raw(&self, opt: Opt) -> impl Iterator<Item = &OsStr> {
        self.options
            .iter()
            .filter(move |given| given.0 == opt)
            .map(|given| given.1.as_os_str())
    }

    /// All values of an option as texts.
    pub(crate) fn texts(&self, opt: Opt) -> Result<Vec<String>, UsageError> {
        self.raw(opt)
            .map(|value| value.to_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or_else(|| UsageError::BadValue(opt.name()))
    }

    /// An option's last value as a text.
    pub(crate) fn text(&self, opt: Opt) -> Result<Option<String>, UsageError> {
        Ok(self.texts(opt)?.pop())
    }

    /// An option's last value, read as its type.
    pub(crate) fn value<T: FromStr>(&self, opt: Opt) -> Result<Option<T>, UsageError> {
        self.raw(opt)
            .last()
            .map(|value| number(opt.name(), value))
            .transpose()
    }

    /// All arguments, as they were given.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &OsStr> {
        self.args.iter().map(OsString::as_os_str)
    }

    /// The argument, as it was given.
    pub(crate) fn path(&self) -> &OsStr {
        self.args
            .first()
            .map(OsString::as_os_str)
            .unwrap_or_default()
    }

    /// The argument as a text, if there is one.
    pub(crate) fn argument(&self) -> Result<Option<String>, UsageError> {
        match self.args.first() {
            None => Ok(None),
            Some(arg) => match arg.to_str() {
                Some(text) => Ok(Some(text.to_owned())),
                None => Err(UsageError::BadValue(self.verb.name())),
            },
        }
    }

    /// The argument of a verb that needs one.
    pub(crate) fn query(&self) -> Result<String, UsageError> {
        self.argument()?.ok_or(UsageError::TooFew(self.verb))
    }
}

/// A length of time in whole seconds: a number with one unit (`90s`, `30m`, `8h`, `2d`), or 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) u64);

impl FromStr for Time {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "0" {
            return Ok(Self(0));
        }
        let units = [('s', 1), ('m', 60), ('h', 3600), ('d', 24 * 3600)];
        let read = units.iter().find_map(|(letter, seconds)| {
            let number = text.strip_suffix(*letter)?;
            let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
            let number: u64 = number.parse().ok().filter(|_| is_number)?;
            number.checked_mul(*seconds)
        });
        let read = read.filter(|seconds| *seconds <= otp_proto::MAX_REFUSAL);
        read.map(Self).ok_or(())
    }
}

/// A value as its type; the error names the option alone.
pub(super) fn number<T: FromStr>(name: &'static str, value: &OsStr) -> Result<T, UsageError> {
    value
        .to_str()
        .and_then(|text| text.parse().ok())
        .ok_or(UsageError::BadValue(name))
}
