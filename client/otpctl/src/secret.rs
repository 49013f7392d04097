//! Where passphrases and keys come from: a descriptor, standard input or the terminal.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _};

use otp_proto::Secret;
use zeroize::Zeroizing;

use crate::cli::{Asking, Globals};
use crate::failure::{Failure, Kind};
use crate::os::{Quiet, Tty};
use crate::text::Text;
use crate::{os, output, terminal};

/// Longest line that is taken as a passphrase, in bytes.
const LONGEST_LINE: usize = 4096;
/// A shorter passphrase is asked about once more, in characters.
const SHORT: usize = 8;
/// How often a new passphrase may be mistyped.
const TRIES: u32 = 3;

/// The one place that secrets come from in this process.
pub(crate) struct Secrets {
    text: &'static Text,
    asking: Asking,
    source: Source,
}

enum Source {
    /// Lines of a file or pipe.
    Lines(File),
    /// A descriptor that can't be read, and why.
    Broken(io::Error),
    /// The person at the terminal.
    Terminal,
}

impl Secrets {
    /// Chooses the source: `--passphrase-fd`, else standard input, unless it is a terminal.
    pub(crate) fn new(text: &'static Text, globals: &Globals) -> Self {
        let source = match globals.passphrase_fd {
            Some(number) => os::open_descriptor(number),
            None if io::stdin().is_terminal() => {
                return Self {
                    text,
                    asking: globals.asking,
                    source: Source::Terminal,
                };
            }
            None => os::stdin(),
        };
        Self {
            text,
            asking: globals.asking,
            source: source.map_or_else(Source::Broken, Source::Lines),
        }
    }

    /// Whether a person is asked, who can try again.
    pub(crate) fn is_terminal(&self) -> bool {
        matches!(self.source, Source::Terminal)
    }

    /// Lets the terminal show nothing between one try of a passphrase and the next: who types ahead
    /// while it is being tried must not see it either. Only for questions that are all hidden.
    pub(crate) fn quiet(&self) -> Option<Quiet> {
        if !self.is_terminal() || self.asking == Asking::Never {
            return None;
        }
        // Without it only the questions themselves are hidden.
        Tty::open().and_then(Tty::quiet).ok()
    }

    /// Reads a passphrase (or recovery key) that exists already.
    pub(crate) fn passphrase(&mut self, prompt: &str) -> Result<Secret, Failure> {
        hide()?;
        let line = match &mut self.source {
            Source::Lines(file) => read_line(file).map_err(|error| Failure::io(&error))?,
            Source::Broken(error) => return Err(Failure::io(error)),
            Source::Terminal if self.asking == Asking::Never => {
                return Err(Failure::new(Kind::Usage, self.text.no_prompt));
            }
            Source::Terminal => {
                let typed = terminal::ask_secret(prompt).map_err(|error| Failure::io(&error))?;
                Some(typed.ok_or_else(|| Failure::new(Kind::Refused, self.text.cancelled))?)
            }
        };
        match line {
            Some(line) if !line.is_empty() => Ok(Secret::copy_of(&line)),
            _ => Err(Failure::new(Kind::Usage, self.text.empty_passphrase)),
        }
    }

    /// Reads a passphrase to be: on the terminal twice, and once more asked about if short.
    pub(crate) fn new_passphrase(&mut self) -> Result<Secret, Failure> {
        let text = self.text;
        if !self.is_terminal() {
            let new = self.passphrase("")?;
            if new.expose().chars().count() < SHORT {
                output::say(text.short_warning);
            }
            return Ok(new);
        }
        for _ in 0..TRIES {
            let new = self.passphrase(text.new_passphrase)?;
            if new.expose().chars().count() < SHORT && !confirm(text.short_question, false)? {
                continue;
            }
            if self.passphrase(text.again)? == new {
                return Ok(new);
            }
            output::say(text.mismatch);
        }
        Err(Failure::new(Kind::Refused, text.mismatch_thrice))
    }

