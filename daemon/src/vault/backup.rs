//! A backup as one text: the three age files in armour, and how to open them without otpd.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::time::Duration;

use age::armor::{ArmoredReader, ArmoredWriter, Format};

use super::OpenError;
use super::day::Day;
use super::line::number;
use super::seal::MAX_FILE;
use super::slot::TYPED;

/// The heading of the vault's block; those of the slots are their files' names.
const VAULT: &str = "vault.age";
const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
const END: &str = "-----END AGE ENCRYPTED FILE-----";

/// What a backup is made of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Files {
    /// The slots that a person types, in the order of [`TYPED`]; at least one is there.
    pub slots: [Option<Vec<u8>>; 2],
    /// The vault.
    pub vault: Vec<u8>,
}

/// Writes the text of the typed slots and the vault.
pub(super) fn print(files: &Files, wall: Duration) -> String {
    let slots = TYPED.iter().zip(&files.slots);
    let slots = slots.filter_map(|(name, file)| Some((*name, file.as_ref()?)));
    let blocks = slots.chain([(VAULT, &files.vault)]);
    let length: usize = blocks
        .clone()
        .map(|(_, file)| file.len() / 2 * 3 + 256)
        .sum();
    let mut out = String::with_capacity(length + 1024);
    out.push_str("# otpd backup 1\n");
    // Writing into a String can't fail.
    let _ = writeln!(out, "# made on {} (UTC)", Day::of(wall));
    out.push_str(
        "#
# To put it in place of a vault, with the passphrase or the recovery key:
#   otpctl restore-backup FILE
#
# To list the entries without otpd, with the age tool (age-encryption.org):
#   for f in identity recovery vault; do
#     sed -n \"/^== $f.age ==/,/^-----END/{/^==/d;p;}\" FILE > $f.age
#   done
#   age -d -i identity.age vault.age | grep ^otpauth
# age asks for the passphrase; with recovery.age for identity.age, for the recovery key.
",
    );
    for (name, file) in blocks {
        let _ = write!(out, "== {name} ==\n{}\n", armour(file).trim_end());
    }
    out
}

fn armour(file: &[u8]) -> String {
    let armoured = || {
        let mut out = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor).ok()?;
        out.write_all(file).ok()?;
        let text = String::from_utf8(out.finish().ok()?).ok()?;
        // age ends lines as the system does; a backup is the same wherever it was made.
        Some(text.replace('\r', ""))
    };
    // Base64 is text, and a vector takes everything.
    armoured().unwrap_or_default()
}

/// Reads the text back.
///
/// # Errors
/// [`OpenError::NotABackup`], [`OpenError::TooNew`].
pub(super) fn parse(text: &str) -> Result<Files, OpenError> {
    let version = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("# otpd backup "))
        .and_then(|version| number(version.trim_end()))
        .ok_or(OpenError::NotABackup("its first line is another"))?;
    if version != 1 {
        return Err(OpenError::TooNew(version));
    }
    let missing = || OpenError::NotABackup("one of its blocks is missing");
    let [identity, recovery] = TYPED.map(|name| block(text, name));
    let slots = [identity?, recovery?];
    if slots.iter().all(Option::is_none) {
        return Err(missing());
    }
    let vault = block(text, VAULT)?.ok_or_else(missing)?;
    Ok(Files { slots, vault })
}

/// The beginning of the day on which a text says it was made, in time since 1970.
pub(super) fn made_on(text: &str) -> Option<Duration> {
    let line = text.lines().nth(1)?.trim_end();
    let day = line.strip_prefix("# made on ")?.strip_suffix(" (UTC)")?;
    Day::parse(day).map(Day::begin)
}

/// Decodes the block after a heading; `None` without the heading.
fn block(text: &str, name: &str) -> Result<Option<Vec<u8>>, OpenError> {
    let heading = format!("== {name} ==");
    let found = text
        .match_indices(&heading)
        .find(|&(at, _)| text.get(..at).is_some_and(|before| before.ends_with('\n')));
    let Some((at, _)) = found else {
        return Ok(None);
    };
    let armour = || {
        let rest = text.get(at + heading.len()..)?.trim_start();
        let end = rest.starts_with(BEGIN).then(|| rest.find(END))??;
        rest.get(..end + END.len())
    };
    let armour = armour().ok_or(OpenError::NotABackup("one of its blocks is cut off"))?;
    let mut file = Vec::with_capacity(armour.len() / 4 * 3);
    ArmoredReader::new(armour.as_bytes())
        .take(MAX_FILE)
        .read_to_end(&mut file)
        .map_err(|_| OpenError::NotABackup("one of its blocks is damaged"))?;
    Ok(Some(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_gives_its_files_back_also_with_windows_line_ends() {
        let (one, other) = (Some(vec![1; 400]), Some(vec![2; 48]));
        let vault: Vec<u8> = (0..=255).cycle().take(5000).collect();
        for slots in [
            [one.clone(), other.clone()],
            [one.clone(), None],
            [None, other.clone()],
        ] {
            let vault = vault.clone();
            let files = Files { slots, vault };
            let text = print(&files, Duration::ZERO);
            assert_eq!(parse(&text).unwrap(), files);
            assert_eq!(parse(&text.replace('\n', "\r\n")).unwrap(), files);
            assert_eq!(made_on(&text), Some(Duration::ZERO));
        }
    }

    #[test]
    fn a_text_without_a_block_or_with_a_broken_one_is_no_backup() {
        let files = Files {
            slots: [Some(vec![1; 400]), None],
            vault: vec![3; 100],
        };
        let text = print(&files, Duration::ZERO);
        let is_refused = |text: &str| matches!(parse(text), Err(OpenError::NotABackup(_)));
        assert!(is_refused(""));
        assert!(is_refused(&text.replace("== vault.age ==", "== vault ==")));
        assert!(is_refused(
            &text.replace("== identity.age", "== entity.age")
        ));
        assert!(is_refused(&text.replace("AQEB", "A!EB")));
        assert!(is_refused(&text[..text.len() - 40]));
        let newer = text.replace("backup 1", "backup 2");
        assert!(matches!(parse(&newer), Err(OpenError::TooNew(2))));
    }
}
