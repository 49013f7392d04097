//! The grammar of the command line.

use std::ffi::OsString;
use std::time::Duration;

use crate::failure::{Failure, Usage, Way};
use crate::text::Language;

/// How long a person may take to answer the desktop's dialog.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest that may be asked for.
const MOST_SECONDS: u64 = 600;
/// How long an X server may take to be there again.
const LINGER: Duration = Duration::from_secs(60);

/// What was asked for.
pub(crate) struct Line {
    pub(crate) verb: Verb,
}

/// The verbs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Pictures of every monitor.
    Grab {
        /// The only way to try; without it the session decides.
        via: Option<Way>,
        /// For the whole of it.
        timeout: Duration,
    },
    /// What is on the clipboard.
    Clip {
        /// Wait to be told, and then empty the clipboard if it still holds the same.
        then_clear: bool,
    },
    /// One of the names on standard input.
    Pick {
        /// In the terminal, and not in a window.
        in_terminal: bool,
    },
    /// Stay, and wait for hotkeys.
    Run {
        /// How long the display may be gone before the session counts as over.
        linger: Duration,
    },
    /// A code that standard input gives goes onto the clipboard, and off it in time.
    Copy {
        /// By the terminal (OSC 52) instead of the desktop.
        by_terminal: bool,
    },
    /// A script that standard input gives is typed into the field that has the focus.
    Type {
        /// Only if its window is called so.
        window: Option<String>,
    },
    Help,
    Version,
}

/// Reads the arguments; `language` is set as soon as it is named.
pub(crate) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    language: &mut Language,
) -> Result<Line, Failure> {
    read(arguments, language).map_err(Failure::Usage)
}

fn read(
    arguments: impl IntoIterator<Item = OsString>,
    language: &mut Language,
) -> Result<Line, Usage> {
    use lexopt::Arg::{Long, Short, Value};
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut window = None;
    let (mut verb, mut via, mut timeout, mut linger) = (None, None, None, None);
    let (mut then_clear, mut in_terminal) = (false, false);
    while let Some(argument) = parser.next().map_err(|_| Usage::UnknownOption)? {
        match argument {
            Short('h') | Long("help") => return Ok(Line { verb: Verb::Help }),
            Short('V') | Long("version") => {
                return Ok(Line {
                    verb: Verb::Version,
                });
            }
            Long("language") => *language = value(&mut parser, "--language", Language::named)?,
            Long("timeout") => timeout = Some(value(&mut parser, "--timeout", seconds)?),
            Long("linger") => linger = Some(value(&mut parser, "--linger", seconds)?),
            Long("via") => via = Some(value(&mut parser, "--via", way)?),
            Long("then-clear") => then_clear = true,
            Long("window") => window = Some(value(&mut parser, "--window", pattern)?),
            Long("terminal") => in_terminal = true,
            Value(name) if verb.is_none() => {
                verb = Some(name.into_string().map_err(|_| Usage::UnknownVerb)?);
            }
            Short(_) | Long(_) | Value(_) => return Err(Usage::UnknownOption),
        }
    }
    // What was said beside the verb must belong to it.
    let said = (
        via.is_some() || timeout.is_some(),
        then_clear,
        in_terminal,
        linger.is_some(),
        window.is_some(),
    );
    let verb = match (verb.as_deref().unwrap_or("run"), said) {
        ("grab", (_, false, false, false, false)) => Verb::Grab {
            via,
            timeout: timeout.unwrap_or(PATIENCE),
        },
        ("clip", (false, _, false, false, false)) => Verb::Clip { then_clear },
        ("pick", (false, false, _, false, false)) => Verb::Pick { in_terminal },
        ("copy", (false, false, _, false, false)) => Verb::Copy {
            by_terminal: in_terminal,
        },
        ("type", (false, false, false, false, _)) => Verb::Type { window },
        ("run", (false, false, false, _, false)) => Verb::Run {
            linger: linger.unwrap_or(LINGER),
        },
        ("grab" | "clip" | "pick" | "copy" | "type" | "run", _) => {
            return Err(Usage::UnknownOption);
        }
        _ => return Err(Usage::UnknownVerb),
    };
    Ok(Line { verb })
}

