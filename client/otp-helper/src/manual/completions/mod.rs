//! Completions of `otpctl`: a template a shell, filled from the table.

mod bash;
mod fish;
mod zsh;

use super::table::{Choice, Flag};

/// A shell that completions are made for.
pub struct Shell {
    /// Its name.
    pub name: &'static str,
    script: fn() -> String,
}

/// Every shell.
pub const SHELLS: &[Shell] = &[
    Shell {
        name: "bash",
        script: bash::script,
    },
    Shell {
        name: "zsh",
        script: zsh::script,
    },
    Shell {
        name: "fish",
        script: fish::script,
    },
];

impl Shell {
    /// Returns the shell of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        SHELLS.iter().find(|shell| shell.name == name)
    }

    /// Returns the script.
    pub fn script(&self) -> String {
        (self.script)()
    }
}

/// The options that a value follows: name, name of the value, what can stand there.
fn valued(flags: &'static [Flag]) -> impl Iterator<Item = (&'static str, &'static str, Choice)> {
    flags
        .iter()
        .filter_map(|flag| flag.value.map(|(value, choice)| (flag.long, value, choice)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manual::table::{GLOBALS, verbs};

    #[test]
    fn every_script_is_filled_and_knows_every_verb_and_option() {
        for shell in SHELLS {
            let script = shell.script();
            for mark in [
                "verbs",
                "globals",
                "flags",
                "values",
                "cases",
                "lines",
                "arguments",
            ] {
                assert!(
                    !script.contains(&format!("@{mark}@")),
                    "{} {mark}",
                    shell.name
                );
            }
            for verb in verbs() {
                assert!(script.contains(verb.name), "{} {}", shell.name, verb.name);
                for flag in verb.flags.iter().chain(GLOBALS) {
                    assert!(script.contains(flag.long), "{} {}", shell.name, flag.long);
                }
            }
        }
    }
}
