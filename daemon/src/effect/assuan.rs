//! Pinentry's side of the Assuan protocol (its manual, "Protocol"): lines, one answer each.

use std::io::{self, BufRead, Read as _, Write};

use otp_proto::{Desktop, Secret};
use zeroize::Zeroizing;

use crate::agent::PromptError;
use crate::text::Question;

/// Longest line, Assuan's own limit, with some room.
const LONGEST_LINE: u64 = 2048;
/// Longest passphrase in bytes; what is typed is never near.
const LONGEST: usize = 4096;
/// Lines of comment and status that may come before an answer.
const MOST_LINES: usize = 256;
/// Seconds after which a dialog that nobody touches ends.
const PATIENCE: u32 = 120;

/// The error codes of libgpg-error that mean a person; the upper bits say who found it.
const CODE: u32 = 0xffff;
const TIMEOUT: u32 = 62;
const CANCELED: u32 = 99;
const NOT_CONFIRMED: u32 = 114;
const FULLY_CANCELED: u32 = 198;

/// Why the conversation ended.
#[derive(Debug)]
pub(super) enum Broken {
    Io(io::Error),
    /// The other side said something else than the protocol has.
    Odd,
    /// It refused what it must know, with this code.
    Refused(u32),
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Odd => f.write_str("it does not speak as pinentry does, or ended"),
            Self::Refused(code) => write!(f, "it refused, with error {}", code & CODE),
        }
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What one command got.
enum Answer {
    Ok,
    Err(u32),
}

/// A conversation with a pinentry.
pub(super) struct Conversation<R, W> {
    input: R,
    output: W,
    line: Zeroizing<String>,
    data: Zeroizing<String>,
}

impl<R: BufRead, W: Write> Conversation<R, W> {
    /// Reads the greeting.
    pub(super) fn begin(input: R, output: W) -> Result<Self, Broken> {
        let mut new = Self {
            input,
            output,
            line: Zeroizing::new(String::with_capacity(2048)),
            data: Zeroizing::new(String::with_capacity(LONGEST)),
        };
        match new.answer()? {
            Answer::Ok => Ok(new),
            Answer::Err(code) => Err(Broken::Refused(code)),
        }
    }

    /// Asks for a passphrase on a desktop.
    pub(super) fn ask(
        &mut self,
        desktop: &Desktop,
        question: &Question,
    ) -> Result<Result<Secret, PromptError>, Broken> {
        let characters = [&desktop.lc_all, &desktop.lc_ctype, &desktop.lang];
        let characters = characters.into_iter().find_map(Option::as_deref);
        for (option, value) in [
            ("ttyname", desktop.tty.as_deref()),
            ("ttytype", desktop.term.as_deref()),
            ("lc-ctype", characters),
            ("lc-messages", desktop.language()),
        ] {
            if let Some(value) = value {
                // One that a pinentry doesn't know is no reason to give up.
                self.tell(&format!("OPTION {option}={value}"))?;
            }
        }
        self.tell(&format!("SETTIMEOUT {PATIENCE}"))?;
        self.tell(&format!("SETTITLE {}", escaped(question.title)))?;
        self.must(&format!("SETDESC {}", escaped(&question.description)))?;
        self.must(&format!("SETPROMPT {}", escaped(question.prompt)))?;
        if let Some(mistake) = &question.mistake {
            self.tell(&format!("SETERROR {}", escaped(mistake)))?;
        }
        self.data.clear();
        let answer = self.command("GETPIN")?;
        let typed = match answer {
            Answer::Ok if self.data.is_empty() => Err(PromptError::Cancelled),
            Answer::Ok => Ok(unescaped(&self.data).ok_or(Broken::Odd)?),
            Answer::Err(code) => match code & CODE {
                CANCELED | NOT_CONFIRMED | FULLY_CANCELED => Err(PromptError::Cancelled),
                TIMEOUT => Err(PromptError::TimedOut),
                _ => return Err(Broken::Refused(code)),
            },
        };
        self.output.write_all(b"BYE\n").ok();
        Ok(typed)
    }

    /// Says something that may be refused.
    fn tell(&mut self, line: &str) -> Result<(), Broken> {
        self.command(line).map(|_| ())
    }

    /// Says something without which the dialog would make no sense.
    fn must(&mut self, line: &str) -> Result<(), Broken> {
        match self.command(line)? {
            Answer::Ok => Ok(()),
            Answer::Err(code) => Err(Broken::Refused(code)),
        }
    }

    fn command(&mut self, line: &str) -> Result<Answer, Broken> {
        self.output.write_all(line.as_bytes())?;
        self.output.write_all(b"\n")?;
        self.output.flush()?;
        self.answer()
    }

