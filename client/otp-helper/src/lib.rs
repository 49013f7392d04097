//! The short-lived helper of `otpctl`: everything heavy, so that `otpctl` stays tiny.
//!
//! `parse` turns foreign bytes on stdin into keys on stdout, one JSON object a line
//! ([`finding`]), inside a sandbox: no files, no sockets, no children, 256 MiB. A crash on a
//! hostile picture takes nothing with it; `otpctl` says that it could not be read. Pictures may
//! be several: Netpbm's P5, P6 and P7 one after another, as screens are captured. With `--text`
//! it tells the text and the place of any QR code.
//!
//! `fetch` opens files of other programs, or runs these, parses nothing, and writes what they say
//! as `parse` reads it.
//!
//! `draw` turns a text on stdin into a QR code on stdout, in the same sandbox.
#![forbid(unsafe_code)]

pub mod draw;
pub mod export;
mod fetch;
pub mod finding;
pub mod import;
pub mod manual;
pub mod picture;
pub mod qr;
pub mod sandbox;
pub mod text;
mod words;

mod cli;
mod run;

use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;

use crate::run::Failure;

/// Wipes every freed allocation: decoders and parsers keep copies of keys that nobody counts.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

/// Runs the program.
pub fn main() -> ExitCode {
    if let Err(error) = sandbox::harden() {
        return end(&Failure::Io(error));
    }
    // The message of a panic may quote what was being parsed; its place can't.
    std::panic::set_hook(Box::new(|panic| {
        if let (Some(place), Ok(mut last)) = (panic.location(), LAST_PANIC.lock()) {
            *last = format!("internal error at {place}");
        }
    }));
    let verb = match cli::read(std::env::args_os().skip(1)) {
        Ok(verb) => verb,
        Err(usage) => return end(&Failure::Usage(usage)),
    };
    match catch_unwind(AssertUnwindSafe(|| run::run(&verb))) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(failure)) => end(&failure),
        Err(_) => {
            let last = LAST_PANIC.lock().map(|last| last.clone());
            end(&Failure::Io(io::Error::other(last.unwrap_or_default())))
        }
    }
}

/// Where it panicked last; told only if nothing contained it.
static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

/// Says what failed and maps it to the exit status.
fn end(failure: &Failure) -> ExitCode {
    match failure {
        // The findings said it already.
        Failure::Nothing => ExitCode::from(8),
        Failure::Input(text) => {
            complain(text);
            ExitCode::from(8)
        }
        Failure::Person(text) => {
            complain(text);
            ExitCode::from(5)
        }
        Failure::Usage(text) => {
            complain(text);
            ExitCode::from(2)
        }
        // The reader has gone, and knows why.
        Failure::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Failure::Io(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn complain(text: &str) {
    // Nobody is left to be told if stderr is closed.
    drop(writeln!(io::stderr(), "otp-helper: {text}"));
}