fn value<T>(
    parser: &mut lexopt::Parser,
    option: &'static str,
    meaning: fn(&str) -> Option<T>,
) -> Result<T, Usage> {
    let value = parser.value().map_err(|_| Usage::NeedsValue(option))?;
    value
        .to_str()
        .and_then(meaning)
        .ok_or(Usage::BadValue(option))
}

fn seconds(text: &str) -> Option<Duration> {
    let seconds = text.parse().ok()?;
    (1..=MOST_SECONDS)
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds))
}

fn pattern(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn way(text: &str) -> Option<Way> {
    match text {
        "x11" => Some(Way::X11),
        "portal" => Some(Way::Portal),
        "grim" => Some(Way::Grim),
        "system" => Some(Way::System),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_words(words: &str) -> (Result<Verb, Usage>, Language) {
        let mut language = Language::English;
        let words = words.split_whitespace().map(OsString::from);
        let line = read(words, &mut language);
        (line.map(|line| line.verb), language)
    }

    #[test]
    fn options_stand_before_or_after_the_verb() {
        let expected = Verb::Grab {
            via: Some(Way::Portal),
            timeout: Duration::from_secs(5),
        };
        for words in [
            "--timeout 5 grab --via=portal --language ja",
            "grab --language=ja --via portal --timeout=5",
        ] {
            assert_eq!(
                read_words(words),
                (Ok(expected.clone()), Language::Japanese)
            );
        }
        let run = |seconds| {
            let linger = Duration::from_secs(seconds);
            Ok(Verb::Run { linger })
        };
        assert_eq!(read_words("").0, run(60));
        assert_eq!(read_words("run --linger 5").0, run(5));
        assert_eq!(
            read_words("clip --then-clear").0,
            Ok(Verb::Clip { then_clear: true })
        );
        assert_eq!(
            read_words("--terminal copy").0,
            Ok(Verb::Copy { by_terminal: true })
        );
        let window = Some("*git*".to_owned());
        assert_eq!(
            read_words("type --window *git*").0,
            Ok(Verb::Type { window })
        );
    }

    #[test]
    fn what_can_not_be_meant_is_refused() {
        for (words, wrong) in [
            ("run --terminal", Usage::UnknownOption),
            ("--via x11", Usage::UnknownOption),
            ("shoot", Usage::UnknownVerb),
            ("grab clip", Usage::UnknownOption),
            ("grab --then-clear", Usage::UnknownOption),
            ("clip --via x11", Usage::UnknownOption),
            ("clip --terminal", Usage::UnknownOption),
            ("copy --then-clear", Usage::UnknownOption),
            ("copy --timeout 5", Usage::UnknownOption),
            ("copy --window x", Usage::UnknownOption),
            ("type --terminal", Usage::UnknownOption),
            ("type --window", Usage::NeedsValue("--window")),
            ("type --window=", Usage::BadValue("--window")),
            ("clip --timeout 5", Usage::UnknownOption),
            ("clip --terminal", Usage::UnknownOption),
            ("pick --via x11", Usage::UnknownOption),
            ("grab --timeout", Usage::NeedsValue("--timeout")),
            ("grab --timeout 0", Usage::BadValue("--timeout")),
            ("grab --timeout 601", Usage::BadValue("--timeout")),
            ("grab --via scrot", Usage::BadValue("--via")),
            ("grab --language fr", Usage::BadValue("--language")),
        ] {
            assert_eq!(read_words(words).0, Err(wrong), "{words}");
        }
    }

    #[test]
    fn a_wrong_line_is_told_in_the_language_that_it_names() {
        assert_eq!(read_words("--language ja shoot").1, Language::Japanese);
    }
}
