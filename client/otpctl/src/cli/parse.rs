//! Words become a command line.

use std::ffi::{OsStr, OsString};

use lexopt::Arg;

use super::line::number;
use super::verb::{GROUPS, LATER_VERBS, OPTIONS, RULES, Rule};
use super::{Asking, Globals, Line, Opt, UsageError, Verb};

/// What a command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    Run(Line),
    Help(Option<Verb>),
    Version,
}

/// Reads a command line, without the program's name.
pub(crate) fn parse(args: impl Iterator<Item = OsString>) -> Result<Parsed, UsageError> {
    let args: Vec<OsString> = args.collect();
    if args.iter().any(|arg| looks_secret(arg)) {
        return Err(UsageError::Secret);
    }
    let mut parser = lexopt::Parser::from_args(args);
    let mut said = Said::default();
    loop {
        match parser.next() {
            Ok(None) => return said.finish(),
            Ok(Some(Arg::Value(value))) => {
                said.word(value)?;
                let is_begun = said.verb == Some(Verb::Run) && !said.args.is_empty();
                if is_begun || said.verb == Some(Verb::PassOtp) {
                    // Its options are those of another program.
                    let rest = parser.raw_args();
                    said.args.extend(rest.into_iter().flatten());
                }
            }
            Ok(Some(Arg::Short(letter))) => said.short(letter)?,
            Ok(Some(Arg::Long(name))) => {
                let name = name.to_owned();
                said.long(&name, &mut parser)?;
            }
            Err(lexopt::Error::UnexpectedValue { option, .. }) => {
                return Err(UsageError::NoValue(option));
            }
            Err(_) => return Err(UsageError::UnknownOption("-".into())),
        }
    }
}

/// What was read so far.
#[derive(Default)]
struct Said {
    globals: Globals,
    verb: Option<Verb>,
    /// The first word of a verb that has two.
    group: Option<&'static str>,
    help: bool,
    version: bool,
    args: Vec<OsString>,
    options: Vec<(Opt, OsString)>,
}

impl Said {
    fn word(&mut self, word: OsString) -> Result<(), UsageError> {
        if self.verb == Some(Verb::Add) && word == "-" {
            // Standard input, which is read without it too.
        } else if self.verb.is_some() {
            self.args.push(word);
        } else if word == "help" {
            self.help = true;
        } else if let Some(first) = group_of(&word).filter(|_| self.group.is_none()) {
            self.group = Some(first);
        } else {
            self.verb = Some(verb_of(self.group, &word)?);
        }
        Ok(())
    }

    fn short(&mut self, letter: char) -> Result<(), UsageError> {
        match letter {
            'h' => self.help = true,
            'V' => self.version = true,
            'q' => self.globals.quiet = true,
            _ => return Err(UsageError::UnknownOption(format!("-{letter}"))),
        }
        Ok(())
    }

    fn long(&mut self, name: &str, parser: &mut lexopt::Parser) -> Result<(), UsageError> {
        match name {
            "help" => self.help = true,
            "version" => self.version = true,
            "quiet" => self.globals.quiet = true,
            "json" => self.globals.json = true,
            "no-start" => self.globals.no_start = true,
            "prompt" => self.globals.asking = Asking::Anywhere,
            "no-prompt" => self.globals.asking = Asking::Never,
            "passphrase-fd" => {
                let value = value(parser, "passphrase-fd")?;
                self.globals.passphrase_fd = Some(number("passphrase-fd", &value)?);
            }
            _ => self.option(known(name, self.verb)?, parser)?,
        }
        Ok(())
    }

    fn option(&mut self, opt: Opt, parser: &mut lexopt::Parser) -> Result<(), UsageError> {
        if opt == Opt::Image {
            let Ok(values) = parser.values() else {
                return Err(UsageError::NeedsValue(opt.name()));
            };
            self.options.extend(values.map(|value| (opt, value)));
        } else if opt.takes_value() {
            self.options.push((opt, value(parser, opt.name())?));
        } else {
            self.options.push((opt, OsString::new()));
        }
        Ok(())
    }

    fn finish(self) -> Result<Parsed, UsageError> {
        if self.help {
            let first = || of_group(self.group?).next();
            return Ok(Parsed::Help(self.verb.or_else(first)));
        }
        if self.version {
            return Ok(Parsed::Version);
        }
        let verb = match (self.verb, self.group) {
            (Some(verb), _) => verb,
            (None, Some(first)) => return Err(half(first)),
            (None, None) => return Err(UsageError::NoVerb),
        };
        let rule = verb.rule();
        if self.args.len() > rule.most {
            // What stands there for `add` is most likely the key itself.
            return Err(if verb == Verb::Add {
                UsageError::Secret
            } else {
                UsageError::TooMany(verb)
            });
        }
        if self.args.len() < rule.least {
            return Err(UsageError::TooFew(verb));
        }
        Ok(Parsed::Run(Line {
            verb,
            globals: self.globals,
            args: self.args,
            options: self.options,
        }))
    }
}

/// Only the first of a verb's two words is there.
fn half(first: &'static str) -> UsageError {
    let words = of_group(first).filter_map(|verb| verb.name().split_once(' '));
    let words: Vec<_> = words.map(|(_, second)| second).collect();
    UsageError::Half(first, words.join(", "))
}

fn group_of(value: &OsStr) -> Option<&'static str> {
    GROUPS.into_iter().find(|name| value == *name)
}

/// The verbs that begin with a word.
fn of_group(first: &'static str) -> impl Iterator<Item = Verb> {
    let is_first = move |rule: &&Rule| rule.name.split(' ').next() == Some(first);
    RULES.iter().filter(is_first).map(|rule| rule.verb)
}

fn verb_of(group: Option<&str>, value: &OsStr) -> Result<Verb, UsageError> {
    let second = value.to_str().unwrap_or_default();
    let name = match group {
        Some(first) => String::from(first) + " " + second,
        None => second.into(),
    };
    let name = name.as_str();
    if let Some(verb) = Verb::from_name(name) {
        return Ok(verb);
    }
    if LATER_VERBS.contains(&name) {
        return Err(UsageError::Later(name.into()));
    }
    // Quoted only if it looks like a verb.
    let is_letter = |b: u8| b.is_ascii_lowercase() || b == b'-';
    let is_word = second.len() <= 16 && second.bytes().all(is_letter);
    Err(UsageError::UnknownVerb(if is_word {
        name.into()
    } else {
        String::new()
    }))
}

fn known(name: &str, verb: Option<Verb>) -> Result<Opt, UsageError> {
    let allowed = verb.map_or(&[][..], |verb| verb.rule().options);
    if let Some(row) = OPTIONS
        .iter()
        .find(|row| row.1 == name && allowed.contains(&row.0))
    {
        return Ok(row.0);
    }
    Err(UsageError::UnknownOption(format!("--{name}")))
}

fn value(parser: &mut lexopt::Parser, name: &'static str) -> Result<OsString, UsageError> {
    parser.value().map_err(|_| UsageError::NeedsValue(name))
}

/// Whether an argument holds a key: other programs of the user can read a command line.
fn looks_secret(arg: &OsStr) -> bool {
    let arg = arg.to_string_lossy().to_ascii_lowercase();
    ["otpauth:", "otpauth-migration:", "steam://", "motp://"]
        .iter()
        .any(|scheme| arg.contains(scheme))
}
