//! What every command works with: texts, options, and the agent behind one call.

use std::io;

use otp_proto::{
    Desktop, ErrorKind, RecoveryKey, RecoveryKeyError, Secret, Status, Unlock, UnlockAuto,
    UnlockVault, VERSION, clean_label,
};

use crate::cli::{Asking, Globals};
use crate::conn::{Ask, CallError, Conn, ConnectError, Refusal};
use crate::failure::{Failure, Kind, reason};
use crate::json::{Answer, Json};
use crate::secret::Secrets;
use crate::start::StartError;
use crate::text::{Text, fill};
use crate::{os, output};

/// How often a person may mistype the passphrase.
pub(crate) const TRIES: u32 = 3;

/// One run of otpctl.
pub(crate) struct Client {
    pub(crate) text: &'static Text,
    pub(crate) globals: Globals,
    conn: Option<Conn>,
    secrets: Option<Secrets>,
}

impl Client {
    pub(crate) fn new(text: &'static Text, globals: Globals) -> Self {
        Self {
            text,
            globals,
            conn: None,
            secrets: None,
        }
    }

    /// Whether questions may be asked on the terminal.
    pub(crate) fn can_ask(&self) -> bool {
        self.globals.asking != Asking::Never && output::is_attended()
    }

    /// Tells a person something, unless `-q`.
    pub(crate) fn say(&self, line: &str) {
        if !self.globals.quiet {
            output::say(line);
        }
    }

    /// Lets go of the agent until it is asked again.
    pub(crate) fn rest(&mut self) {
        self.conn = None;
    }

    /// Where passphrases come from.
    pub(crate) fn secrets(&mut self) -> &mut Secrets {
        // A person may think for long, and the agent needn't keep a line open meanwhile.
        self.rest();
        let (text, globals) = (self.text, self.globals);
        self.secrets
            .get_or_insert_with(|| Secrets::new(text, &globals))
    }

    /// Asks the agent once.
    pub(crate) fn call(&mut self, params: &dyn Ask) -> Result<Answer, Failure> {
        let result = self.conn()?.call(params);
        result.map_err(|error| self.failure(error))
    }

    /// Asks the agent for something that a passphrase goes with.
    pub(crate) fn call_with(
        &mut self,
        params: &dyn Ask,
        passphrase: &Secret,
    ) -> Result<Answer, Failure> {
        self.call(params).map_err(|mut failure| {
            if failure.kind == Kind::Rpc(ErrorKind::Denied) {
                failure.cause = wrong(self.text, passphrase);
            }
            failure
        })
    }

    /// Asks the agent for something that needs the keys: a locked vault is opened first, if a
    /// person can be asked or a descriptor was given.
    pub(crate) fn call_unlocked(&mut self, params: &dyn Ask) -> Result<Answer, Failure> {
        match self.call(params) {
            Err(failure) if failure.is_locked() && self.by_dialog() => {
                self.unlock_by_dialog()?;
                self.call(params)
            }
            Err(failure) if failure.is_locked() && self.may_unlock() => {
                self.unlock()?;
                self.call(params)
            }
            other => other,
        }
    }

    /// Opens the vault by a slot that nobody types, else with the passphrase; returns that for a
    /// request that needs it once more.
    pub(crate) fn unlock(&mut self) -> Result<Option<Secret>, Failure> {
        if let Ok(answer) = self.call(&UnlockAuto::default()) {
            self.warnings(answer.json());
            return Ok(None);
        }
        self.unlock_typed(None).map(Some)
    }

    /// Opens the vault with the passphrase; of more than one, the one that is named.
    pub(crate) fn unlock_typed(&mut self, vault: Option<&str>) -> Result<Secret, Failure> {
        let text = self.text;
        let mut tries = TRIES;
        let _quiet = self.secrets().quiet();
        loop {
            let secrets = self.secrets();
            let can_retry = secrets.is_terminal();
            let passphrase = secrets.passphrase(text.passphrase)?;
            let (answer, passphrase) = if let Some(vault) = vault {
                let vault = vault.to_owned();
                let request = UnlockVault { vault, passphrase };
                let answer = self.call_with(&request, &request.passphrase);
                (answer, request.passphrase)
            } else {
                let request = Unlock { passphrase };
                let answer = self.call_with(&request, &request.passphrase);
                (answer, request.passphrase)
            };
            match answer {
                Ok(answer) => {
                    self.warnings(answer.json());
                    return Ok(passphrase);
                }
                Err(failure) if failure.kind == Kind::Rpc(ErrorKind::Denied) => {
                    tries -= 1;
                    if !can_retry || tries == 0 {
                        return Err(failure.of(text.cannot_unlock));
                    }
                    output::complain(text, &failure.of(text.cannot_unlock));
                }
                Err(failure) => return Err(failure.of(text.cannot_unlock)),
            }
        }
    }

