//! The grammar: verbs, options, and what goes with what. Knows no agent and prints nothing.

use std::ffi::{OsStr, OsString};
use std::str::FromStr;

use lexopt::Arg;

use crate::failure::{Failure, Kind};
use crate::text::{Text, fill};

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Init,
    Unlock,
    Lock,
    Status,
    Passwd,
    Version,
    Add,
    Get,
    List,
    Show,
    Edit,
    Remove,
    Restore,
    Import,
    Export,
    Backup,
    RestoreBackup,
    QrRead,
    QrShow,
    CodesAdd,
    CodesList,
    CodesUse,
    Doctor,
    Completions,
    Man,
}

/// An option of some verbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opt {
    Account,
    Algorithm,
    Clipboard,
    Counter,
    Digits,
    DryRun,
    Force,
    Format,
    Fresh,
    Generate,
    Image,
    Invert,
    Issuer,
    MinLeft,
    Names,
    Next,
    Note,
    Period,
    Png,
    Print,
    Purge,
    Replace,
    Screen,
    Show,
    SkipBad,
    Tag,
    Trash,
    Type,
    Yes,
}

/// Each option's name, and whether a value follows.
const OPTIONS: [(Opt, &str, bool); 29] = [
    (Opt::Account, "account", true),
    (Opt::Algorithm, "algorithm", true),
    (Opt::Clipboard, "clipboard", false),
    (Opt::Counter, "counter", true),
    (Opt::Digits, "digits", true),
    (Opt::DryRun, "dry-run", false),
    (Opt::Force, "force", false),
    (Opt::Format, "format", true),
    (Opt::Fresh, "fresh", false),
    (Opt::Generate, "generate", false),
    (Opt::Image, "image", true),
    (Opt::Invert, "invert", false),
    (Opt::Issuer, "issuer", true),
    (Opt::MinLeft, "min-left", true),
    (Opt::Names, "names", false),
    (Opt::Next, "next", false),
    (Opt::Note, "note", true),
    (Opt::Period, "period", true),
    (Opt::Png, "png", true),
    (Opt::Print, "print", true),
    (Opt::Purge, "purge", false),
    (Opt::Replace, "replace", false),
    (Opt::Screen, "screen", false),
    (Opt::Show, "show", false),
    (Opt::SkipBad, "skip-bad", false),
    (Opt::Tag, "tag", true),
    (Opt::Trash, "trash", false),
    (Opt::Type, "type", true),
    (Opt::Yes, "yes", false),
];

/// The fields of an entry, for `add` and `edit`.
macro_rules! with_fields {
    ($($more:ident),*) => {
        &[
            Opt::Issuer, Opt::Account, Opt::Type, Opt::Algorithm, Opt::Digits, Opt::Period,
            Opt::Counter, Opt::Tag, Opt::Note, $(Opt::$more),*
        ]
    };
}

/// A verb's name, its fewest and most arguments, and its options.
struct Rule {
    verb: Verb,
    name: &'static str,
    least: usize,
    most: usize,
    options: &'static [Opt],
}

const fn rule(
    verb: Verb,
    name: &'static str,
    least: usize,
    most: usize,
    options: &'static [Opt],
) -> Rule {
    Rule {
        verb,
        name,
        least,
        most,
        options,
    }
}

const RULES: [Rule; 25] = [
    rule(Verb::Init, "init", 0, 0, &[Opt::Generate]),
    rule(Verb::Unlock, "unlock", 0, 0, &[]),
    rule(Verb::Lock, "lock", 0, 0, &[]),
    rule(Verb::Status, "status", 0, 0, &[]),
    rule(Verb::Passwd, "passwd", 0, 0, &[]),
    rule(Verb::Version, "version", 0, 0, &[]),
    rule(
        Verb::Add,
        "add",
        0,
        0,
        with_fields!(Image, Screen, Clipboard, Yes),
    ),
    rule(
        Verb::Get,
        "get",
        1,
        1,
        &[Opt::Next, Opt::MinLeft, Opt::Fresh],
    ),
    rule(Verb::List, "list", 0, 1, &[Opt::Names, Opt::Trash]),
    rule(Verb::Show, "show", 1, 1, &[]),
    rule(Verb::Edit, "edit", 1, 1, with_fields!()),
    rule(Verb::Remove, "remove", 1, 1, &[Opt::Purge, Opt::Yes]),
    rule(Verb::Restore, "restore", 1, 1, &[]),
    rule(
        Verb::Import,
        "import",
        1,
        1,
        &[Opt::Format, Opt::DryRun, Opt::SkipBad],
    ),
    rule(Verb::Export, "export", 1, 1, &[Opt::Format, Opt::Force]),
    rule(Verb::Backup, "backup", 1, 1, &[Opt::Force]),
    rule(
        Verb::RestoreBackup,
        "restore-backup",
        1,
        1,
        &[Opt::DryRun, Opt::Yes],
    ),
    rule(
        Verb::QrRead,
        "qr read",
        0,
        usize::MAX,
        &[Opt::Screen, Opt::Clipboard],
    ),
    rule(
        Verb::QrShow,
        "qr show",
        1,
        1,
        &[Opt::Png, Opt::Print, Opt::Invert, Opt::Force],
    ),
    rule(Verb::CodesAdd, "recovery-codes add", 1, 1, &[Opt::Replace]),
    rule(Verb::CodesList, "recovery-codes list", 1, 1, &[Opt::Show]),
    rule(Verb::CodesUse, "recovery-codes use", 1, 1, &[]),
    rule(Verb::Doctor, "doctor", 0, 0, &[]),
    rule(Verb::Completions, "completions", 1, 1, &[]),
    rule(Verb::Man, "man", 0, 1, &[]),
];

