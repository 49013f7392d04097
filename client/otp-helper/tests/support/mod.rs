//! Runs the program as `otpctl` does.
#![allow(dead_code, reason = "each test file needs a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program that can't be run ends the test"
)]

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// What `parse` said.
pub(crate) struct Parsed {
    pub(crate) status: Option<i32>,
    pub(crate) findings: Vec<Value>,
    pub(crate) stderr: String,
}

impl Parsed {
    pub(crate) fn uris(&self) -> Vec<&str> {
        self.findings
            .iter()
            .filter_map(|finding| finding["uri"].as_str())
            .collect()
    }

    pub(crate) fn errors(&self) -> Vec<&str> {
        self.findings
            .iter()
            .filter_map(|finding| finding["error"].as_str())
            .collect()
    }

    /// It ended by itself and refused the whole input in one line of plain words.
    pub(crate) fn is_clean_refusal(&self) -> bool {
        self.status == Some(8)
            && self.errors().len() == 1
            && self.findings.len() == 1
            && self.stderr.is_empty()
    }
}

/// Runs the program with this on its standard input.
pub(crate) fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_otp-helper"))
        .args(arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    // Both at once: an answer may be longer than a pipe holds.
    let answer = std::thread::scope(|scope| {
        // A program that refuses early closes its input.
        scope.spawn(move || stdin.write_all(input).ok());
        let mut answer = Vec::new();
        stdout.read_to_end(&mut answer).unwrap();
        answer
    });
    let mut output = child.wait_with_output().unwrap();
    output.stdout = answer;
    output
}

pub(crate) fn parse(arguments: &[&str], input: &[u8]) -> Parsed {
    let arguments: Vec<&str> = std::iter::once("parse")
        .chain(arguments.iter().copied())
        .collect();
    let output = run(&arguments, input);
    Parsed {
        status: output.status.code(),
        findings: output
            .stdout
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Reads a picture.
pub(crate) fn picture(input: &[u8]) -> Parsed {
    parse(&["--image"], input)
}

/// Reads a list.
pub(crate) fn list(input: &[u8]) -> Parsed {
    parse(&["--format", "otpauth"], input)
}

/// A folder of samples that may lie beside the checkout; without it the caller is skipped.
pub(crate) fn samples(name: &str) -> Option<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("shared").join(name))
        .find(|path| path.exists())
}
