//! Opening the vault without a secret in a request: by the slots that nobody types, then by asking
//! a person. One dialog at a time serves everybody who waits; it ends when nobody does.

mod auto;

use std::time::Duration;

use otp_proto::{
    Desktop, ErrorKind, RecoveryKeyError, Request, Response, RpcError, Secret, UnlockAnswer,
};

use super::{Agent, Asker, Caller, Life, Output, error};
use crate::clock::Now;
use crate::vault::{OpenError, Opened};

/// Callers that may wait at once.
const MAX_WAITING: usize = 16;
/// Longest life of a dialog. It ends by itself after 120 s of nobody's typing; one that hangs must
/// not keep everybody who comes later from being asked.
const LONGEST: Duration = Duration::from_secs(150);
/// How often a person may mistype the passphrase before everybody is refused.
const TRIES: u32 = 3;

/// A question to a person.
#[derive(Debug, PartialEq, Eq)]
pub struct Prompt {
    /// What asks, by name or path.
    pub program: String,
    /// Where the person is who has waited longest.
    pub desktop: Desktop,
    /// What was typed before was wrong.
    pub mistake: Option<Mistake>,
    /// What a plugin wants to know; otherwise it is the passphrase that is asked for.
    pub plugin: Option<Box<PluginQuestion>>,
}

/// A plugin's question.
#[derive(Debug, PartialEq, Eq)]
pub struct PluginQuestion {
    /// The slot that it opens.
    pub slot: String,
    /// Its words.
    pub text: String,
}

/// What was wrong with what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// It opens nothing.
    Wrong,
    /// The group of this number (from 1) of a recovery key is mistyped.
    Group(usize),
}

/// Why nothing was typed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    /// The person didn't want to.
    #[error("the dialog was cancelled")]
    Cancelled,
    /// Nobody did anything for long.
    #[error("nobody answered the dialog")]
    TimedOut,
    /// The dialog can't be run or broke off: its program, and why.
    #[error("cannot ask for the passphrase: {0}: {1}")]
    Failed(String, String),
}

/// Who waits for a person, and how far that is.
#[derive(Debug, Default)]
pub(super) struct Prompts {
    waiting: Vec<Waiting>,
    stage: Stage,
    /// When the dialog that is out has to be over, on the boot clock.
    until: Option<Duration>,
    /// The slots that nobody types were tried for those who wait.
    has_tried: bool,
    /// What is being tried are they.
    is_auto: bool,
    start: Start,
    /// Why they didn't open the vault, where there are any.
    pub auto_failure: Option<String>,
    /// How often something wrong was typed, and what was wrong last.
    mistakes: u32,
    mistake: Option<Mistake>,
}

/// Whether they are tried because the agent was just started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Start {
    #[default]
    Over,
    /// Once it is known whether somebody is at the computer.
    Due,
    Tried,
}

#[derive(Debug)]
struct Waiting {
    asker: Asker,
    caller: Caller,
    request: Request,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    /// No dialog is out.
    #[default]
    Idle,
    /// The dialog is out.
    Asking,
    /// The dialog is out for a plugin.
    AskingForPlugin,
    /// The dialog is out and was told to end.
    Ending,
    /// What was typed, or a slot that isn't, waits for its turn or is being tried.
    Trying,
}

impl Prompts {
    pub(super) fn forget(&mut self, has_left: impl Fn(&Asker) -> bool) {
        self.waiting.retain(|waiting| !has_left(&waiting.asker));
    }

