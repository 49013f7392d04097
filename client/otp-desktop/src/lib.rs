//! The graphical session's companion of `otpctl`: it fetches what a person sees or has copied,
//! hands the bytes on through a pipe without looking into them, and asks which entry is meant; and
//! it puts a code onto the clipboard, and takes it off again, or types it.
//!
//! It is its own process because desktop portals refuse callers whose `/proc/PID/root` they can't
//! open, which is every process that hides its memory as `otpd` does. So it is told as little as
//! can be and keeps nothing: no key, a code for as long as it lives, no picture on disk, and freed
//! memory is wiped.

#[cfg(target_os = "linux")]
mod agent;
mod cli;
mod clip;
#[cfg(target_os = "linux")]
mod copy;
mod failure;
#[cfg(target_os = "linux")]
mod grim;
#[cfg(target_os = "linux")]
mod order;
mod os;
mod out;
mod pick;
#[cfg(target_os = "linux")]
mod portal;
#[cfg(target_os = "linux")]
mod resident;
mod settings;
#[cfg(target_os = "linux")]
mod terminal;
mod text;
#[cfg(target_os = "linux")]
mod typing;
#[cfg(target_os = "linux")]
mod wayland;
#[cfg(target_os = "linux")]
mod wtype;
#[cfg(target_os = "linux")]
mod x11;

use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::cli::{Line, Verb};
use crate::failure::Failure;
use crate::text::{Deed, Language};

/// Runs one command line and returns its exit status: 0 ok, 1 failure, 2 usage, 6 refused by the
/// person or the portal, 3 another window has the focus, 5 the vault was locked meanwhile, 8 nothing on the clipboard that can be used.
pub fn main() -> ExitCode {
    // The message of a panic may quote what was read; its place can't.
    std::panic::set_hook(Box::new(|panic| {
        if let Some(place) = panic.location() {
            complain(&format!("otp-desktop: internal error at {place}\n"));
        }
    }));
    let mut language = Language::of_environment(&|name| std::env::var_os(name));
    let mut deed = Deed::Read;
    let result = os::harden()
        .map_err(Failure::from)
        .and_then(|()| cli::parse(std::env::args_os().skip(1), &mut language))
        .and_then(|line| {
            deed = Deed::of(&line.verb);
            run(&line, language)
        });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            complain(&language.message(&failure, deed));
            failure.exit_code()
        }
    }
}

fn run(line: &Line, language: Language) -> Result<(), Failure> {
    match &line.verb {
        Verb::Grab { via, timeout } => {
            let mut out = out::Pipe::of_stdout()?;
            if let Some(warning) = os::screen(*via, *timeout, &mut out)? {
                complain(&language.message(&warning, Deed::Read));
            }
            Ok(())
        }
        Verb::Clip { then_clear } => clip::run(out::Pipe::of_stdout()?, *then_clear),
        Verb::Pick { in_terminal } => pick::run(out::Pipe::of_stdout()?, *in_terminal),
        Verb::Run { linger } => os::stay(*linger, language),
        Verb::Copy { by_terminal } => os::copy(*by_terminal),
        Verb::Type { window } => os::type_keys(window.as_deref()),
        Verb::Help => Ok(io::stdout().write_all(language.help().as_bytes())?),
        Verb::Version => Ok(writeln!(
            io::stdout(),
            "otp-desktop {}",
            env!("CARGO_PKG_VERSION")
        )?),
    }
}

fn complain(text: &str) {
    // Nobody is left to be told if stderr is closed.
    drop(io::stderr().write_all(text.as_bytes()));
}
