//! What `otpd.toml` says to this program. otpd refuses what is wrong in it, by the same types.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use otp_proto::{Dirs, Hotkeys, Pick};
use serde::Deserialize;

use crate::failure::{Failure, reason};

/// Largest file that is read, as in otpd.
const MOST_BYTES: u64 = 64 * 1024;

/// The parts that are ours; the others are otpd's to judge.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Settings {
    #[serde(default)]
    pub(crate) pick: Pick,
    /// Only the resident part has a use for them.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "served on Linux")
    )]
    #[serde(default)]
    pub(crate) hotkeys: Hotkeys,
}

impl Settings {
    /// Reads the file; the defaults if there is none.
    pub(crate) fn read() -> Result<Self, Failure> {
        let path = path()?;
        let wrong = |line: Option<usize>, what: &str| {
            let line = line.map(|line| format!(":{line}")).unwrap_or_default();
            Failure::Settings(format!("{}{line}: {what}", path.display()))
        };
        match text(&path) {
            Ok(text) => Self::parse(&text).map_err(|(line, what)| wrong(line, &what)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(wrong(None, &reason(&error))),
        }
    }

    /// Reads a text; the line and the words of a mistake.
    fn parse(text: &str) -> Result<Self, (Option<usize>, String)> {
        toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map(|before| before.matches('\n').count() + 1);
            let what = error.message().lines().next().unwrap_or_default();
            (line, what.replace('`', "'"))
        })
    }
}

/// Where the file is.
pub(crate) fn path() -> Result<PathBuf, Failure> {
    let dirs = Dirs::new(&|name| std::env::var_os(name));
    let dirs = dirs.map_err(|error| Failure::Settings(error.to_string()))?;
    Ok(dirs.config.join("otpd.toml"))
}

/// Reads it all, and waits for nobody.
pub(crate) fn text(path: &Path) -> io::Result<String> {
    // Asked before opening: a named pipe would wait for its other end.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    let length = File::open(path)?
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if u64::try_from(length).is_ok_and(|length| length > MOST_BYTES) {
        let text = format!("larger than {} KiB", MOST_BYTES / 1024);
        return Err(io::Error::other(text));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_tables_are_read_and_a_mistake_in_them_has_its_line() {
        let text = "memory = 'auto'\n[lock]\nidle = '1h'\n[pick]\nprogram = ['rofi', '-dmenu']\n";
        let settings = Settings::parse(text).unwrap();
        assert_eq!(settings.pick.program.unwrap().words(), ["rofi", "-dmenu"]);
        assert!(Settings::parse("").unwrap().pick.program.is_none());
        let (line, what) = Settings::parse("\n[pick]\nprogram = 'rofi'\n").unwrap_err();
        assert_eq!(line, Some(3));
        assert!(!what.is_empty() && !what.contains('\n'), "{what}");
    }
}
