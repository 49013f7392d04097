//! Measures otpd and otpctl against what they cannot beat, and writes the table.
//!
//! The measuring process (`worker`) is a throw-away user without capabilities when this was
//! started by root; root only reads the agent's memory map for it, which a non-dumpable process
//! shows to nobody else (`probe`). Usage: `otp-bench PROGRAMS TOOLS DOCUMENT [--quick]`.

mod agent;
mod desk;
mod figures;
mod figures_agent;
mod measure;
mod peers;
mod probe;
mod process;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Where things are, and how long to measure.
pub struct Setting {
    /// otpd, otpctl, the C client, scrypt, echo and load, copied together.
    programs: PathBuf,
    /// A folder of ours for homes and sockets.
    work: PathBuf,
    quick: bool,
}

impl Setting {
    fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// Rounds and pairs of a round: 5 x 200, or a taste of it.
    fn pairs(&self, full: usize) -> (usize, usize) {
        if self.quick {
            (2, full.min(10))
        } else {
            (5, full)
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let outcome = match arguments.as_slice() {
        [word, work, ..] if word == "worker" => worker(PathBuf::from(work), quick),
        [programs, tools, document, ..] => probe::run(
            &[programs.as_ref(), tools.as_ref()],
            document.as_ref(),
            quick,
        ),
        _ => Err("usage: otp-bench PROGRAMS TOOLS DOCUMENT [--quick]".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("otp-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures everything; rows go to stdout, progress to stderr.
fn worker(work: PathBuf, quick: bool) -> Outcome<()> {
    let setting = Setting {
        programs: work.join("bin"),
        work,
        quick,
    };
    let mut rows = Vec::new();
    figures::all(&setting, &mut rows)?;
    for row in &rows {
        println!("{row}");
    }
    Ok(())
}
