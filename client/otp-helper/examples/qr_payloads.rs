//! Prints the payload of every QR code in a picture, one a line, to measure what share of a
//! collection of pictures is read. With `--serve` it takes a path a line on stdin and ends each
//! answer with the CPU milliseconds (`#ms N`) and a line `.`.
#![allow(clippy::print_stdout, reason = "this program's output is its purpose")]
use std::io::{self, BufRead as _, Write as _};
use std::time::Duration;

use otp_helper::import::picture::{BLANK_BUDGET, BUDGET};
use otp_helper::{picture, qr};

fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

fn print(path: &str) -> io::Result<()> {
    let start = cpu();
    let mut out = io::stdout().lock();
    match picture::decode(&std::fs::read(path)?) {
        Ok(shades) => {
            let is_late = |is_promising| {
                let budget = if is_promising { BUDGET } else { BLANK_BUDGET };
                cpu().saturating_sub(start) > budget
            };
            let mut texts = Vec::new();
            qr::read(&shades, &is_late, &mut |payload, _| {
                let text = qr::any_text(payload);
                let is_key = text.expose().starts_with("otpauth");
                texts.push(text);
                is_key
            });
            for text in texts {
                writeln!(out, "{}", text.expose().replace('\n', "\\n"))?;
            }
        }
        Err(error) => writeln!(out, "# {error}")?,
    }
    writeln!(out, "#ms {}", cpu().saturating_sub(start).as_millis())
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--serve") {
        for path in io::stdin().lock().lines() {
            print(&path?)?;
            println!(".");
            io::stdout().flush()?;
        }
        return Ok(());
    }
    arguments.iter().try_for_each(|path| print(path))
}
