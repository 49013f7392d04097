//! The client's side of the plugin protocol (c2sp.org/age-plugin): stanzas, a phase in which only
//! we speak, and one in which the plugin does and we answer.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use age_core::format::{FileKey, Stanza};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD as BASE64;
use otp_proto::{Ask, AskKind, Secret, SlotsReply, clean_label};
use zeroize::Zeroizing;

use super::{PluginFile, bytes, is_ours, key};
use crate::vault::envelope::{EnvelopeError, read_stanza, write_stanza};

/// Things that a plugin may say in one conversation.
const MOST: usize = 256;
/// Longest text of a plugin that is shown, in characters.
const LONGEST: usize = 1000;

/// What a program is started for: the state machine's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It wraps a file's key to a recipient.
    Wrap,
    /// It unwraps one.
    Unwrap,
}

impl Purpose {
    /// Returns the argument that says so.
    pub fn argument(self) -> &'static str {
        match self {
            Self::Wrap => "--age-plugin=recipient-v1",
            Self::Unwrap => "--age-plugin=identity-v1",
        }
    }
}

/// Why a plugin is of no use. Texts hold what the plugin says for people, without control
/// characters, and nothing that was said to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PluginError {
    /// Its program isn't there.
    #[error("the plugin is not there: {}", .0.display())]
    Missing(PathBuf),
    /// Its program can't be started; why.
    #[error("cannot run the plugin {}: {_1}", .0.display())]
    Failed(PathBuf, String),
    /// It ended or closed its side.
    #[error("the plugin ended before it was done")]
    Ended,
    /// It says something that the protocol doesn't have.
    #[error("the plugin does not speak as age plugins do")]
    Odd,
    /// It says nothing for too long.
    #[error("the plugin does not answer")]
    Silent,
    /// It gave up; in its words.
    #[error("the plugin says: {0}")]
    Said(String),
    /// It is done, and has nothing for us: another key, or none.
    #[error("the plugin's key does not open the slot")]
    Nothing,
    /// Nobody answers its questions any more.
    #[error("cancelled")]
    Cancelled,
}

/// Who answers a plugin's questions.
pub trait Person {
    /// Shows or asks something, and waits for the answer.
    ///
    /// # Errors
    /// [`PluginError::Cancelled`]: nobody is there any more.
    fn ask(&mut self, ask: Ask) -> Result<SlotsReply, PluginError>;
}

/// A conversation with a program that was started for it.
pub(super) struct Talk<'a, R, W> {
    output: R,
    input: W,
    person: &'a mut dyn Person,
}

/// What came, if it isn't of a kind that both state machines have.
enum Heard {
    Done,
    Other(Stanza),
}

impl<'a, R: BufRead, W: Write> Talk<'a, R, W> {
    pub(super) fn new(output: R, input: W, person: &'a mut dyn Person) -> Self {
        Self {
            output,
            input,
            person,
        }
    }

    /// Has a file's key wrapped.
    pub(super) fn wrap(
        mut self,
        plugin: &PluginFile,
        file_key: &FileKey,
    ) -> Result<Vec<Stanza>, PluginError> {
        match &plugin.recipient {
            Some(recipient) => self.say("add-recipient", &[recipient], &[])?,
            None => self.say("add-identity", &[plugin.identity.expose()], &[])?,
        }
        self.say("wrap-file-key", &[], bytes(file_key))?;
        self.say("done", &[], &[])?;
        let (mut stanzas, mut failure) = (Vec::new(), None);
        for _ in 0..MOST {
            let Stanza { tag, args, body } = match self.hear(&mut failure)? {
                Heard::Done => {
                    return match failure {
                        Some(failure) => Err(failure),
                        None if stanzas.is_empty() => Err(PluginError::Nothing),
                        None => Ok(stanzas),
                    };
                }
                Heard::Other(stanza) => stanza,
            };
            let mut args = args.into_iter();
            match (tag.as_str(), args.next().as_deref(), args.next()) {
                ("recipient-stanza", Some("0"), Some(tag)) => {
                    let args = args.collect();
                    let stanza = Stanza { tag, args, body };
                    if !is_ours(&stanza) {
                        return Err(PluginError::Odd);
                    }
                    stanzas.push(stanza);
                    self.say("ok", &[], &[])?;
                }
                ("recipient-stanza", ..) => return Err(PluginError::Odd),
                _ => self.say("unsupported", &[], &[])?,
            }
        }
        Err(PluginError::Odd)
    }