/// Words that only another one makes a verb of.
const GROUPS: [&str; 2] = ["qr", "recovery-codes"];

/// Verbs and options of the design that later versions bring; known, so that the answer is true.
const LATER_VERBS: [&str; 12] = [
    "notify",
    "pick",
    "watch",
    "slots",
    "rekey",
    "recovery-key",
    "source",
    "run",
    "inject",
    "policy",
    "grants",
    "log",
];
const LATER_OPTIONS: [&str; 2] = ["copy", "notify"];

impl Verb {
    fn rule(self) -> &'static Rule {
        // Every verb has its rule (a test); the first stands in, so that nothing can panic.
        let [first, ..] = &RULES;
        RULES.iter().find(|rule| rule.verb == self).unwrap_or(first)
    }

    /// The verb as it is typed.
    pub(crate) fn name(self) -> &'static str {
        self.rule().name
    }

    fn from_name(name: &str) -> Option<Self> {
        RULES
            .iter()
            .find(|rule| rule.name == name)
            .map(|rule| rule.verb)
    }

    /// Every verb, in the order of the help.
    #[cfg(test)]
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        RULES.iter().map(|rule| rule.verb)
    }
}

impl Opt {
    pub(crate) fn name(self) -> &'static str {
        OPTIONS
            .iter()
            .find(|row| row.0 == self)
            .map_or("", |row| row.1)
    }
}

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
    args: Vec<OsString>,
    options: Vec<(Opt, OsString)>,
}

/// What a command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    Run(Line),
    Help(Option<Verb>),
    Version,
}

