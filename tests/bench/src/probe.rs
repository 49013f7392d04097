//! Both ends of the question that only root may answer: how much memory a process has.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Outcome, process, report};

/// A user that owns nothing, and whom a message bus believes to be there (`nobody`).
const USER: u32 = 65_534;

/// What `/proc/PID/smaps_rollup` says, in kB.
#[derive(Clone, Copy)]
pub struct Memory {
    pub pss: u64,
    pub dirty: u64,
    pub locked: u64,
}

/// The other end's question; no newline may be in a row, so the prefix is enough.
const QUESTION: &str = "memory-of ";

/// Copies the programs, starts the worker as a user without rights, answers its questions and
/// writes its rows.
pub fn run(folders: &[&Path], document: &Path, quick: bool) -> Outcome<()> {
    let work = Work::make()?;
    let programs = work.0.join("bin");
    std::fs::create_dir(&programs)?;
    open_to_all(&programs)?;
    for folder in folders {
        for file in std::fs::read_dir(folder)? {
            let file = file?;
            if file.metadata()?.is_file() {
                let copy = programs.join(file.file_name());
                std::fs::copy(file.path(), &copy)?;
                open_to_all(&copy)?;
            }
        }
    }
    let own = process::output(Command::new("id").arg("-u"))?;
    let mut command;
    if own.trim() == "0" {
        chown(&work.0, Some(USER), Some(USER))?;
        command = Command::new("setpriv");
        command
            .args([format!("--reuid={USER}"), format!("--regid={USER}")])
            .args(["--clear-groups", "--no-new-privs"])
            .args(["--inh-caps=-all", "--bounding-set=-all"])
            .arg(programs.join("otp-bench"));
    } else {
        command = Command::new(programs.join("otp-bench"));
    }
    command.arg("worker").arg(&work.0);
    if quick {
        command.arg("--quick");
    }
    let mut worker = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .current_dir("/")
        .spawn()?;
    let (Some(mut answers), Some(questions)) = (worker.stdin.take(), worker.stdout.take()) else {
        return Err("no pipes".into());
    };
    let mut rows = Vec::new();
    for line in BufReader::new(questions).lines() {
        let line = line?;
        match line.strip_prefix(QUESTION) {
            Some(pid) => writeln!(answers, "{}", rollup(pid))?,
            None => rows.push(line),
        }
    }
    if !worker.wait()?.success() {
        return Err("the measurement failed".into());
    }
    report::write(document, &rows, quick)
}

/// Whatever root's umask is, the worker has to reach it.
fn open_to_all(path: &Path) -> Outcome<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// Asks for a process's memory; `None` where nobody may look.
pub fn memory(pid: u32) -> Outcome<Option<Memory>> {
    // Dirty pages of files just written would count as the process's own.
    process::output(&mut Command::new("sync"))?;
    println!("{QUESTION}{pid}");
    std::io::stdout().flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let mut numbers = line.split_whitespace().map_while(|word| word.parse().ok());
    match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(pss), Some(dirty), Some(locked)) => Ok(Some(Memory { pss, dirty, locked })),
        _ => Ok(None),
    }
}

/// The three figures as text, empty if they can't be read.
fn rollup(pid: &str) -> String {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    ["Pss:", "Private_Dirty:", "Locked:"]
        .map(|name| {
            text.lines()
                .find_map(|line| line.strip_prefix(name))
                .map_or("", |rest| rest.trim().trim_end_matches(" kB"))
        })
        .join(" ")
}

/// A temporary folder, removed with this value.
struct Work(PathBuf);

impl Work {
    fn make() -> Outcome<Self> {
        let folder = std::env::temp_dir().join(format!("otpd-bench-{}", std::process::id()));
        std::fs::create_dir(&folder)?;
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))?;
        Ok(Self(folder))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