    /// Has a file's key unwrapped.
    pub(super) fn unwrap(
        mut self,
        plugin: &PluginFile,
        stanzas: &[Stanza],
    ) -> Result<FileKey, PluginError> {
        self.say("add-identity", &[plugin.identity.expose()], &[])?;
        for stanza in stanzas {
            let mut args = vec!["0", &stanza.tag];
            args.extend(stanza.args.iter().map(String::as_str));
            self.say("recipient-stanza", &args, &stanza.body)?;
        }
        self.say("done", &[], &[])?;
        let (mut found, mut failure) = (None, None);
        for _ in 0..MOST {
            let Stanza { tag, args, body } = match self.hear(&mut failure)? {
                Heard::Done => {
                    return found.ok_or_else(|| failure.unwrap_or(PluginError::Nothing));
                }
                Heard::Other(stanza) => stanza,
            };
            let body = Zeroizing::new(body);
            match (tag.as_str(), args.as_slice()) {
                ("file-key", [index]) if index == "0" && found.is_none() => {
                    found = Some(key(&body).ok_or(PluginError::Odd)?);
                    self.say("ok", &[], &[])?;
                }
                ("file-key", _) => return Err(PluginError::Odd),
                _ => self.say("unsupported", &[], &[])?,
            }
        }
        Err(PluginError::Odd)
    }

    /// Hears the next thing, after answering what only a person can.
    fn hear(&mut self, failure: &mut Option<PluginError>) -> Result<Heard, PluginError> {
        for _ in 0..MOST {
            let stanza = read_stanza(&mut self.output).map_err(|error| match error {
                // Some end after what they have to say, without a word of being done.
                EnvelopeError::Io(_) => failure.take().unwrap_or(PluginError::Ended),
                EnvelopeError::Damaged => PluginError::Odd,
            })?;
            let kind = match stanza.tag.as_str() {
                "done" => return Ok(Heard::Done),
                "error" => {
                    failure.get_or_insert(PluginError::Said(shown(&stanza.body)));
                    let told = self.say("ok", &[], &[]);
                    told.map_err(|ended| failure.take().unwrap_or(ended))?;
                    continue;
                }
                "msg" => AskKind::Message,
                "request-public" => AskKind::Text,
                "request-secret" => AskKind::Secret,
                "confirm" => AskKind::Confirm,
                _ => return Ok(Heard::Other(stanza)),
            };
            self.ask(kind, &stanza)?;
        }
        Err(PluginError::Odd)
    }

    fn ask(&mut self, kind: AskKind, stanza: &Stanza) -> Result<(), PluginError> {
        let mut labels = Vec::new();
        if kind == AskKind::Confirm {
            for label in stanza.args.iter().take(2) {
                let label = BASE64.decode(label).map_err(|_| PluginError::Odd)?;
                labels.push(shown(&label));
            }
        }
        let mut labels = labels.into_iter();
        let reply = self.person.ask(Ask {
            kind,
            text: shown(&stanza.body),
            yes: labels.next(),
            no: labels.next(),
        })?;
        let text = reply.text.as_ref().map(Secret::expose);
        match (kind, text, reply.yes) {
            (AskKind::Message, ..) => self.say("ok", &[], &[]),
            (AskKind::Confirm, _, Some(true)) => self.say("ok", &["yes"], &[]),
            (AskKind::Confirm, _, Some(false)) => self.say("ok", &["no"], &[]),
            (AskKind::Text | AskKind::Secret, Some(text), _) => {
                self.say("ok", &[], text.as_bytes())
            }
            _ => self.say("fail", &[], &[]),
        }
    }

    fn say(&mut self, tag: &str, args: &[&str], body: &[u8]) -> Result<(), PluginError> {
        let mut text = Zeroizing::new(String::with_capacity(1024));
        write_stanza(tag, args.iter().copied(), body, &mut text);
        let written = self.input.write_all(text.as_bytes());
        written
            .and_then(|()| self.input.flush())
            .map_err(|_: io::Error| PluginError::Ended)
    }
}

/// A plugin's text as it may be shown: a line, without control characters.
fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text).replace(['\n', '\t'], " ");
    clean_label(&text).chars().take(LONGEST).collect()
}
