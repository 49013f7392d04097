//! Manual pages: roff written by hand in `docs/man`, with the verbs of `otpctl` put in.

use std::fs;
use std::io;
use std::path::Path;

use super::table::{Argument, Flag, GLOBALS, Verb, verbs};
use crate::sandbox;

/// A manual page.
pub struct Page {
    /// Its name, without the section.
    pub name: &'static str,
    /// Its section (man(1)).
    pub section: u8,
    source: &'static str,
}

/// Every page.
pub const PAGES: &[Page] = &[
    Page {
        name: "otpctl",
        section: 1,
        source: include_str!("../../../../docs/man/otpctl.1"),
    },
    Page {
        name: "otp-askpass",
        section: 1,
        source: include_str!("../../../../docs/man/otp-askpass.1"),
    },
    Page {
        name: "otpd",
        section: 1,
        source: include_str!("../../../../docs/man/otpd.1"),
    },
    Page {
        name: "otpd.toml",
        section: 5,
        source: include_str!("../../../../docs/man/otpd.toml.5"),
    },
    Page {
        name: "otpd-ipc",
        section: 7,
        source: include_str!("../../../../docs/man/otpd-ipc.7"),
    },
];

/// The lines of a source that a table takes the place of.
const VERBS_HERE: &str = ".\\\" @verbs@\n";
const GLOBALS_HERE: &str = ".\\\" @globals@\n";

impl Page {
    /// Returns the page of this name, with or without its section.
    pub fn named(name: &str) -> Option<&'static Self> {
        PAGES
            .iter()
            .find(|page| page.name == name || page.file() == name)
    }

    /// Returns its file's name.
    pub fn file(&self) -> String {
        format!("{}.{}", self.name, self.section)
    }

    /// Returns its roff.
    pub fn text(&self) -> String {
        self.source
            .replace("@version@", env!("CARGO_PKG_VERSION"))
            .replace(VERBS_HERE, &verbs().map(verb).collect::<String>())
            .replace(
                GLOBALS_HERE,
                &GLOBALS.iter().map(option).collect::<String>(),
            )
    }

    /// Writes every page into a folder, which is made if it isn't there.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write_all(folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        for page in PAGES {
            let path = folder.join(page.file());
            fs::write(&path, page.text())?;
            sandbox::publish(&path)?;
        }
        Ok(())
    }
}

fn verb(verb: &Verb) -> String {
    let (name, help) = (escaped(verb.name), sentence(verb.help));
    let argument = verb.argument.as_ref().map_or_else(String::new, placeholder);
    let mut out = format!(".TP\n.B {name}{argument}\n{help}.\n");
    if !verb.about.is_empty() {
        out += &escaped(verb.about);
        out.push('\n');
    }
    if !verb.flags.is_empty() {
        out += ".RS\n";
        out.extend(verb.flags.iter().map(option));
        out += ".RE\n";
    }
    out
}

fn placeholder(argument: &Argument) -> String {
    let name = argument.name;
    if argument.is_optional {
        format!(" \\fR[\\fI{name}\\fR]")
    } else {
        format!(" \\fI{name}\\fR")
    }
}

fn option(flag: &Flag) -> String {
    let (long, help) = (escaped(flag.long), sentence(flag.help));
    let short = flag
        .short
        .map_or_else(String::new, |short| format!("\\-{short}\\fR, \\fB"));
    let value = flag
        .value
        .map_or_else(String::new, |(name, _)| format!(" \\fI{name}\\fR"));
    format!(".TP\n.B {short}\\-\\-{long}{value}\n{help}.\n")
}

/// Starts with a capital, except where the first word is something to be typed.
fn sentence(text: &str) -> String {
    let text = escaped(text);
    let mut rest = text.chars();
    match rest.next() {
        Some(first) if !text.starts_with("totp") => first.to_uppercase().chain(rest).collect(),
        _ => text.clone(),
    }
}

/// Makes a hyphen one that can be copied into a shell (`groff_char(7)`).
fn escaped(text: &str) -> String {
    text.replace('-', "\\-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_page_keeps_a_mark_of_its_source() {
        for page in PAGES {
            let text = page.text();
            assert!(!text.contains('@'), "{}", page.name);
            assert!(text.is_ascii(), "{}", page.name);
            let title = format!(".TH {} {} ", page.name.to_uppercase(), page.section);
            assert!(text.contains(&title), "{}", page.name);
        }
    }

    #[test]
    fn a_page_is_found_with_and_without_its_section() {
        for (name, section) in [("otpctl", 1), ("otpd.toml", 5), ("otpd-ipc.7", 7)] {
            assert_eq!(Page::named(name).unwrap().section, section);
        }
        assert!(Page::named("otp").is_none());
    }

    #[test]
    fn the_client_s_page_has_every_verb_and_option() {
        let text = Page::named("otpctl").unwrap().text();
        for verb in verbs() {
            assert!(text.contains(&format!(".B {}", escaped(verb.name))));
            for flag in verb.flags {
                assert!(text.contains(&format!("\\-\\-{}", escaped(flag.long))));
            }
        }
    }
}
