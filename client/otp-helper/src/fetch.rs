//! Files of other programs, opened here, and these programs, run here; parsed elsewhere.

mod store;

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use crate::import::kdbx::Parcel;
use crate::picture::MAX_BYTES;
use crate::run::Failure;
use crate::words;

/// Longest password in bytes, its end included.
const MAX_PASSWORD: usize = 4097;
/// Longest key file in bytes; most have 32.
const MAX_KEY_FILE: usize = 1024 * 1024;

pub(crate) use self::store::Store;

/// What is to be fetched.
pub(crate) enum Wanted {
    Kdbx(Kept),
    Store(Store),
    Lines(Lines),
}

/// A line that runs a program; no shell reads it.
pub(crate) struct Lines {
    pub(crate) line: String,
    /// What takes the place of `{id}`.
    pub(crate) entry: Option<String>,
}

/// A program whose lines are known.
pub(crate) struct Preset {
    pub(crate) name: &'static str,
    list: &'static str,
    code: &'static str,
}

/// Every one, as its own documentation has it.
pub(crate) const PRESETS: &[Preset] = &[
    Preset {
        name: "rbw",
        list: "rbw list --fields id,name,user",
        code: "rbw code {id}",
    },
    Preset {
        name: "bw",
        list: "bw --nointeraction list items",
        code: "bw --nointeraction get totp {id}",
    },
    Preset {
        name: "op",
        list: "op item list --categories Login --format json",
        code: "op item get {id} --otp",
    },
    Preset {
        name: "proton",
        list: "pass-cli item list --output json",
        code: "pass-cli item totp {id}",
    },
    Preset {
        name: "openbao",
        list: "bao list -format=json totp/keys",
        code: "bao read -field=code totp/code/{id}",
    },
];

/// Returns the line of a known program, for a list or for a code.
pub(crate) fn preset(name: &str, is_code: bool) -> Option<&'static str> {
    let preset = PRESETS.iter().find(|preset| preset.name == name)?;
    Some(if is_code { preset.code } else { preset.list })
}

/// Writes what is wanted to stdout.
pub(crate) fn fetch(wanted: &Wanted) -> Result<(), Failure> {
    match wanted {
        Wanted::Kdbx(kept) => database(kept),
        Wanted::Store(store) => store.fetch(),
        Wanted::Lines(lines) => {
            let words = words::split(&lines.line).ok_or_else(|| {
                Failure::Input("the program's line has a quotation mark without its end".into())
            })?;
            check(&words)?;
            let entry = lines.entry.as_deref().unwrap_or_default();
            let mut words = words.into_iter().map(|word| word.replace("{id}", entry));
            let program = words.next().unwrap_or_default();
            let mut command = Command::new(&program);
            command.args(words);
            let program = Path::new(&program).file_name().unwrap_or_default();
            let program = program.to_string_lossy();
            let status = run(&mut command, &program)?;
            if status.success() {
                return Ok(());
            }
            // What it says may hold a key, and isn't told.
            Err(Failure::Input(format!("{program} has failed ({status})")))
        }
    }
}

/// Refuses a line that means something else than its writer thinks. Its words aren't told: a secret
/// may be among them.
fn check(words: &[String]) -> Result<(), Failure> {
    let is_program = |first: &String| !first.contains('=') && !first.contains("{id}");
    if !words.first().is_some_and(is_program) {
        let why = "the program's line must begin with a program: no shell reads it";
        return Err(Failure::Input(why.into()));
    }
    // What is behind it is a program itself, into which a foreign name would be written.
    let is_script = |word: &str| {
        let letters = word.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
        letters.is_some_and(|letters| letters.len() <= 3 && letters.ends_with(['c', 'e']))
    };
    let mut pairs = words.iter().zip(words.iter().skip(1));
    if pairs.any(|(option, word)| is_script(option) && word.contains("{id}")) {
        let why = "{id} must stand outside of what a shell runs: sh -c '... \"$1\"' - {id}";
        return Err(Failure::Input(why.into()));
    }
    Ok(())
}

/// Runs a program whose output is ours.
fn run(command: &mut Command, program: &str) -> Result<std::process::ExitStatus, Failure> {
    command.stdin(Stdio::null()).stderr(Stdio::null());
    command.status().map_err(|error| {
        let cause = error.to_string();
        let cause = cause.split(" (os error").next().unwrap_or_default();
        Failure::Input(format!("cannot run {program}: {}", cause.to_lowercase()))
    })
}

/// A database on a disk.
pub(crate) struct Kept {
    pub(crate) file: PathBuf,
    pub(crate) key_file: Option<PathBuf>,
}

/// Writes a database to stdout, with what opens it; the password is a line of stdin.
fn database(kept: &Kept) -> Result<(), Failure> {
    let line = whole(&mut io::stdin().lock(), MAX_PASSWORD)?;
    let line = std::str::from_utf8(&line)
        .map_err(|_| Failure::Input("the password is not UTF-8".into()))?;
    let password = line.strip_suffix('\n');
    let key_file = match &kept.key_file {
        Some(path) => Some(read(path, MAX_KEY_FILE)?),
        None => None,
    };
    let database = read(&kept.file, MAX_BYTES)?;
    let key_file = key_file.as_ref().map(|bytes| bytes.as_slice());
    let parcel = Parcel::pack(password, key_file, &database);
    let mut out = io::stdout().lock();
    out.write_all(&parcel)?;
    Ok(out.flush()?)
}

fn read(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let failed = |error: &io::Error| {
        let cause = error.to_string();
        let cause = cause.split(" (os error").next().unwrap_or_default();
        Failure::Input(format!(
            "cannot read {}: {}",
            path.display(),
            cause.to_lowercase()
        ))
    };
    let mut file = File::open(path).map_err(|error| failed(&error))?;
    if !file.metadata().is_ok_and(|about| about.is_file()) {
        return Err(failed(&io::Error::other("not a file")));
    }
    whole(&mut file, limit).map_err(|error| failed(&error))
}

/// Reads to the end, which must come within so many bytes.
fn whole(input: &mut dyn Read, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    input.take(most).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        return Err(io::Error::other(format!("longer than {limit} bytes")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_begins_with_a_program_and_no_foreign_name_is_in_a_script() {
        let is_taken = |line: &str| check(&words::split(line).unwrap()).is_ok();
        for line in [
            "rbw code {id}",
            "bao read -field=code totp/code/{id}",
            "sh -c 'x \"$1\"' - {id}",
            "tool -e",
        ] {
            assert!(is_taken(line), "{line}");
        }
        for line in [
            "",
            "TOKEN=hunter2 tool {id}",
            "{id}",
            "sh -c 'x {id}'",
            "bash -lc 'x {id}'",
            "perl -e 'print {id}'",
        ] {
            assert!(!is_taken(line), "{line}");
        }
    }

    #[test]
    fn a_program_that_cannot_be_run_is_named_without_its_line() {
        let wanted = |line: &str| {
            Wanted::Lines(Lines {
                line: line.into(),
                entry: None,
            })
        };
        for (line, said) in [
            ("/nowhere/tool --token hunter2", "cannot run tool: "),
            ("TOKEN=hunter2 tool", "must begin with a program"),
        ] {
            let Err(Failure::Input(cause)) = fetch(&wanted(line)) else {
                panic!("{line}");
            };
            assert!(
                cause.contains(said) && !cause.contains("hunter2"),
                "{cause}"
            );
        }
    }
}