    /// Reads lines up to the one that ends an answer.
    fn answer(&mut self) -> Result<Answer, Broken> {
        for _ in 0..MOST_LINES {
            self.line.clear();
            let line = self.input.by_ref().take(LONGEST_LINE);
            read_line(line, &mut self.line)?;
            let line = self.line.strip_suffix('\n').ok_or(Broken::Odd)?;
            let line = line.strip_suffix('\r').unwrap_or(line);
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "OK" => return Ok(Answer::Ok),
                "ERR" => {
                    let code = rest.split(' ').next().and_then(|code| code.parse().ok());
                    return Ok(Answer::Err(code.ok_or(Broken::Odd)?));
                }
                "D" if self.data.len() + rest.len() <= LONGEST => self.data.push_str(rest),
                "S" => {}
                _ if word.starts_with('#') => {}
                _ => return Err(Broken::Odd),
            }
        }
        Err(Broken::Odd)
    }
}

fn read_line(mut input: impl BufRead, line: &mut String) -> Result<(), Broken> {
    match input.read_line(line) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(Broken::Odd),
        Err(error) => Err(error.into()),
    }
}

/// Text as an argument: what would end the line, and the percent sign, by their numbers.
fn escaped(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\n', "%0A")
        .replace('\r', "%0D")
}

/// The text of data lines.
fn unescaped(data: &str) -> Option<Secret> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(data.len()));
    let mut rest = data.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    std::str::from_utf8(&bytes).ok().map(Secret::copy_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said to a pinentry that answers these lines, and what comes of it.
    fn talk(answers: &str) -> (String, Result<Result<Secret, PromptError>, Broken>) {
        let desktop = Desktop {
            tty: Some("/dev/pts/1".into()),
            lang: Some("C.UTF-8".into()),
            ..Desktop::default()
        };
        let question = Question {
            title: "otpd",
            description: "Unlock\nit.".into(),
            prompt: "Passphrase:",
            mistake: Some("100% wrong".into()),
        };
        let mut said = Vec::new();
        let asked = Conversation::begin(answers.as_bytes(), &mut said)
            .and_then(|mut talk| talk.ask(&desktop, &question));
        (String::from_utf8(said).unwrap(), asked)
    }

    /// The greeting, and OK to everything before GETPIN.
    const READY: &str = "OK Pleased to meet you\nOK\nOK\nOK\nOK\nOK\nOK\nOK\nOK\n";

    #[test]
    fn a_passphrase_comes_back_as_it_was_typed() {
        let typed = [
            ("D secret\nOK\n", "secret"),
            ("D a%25b%0Ac\nOK\n", "a%b\nc"),
            ("D %E5%90%88\nD 言葉\nOK\n", "合言葉"),
            ("# hello\nS BUTTON_INFO close\nD x y \nOK done\n", "x y "),
        ];
        for (answers, expected) in typed {
            let (said, asked) = talk(&format!("{READY}{answers}"));
            assert_eq!(asked.unwrap().unwrap().expose(), expected);
            assert!(said.starts_with("OPTION ttyname=/dev/pts/1\n"), "{said}");
            assert!(said.contains("\nSETDESC Unlock%0Ait.\n"), "{said}");
            assert!(said.contains("\nSETERROR 100%25 wrong\nGETPIN\n"), "{said}");
            assert!(said.ends_with("BYE\n"), "{said}");
        }
    }

    #[test]
    fn an_option_may_be_unknown_and_the_question_may_not() {
        let old = READY.replacen("\nOK\n", "\nERR 83886254 Unknown option\n", 1);
        let (_, asked) = talk(&format!("{old}D x\nOK\n"));
        assert!(asked.unwrap().is_ok());
        let (_, asked) = talk("OK\nOK\nOK\nOK\nOK\nOK\nERR 83886254 Unknown command\n");
        assert!(matches!(asked, Err(Broken::Refused(_))), "{asked:?}");
    }

    #[test]
    fn a_person_who_does_not_want_to_is_told_from_a_dialog_that_broke() {
        for (answer, expected) in [
            (
                "ERR 83886179 Operation cancelled <Pinentry>\n",
                PromptError::Cancelled,
            ),
            ("ERR 99\n", PromptError::Cancelled),
            ("ERR 83886278\n", PromptError::Cancelled),
            ("OK\n", PromptError::Cancelled),
            ("ERR 83886142 Timeout\n", PromptError::TimedOut),
        ] {
            let (_, asked) = talk(&format!("{READY}{answer}"));
            assert_eq!(asked.unwrap().unwrap_err(), expected, "{answer}");
        }
        let long = "D ".to_owned() + &"x".repeat(3000) + "\nOK\n";
        let much = ("D ".to_owned() + &"x".repeat(1000) + "\n").repeat(5) + "OK\n";
        for answer in [
            "",
            "D half",
            "what\n",
            "ERR nine\n",
            "D %4\nOK\n",
            "D %zz\nOK\n",
            "D %FF\nOK\n",
            "ERR 83886093 No terminal\n",
            &long,
            &much,
        ] {
            let (_, asked) = talk(&format!("{READY}{answer}"));
            assert!(asked.is_err(), "{answer}: {asked:?}");
        }
        assert!(talk("").1.is_err() && talk("ERR 1\n").1.is_err());
        let chatter = "# x\n".repeat(300);
        assert!(talk(&chatter).1.is_err());
    }
}
