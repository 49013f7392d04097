//! The picker that a person has.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use otp_proto::Program;

use crate::failure::{Failure, reason};
use crate::os;

/// Most bytes that are read of what a picker prints or complains.
const LONGEST: u64 = 64 * 1024;

/// A picker that is known: its name, what it needs, and its arguments.
struct Known {
    name: &'static str,
    needs: Needs,
    arguments: &'static [&'static str],
}

/// Where a picker can show itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Wayland,
    X11,
    Either,
}

/// In the order in which they are tried. None of them may remember what was chosen.
const KNOWN: [Known; 5] = [
    Known {
        name: "fuzzel",
        needs: Needs::Wayland,
        // 1.8 ends itself over icons where there is no theme; it says much that is no failure.
        arguments: &["--dmenu", "--no-icons", "--log-level=error"],
    },
    Known {
        name: "wofi",
        needs: Needs::Wayland,
        arguments: &[
            "--dmenu",
            "--insensitive",
            "--prompt",
            "otpd",
            "--cache-file",
            "/dev/null",
        ],
    },
    Known {
        name: "rofi",
        needs: Needs::Either,
        arguments: &["-dmenu", "-i", "-no-custom", "-p", "otpd"],
    },
    Known {
        name: "bemenu",
        needs: Needs::Either,
        arguments: &["-i", "-p", "otpd"],
    },
    Known {
        name: "dmenu",
        needs: Needs::X11,
        arguments: &["-i", "-p", "otpd"],
    },
];

/// The one for terminals; it keeps the order of the names where it can.
const FZF: [&str; 5] = [
    "fzf",
    "--no-multi",
    "--tiebreak=index",
    "--prompt",
    "otpd> ",
];

/// A program and its arguments.
pub(super) struct Picker {
    program: PathBuf,
    arguments: Vec<String>,
}

/// The configured program, else what the session has; `None` is our own list in the terminal.
pub(super) fn find(
    configured: Option<&Program>,
    in_terminal: bool,
) -> Result<Option<Picker>, Failure> {
    if let Some((name, arguments)) = configured.and_then(|program| program.words().split_first()) {
        let program = in_path(name)
            .ok_or_else(|| Failure::Picker(name.clone(), "there is no such program".into()))?;
        let arguments = arguments.to_vec();
        return Ok(Some(Picker { program, arguments }));
    }
    if in_terminal {
        let [name, arguments @ ..] = &FZF;
        return Ok(in_path(name).map(|program| Picker::new(program, arguments)));
    }
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let (wayland, x11) = (is_set("WAYLAND_DISPLAY"), is_set("DISPLAY"));
    if !wayland && !x11 {
        return Err(Failure::NoSession);
    }
    let can = |needs| match needs {
        Needs::Wayland => wayland,
        Needs::X11 => x11,
        Needs::Either => true,
    };
    let mut known = KNOWN.iter().filter(|known| can(known.needs));
    let found = known.find_map(|known| {
        let program = in_path(known.name)?;
        Some(Picker::new(program, known.arguments))
    });
    found.map(Some).ok_or(Failure::NoPicker)
}

/// A relative folder of PATH would run whatever lies in the working directory.
fn in_path(name: &str) -> Option<PathBuf> {
    if Path::new(name).is_absolute() {
        return Some(name.into()).filter(|path: &PathBuf| path.is_file());
    }
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&std::env::var_os("PATH")?)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(&name))
        .find(|path| path.is_file())
}

impl Picker {
    fn new(program: PathBuf, arguments: &[&str]) -> Self {
        Self {
            program,
            arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
        }
    }

    fn failed(&self, error: &io::Error) -> Failure {
        let name = self.program.file_name().unwrap_or_default();
        Failure::Picker(name.to_string_lossy().into_owned(), reason(error))
    }

    /// Lets a person choose; the number of the name.
    pub(super) fn choose(&self, names: &[String], in_terminal: bool) -> Result<usize, Failure> {
        let complaints = if in_terminal {
            os::terminal_for_child()
        } else {
            Stdio::piped()
        };
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(complaints)
            .spawn()
            .map_err(|error| self.failed(&error))?;
        // Read beside the rest, so that one that complains at length doesn't stand still.
        let complaints = child.stderr.take();
        let complaints = std::thread::Builder::new().spawn(move || {
            let mut said = Vec::new();
            if let Some(mut complaints) = complaints {
                complaints
                    .by_ref()
                    .take(LONGEST)
                    .read_to_end(&mut said)
                    .ok();
                io::copy(&mut complaints, &mut io::sink()).ok();
            }
            said
        });
        if let Some(mut stdin) = child.stdin.take() {
            let lines: String = names.iter().flat_map(|name| [name, "\n"]).collect();
            // Whoever chose before it has read everything has chosen.
            stdin.write_all(lines.as_bytes()).ok();
        }
        let mut printed = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            stdout
                .take(LONGEST)
                .read_to_end(&mut printed)
                .map_err(|error| self.failed(&error))?;
        }
        let status = child.wait().map_err(|error| self.failed(&error))?;
        let said = complaints.ok().and_then(|thread| thread.join().ok());
        if status.code().is_none() {
            return Err(self.failed(&io::Error::other(status.to_string())));
        }
        chosen(names, &printed, &said.unwrap_or_default())
    }
}

/// What GTK says where nobody reads the screen aloud, which ends no menu (wofi).
const NO_READER: &str = "dbind-WARNING";

/// Which name was printed. A picker's status tells nothing: most say 1 when nothing was chosen, and
/// also when they can't start.
fn chosen(names: &[String], printed: &[u8], said: &[u8]) -> Result<usize, Failure> {
    let printed = String::from_utf8_lossy(printed);
    let printed = printed.trim_end_matches(['\r', '\n']);
    if printed.is_empty() {
        let said = String::from_utf8_lossy(said);
        let mut lines = said.lines().filter(|line| !line.contains(NO_READER));
        let last = lines.rfind(|line| !line.trim().is_empty());
        return Err(Failure::NotChosen(last.map(otp_proto::clean_label)));
    }
    let place = names.iter().position(|name| name == printed);
    let trimmed = || names.iter().position(|name| name.trim() == printed.trim());
    place.or_else(trimmed).ok_or(Failure::NotOffered)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["GitHub (me)", " padded", "山田"].map(str::to_owned).into()
    }

    #[test]
    fn the_printed_name_is_found_with_and_without_blanks_around_it() {
        for (printed, place) in [
            ("GitHub (me)\n", 0),
            (" padded\n", 1),
            ("padded", 1),
            ("山田\r\n", 2),
        ] {
            assert_eq!(chosen(&names(), printed.as_bytes(), b"").ok(), Some(place));
        }
    }

    #[test]
    fn nothing_chosen_and_something_else_typed_are_told_apart() {
        let nothing = chosen(&names(), b"\n", b"a warning\ncannot open display\n\n");
        assert!(
            matches!(nothing, Err(Failure::NotChosen(Some(said))) if said == "cannot open display")
        );
        for said in ["", "(wofi:7): dbind-WARNING **: no bus\n"] {
            assert!(matches!(
                chosen(&names(), b"", said.as_bytes()),
                Err(Failure::NotChosen(None))
            ));
        }
        assert!(matches!(
            chosen(&names(), b"git\n", b""),
            Err(Failure::NotOffered)
        ));
    }
}
