//! What the documentation tells people to paste.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Home, run};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

/// One of the examples, where the home's user can run it. Copied by another process: see `programs`.
pub(crate) fn example(home: &Home, name: &str) -> PathBuf {
    let path = home.home().join(name);
    let mut install = Command::new("install");
    install
        .args(["-m", "0755"])
        .arg(docs().join("examples").join(name));
    run(install.arg(&path), b"").exits(0);
    path
}

/// A block of lines below a heading of integrations.md, counted from 0, with something put in
/// the place of each text that has to be there.
#[track_caller]
pub(crate) fn pasted(heading: &str, block: usize, changes: &[(&str, &str)]) -> String {
    let page = fs::read_to_string(docs().join("integrations.md")).unwrap();
    let start = page.find(&format!("## {heading}\n")).unwrap() + 3;
    let section = page[start..].split("\n## ").next().unwrap();
    let fenced = section.split("```").nth(2 * block + 1).unwrap();
    let (_, lines) = fenced.split_once('\n').unwrap();
    let mut lines = lines.to_owned();
    for (old, new) in changes {
        assert!(lines.contains(old), "no {old:?} in {lines}");
        lines = lines.replace(old, new);
    }
    lines
}