    pub(super) fn is_waited_for(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// When the dialog that is out is given up.
    pub(super) fn deadline(&self) -> Option<Duration> {
        let is_out = matches!(self.stage, Stage::Asking | Stage::AskingForPlugin);
        self.until.filter(|_| is_out)
    }

    /// Whether no dialog is out or comes next: the slots that nobody types have their turn.
    fn is_before_dialog(&self) -> bool {
        !self.has_tried || self.is_auto
    }

    /// A lock has dropped what was to be tried, unless that is under way.
    pub(super) fn let_go(&mut self, is_under_way: bool) {
        if self.start == Start::Due {
            self.start = Start::Over;
        }
        if self.stage == Stage::Trying && !is_under_way {
            self.is_tried();
        }
    }

    /// What was typed is of no use any more, or didn't help.
    pub(super) fn is_tried(&mut self) {
        self.stage = Stage::Idle;
        (self.is_auto, self.start) = (false, Start::Over);
    }
}

/// Whether a request waits only for the slots that nobody types.
fn is_quiet(request: &Request) -> bool {
    matches!(request, Request::UnlockAuto(auto) if !auto.interactive)
}

/// Whether a request lets a person be asked, and where that person is.
fn asks(request: &Request) -> (bool, Option<&Desktop>) {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a new request asks nobody until it says so"
    )]
    match request {
        Request::Get(get) => (get.interactive, get.desktop.as_deref()),
        Request::Notify(notify) => (notify.interactive, notify.desktop.as_deref()),
        Request::UnlockAuto(auto) => (auto.interactive, auto.desktop.as_deref()),
        _ => (false, None),
    }
}

/// Whether a request that meets a locked vault may open it.
pub(super) fn may_open(request: &Request) -> bool {
    asks(request).0 || matches!(request, Request::UnlockAuto(_))
}

/// What callers are told of a dialog without an answer.
fn refusal(failure: &PromptError) -> RpcError {
    let kind = match failure {
        PromptError::Cancelled | PromptError::TimedOut => ErrorKind::Denied,
        PromptError::Failed(..) => ErrorKind::Internal,
    };
    RpcError::new(kind, failure.to_string())
}

impl Agent {
    /// Refuses a request that met a locked vault, or lets it wait for a person.
    pub(super) fn ask_or_refuse(
        &mut self,
        asker: Asker,
        caller: Caller,
        request: Request,
        refusal: RpcError,
    ) {
        if let Some(refusal) = self.not_on_this_screen(&request) {
            self.reply(asker, Err(refusal));
            return;
        }
        let may_ask = refusal.kind() == ErrorKind::Locked && self.life == Life::Serving;
        let (is_interactive, desktop) = asks(&request);
        // A dialog that is out is none of theirs.
        let may_wait = is_interactive || is_quiet(&request) && self.prompts.is_before_dialog();
        if !may_ask || !may_wait {
            self.reply(asker, Err(refusal));
        } else if !desktop.is_none_or(Desktop::is_usable) {
            self.reply(asker, Err(error::odd_desktop()));
        } else if self.prompts.waiting.len() >= MAX_WAITING {
            self.reply(asker, Err(error::busy()));
        } else {
            self.prompts.waiting.push(Waiting {
                asker,
                caller,
                request,
            });
        }
    }

    /// Serves whoever waits once the vault is open, and starts or ends the dialog.
    pub(super) fn serve_prompted(&mut self, now: Now) {
        if self
            .prompts
            .deadline()
            .is_some_and(|until| until <= now.boot)
        {
            let refusal = refusal(&PromptError::TimedOut);
            if self.prompts.stage == Stage::AskingForPlugin {
                self.end_hardware(&refusal);
            } else {
                self.end_prompts(&refusal);
            }
        }
        if self.open.is_some() {
            for waiting in std::mem::take(&mut self.prompts.waiting) {
                let Waiting {
                    asker,
                    caller,
                    request,
                } = waiting;
                if let Request::UnlockAuto(_) = request {
                    let answer = UnlockAnswer {
                        opened: true,
                        warnings: self.warnings(now),
                    };
                    self.reply(asker, Ok(Response::Unlock(answer)));
                } else {
                    self.request(now, asker.ticket, caller, request);
                }
            }
        }
        if self.prompts.stage == Stage::Idle
            && self.prompts.is_waited_for()
            && !self.prompts.has_tried
        {
            if self.watch_deadline(now).is_some() {
                return;
            }
            if self.is_away() {
                // Whoever is there types.
                self.prompts.has_tried = true;
                self.refuse_quiet(&error::away());
            }
        }
        let wanted = self.prompts.waiting.first();
        match (self.prompts.stage, wanted) {
            (Stage::Idle, Some(_)) if !self.prompts.has_tried => {
                self.try_auto();
            }
            (Stage::Idle, Some(first)) => {
                let (_, desktop) = asks(&first.request);
                let desktop = desktop.cloned();
                let mistake = self.prompts.mistake;
                self.show_dialog(
                    now,
                    Stage::Asking,
                    desktop.unwrap_or_default(),
                    mistake,
                    None,
                );
            }
            (Stage::Asking, None) => {
                self.outputs.push_back(Output::EndPrompt);
                self.prompts.stage = Stage::Ending;
            }
            (Stage::Idle, None) => {
                (self.prompts.mistakes, self.prompts.mistake) = (0, None);
                self.prompts.has_tried = false;
            }
            (Stage::Asking | Stage::AskingForPlugin | Stage::Ending | Stage::Trying, _) => {}
        }
    }

