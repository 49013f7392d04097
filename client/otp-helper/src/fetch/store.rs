//! Stores of pass and gopass: a file an entry, which is named here and opened by their own programs
//! alone.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::Failure;

/// Most entries that are named.
const MAX_NAMES: usize = 100_000;
/// Most folders within each other.
const MAX_DEPTH: usize = 32;
/// What keeps gpg from asking a person (gpg(1)).
const UNATTENDED: &str = "--pinentry-mode error";

/// A store, or an entry of it.
pub(crate) struct Store {
    pub(crate) program: &'static str,
    pub(crate) path: PathBuf,
    pub(crate) folder: Option<PathBuf>,
    pub(crate) entry: Option<String>,
    /// A person may be asked.
    pub(crate) is_attended: bool,
}

impl Store {
    pub(super) fn fetch(&self) -> Result<(), Failure> {
        match &self.entry {
            Some(entry) => self.show(entry),
            None => self.list(),
        }
    }

    fn top(&self) -> PathBuf {
        let folder = self.folder.as_deref();
        folder.map_or_else(|| self.path.clone(), |folder| self.path.join(folder))
    }

    /// Writes the names of all entries, without opening any.
    fn list(&self) -> Result<(), Failure> {
        let mut names = Vec::new();
        let top = self.top();
        walk(&top, "", &mut Vec::new(), &mut names).map_err(|error| failed(&top, &error))?;
        names.sort_unstable();
        let mut out = io::stdout().lock();
        for name in names {
            writeln!(out, "{name}")?;
        }
        Ok(out.flush()?)
    }

    /// Has the store's program write an entry.
    fn show(&self, entry: &str) -> Result<(), Failure> {
        let path = self.top().join(entry);
        let is_there = ["gpg", "age"].into_iter().any(|kind| {
            let mut path = path.clone().into_os_string();
            path.push(format!(".{kind}"));
            Path::new(&path).exists()
        });
        if !is_there {
            return Err(Failure::Input("there is no such entry any more".into()));
        }
        let name = self.folder.clone().unwrap_or_default().join(entry);
        let mut command = Command::new(self.program);
        command.env("PASSWORD_STORE_DIR", &self.path);
        command.arg("show");
        if self.program == "gopass" {
            command.arg("--noparsing");
        }
        command.arg("--").arg(name);
        if !self.is_attended {
            for name in ["PASSWORD_STORE_GPG_OPTS", "GOPASS_GPG_OPTS"] {
                let mut options = std::env::var_os(name).unwrap_or_default();
                options.push(" ");
                options.push(UNATTENDED);
                command.env(name, options);
            }
        }
        if super::run(&mut command, self.program)?.success() {
            return Ok(());
        }
        Err(if self.is_attended {
            Failure::Input(format!("{} could not open the entry", self.program))
        } else {
            Failure::Person(format!(
                "{} could not open the entry without asking a person",
                self.program
            ))
        })
    }
}

/// Adds the names of the entries in a folder that isn't one of those above it: a link may lead back
/// up. What is hidden is no entry.
fn walk(
    folder: &Path,
    before: &str,
    above: &mut Vec<PathBuf>,
    names: &mut Vec<String>,
) -> io::Result<()> {
    let own = fs::canonicalize(folder)?;
    if above.contains(&own) || above.len() > MAX_DEPTH {
        return Ok(());
    }
    above.push(own);
    let walked = within(folder, before, above, names);
    above.pop();
    walked
}

fn within(
    folder: &Path,
    before: &str,
    above: &mut Vec<PathBuf>,
    names: &mut Vec<String>,
) -> io::Result<()> {
    for file in fs::read_dir(folder)? {
        if names.len() >= MAX_NAMES {
            break;
        }
        let file = file?;
        let Ok(name) = file.file_name().into_string() else {
            continue;
        };
        if name.starts_with('.') || name.chars().any(char::is_control) {
            continue;
        }
        let path = file.path();
        // Links are followed, as pass does.
        let Ok(about) = fs::metadata(&path) else {
            continue;
        };
        if about.is_dir() {
            // One that can't be read has no entries for us.
            walk(&path, &format!("{before}{name}/"), above, names).ok();
        } else if about.is_file() {
            let mut kinds = [".gpg", ".age"].into_iter();
            let name = kinds.find_map(|kind| name.strip_suffix(kind));
            names.extend(name.map(|name| format!("{before}{name}")));
        }
    }
    Ok(())
}

fn failed(folder: &Path, error: &io::Error) -> Failure {
    let cause = error.to_string();
    let cause = cause.split(" (os error").next().unwrap_or_default();
    let cause = cause.to_lowercase();
    Failure::Input(format!("cannot read {}: {cause}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_named_by_their_files_and_nothing_hidden_is() {
        let store = tempfile::tempdir().unwrap();
        for name in [
            ".gpg-id",
            ".git/config.gpg",
            "GitHub/me.gpg",
            "a.gpg",
            "b.age",
            "readme.txt",
        ] {
            let path = store.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        let read = |folder: &Path| {
            let mut names = Vec::new();
            walk(folder, "", &mut Vec::new(), &mut names).map(|()| {
                names.sort_unstable();
                names
            })
        };
        assert_eq!(read(store.path()).unwrap(), ["GitHub/me", "a", "b"]);
        assert!(read(&store.path().join("none")).is_err());
        #[cfg(unix)]
        {
            use std::os::unix::fs::symlink;
            for name in ["up", "self"] {
                symlink(store.path(), store.path().join(name)).unwrap();
            }
            symlink(store.path().join("GitHub"), store.path().join("Hub")).unwrap();
            let names = read(store.path()).unwrap();
            assert_eq!(names, ["GitHub/me", "Hub/me", "a", "b"]);
        }
    }
}