    /// Asks for a proposed passphrase to be typed once, so that it was seen and written down.
    pub(crate) fn retype(&mut self, proposed: &Secret) -> Result<(), Failure> {
        for _ in 0..TRIES {
            if self.passphrase(self.text.type_it)? == *proposed {
                return Ok(());
            }
            output::say(self.text.mismatch);
        }
        Err(Failure::new(Kind::Refused, self.text.mismatch_thrice))
    }
}

/// Reads a whole small text from standard input, at most `limit` bytes.
pub(crate) fn read_stdin(limit: usize) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut all = Zeroizing::new(Vec::with_capacity(1024));
    let more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    os::stdin()?.take(more).read_to_end(&mut all)?;
    Ok((all.len() <= limit).then_some(all))
}

/// From here on this process holds a secret.
pub(crate) fn hide() -> Result<(), Failure> {
    os::hide_memory().map_err(|error| Failure::io(&error))
}

/// What a person says to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    Yes,
    No,
    /// `a`: show it again.
    Again,
}

/// Asks a yes-or-no question until it is answered; `default` is what Enter means.
pub(crate) fn confirm(question: &str, default: bool) -> Result<bool, Failure> {
    loop {
        match ask(question, default)? {
            Some(Reply::Yes) => return Ok(true),
            Some(Reply::No) => return Ok(false),
            Some(Reply::Again) | None => {}
        }
    }
}

/// Asks a question once; `None` if the answer is none of those.
pub(crate) fn ask(question: &str, default: bool) -> Result<Option<Reply>, Failure> {
    let answer = terminal::ask(question).map_err(|error| Failure::io(&error))?;
    Ok(match answer.as_deref() {
        Some("") if default => Some(Reply::Yes),
        // The end of input is nobody's yes.
        None | Some("") => Some(Reply::No),
        Some(answer) => reply(answer),
    })
}

/// An input method may be on: full-width letters count as well.
fn reply(answer: &str) -> Option<Reply> {
    let first = answer.chars().next()?;
    match first {
        'y' | 'Y' | 'j' | 'J' | 'ｙ' | 'Ｙ' => Some(Reply::Yes),
        'n' | 'N' | 'ｎ' | 'Ｎ' => Some(Reply::No),
        'a' | 'A' | 'ａ' | 'Ａ' => Some(Reply::Again),
        _ if answer.starts_with("はい") => Some(Reply::Yes),
        _ if answer.starts_with("いいえ") => Some(Reply::No),
        _ => None,
    }
}

/// Reads one line byte by byte: what follows belongs to the next reader.
fn read_line(file: &mut File) -> io::Result<Option<Zeroizing<String>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST_LINE));
    let mut byte = Zeroizing::new([0_u8]);
    loop {
        match file.read(&mut *byte) {
            Ok(0) if line.is_empty() => return Ok(None),
            Ok(0) => break,
            Ok(_) if *byte == *b"\n" => break,
            Ok(_) if line.len() < LONGEST_LINE => line.extend_from_slice(&*byte),
            Ok(_) => return Err(io::ErrorKind::InvalidData.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    match std::str::from_utf8(&line) {
        Ok(text) => Ok(Some(Zeroizing::new(text.to_owned()))),
        Err(_) => Err(io::ErrorKind::InvalidData.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_in_either_language_and_either_width_and_nothing_else_does() {
        for (answer, meant) in [
            ("y", Some(Reply::Yes)),
            ("Yes", Some(Reply::Yes)),
            ("ｙ", Some(Reply::Yes)),
            ("はい", Some(Reply::Yes)),
            ("n", Some(Reply::No)),
            ("Ｎ", Some(Reply::No)),
            ("いいえ", Some(Reply::No)),
            ("a", Some(Reply::Again)),
            ("maybe", None),
            ("123456", None),
        ] {
            assert_eq!(reply(answer), meant, "{answer}");
        }
    }
}
