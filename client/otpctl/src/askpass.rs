//! `otp-askpass`: answers the prompts of ssh, sudo and whoever else runs an askpass (`SSH_ASKPASS`,
//! `SUDO_ASKPASS`; ssh(1), sudo(8)).
//!
//! The agent decides what a prompt is answered with. What isn't ours is passed on: to the program
//! that `OTPD_ASKPASS_FALLBACK` names, else to the terminal, else to the distribution's own.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode};

use otp_proto::{Askpass, Desktop};
use zeroize::Zeroizing;

use crate::cli::Globals;
use crate::client::Client;
use crate::failure::{Failure, Kind, reason};
use crate::json::Json;
use crate::os::Tty;
use crate::text::{Text, fill};
use crate::{os, output, secret, terminal, text};

/// Who asked before, by name or path.
const FALLBACK: &str = "OTPD_ASKPASS_FALLBACK";
/// Set for whoever a prompt is passed on to: were that we again, it would go round for ever.
const PASSED_ON: &str = "OTPD_ASKPASS_PASSED_ON";

/// Where distributions have a dialog: Debian, Fedora, Arch and openSUSE.
const DIALOGS: [&str; 4] = [
    "/usr/bin/ssh-askpass",
    "/usr/libexec/openssh/ssh-askpass",
    "/usr/lib/ssh/ssh-askpass",
    "/usr/lib/ssh/x11-ssh-askpass",
];

/// A question, and whom it can be passed on to.
struct Question {
    text: &'static Text,
    prompt: OsString,
    /// `SSH_ASKPASS_PROMPT`: `confirm` wants a yes by the exit status, `none` only shows.
    hint: Option<String>,
    was_passed_on: bool,
}

/// Answers one prompt, which is the first argument; returns the exit status.
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| output::defect(panic.location())));
    if is_for_help() {
        let said = output::print(text::of_environment(&|name| std::env::var_os(name)).askpass_help);
        return said.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    let question = Question {
        text: text::of_environment(&|name| std::env::var_os(name)),
        // Whatever it looks like it is no option.
        prompt: std::env::args_os().nth(1).unwrap_or_default(),
        hint: variable("SSH_ASKPASS_PROMPT"),
        was_passed_on: std::env::var_os(PASSED_ON).is_some(),
    };
    match question.answer() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            question.complain(failure);
            ExitCode::FAILURE
        }
    }
}

/// Whether a person wants to know what this is. Whoever has a prompt reads the answer from a pipe:
/// there this is a prompt like any other.
fn is_for_help() -> bool {
    let asks = |word: OsString| ["--help", "-h"].iter().any(|help| word == *help);
    std::env::args_os().nth(1).is_some_and(asks) && output::is_terminal()
}

impl Question {
    fn answer(&self) -> Result<(), Failure> {
        // Ssh shows it and waits for something else, or wants to know whether it may do something.
        if self.hint.is_none() && !self.was_passed_on {
            match self.ask_agent() {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                // Whoever was asked before otpd can still answer.
                Err(failure) if failure.kind == Kind::OutputClosed => return Ok(()),
                Err(failure) => self.complain(failure),
            }
        }
        self.pass_on()
    }

    fn complain(&self, failure: Failure) {
        let failure = failure.of(self.text.not_answered);
        output::complain_as("otp-askpass: ", self.text, &failure);
    }

    /// Prints the code if the agent has one for this prompt; returns whether it has.
    fn ask_agent(&self) -> Result<bool, Failure> {
        let mut client = Client::new(self.text, Globals::default());
        let answer = client.call(&Askpass {
            prompt: self.prompt.to_string_lossy().into_owned(),
            hint: None,
            asker: os::asker(),
            desktop: Some(desktop()),
        })?;
        let answer = answer.json();
        if let Some(code) = answer.get("code").and_then(Json::secret) {
            print(code.expose())?;
            return Ok(true);
        }
        if answer.text("pass_on").as_deref() == Some("given") {
            return Err(Failure::new(Kind::Refused, self.text.asked_again));
        }
        Ok(false)
    }

