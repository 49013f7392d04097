//! `run` and `inject`: codes for other programs, in their environment or in a text.

use std::ffi::{OsStr, OsString};
use std::process::Command;

use zeroize::Zeroizing;

use super::reference::{Codes, SCHEME};
use super::{OrUsage as _, file};
use crate::cli::{Line, Opt, UsageError};
use crate::client::Client;
use crate::failure::{Failure, Kind, reason};
use crate::text::fill;
use crate::{os, output};

/// Copies a text, with codes where references stand. Nothing is written before all are known.
pub(super) fn inject(client: &mut Client, line: &Line) -> Result<(), Failure> {
    let mut path = line.path();
    if path.is_empty() {
        path = OsStr::new("-");
    }
    let template = file::read(client, path)?;
    let filled = Codes::new(client, line)?.fill(client, &template)?;
    output::print(&filled)
}

/// Becomes another program, with codes in its environment: those variables whose whole value is
/// a reference, and those of the files.
pub(super) fn run(client: &mut Client, line: &Line) -> Result<(), Failure> {
    if client.globals.passphrase_fd.is_some() {
        // The other program would have the descriptor, too.
        let unknown = UsageError::UnknownOption("--passphrase-fd".into());
        return Err(unknown).or_usage(client);
    }
    let mut words = line.paths();
    let program = words.next().ok_or(UsageError::TooFew(line.verb));
    let mut command = Command::new(program.or_usage(client)?);
    command.args(words);
    let mut codes = Codes::new(client, line)?;
    for (name, value) in std::env::vars_os() {
        if let Some(reference) = value.to_str().and_then(|value| value.strip_prefix(SCHEME)) {
            let code = codes.code(client, reference)?;
            command.env(name, code.expose());
        }
    }
    for path in line.raw(Opt::EnvFile) {
        let content = file::read(client, path)?;
        let variables = variables(&content).map_err(|number| {
            let cause = fill(client.text.bad_env_line, &[&number.to_string()]);
            file::unreadable(client, path, &cause)
        })?;
        for (name, value) in variables {
            let value = codes.fill(client, &value)?;
            command.env(name, OsString::from(value.as_str()));
        }
    }
    client.rest();
    os::become_program(&mut command).map_err(|error| {
        let name = file::shown(command.get_program().as_ref());
        let cause = fill(client.text.cannot_run, &[&name, &reason(&error)]);
        Failure::new(Kind::Other, cause)
    })
}

type Variable<'a> = (&'a str, Zeroizing<String>);

/// The variables of a file: `NAME=VALUE`, `export NAME=VALUE`, a value perhaps in quotes, `#`
/// before a comment. Nothing is expanded. The error is the number of a line.
fn variables(content: &str) -> Result<Vec<Variable<'_>>, usize> {
    let lines = (1..).zip(content.lines());
    let lines = lines.map(|(number, line)| (number, line.trim()));
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| variable(line).ok_or(number))
        .collect()
}

fn variable(line: &str) -> Option<Variable<'_>> {
    let rest = line.strip_prefix("export").unwrap_or(line);
    let line = if rest.starts_with([' ', '\t']) {
        rest.trim_start()
    } else {
        line
    };
    let (name, value) = line.split_once('=')?;
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_name =
        name.starts_with(is_first) && name.chars().all(|c| is_first(c) || c.is_ascii_digit());
    let quoted = value.trim_start();
    let value = if let Some(quote @ ('"' | '\'')) = quoted.chars().next() {
        let (value, rest) = quoted.get(1..)?.split_once(quote)?;
        let rest = rest.trim_start();
        (rest.is_empty() || rest.starts_with('#')).then_some(value)?
    } else {
        // A comment stands behind a blank: a value may hold the sign.
        let comments = [" #", "\t#"]
            .into_iter()
            .filter_map(|sign| value.find(sign));
        value.get(..comments.min().unwrap_or(value.len()))?.trim()
    };
    let is_value = !value.contains('\0');
    (is_name && is_value).then(|| (name, Zeroizing::new(value.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_variables_is_read_as_shells_read_simple_ones() {
        let content = "# a comment\n\nA=1\nexport B = no\n";
        assert_eq!(variables(content).unwrap_err(), 4);
        let content = "A=1\n export _b2='a # b'  # why\r\nC=\"x=y\"\nD= a b\t#c\nG= # d\nE=a#b\nexport=7\nF=\n";
        let read: Vec<_> = variables(content)
            .unwrap()
            .into_iter()
            .map(|(name, value)| format!("{name}:{}", value.as_str()))
            .collect();
        let expected = [
            "A:1",
            "_b2:a # b",
            "C:x=y",
            "D:a b",
            "G:",
            "E:a#b",
            "export:7",
            "F:",
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn a_line_that_is_no_variable_is_named_by_its_number() {
        for line in [
            "A",
            "1A=x",
            "A B=x",
            "=x",
            "A='x",
            "A=\"x\" y",
            "é=x",
            "A=\0",
        ] {
            assert_eq!(
                variables(&format!("B=1\n{line}\n")).unwrap_err(),
                2,
                "{line}"
            );
        }
    }
}