/// What is wrong with a command line. Never carries a value: it could be a secret.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum UsageError {
    NoVerb,
    UnknownVerb(String),
    Later(String),
    UnknownOption(String),
    NeedsValue(&'static str),
    NoValue(String),
    BadValue(&'static str),
    TooFew(Verb),
    TooMany(Verb),
    /// The first word of a verb that has two, and what the second can be.
    Half(&'static str, String),
    Secret,
}

/// Reads a command line, without the program's name.
pub(crate) fn parse(args: impl Iterator<Item = OsString>) -> Result<Parsed, UsageError> {
    let args: Vec<OsString> = args.collect();
    if args.iter().any(|arg| looks_secret(arg)) {
        return Err(UsageError::Secret);
    }
    let mut parser = lexopt::Parser::from_args(args);
    let mut globals = Globals::default();
    let mut verb: Option<Verb> = None;
    let mut group: Option<&'static str> = None;
    let (mut help, mut version) = (false, false);
    let mut args = Vec::new();
    let mut options = Vec::new();
    loop {
        let opt = match parser.next() {
            Ok(None) => break,
            Ok(Some(Arg::Value(value))) => {
                match verb {
                    Some(_) => args.push(value),
                    None if value == "help" => help = true,
                    None => match group_of(&value).filter(|_| group.is_none()) {
                        Some(first) => group = Some(first),
                        None => verb = Some(verb_of(group, &value)?),
                    },
                }
                continue;
            }
            Ok(Some(Arg::Short('h') | Arg::Long("help"))) => {
                help = true;
                continue;
            }
            Ok(Some(Arg::Short('V') | Arg::Long("version"))) => {
                version = true;
                continue;
            }
            Ok(Some(Arg::Short('q') | Arg::Long("quiet"))) => {
                globals.quiet = true;
                continue;
            }
            Ok(Some(Arg::Long("json"))) => {
                globals.json = true;
                continue;
            }
            Ok(Some(Arg::Long("no-start"))) => {
                globals.no_start = true;
                continue;
            }
            Ok(Some(Arg::Long("prompt"))) => {
                globals.asking = Asking::Anywhere;
                continue;
            }
            Ok(Some(Arg::Long("no-prompt"))) => {
                globals.asking = Asking::Never;
                continue;
            }
            Ok(Some(Arg::Long("passphrase-fd"))) => {
                let value = value(&mut parser, "passphrase-fd")?;
                globals.passphrase_fd = Some(number("passphrase-fd", &value)?);
                continue;
            }
            Ok(Some(Arg::Short(letter))) => {
                return Err(UsageError::UnknownOption(format!("-{letter}")));
            }
            Ok(Some(Arg::Long(name))) => known(name, verb)?,
            Err(lexopt::Error::UnexpectedValue { option, .. }) => {
                return Err(UsageError::NoValue(option));
            }
            Err(_) => return Err(UsageError::UnknownOption("-".into())),
        };
        if opt == Opt::Image {
            let Ok(values) = parser.values() else {
                return Err(UsageError::NeedsValue(opt.name()));
            };
            options.extend(values.map(|value| (opt, value)));
        } else if OPTIONS.iter().any(|row| row.0 == opt && row.2) {
            options.push((opt, value(&mut parser, opt.name())?));
        } else {
            options.push((opt, OsString::new()));
        }
    }
    if help {
        return Ok(Parsed::Help(verb.or_else(|| of_group(group?).next())));
    }
    if version {
        return Ok(Parsed::Version);
    }
    let verb = match (verb, group) {
        (Some(verb), _) => verb,
        (None, Some(first)) => {
            let words = of_group(first).filter_map(|verb| verb.name().split_once(' '));
            let words: Vec<_> = words.map(|(_, second)| second).collect();
            return Err(UsageError::Half(first, words.join(", ")));
        }
        (None, None) => return Err(UsageError::NoVerb),
    };
    let rule = verb.rule();
    if args.len() > rule.most {
        // What stands there for `add` is most likely the key itself.
        return Err(if verb == Verb::Add {
            UsageError::Secret
        } else {
            UsageError::TooMany(verb)
        });
    }
    if args.len() < rule.least {
        return Err(UsageError::TooFew(verb));
    }
    Ok(Parsed::Run(Line {
        verb,
        globals,
        args,
        options,
    }))
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
    let is_later = LATER_OPTIONS.contains(&name) || verb == Some(Verb::Get) && name == "type";
    let shown = format!("--{name}");
    Err(if is_later {
        UsageError::Later(shown)
    } else {
        UsageError::UnknownOption(shown)
    })
}

fn value(parser: &mut lexopt::Parser, name: &'static str) -> Result<OsString, UsageError> {
    parser.value().map_err(|_| UsageError::NeedsValue(name))
}

fn number<T: FromStr>(name: &'static str, value: &OsStr) -> Result<T, UsageError> {
    value
        .to_str()
        .and_then(|text| text.parse().ok())
        .ok_or(UsageError::BadValue(name))
}

/// Whether an argument holds a key: other programs of the user can read a command line.
fn looks_secret(arg: &OsStr) -> bool {
    let arg = arg.to_string_lossy().to_ascii_lowercase();
    ["otpauth:", "otpauth-migration:", "steam://", "motp://"]
        .iter()
        .any(|scheme| arg.contains(scheme))
}

impl Line {
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

impl UsageError {
    /// Says it to a person.
    pub(crate) fn into_failure(self, text: &Text) -> Failure {
        let hint = match &self {
            Self::TooFew(verb) | Self::TooMany(verb) => format!("otpctl help {}", verb.name()),
            Self::Secret => "otpctl add".into(),
            Self::Half(first, _) => String::from("otpctl help ") + first,
            Self::NoVerb
            | Self::UnknownVerb(_)
            | Self::Later(_)
            | Self::UnknownOption(_)
            | Self::NeedsValue(_)
            | Self::NoValue(_)
            | Self::BadValue(_) => "otpctl help".into(),
        };
        let cause = match self {
            Self::NoVerb => text.no_verb.into(),
            Self::UnknownVerb(name) => fill(text.unknown_verb, &[&name]),
            Self::Later(name) => fill(text.not_yet, &[&name]),
            Self::UnknownOption(name) => fill(text.unknown_option, &[&name]),
            Self::NeedsValue(name) => fill(text.needs_value, &[name]),
            Self::NoValue(name) => fill(text.takes_no_value, &[&name]),
            Self::BadValue(name) => fill(text.bad_value, &[name]),
            Self::TooFew(verb) => fill(text.too_few, &[verb.name()]),
            Self::TooMany(verb) => fill(text.too_many, &[verb.name()]),
            Self::Secret => text.secret_argument.into(),
            Self::Half(first, words) => fill(text.half_verb, &[first, &words]),
        };
        Failure::new(Kind::Usage, cause).hint(hint).of(text.usage)
    }
}

#[cfg(test)]
#[path = "cli_tests.rs"]
mod tests;
