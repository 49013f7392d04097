use super::file::{Limit, parse};
use super::*;

fn mistake(text: &str) -> (Option<usize>, String) {
    let mistake = parse(text).expect_err("a mistake");
    (mistake.line, mistake.what)
}

#[test]
fn an_empty_file_is_the_default() {
    assert_eq!(parse("").ok(), Some(Config::default()));
}

#[test]
fn every_key_is_read() {
    // A path that is absolute on the system under test.
    let program = std::env::current_exe().expect("this test's path");
    let program = program.to_str().expect("UTF-8");
    let text = format!(
        "memory = 'mlock'\n[lock]\nidle = '15m'\nmax = 'never'\nscreen = false\n\
         session = false
sleep = false
list = 'names'
[log]
level = 'debug'
\
         [prompt]
program = '{program}'
[backup]
folder = '{program}'
[policy]
dbus = 'allow'\n[notify]\ncode = false\n[clipboard]\nclear = '10s'
[pick]
program = ['rofi', '-dmenu']
[hotkeys]
'Ctrl+Alt+O' = {{ do = 'pick' }}
F9 = {{ entry = 'x', do = 'script', script = '{{CODE}}', window = 'y' }}
[[askpass]]
prompt = 'Verification code'
host = '*.example.com'
user = 'alice'
program = 'ssh'
entry = 'bastion'
unlock = false
"
    );
    let rule = parse(
        "[[askpass]]
prompt = 'verification CODE'
host = '*.example.com'
user = 'alice'
program = 'ssh'
entry = 'bastion'
unlock = false
",
    );
    let askpass = rule.map(|config| config.askpass).ok().unwrap();
    assert!(askpass.len() == 1 && !askpass[0].unlock);
    let expected = Config {
        askpass,
        clipboard_clear: Duration::from_secs(10),
        notice_code: Shows::Nothing,
        bus_codes: Allowance::Allow,
        memory: MemoryMode::Mlock,
        lock_idle: Some(Duration::from_secs(900)),
        lock_max: None,
        lock_screen: false,
        lock_session: false,
        lock_sleep: false,
        lock_list: LockedList::Names,
        log: LogLevel::Debug,
        backup_folder: Some(program.into()),
        prompt: program.into(),
    };
    assert_eq!(parse(&text).ok(), Some(expected));
}

#[test]
fn the_sample_in_the_documentation_says_the_defaults() {
    let sample = include_str!("../../../docs/otpd.toml");
    assert_eq!(parse(sample).ok(), Some(Config::default()));
    // Each of its keys, with the comment sign taken away, is read too.
    let live: String = sample
        .lines()
        .map(|line| line.strip_prefix("#= ").unwrap_or(line))
        .flat_map(|line| [line, "\n"])
        .collect();
    assert_ne!(live, sample);
    assert_eq!(parse(&live).ok(), Some(Config::default()));
}

#[test]
fn a_mistake_is_named_with_its_line() {
    let (line, what) = mistake("\n\n[lock]\nidle = '1h'\n# x\n\nfoo = 1\n");
    assert_eq!(line, Some(7));
    assert!(what.starts_with("unknown key 'foo'"), "{what}");
    let (line, what) = mistake("memory = 'auto'\nmemory = 'auto'\n");
    assert_eq!((line, what.is_empty()), (Some(2), false));
    assert_eq!(mistake("[lock]\nidle = '4 hours'\n").0, Some(2));
    assert_eq!(mistake("[lock]\nidle = 4\n").0, Some(2));
    assert_eq!(mistake("x").0, Some(1));
    for folder in ["", "stick/otpd", "~/stick"] {
        let text = format!("[backup]\nfolder = '{folder}'\n");
        assert_eq!(mistake(&text).0, Some(2), "{folder}");
    }
    for (line, expected) in [
        ("'O' = { do = 'pick' }", "this key needs Ctrl, Alt or Super"),
        ("'Ctrl+O' = { do = 'pik' }", "unknown variant 'pik'"),
        ("'Ctrl+O' = { do = 'notify' }", "the entry is missing"),
        ("'Ctrl+O' = { do = 'pick', x = 1 }", "unknown key 'x'"),
        (
            "'ctrl+p' = { do = 'pick' }",
            "these keys are in the table already",
        ),
    ] {
        let text = format!("[hotkeys]\n'Ctrl+P' = {{ do = 'pick' }}\n{line}\n");
        let (at, what) = mistake(&text);
        assert!(at == Some(3) && what.starts_with(expected), "{at:?} {what}");
    }
    for program in ["'rofi'", "[]", "['bin/rofi']"] {
        let text = format!("[pick]\nprogram = {program}\n");
        assert_eq!(mistake(&text).0, Some(2), "{program}");
    }
    for stay in ["4s", "11m", "never", "30"] {
        let text = format!("[clipboard]\nclear = '{stay}'\n");
        assert_eq!(mistake(&text).0, Some(2), "{stay}");
    }
    for program in ["", "bin/pinentry", "./pinentry"] {
        let text = format!("[prompt]\nprogram = '{program}'\n");
        assert_eq!(mistake(&text).0, Some(2), "{program}");
    }
}

