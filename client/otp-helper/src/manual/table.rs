//! The command line of `otpctl` as data: its manual page and its completions are made of it.
//!
//! Texts are ASCII without quotation marks, brackets and colons, so that they pass through roff
//! and three shells as they are (a test).

use super::daily::DAILY;
use super::upkeep::UPKEEP;

/// A verb.
pub struct Verb {
    /// What is typed.
    pub name: &'static str,
    /// What follows it.
    pub argument: Option<Argument>,
    /// What it does, in a few words.
    pub help: &'static str,
    /// The rest that its manual entry says.
    pub about: &'static str,
    /// Its own options.
    pub flags: &'static [Flag],
}

/// The argument of a verb.
pub struct Argument {
    /// Its name in the manual.
    pub name: &'static str,
    /// Whether it can be left out.
    pub is_optional: bool,
    /// What can stand there.
    pub choice: Choice,
}

/// An option.
#[derive(Clone, Copy)]
pub struct Flag {
    /// The long name, without dashes.
    pub long: &'static str,
    /// The short name.
    pub short: Option<char>,
    /// The name of its value in the manual, and what can stand there.
    pub value: Option<(&'static str, Choice)>,
    /// What it does, in a few words.
    pub help: &'static str,
}

/// What can stand in a place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Anything.
    Any,
    /// The name of an entry.
    Entry,
    /// The number of an entry in the trash.
    Trash,
    /// The name of an automatic backup.
    Backup,
    /// A file.
    File,
    /// One of these words.
    Words(&'static [&'static str]),
}

pub(super) const fn flag(long: &'static str, help: &'static str) -> Flag {
    Flag {
        long,
        short: None,
        value: None,
        help,
    }
}

pub(super) const fn short(long: &'static str, short: char, help: &'static str) -> Flag {
    Flag {
        short: Some(short),
        ..flag(long, help)
    }
}

pub(super) const fn valued(
    long: &'static str,
    name: &'static str,
    choice: Choice,
    help: &'static str,
) -> Flag {
    Flag {
        value: Some((name, choice)),
        ..flag(long, help)
    }
}

pub(super) const fn argument(name: &'static str, choice: Choice) -> Argument {
    Argument {
        name,
        is_optional: false,
        choice,
    }
}

pub(super) const fn optional(name: &'static str, choice: Choice) -> Argument {
    Argument {
        is_optional: true,
        ..argument(name, choice)
    }
}

/// Options that every verb knows; they stand before or after it.
pub const GLOBALS: &[Flag] = &[
    flag("json", "print JSON with stable keys, for programs"),
    short("quiet", 'q', "print results only"),
    flag("no-start", "do not start otpd if it does not run"),
    flag("prompt", "allow a dialog of the agent for the passphrase"),
    flag("no-prompt", "forbid any question"),
    valued(
        "passphrase-fd",
        "N",
        Choice::Any,
        "read passphrases from this open descriptor, one a line",
    ),
    short("help", 'h', "print help, also of a verb"),
    short("version", 'V', "print the version"),
];

pub(super) const MIN_LEFT: Flag = valued(
    "min-left",
    "SECONDS",
    Choice::Words(&["5", "10", "15"]),
    "wait for a code that lives at least so long",
);
pub(super) const FRESH: Flag = flag("fresh", "never the same code twice, waits for the next one");
pub(super) const ISSUER: Flag = valued("issuer", "NAME", Choice::Any, "name of the service");
pub(super) const ACCOUNT: Flag = valued("account", "NAME", Choice::Any, "your name at the service");
pub(super) const TYPE: Flag = valued(
    "type",
    "TYPE",
    Choice::Words(&["totp", "hotp", "steam"]),
    "totp (time), hotp (counter) or steam",
);
pub(super) const ALGORITHM: Flag = valued(
    "algorithm",
    "HASH",
    Choice::Words(&["SHA1", "SHA256", "SHA512"]),
    "SHA1, SHA256 or SHA512",
);
pub(super) const DIGITS: Flag = valued(
    "digits",
    "N",
    Choice::Words(&["6", "7", "8"]),
    "length of a code, 1 to 9",
);
pub(super) const PERIOD: Flag = valued(
    "period",
    "SECONDS",
    Choice::Words(&["30", "60"]),
    "life of a code, 1 to 86400",
);
pub(super) const COUNTER: Flag = valued("counter", "N", Choice::Any, "next counter (hotp)");
pub(super) const NOTE: Flag = valued("note", "TEXT", Choice::Any, "a remark");
pub(super) const YES: Flag = flag("yes", "do not ask");
pub(super) const FORMAT: Flag = valued(
    "format",
    "NAME",
    Choice::Words(&["otpauth"]),
    "format of the file, otherwise it is recognised",
);
pub(super) const FORCE: Flag = flag("force", "replace an existing file");

/// Every verb, in the order of the manual.
pub fn verbs() -> impl Iterator<Item = &'static Verb> {
    DAILY.iter().chain(UPKEEP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_passes_through_roff_and_shells_as_it_is() {
        let flags = verbs().flat_map(|verb| verb.flags).chain(GLOBALS);
        let texts = flags
            .map(|flag| flag.help)
            .chain(verbs().flat_map(|verb| [verb.help, verb.about]));
        for text in texts {
            assert!(text.is_ascii(), "{text}");
            assert!(
                !text.contains(['\'', '"', '`', '$', '\\', '[', ']', ':', ';']),
                "{text}"
            );
            assert!(
                !text.contains("  ") && !text.starts_with(['.', ' ']),
                "{text}"
            );
        }
    }
}
