//! Manual pages and completions, as other programs take them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what can't be prepared ends the test"
)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use otp_helper::manual::table::{GLOBALS, verbs};
use otp_helper::manual::{PAGES, SHELLS};
use support::run;

/// Runs another program on a text; `None`, said aloud, if it isn't installed.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn through(program: &str, arguments: &[&str], text: &[u8]) -> Option<Output> {
    let Ok(mut child) = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
    else {
        eprintln!("SKIPPED: {program} is not installed");
        return None;
    };
    child.stdin.take().unwrap().write_all(text).unwrap();
    Some(child.wait_with_output().unwrap())
}

#[test]
fn every_page_is_set_without_a_warning() {
    for page in PAGES {
        let text = run(&["man", page.name], b"").stdout;
        if let Some(output) = through("groff", &["-t", "-man", "-Tutf8", "-ww"], &text) {
            let warnings = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(
                output.status.success() && warnings.is_empty(),
                "{}: {warnings}",
                page.name
            );
        }
    }
}

#[test]
fn all_pages_are_written_for_everybody_to_read() {
    let folder = std::env::temp_dir().join(format!("otp-helper-man-{}", std::process::id()));
    let output = run(&["man", "--write", folder.to_str().unwrap()], b"");
    assert_eq!(output.status.code(), Some(0));
    let mut files: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(
        files,
        [
            "otp-askpass.1",
            "otpctl.1",
            "otpd-ipc.7",
            "otpd.1",
            "otpd.toml.5"
        ]
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(folder.join("otpctl.1"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o644);
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_is_not_known_is_a_usage_error_with_the_known_names() {
    for (arguments, known) in [
        (&["man", "ls"][..], "otpd-ipc"),
        (&["completions", "tcsh"], "fish"),
        (&["completions"], "fish"),
        (&["parse"], "--image"),
        (&["parse", "--format", "pdf"], "picture"),
        (&["export", "--format", "pdf"], "otpauth"),
        (&["fetch"], "kdbx"),
        (&["parse", "--image", "file.png"], "file.png"),
    ] {
        let output = run(arguments, b"");
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            text.starts_with("otp-helper: ") && text.contains(known),
            "{text}"
        );
    }
    let version = run(&["--version"], b"").stdout;
    assert_eq!(
        version,
        format!("otp-helper {}\n", env!("CARGO_PKG_VERSION")).into_bytes()
    );
    let help = String::from_utf8(run(&["--help"], b"").stdout).unwrap();
    assert!(help.lines().count() <= 24 && help.contains("parse --image"));
}

#[test]
fn every_shell_accepts_its_completions() {
    for shell in SHELLS {
        let script = run(&["completions", shell.name], b"").stdout;
        if let Some(output) = through(shell.name, &["-n"], &script) {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(
                output.status.success() && text.is_empty(),
                "{}: {text}",
                shell.name
            );
        }
    }
}

/// What bash offers for a line, with an `otpctl` that knows three entries.
fn completed(line: &str) -> Option<Vec<String>> {
    let script = String::from_utf8(run(&["completions", "bash"], b"").stdout).unwrap();
    let session = format!(
        r#"
command() {{
    shift
    case "$*" in
    '--no-start --no-prompt list --names') printf '%s\n' 'GitHub:alice' 'Trend Micro:abc' '例え:山田' ;;
    '--no-start --no-prompt backups list') echo '0000000011-aaaaaaab.age  2026-11-22 09:41 UTC' ;;
    esac
}}
{script}
COMP_LINE='{line}'
read -ra plain <<<"$COMP_LINE"
COMP_WORDS=()
for word in "${{plain[@]}}"; do
    while [[ $word == *:* ]]; do
        [[ ${{word%%:*}} ]] && COMP_WORDS+=("${{word%%:*}}")
        COMP_WORDS+=(:)
        word=${{word#*:}}
    done
    [[ $word ]] && COMP_WORDS+=("$word")
done
[[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_otpctl
printf '%s\n' "${{COMPREPLY[@]}}"
"#
    );
    let output = through("bash", &["--norc"], session.as_bytes())?;
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(complaint.is_empty(), "{complaint}");
    let offered = String::from_utf8(output.stdout).unwrap();
    Some(
        offered
            .lines()
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect(),
    )
}

#[test]
fn bash_offers_verbs_options_values_and_entries() {
    for (line, expected) in [
        ("otpctl un", &["unlock"][..]),
        ("otpctl --json stat", &["status"]),
        ("otpctl --passphrase-fd 3 unl", &["unlock"]),
        ("otpctl get --fr", &["--fresh"]),
        (
            "otpctl get --no",
            &["--no-start", "--no-prompt", "--notify"],
        ),
        ("otpctl add --algorithm SHA2", &["SHA256"]),
        ("otpctl get git", &["GitHub:alice"]),
        ("otpctl get trend", &["Trend\\ Micro:abc"]),
        ("otpctl get GitHub:", &["alice"]),
        ("otpctl get GitHub:al", &["alice"]),
        ("otpctl get --min-left 10 git", &["GitHub:alice"]),
        ("otpctl completions ", &["bash", "zsh", "fish"]),
        (
            "otpctl restore-backup --from ",
            &["last", "0000000011-aaaaaaab.age"],
        ),
        ("otpctl lock ", &[]),
    ] {
        let Some(offered) = completed(line) else {
            return;
        };
        assert_eq!(offered, expected, "{line}");
    }
}

/// The options that a help text explains: not those that its sentences mention.
fn options(text: &str) -> BTreeSet<String> {
    let is_own = |line: &&str| line.starts_with("Usage:") || line.trim_start().starts_with('-');
    text.lines()
        .filter(is_own)
        .flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-'))
        .filter_map(|word| word.strip_prefix("--"))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// `otpctl` beside this package's own program, if it was built.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn otpctl(arguments: &[&str]) -> Option<String> {
    let name = format!("otpctl{}", std::env::consts::EXE_SUFFIX);
    let program = PathBuf::from(env!("CARGO_BIN_EXE_otp-helper")).with_file_name(name);
    if !program.exists() {
        eprintln!("SKIPPED: otpctl is not built");
        return None;
    }
    let output = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("LANG", "C")
        .output()
        .unwrap();
    let answer = String::from_utf8(output.stdout).unwrap();
    Some(if output.status.success() {
        answer
    } else {
        String::new()
    })
}

#[test]
fn the_table_knows_what_otpctl_knows() {
    let Some(help) = otpctl(&["--help"]) else {
        return;
    };
    let globals: BTreeSet<String> = GLOBALS.iter().map(|flag| flag.long.to_owned()).collect();
    assert_eq!(options(&help), globals);
    // Whatever word of the help has a help of its own is a verb.
    let words = help.split(|c: char| !c.is_ascii_lowercase() && c != '-');
    let words: BTreeSet<&str> = words.filter(|word| word.len() > 1).collect();
    let names: BTreeSet<&str> = verbs().map(|verb| verb.name).collect();
    let told: BTreeSet<&str> = words
        .into_iter()
        .filter(|word| !word.starts_with('-') && *word != "help")
        .filter(|word| otpctl(&["help", word]).is_some_and(|help| !help.is_empty()))
        .collect();
    assert_eq!(told, names);
    for verb in verbs() {
        let Some(help) = otpctl(&["help", verb.name]) else {
            return;
        };
        let usage = help.lines().next().unwrap();
        if let Some(argument) = &verb.argument {
            let shown = if argument.is_optional {
                format!("[{}]", argument.name)
            } else {
                format!(" {}", argument.name)
            };
            assert!(usage.contains(&shown), "{usage}");
        }
        let known: BTreeSet<String> = verb.flags.iter().map(|flag| flag.long.to_owned()).collect();
        let told: BTreeSet<String> = options(&help).difference(&globals).cloned().collect();
        assert_eq!(told, known, "{}", verb.name);
    }
}