    /// Lets somebody else answer.
    fn pass_on(&self) -> Result<(), Failure> {
        let fallback = std::env::var_os(FALLBACK).filter(|program| !program.is_empty());
        if let Some(program) = fallback.filter(|_| !self.was_passed_on) {
            return self.hand_over(Path::new(&program));
        }
        if Tty::open().is_ok() {
            return self.ask_on_terminal();
        }
        let has_display = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if has_display("DISPLAY") || has_display("WAYLAND_DISPLAY") {
            let dialog = DIALOGS.iter().map(Path::new).find(|path| path.exists());
            if let Some(dialog) = dialog.filter(|_| !self.was_passed_on) {
                return self.hand_over(dialog);
            }
        }
        let hint = "export OTPD_ASKPASS_FALLBACK=/usr/bin/ssh-askpass";
        Err(Failure::new(Kind::Other, self.text.nobody_to_ask).hint(hint))
    }

    /// Becomes another program, which gets the prompt as it came.
    fn hand_over(&self, program: &Path) -> Result<(), Failure> {
        let mut command = Command::new(program);
        command.arg(&self.prompt).env(PASSED_ON, "1");
        os::become_program(&mut command).map_err(|error| {
            let values = [&*program.to_string_lossy(), &reason(&error)];
            Failure::new(Kind::Other, fill(self.text.cannot_run, &values))
        })
    }

    fn ask_on_terminal(&self) -> Result<(), Failure> {
        let prompt = shown(&self.prompt.to_string_lossy());
        let failed = |error: io::Error| Failure::io(&error);
        let cancelled = || Failure::new(Kind::Refused, self.text.cancelled);
        match self.hint.as_deref() {
            Some("none") => {
                let tty = Tty::open().map_err(failed)?;
                tty.write(&(prompt + "\n")).map_err(failed)
            }
            Some("confirm") => {
                let is_yes = secret::confirm(&(prompt + " "), false)?;
                is_yes.then_some(()).ok_or_else(cancelled)
            }
            _ if is_open(&prompt) => {
                let typed = terminal::ask(&prompt).map_err(failed)?;
                print(&typed.ok_or_else(cancelled)?)
            }
            _ => {
                secret::hide()?;
                let typed = terminal::ask_secret(&prompt).map_err(failed)?;
                print(&typed.ok_or_else(cancelled)?)
            }
        }
    }
}

/// Where the person is, for the agent's dialog. Without a pinentry, that would otherwise run us.
fn desktop() -> Box<Desktop> {
    Box::new(Desktop::of(&|name| match name {
        "SSH_ASKPASS" => variable(FALLBACK),
        "GPG_TTY" => variable(name).or_else(os::terminal_name),
        _ => variable(name),
    }))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A prompt as it may be written to a terminal.
fn shown(prompt: &str) -> String {
    let is_shown = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    prompt.chars().filter(is_shown).collect()
}

/// Whether what is typed may be seen: ssh's question for a host's key, and git's for a name.
fn is_open(prompt: &str) -> bool {
    prompt.contains("(yes/no") || prompt.starts_with("Username")
}

fn print(answer: &str) -> Result<(), Failure> {
    let mut line = Zeroizing::new(String::with_capacity(answer.len() + 1));
    line.push_str(answer);
    line.push('\n');
    output::print(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_or_no_and_a_name_are_typed_openly() {
        assert!(is_open("continue connecting (yes/no/[fingerprint])? "));
        assert!(is_open("Username for 'https://git.example': "));
        assert!(!is_open("Password for 'https://me@git.example': "));
        assert!(!is_open("(me@host) Verification code: "));
    }

    #[test]
    fn a_prompt_moves_no_cursor() {
        assert_eq!(shown("a\x1b[2Jb\r\n\tc\u{9b}"), "a[2Jb\n\tc");
    }
}