    /// Shows a plugin's question.
    ///
    /// # Errors
    /// The question, if another dialog is out, which has to be over first.
    pub(super) fn show_for_plugin(
        &mut self,
        now: Now,
        desktop: &Desktop,
        question: PluginQuestion,
    ) -> Result<(), PluginQuestion> {
        if self.prompts.stage != Stage::Idle {
            return Err(question);
        }
        self.show_dialog(
            now,
            Stage::AskingForPlugin,
            desktop.clone(),
            None,
            Some(question),
        );
        Ok(())
    }

    /// Nobody wants to know any more what the plugin has asked.
    pub(super) fn end_dialog_for_plugin(&mut self) {
        if self.prompts.stage == Stage::AskingForPlugin {
            self.outputs.push_back(Output::EndPrompt);
            self.prompts.stage = Stage::Ending;
        }
    }

    fn show_dialog(
        &mut self,
        now: Now,
        stage: Stage,
        desktop: Desktop,
        mistake: Option<Mistake>,
        plugin: Option<PluginQuestion>,
    ) {
        self.outputs.push_back(Output::Prompt(Prompt {
            program: self.config.prompt.clone(),
            desktop,
            mistake,
            plugin: plugin.map(Box::new),
        }));
        self.prompts.stage = stage;
        self.prompts.until = Some(now.boot.saturating_add(LONGEST));
    }

    /// The dialog is over.
    pub(super) fn prompted(&mut self, now: Now, answer: Result<Secret, PromptError>) {
        match std::mem::replace(&mut self.prompts.stage, Stage::Idle) {
            Stage::Asking => {}
            Stage::AskingForPlugin => {
                let answer = answer.map_err(|failure| refusal(&failure));
                return self.typed_for_hardware(now, answer);
            }
            // Who came after the dialog was told to end gets one of their own.
            Stage::Idle | Stage::Ending | Stage::Trying => return,
        }
        match answer {
            Ok(secret) => {
                self.prompts.stage = Stage::Trying;
                self.jobs.try_typed(secret);
            }
            Err(failure) => self.end_prompts(&refusal(&failure)),
        }
    }

    /// What was typed opened the vault, or didn't.
    pub(super) fn typed(
        &mut self,
        now: Now,
        is_locked: bool,
        slot: &str,
        result: Result<Box<Opened>, OpenError>,
    ) {
        self.prompts.is_tried();
        match result {
            Ok(opened) if self.prompts.is_waited_for() && !is_locked => {
                self.adopt_for_person(now, *opened, slot);
            }
            Ok(_) => self.is_damaged = false,
            Err(failure @ (OpenError::WrongSecret | OpenError::MistypedRecovery(_))) => {
                self.prompts.mistakes += 1;
                let mut mistake = Mistake::Wrong;
                if let OpenError::MistypedRecovery(RecoveryKeyError::Group(group)) = failure {
                    mistake = Mistake::Group(group);
                }
                self.prompts.mistake = Some(mistake);
                if self.prompts.mistakes >= TRIES {
                    self.end_prompts(&error::open(&failure));
                }
            }
            Err(failure) => {
                self.is_damaged = self.is_damaged || failure.is_damage();
                self.end_prompts(&error::open(&failure));
            }
        }
    }

    /// Answers everybody who waits for a person.
    pub(super) fn end_prompts(&mut self, refusal: &RpcError) {
        for waiting in std::mem::take(&mut self.prompts.waiting) {
            self.reply(waiting.asker, Err(refusal.clone()));
        }
    }
}