    /// Whether the agent's own dialog asks: where it was allowed, and no terminal can.
    pub(crate) fn by_dialog(&self) -> bool {
        self.globals.asking == Asking::Anywhere
            && self.globals.passphrase_fd.is_none()
            && !output::is_attended()
    }

    /// Where the person is, for that dialog.
    pub(crate) fn desktop() -> Box<Desktop> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Box::new(Desktop::of(&|name| match name {
            // Otherwise it could be otp-askpass, which would have to ask whom it does not know there.
            "SSH_ASKPASS" => variable("OTPD_ASKPASS_FALLBACK").or_else(|| variable(name)),
            "GPG_TTY" => variable(name).or_else(os::terminal_name),
            _ => variable(name),
        }))
    }

    /// Lets the agent ask a person.
    pub(crate) fn unlock_by_dialog(&mut self) -> Result<(), Failure> {
        let what = self.text.cannot_unlock;
        let request = UnlockAuto {
            interactive: true,
            desktop: Some(Self::desktop()),
        };
        let answer = self.call(&request).map_err(|failure| failure.of(what))?;
        self.warnings(answer.json());
        Ok(())
    }

    /// Whether a locked vault may be opened on the way: never by a line of a standard input
    /// that is meant for something else.
    pub(crate) fn may_unlock(&self) -> bool {
        self.globals.passphrase_fd.is_some() || self.can_ask()
    }

    /// The failure of a verb that met a locked vault.
    pub(crate) fn locked(&self) -> Failure {
        self.plain(ErrorKind::Locked)
    }

    /// The failure of a verb that needs a vault.
    pub(crate) fn no_vault(&self) -> Failure {
        self.plain(ErrorKind::NoVault)
    }

    /// The failure of an answer that lacks what it must have.
    pub(crate) fn bad_answer(&self) -> Failure {
        Failure::new(Kind::Unreachable, self.text.bad_answer)
    }

    /// Writes the agent's warnings.
    pub(crate) fn warnings(&self, answer: Json<'_>) {
        for warning in answer.items("warnings") {
            let warning = warning.secret();
            self.warn(&clean_label(warning.as_ref().map_or("", Secret::expose)));
        }
    }

    /// Writes a warning.
    pub(crate) fn warn(&self, warning: &str) {
        output::say(&fill(self.text.warning, &[&self.text.cause(warning)]));
    }

    fn conn(&mut self) -> Result<&mut Conn, Failure> {
        if self.conn.is_none() {
            let conn = Conn::open(!self.globals.no_start);
            self.conn = Some(conn.map_err(|error| self.unreachable(&error))?);
        }
        let text = self.text;
        self.conn
            .as_mut()
            .ok_or_else(|| Failure::new(Kind::Unreachable, text.not_running))
    }

    fn unreachable(&self, error: &ConnectError) -> Failure {
        let text = self.text;
        let new = |cause: String| Failure::new(Kind::Unreachable, cause);
        match error {
            ConnectError::Endpoint(error) => new(error.to_string()),
            ConnectError::NotRunning => new(text.not_running.into()).hint("otpctl status"),
            ConnectError::Io(error) => {
                new(fill(text.cannot_connect, &[&reason(error)])).hint("otpctl doctor")
            }
            ConnectError::Foreign => new(text.foreign_server.into()).hint("otpctl doctor"),
            ConnectError::Start(StartError::NoProgram) => new(text.no_otpd.into()),
            ConnectError::Start(StartError::Spawn(error)) => {
                new(fill(text.cannot_start, &[&reason(error)]))
            }
            ConnectError::Start(StartError::Failed(said)) if said.is_empty() => {
                new(text.start_failed.into()).hint("otpd")
            }
            ConnectError::Start(StartError::Failed(said)) => new(fill(text.cannot_start, &[said])),
            ConnectError::Start(StartError::NotReady) => new(text.not_ready.into()).hint("otpd"),
        }
    }

    fn failure(&mut self, error: CallError) -> Failure {
        self.conn = match error {
            CallError::Rpc(_) => self.conn.take(),
            CallError::Io(_) | CallError::BadAnswer => None,
        };
        match error {
            // What a socket says whose limit has passed (SO_RCVTIMEO).
            CallError::Io(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Failure::new(Kind::Unreachable, self.text.no_answer).hint(os::FIND_AGENT)
            }
            CallError::Io(error) => Failure::new(
                Kind::Unreachable,
                fill(self.text.broken, &[&reason(&error)]),
            ),
            CallError::BadAnswer => {
                self.skewed(Failure::new(Kind::Unreachable, self.text.bad_answer))
            }
            CallError::Rpc(error) => {
                let kind = error.kind;
                let failure = self.refusal(&error);
                let is_misunderstanding = matches!(
                    kind,
                    ErrorKind::Method | ErrorKind::Params | ErrorKind::Envelope | ErrorKind::Syntax
                );
                if is_misunderstanding {
                    self.skewed(failure)
                } else {
                    failure
                }
            }
        }
    }

    fn plain(&self, kind: ErrorKind) -> Failure {
        self.refusal(&Refusal {
            kind,
            message: String::new(),
            candidates: Vec::new(),
        })
    }

    /// Words for an error of the agent, in the person's language where the kind says it all.
    fn refusal(&self, error: &Refusal) -> Failure {
        let text = self.text;
        let kind = error.kind;
        let fixed = |cause: &str| cause.to_owned();
        let quoting = |sentence| fill(sentence, &[&error.message]);
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "the kinds of later agents have their own message"
        )]
        let (cause, mut hint) = match kind {
            ErrorKind::Locked => (fixed(text.locked), Some("otpctl unlock")),
            ErrorKind::NoVault => (fixed(text.no_vault), Some("otpctl init")),
            ErrorKind::NotFound => not_found(text, &error.message),
            ErrorKind::Ambiguous => (fixed(text.ambiguous), None),
            ErrorKind::RateLimited => (fixed(text.rate_limited), None),
            ErrorKind::Busy => (fixed(text.busy), None),
            ErrorKind::Unsupported => (fixed(text.unsupported), None),
            ErrorKind::Denied => (quoting(text.denied), None),
            ErrorKind::Refused => (fixed(text.refused), Some("otpctl lock --for 0")),
            ErrorKind::Invalid => (quoting(text.invalid), None),
            ErrorKind::Storage | ErrorKind::Incomplete => {
                (error.message.clone(), Some("otpctl doctor"))
            }
            _ => (error.message.clone(), None),
        };
        if hint == Some("otpctl doctor") {
            hint = command_in(&error.message).or(hint);
        }
        let rows: Vec<_> = error
            .candidates
            .iter()
            .map(|[id, issuer, account]| {
                vec![" ".into(), id.clone(), issuer.clone(), account.clone()]
            })
            .collect();
        let mut failure = Failure::new(Kind::Rpc(kind), cause);
        failure.details = output::columns(&rows);
        failure.hint = hint.map(str::to_owned);
        if kind == ErrorKind::Incomplete {
            // The verb's own words say that nothing has happened.
            failure.of(text.incomplete)
        } else {
            failure
        }
    }

    /// Asks for the agent's version, now that something went wrong, and says if it isn't ours.
    fn skewed(&mut self, mut failure: Failure) -> Failure {
        let Some(mut conn) = self.conn.take().or_else(|| Conn::open(false).ok()) else {
            return failure;
        };
        match conn.call(&Status {}) {
            Ok(status) if is_skewed(status.json()) => {
                let version = status.json().label("version");
                let skew = fill(self.text.skew, &[&version, own_version()]);
                failure.cause += &skew;
                failure.hint(stop_agent(status.json()))
            }
            _ => failure,
        }
    }
}