#[test]
fn a_rule_for_prompts_says_who_asks_for_which_code() {
    for (rule, expected) in [
        ("host = 'h'", "missing field 'prompt'"),
        ("prompt = 'Code'", "missing field 'entry'"),
        (
            "prompt = 'Code'\nentry = 'x'\nport = 22",
            "unknown key 'port'",
        ),
        (
            "prompt = ': '\nentry = 'x'\nhost = 'h'",
            "the prompt says nothing",
        ),
        (
            "prompt = 'Code'\nentry = ' '\nhost = 'h'",
            "the entry is missing",
        ),
        (
            "prompt = 'Password'\nentry = 'x'\nhost = 'h'",
            "this prompt asks for something else",
        ),
        ("prompt = 'Code'\nentry = 'x'", "a host is missing"),
        (
            "prompt = 'Code'\nentry = 'x'\nprogram = 'ssh'",
            "a host is missing",
        ),
        (
            "prompt = 'Code'\nentry = 'x'\nhost = '*'",
            "expected the name of a host",
        ),
        (
            "prompt = 'Code'\nentry = 'x'\nhost = 'a b'",
            "expected the name of a host",
        ),
        (
            "prompt = 'Code'\nentry = 'x'\nuser = 'me'\nprogram = 'sudo'",
            "a user needs a host",
        ),
        (
            "prompt = 'Code'\nentry = 'x'\nprogram = 'bin/sudo'",
            "expected the name of a program",
        ),
    ] {
        let (line, what) = mistake(&format!("\n[[askpass]]\n{rule}\n"));
        assert!(what.starts_with(expected), "{rule}: {what}");
        assert!(line.is_some_and(|line| line >= 2), "{rule}: {line:?}");
    }
    let sudo = "[[askpass]]\nprompt = 'Code'\nentry = 'x'\nprogram = 'sudo'\n";
    assert!(parse(sudo).ok().unwrap().askpass[0].unlock);
}

#[test]
fn durations_have_a_number_and_a_unit() {
    for (text, expected) in [
        ("90s", Some(90)),
        ("15m", Some(900)),
        ("4h", Some(14_400)),
        ("1d", Some(86_400)),
        ("0s", None),
        ("", None),
        ("m", None),
        ("1", None),
        ("+1m", None),
        ("-1m", None),
        ("1é", None),
        ("1w", None),
        ("99999999999999999999h", None),
        ("9999999d", None),
    ] {
        let read = Limit::parse(text).and_then(|limit| limit.0);
        assert_eq!(read, expected.map(Duration::from_secs), "{text}");
    }
    assert_eq!(Limit::parse("never"), Some(Limit(None)));
}

#[test]
fn only_an_absent_file_is_the_default() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("otpd.toml");
    assert_eq!(Config::read(&path), Ok(None));
    std::fs::write(&path, "").unwrap();
    assert_eq!(Config::read(&path), Ok(Some(Config::default())));
    std::fs::write(&path, "#".repeat(65 * 1024)).unwrap();
    let error = Config::read(&path).unwrap_err().to_string();
    assert!(error.ends_with("otpd.toml: larger than 64 KiB"), "{error}");
    std::fs::write(&path, [0xff]).unwrap();
    assert!(Config::read(&path).is_err());
    let error = Config::read(folder.path()).unwrap_err().to_string();
    assert!(error.ends_with("not a regular file"), "{error}");
    std::fs::write(&path, "x = 1").unwrap();
    let error = Config::read(&path).unwrap_err().to_string();
    assert!(error.contains("otpd.toml:1: unknown key 'x'"), "{error}");
}
