//! Everything that a person reads, in every language. A failure without a sentence in one of them
//! doesn't compile.

mod en;
#[cfg(target_os = "linux")]
pub(crate) mod hotkeys;
mod ja;

use std::ffi::OsString;

use crate::cli::Verb;
use crate::failure::Failure;

/// What a person wanted, as far as the way out of a failure depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Read,
    Pick,
    Copy,
    Type,
    Run,
}

impl Deed {
    /// What a verb is for.
    pub(crate) fn of(verb: &Verb) -> Self {
        match verb {
            Verb::Copy { .. } => Self::Copy,
            Verb::Type { .. } => Self::Type,
            Verb::Pick { .. } => Self::Pick,
            Verb::Run { .. } => Self::Run,
            Verb::Grab { .. } | Verb::Clip { .. } | Verb::Help | Verb::Version => Self::Read,
        }
    }
}

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Japanese,
}

impl Language {
    /// Chooses as setlocale(3) does: the first of three variables that isn't empty.
    pub(crate) fn of_environment(env: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let chosen = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .filter_map(|name| env(name))
            .find(|value| !value.is_empty());
        match chosen {
            Some(value) if value.to_string_lossy().starts_with("ja") => Self::Japanese,
            _ => Self::English,
        }
    }

    /// Returns the language of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "en" => Some(Self::English),
            "ja" => Some(Self::Japanese),
            _ => None,
        }
    }

    /// Why something failed, without the program's name.
    pub(crate) fn cause(self, failure: &Failure) -> String {
        match self {
            Self::English => en::cause(failure),
            Self::Japanese => ja::cause(failure),
        }
    }

    /// How to use the program.
    pub(crate) fn help(self) -> &'static str {
        match self {
            Self::English => en::HELP,
            Self::Japanese => ja::HELP,
        }
    }

    /// The lines about a failure; none if there is nothing to tell.
    pub(crate) fn message(self, failure: &Failure, deed: Deed) -> String {
        if matches!(failure, Failure::OutputClosed | Failure::NoCode) {
            return String::new();
        }
        let cause = self.cause(failure);
        let hint = match self {
            Self::English => en::hint(failure, deed),
            Self::Japanese => ja::hint(failure, deed),
        };
        let mut lines = format!("otp-desktop: {cause}\n");
        if let Some(hint) = hint {
            lines.push_str(match self {
                Self::English => "hint: ",
                Self::Japanese => "ヒント: ",
            });
            lines.push_str(hint);
            lines.push('\n');
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Way;

    #[test]
    fn the_first_locale_variable_that_is_not_empty_decides() {
        let chosen = |vars: &[(&str, &str)]| {
            Language::of_environment(&|name| {
                let found = vars.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| OsString::from(value))
            })
        };
        assert_eq!(chosen(&[]), Language::English);
        assert_eq!(chosen(&[("LANG", "ja_JP.UTF-8")]), Language::Japanese);
        assert_eq!(
            chosen(&[("LC_ALL", "C"), ("LANG", "ja_JP.UTF-8")]),
            Language::English
        );
        assert_eq!(
            chosen(&[("LC_ALL", ""), ("LC_MESSAGES", "ja")]),
            Language::Japanese
        );
    }

    #[test]
    fn a_message_is_one_line_and_at_most_one_hint() {
        let both = Failure::Both(
            Box::new(Failure::TimedOut(Way::Portal)),
            Box::new(Failure::Missing(Way::Grim)),
        );
        for failure in [
            Failure::NoSession,
            Failure::Refused,
            Failure::Empty,
            both,
            Failure::Guest,
        ] {
            for language in [Language::English, Language::Japanese] {
                for deed in [Deed::Read, Deed::Copy, Deed::Type] {
                    let message = language.message(&failure, deed);
                    assert!(message.starts_with("otp-desktop: "), "{message}");
                    assert!(message.ends_with('\n') && message.lines().count() <= 2);
                }
            }
        }
        assert_eq!(
            Language::English.message(&Failure::OutputClosed, Deed::Read),
            ""
        );
    }

    #[test]
    fn the_help_fits_a_terminal() {
        for language in [Language::English, Language::Japanese] {
            assert!(language.help().lines().count() <= 24);
            assert!(language.help().ends_with('\n'));
        }
    }
}