/// What wasn't found, and the command that lists what could be.
fn not_found(text: &Text, message: &str) -> (String, Option<&'static str>) {
    let hint = match message {
        "" | "no entry matches" => return (text.not_found.to_owned(), Some("otpctl list")),
        "there is no such slot" => Some("otpctl slots list"),
        "there is no such backup" => Some("otpctl backups list"),
        _ if message.ends_with("in the trash") => Some("otpctl list --trash"),
        _ => Some("otpctl list"),
    };
    (message.to_owned(), hint)
}

/// The command that the agent's words end with, if it can be pasted as it is.
fn command_in(message: &str) -> Option<&str> {
    let (_, command) = message.strip_suffix(')')?.rsplit_once('(')?;
    let is_whole = command.starts_with("otpctl ") && !command.ends_with(" FILE");
    is_whole.then_some(command)
}

/// The command that ends an agent of another version; the next request starts ours.
pub(crate) fn stop_agent(status: Json<'_>) -> String {
    let pid = status.number("pid").unwrap_or_default();
    String::from(os::END_PROCESS) + &pid.to_string()
}

/// Why a passphrase didn't open the vault, as far as can be said here.
fn wrong(text: &Text, passphrase: &Secret) -> String {
    if RecoveryKey::looks_like(passphrase.expose())
        && let Err(RecoveryKeyError::Group(group)) = RecoveryKey::parse(passphrase.expose())
    {
        return fill(text.mistyped_group, &[&group.to_string()]);
    }
    text.wrong_passphrase.into()
}

/// The version of this program.
pub(crate) fn own_version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// Whether the agent is of another version than this program.
pub(crate) fn is_skewed(status: Json<'_>) -> bool {
    status.label("version") != own_version() || status.number("protocol") != Some(VERSION.into())
}

/// Whether the agent can be reached without starting it.
pub(crate) fn is_running() -> bool {
    crate::conn::endpoint().is_ok_and(|endpoint| os::connect(&endpoint).is_ok())
}
