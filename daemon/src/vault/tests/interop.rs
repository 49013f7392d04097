//! The age tool opens what otpd wrote. Its samples are written by the same code as every vault.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::samples::{Folder, data};

/// Returns whether the tools are installed, and says so where they aren't.
pub(in crate::vault) fn are_installed(tools: &[&str]) -> bool {
    let missing = tools
        .iter()
        .find(|tool| !Path::new("/usr/bin").join(tool).exists());
    if let Some(tool) = missing {
        writeln!(
            std::io::stderr(),
            "SKIPPED: /usr/bin/{tool} is not installed"
        )
        .unwrap();
    }
    missing.is_none()
}

/// Runs a shell script on a terminal of its own, with `typed` as what a person types.
fn on_terminal(script: &str, folder: &Path, typed: &str) {
    let mut child = Command::new("/usr/bin/script")
        .args(["-qec", script, "/dev/null"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.as_mut().unwrap(), "{typed}").unwrap();
    let output = child.wait_with_output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{shown}");
}

fn living() -> String {
    let plain = std::fs::read_to_string(data("plain.txt")).unwrap();
    plain
        .split_inclusive('\n')
        .filter(|line| line.starts_with("otpauth"))
        .collect()
}

#[test]
fn the_age_tool_lists_the_entries_with_the_bare_identity() {
    if !are_installed(&["age"]) {
        return;
    }
    let output = Command::new("/usr/bin/age")
        .args(["-d", "-i"])
        .args([data("identity.txt"), data("vault.age")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let expected = std::fs::read(data("plain.txt")).unwrap();
    assert_eq!(output.stdout, expected);
}

#[test]
fn the_age_tool_lists_the_entries_with_the_passphrase_and_with_the_recovery_key() {
    if !are_installed(&["age", "script"]) {
        return;
    }
    let folder = Folder::new();
    let key = std::fs::read_to_string(data("recovery.txt")).unwrap();
    for (slot, typed) in [
        ("identity.age", "correct horse battery staple"),
        ("recovery.age", key.trim_end()),
    ] {
        let (slot, vault) = (data(slot), data("vault.age"));
        let script = format!(
            "age -d -i {} {} | grep ^otpauth > list",
            slot.display(),
            vault.display()
        );
        on_terminal(&script, &folder.0, typed);
        let list = std::fs::read_to_string(folder.0.join("list")).unwrap();
        assert_eq!(list, living());
    }
}

#[test]
fn the_commands_in_a_backup_open_it_with_the_age_tool_alone() {
    if !are_installed(&["age", "script"]) {
        return;
    }
    let folder = Folder::new();
    let text = std::fs::read_to_string(data("backup.txt")).unwrap();
    std::fs::write(folder.0.join("FILE"), &text).unwrap();
    let commands: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.starts_with("#   for f"))
        .take_while(|line| !line.starts_with("# age asks"))
        .map(|line| line.trim_start_matches("# "))
        .collect();
    assert_eq!(commands.len(), 4);
    std::fs::write(
        folder.0.join("run"),
        format!("{} > list\n", commands.join("\n")),
    )
    .unwrap();
    on_terminal("sh ./run", &folder.0, "correct horse battery staple");
    let list = std::fs::read_to_string(folder.0.join("list")).unwrap();
    assert_eq!(list, living());
}
