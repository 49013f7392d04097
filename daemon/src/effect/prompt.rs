//! The dialog: a pinentry on the caller's own desktop, or the caller's `SSH_ASKPASS`.
//!
//! It runs on a thread of its own, which a person may keep waiting; killing the program ends it.

use std::io::{self, BufReader};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use otp_proto::{Desktop, Secret};

use super::{askpass, assuan};
use crate::agent::{Prompt, PromptError};
use crate::platform;
use crate::text::{self, Question};

/// The variables of our own environment that a dialog gets; the rest is the caller's.
pub(super) const OWN: [&str; 5] = ["PATH", "HOME", "USER", "LOGNAME", "XDG_RUNTIME_DIR"];

/// The dialog that is out, for whoever ends it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dialog(Arc<Mutex<State>>);

#[derive(Debug, Default)]
enum State {
    #[default]
    Starting,
    Running(Child),
    Ended,
}

impl Dialog {
    /// Ends the dialog, also one that has yet to start.
    pub(crate) fn end(&self) {
        let ended = std::mem::replace(&mut *self.state(), State::Ended);
        if let State::Running(child) = ended {
            bury(child);
        }
    }

    /// Keeps a program that was started, in the place of one before it; ends it if nobody wants
    /// it any more.
    fn started(&self, child: Child) {
        let mut state = self.state();
        let buried = match *state {
            State::Ended => child,
            State::Starting | State::Running(_) => {
                match std::mem::replace(&mut *state, State::Running(child)) {
                    State::Running(before) => before,
                    State::Starting | State::Ended => return,
                }
            }
        };
        bury(buried);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Kills a program with what it has started (it may be a script), and takes its status.
fn bury(mut child: Child) {
    platform::kill_group(&mut child);
    child.wait().ok();
}

/// Asks a person; blocks until they have answered or the dialog is ended.
pub(crate) fn ask(prompt: &Prompt, dialog: &Dialog) -> Result<Secret, PromptError> {
    let question = text::prompt_words(&prompt.desktop).question(prompt);
    let answer = match run(dialog, command(&prompt.program, &prompt.desktop)) {
        Ok((stdin, stdout)) => {
            let asked = assuan::Conversation::begin(BufReader::new(stdout), stdin)
                .and_then(|mut talk| talk.ask(&prompt.desktop, &question));
            match (asked, &prompt.desktop.askpass) {
                (Ok(answer), _) => answer,
                // One that is there, but finds no display or terminal to ask on.
                (Err(assuan::Broken::Refused(_)), Some(program)) => {
                    by_askpass(program, prompt, &question, dialog)
                }
                (Err(broken), _) => Err(failed(&prompt.program, &broken)),
            }
        }
        Err(error) => match &prompt.desktop.askpass {
            Some(program) => by_askpass(program, prompt, &question, dialog),
            None => Err(failed(&prompt.program, &error)),
        },
    };
    dialog.end();
    answer
}

fn by_askpass(
    program: &str,
    prompt: &Prompt,
    question: &Question,
    dialog: &Dialog,
) -> Result<Secret, PromptError> {
    let mistake = question.mistake.as_deref().unwrap_or_default();
    let question = [mistake, &question.description, question.prompt];
    let mut command = command(program, &prompt.desktop);
    command.arg(question.join(" ").trim());
    match run(dialog, command) {
        Ok((_, stdout)) => askpass::answer(BufReader::new(stdout)),
        Err(error) => Err(failed(program, &error)),
    }
}

fn failed(program: &str, cause: &dyn std::fmt::Display) -> PromptError {
    PromptError::Failed(program.to_owned(), super::cause(cause))
}

/// Prepares a program with nothing of our environment but what every program needs.
fn command(program: &str, desktop: &Desktop) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    for name in OWN {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    for (name, value) in desktop.variables() {
        command.env(name, value);
    }
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// Starts a program that ends with a dialog.
pub(super) fn run(dialog: &Dialog, mut command: Command) -> io::Result<(ChildStdin, ChildStdout)> {
    let mut child = platform::spawn_group(&mut command)?;
    let pipes = child.stdin.take().zip(child.stdout.take());
    dialog.started(child);
    pipes.ok_or_else(|| io::ErrorKind::BrokenPipe.into())
}
