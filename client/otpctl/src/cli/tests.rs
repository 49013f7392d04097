//! The grammar, case by case.

use std::ffi::OsString;

use super::verb::{LATER_VERBS, RULES};
use super::*;

fn parsed(line: &str) -> Result<Parsed, UsageError> {
    parse(line.split_whitespace().map(OsString::from))
}

fn run(line: &str) -> Line {
    match parsed(line) {
        Ok(Parsed::Run(line)) => line,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn every_verb_and_every_option_has_its_row() {
    for rule in &RULES {
        assert_eq!(Verb::from_name(rule.name), Some(rule.verb));
        assert_eq!(rule.verb.name(), rule.name);
        for opt in rule.options {
            assert!(!opt.name().is_empty(), "{opt:?}");
        }
    }
    for name in LATER_VERBS {
        assert_eq!(Verb::from_name(name), None, "{name}");
    }
}

#[test]
fn global_options_stand_before_or_behind_the_verb() {
    let expected = run("get x --json -q --no-start --no-prompt --passphrase-fd 3");
    assert_eq!(
        run("--json -q --no-start --no-prompt --passphrase-fd=3 get x"),
        expected
    );
    assert_eq!(
        run("--passphrase-fd 3 -q get --json --no-start x --no-prompt"),
        expected
    );
    assert_eq!(
        expected.globals,
        Globals {
            json: true,
            quiet: true,
            no_start: true,
            asking: Asking::Never,
            passphrase_fd: Some(3),
        }
    );
}

#[test]
fn an_image_option_takes_every_file_up_to_the_next_option() {
    let line = run("add --image a.png b.png - --issuer Acme --tag x --tag y --yes");
    assert_eq!(
        line.raw(Opt::Image).collect::<Vec<_>>(),
        ["a.png", "b.png", "-"]
    );
    assert_eq!(line.text(Opt::Issuer), Ok(Some("Acme".into())));
    assert_eq!(line.texts(Opt::Tag), Ok(vec!["x".into(), "y".into()]));
    assert!(line.has(Opt::Yes) && !line.has(Opt::Note));
}

#[test]
fn a_dash_after_add_is_standard_input_as_without_it() {
    assert_eq!(run("add - --yes").args, run("add --yes").args);
    assert!(parsed("add JBSWY3DPEHPK3PXP").is_err());
}

#[test]
fn help_and_version_win_over_what_is_missing() {
    for (line, expected) in [
        ("help", Parsed::Help(None)),
        ("--help", Parsed::Help(None)),
        ("help get", Parsed::Help(Some(Verb::Get))),
        ("get --help", Parsed::Help(Some(Verb::Get))),
        ("get -h", Parsed::Help(Some(Verb::Get))),
        ("-V", Parsed::Version),
    ] {
        assert_eq!(parsed(line), Ok(expected), "{line}");
    }
}

#[test]
fn a_verb_of_two_words_needs_both() {
    let line = run("--json qr read a.png b.png");
    assert_eq!(line.verb, Verb::QrRead);
    assert_eq!(line.paths().collect::<Vec<_>>(), ["a.png", "b.png"]);
    assert_eq!(run("qr show x --png y").verb, Verb::QrShow);
    assert_eq!(run("recovery-codes -q use qr").verb, Verb::CodesUse);
    assert_eq!(run("get qr").argument(), Ok(Some("qr".into())));
    assert_eq!(
        parsed("qr"),
        Err(UsageError::Half("qr", "read, show".into()))
    );
    assert_eq!(
        parsed("qr write x"),
        Err(UsageError::UnknownVerb("qr write".into()))
    );
    assert_eq!(
        parsed("qr qr"),
        Err(UsageError::UnknownVerb("qr qr".into()))
    );
    assert_eq!(
        parsed("recovery-codes use"),
        Err(UsageError::TooFew(Verb::CodesUse))
    );
    for line in ["help qr", "qr --help", "help qr read"] {
        assert_eq!(parsed(line), Ok(Parsed::Help(Some(Verb::QrRead))), "{line}");
    }
}

#[test]
fn every_mistake_has_its_name() {
    for (line, expected) in [
        ("", UsageError::NoVerb),
        ("--json", UsageError::NoVerb),
        ("gte", UsageError::UnknownVerb("gte".into())),
        ("get", UsageError::TooFew(Verb::Get)),
        ("get a b", UsageError::TooMany(Verb::Get)),
        ("unlock hunter2", UsageError::TooMany(Verb::Unlock)),
        ("get x --frsh", UsageError::UnknownOption("--frsh".into())),
        ("get x --yes", UsageError::UnknownOption("--yes".into())),
        ("get x -z", UsageError::UnknownOption("-z".into())),
        ("get x --min-left", UsageError::NeedsValue("min-left")),
        ("add --image", UsageError::NeedsValue("image")),
        ("get x --next=1", UsageError::NoValue("--next".into())),
        (
            "--passphrase-fd x get y",
            UsageError::BadValue("passphrase-fd"),
        ),
    ] {
        assert_eq!(parsed(line), Err(expected), "{line}");
    }
    assert_eq!(
        run("get x --min-left soon").value::<u32>(Opt::MinLeft),
        Err(UsageError::BadValue("min-left"))
    );
}

#[test]
fn what_a_later_version_brings_is_named_as_such() {
    for line in ["watch", "policy x"] {
        assert!(matches!(parsed(line), Err(UsageError::Later(_))), "{line}");
    }
}

#[test]
fn a_key_on_the_command_line_is_refused_and_never_quoted() {
    for line in [
        "add JBSWY3DPEHPK3PXP",
        "add --yes JBSWY3DPEHPK3PXP",
        "add otpauth://totp/a?secret=JBSWY3DPEHPK3PXP",
        "get OTPAUTH://totp/a?secret=JBSWY3DPEHPK3PXP",
        "otpauth://totp/a?secret=JBSWY3DPEHPK3PXP",
        "add --note=otpauth://totp/a?secret=JBSWY3DPEHPK3PXP",
        "import otpauth-migration://offline?data=JBSWY3DPEHPK3PXP",
        "add steam://JBSWY3DPEHPK3PXP",
    ] {
        assert_eq!(parsed(line), Err(UsageError::Secret), "{line}");
    }
    for line in [
        "JBSWY3DPEHPK3PXP",
        "get x --secret=JBSWY3DPEHPK3PXP",
        "get x y=JBSWY3DPEHPK3PXP",
    ] {
        let shown = format!("{:?}", parsed(line).unwrap_err());
        assert!(!shown.contains("JBSWY"), "{shown}");
    }
}

#[test]
fn a_time_has_a_number_and_a_unit_or_is_none_at_all() {
    let time = |text: &str| run(&format!("lock --for {text}")).value::<Time>(Opt::For);
    for (text, expected) in [
        ("0", 0),
        ("90s", 90),
        ("30m", 1800),
        ("8h", 28_800),
        ("2d", 172_800),
    ] {
        assert_eq!(time(text), Ok(Some(Time(expected))), "{text}");
    }
    for text in [
        "30",
        "m",
        "+1m",
        "1w",
        "1h30m",
        "9999999d",
        "99999999999999999999h",
        "1é",
    ] {
        assert!(time(text).is_err(), "{text}");
    }
}
