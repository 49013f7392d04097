//! `otpctl`, the tiny client of otpd: one request in, one answer out, and the process is gone.
//!
//! It links nothing that it doesn't need for that: no runtime, no D-Bus, no picture code; heavy
//! work is handed to `otp-helper`. Secrets come from a terminal, a pipe or a file, never from
//! arguments or the environment, and stay in memory for one message.

#![cfg_attr(unix, forbid(unsafe_code))]

mod askpass;
mod cli;
mod client;
mod commands;
mod conn;
mod desktop;
mod failure;
mod helper;
mod json;
mod os;
mod output;
mod secret;
mod sibling;
mod start;
mod terminal;
mod text;

use std::process::ExitCode;

use cli::Parsed;

pub use askpass::main as askpass;

/// Runs one command line and returns its exit status (the table in otpctl(1)).
pub fn main() -> ExitCode {
    // The message of a panic may quote what was being read; its place can't.
    std::panic::set_hook(Box::new(|panic| output::defect(panic.location())));
    let text = text::of_environment(&|name| std::env::var_os(name));
    let result = match cli::parse(std::env::args_os().skip(1)) {
        Ok(Parsed::Help(verb)) => output::print(text.help(verb)),
        Ok(Parsed::Version) => output::print(&commands::own_version()),
        Ok(Parsed::Run(line)) => {
            let verb = line.verb;
            commands::run(text, &line).map_err(|failure| failure.of(text.failed(verb)))
        }
        Err(error) => Err(error.into_failure(text)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(text, &failure);
            failure.exit_code()
        }
    }
}
