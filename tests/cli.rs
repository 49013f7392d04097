//! The command line as such: usage, languages, pipes.

use crate::support::{Daemon, Home, programs, random_key, run};

#[test]
fn a_secret_on_the_command_line_is_refused_and_not_repeated() {
    let home = Home::new();
    let key = random_key();
    for args in [
        vec!["add".to_owned(), format!("otpauth://totp/x?secret={key}")],
        vec!["add".to_owned(), key.clone()],
        vec!["unlock".to_owned(), key.clone()],
        vec![
            "get".to_owned(),
            "x".to_owned(),
            format!("--passphrase={key}"),
        ],
    ] {
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let refused = home.ctl(&args).exits(2);
        assert!(!refused.stderr.contains(&key), "{refused:?}");
        assert_eq!(refused.stdout, "");
    }
}

#[test]
fn mistakes_are_usage_errors_and_help_is_none() {
    let home = Home::new();
    for args in [
        &["nonsense"][..],
        &["get"],
        &["get", "x", "--nope"],
        &["get", "x", "--min-left", "soon"],
        &[],
    ] {
        let refused = home.ctl(args).exits(2);
        assert!(
            !refused.stderr.is_empty() && refused.stdout.is_empty(),
            "{refused:?}"
        );
    }
    let help = home.ctl(&["--help"]).exits(0);
    assert!(help.stdout.lines().count() <= 24, "{}", help.stdout);
    for verb in ["get", "add", "init", "export"] {
        assert!(!home.ctl(&[verb, "--help"]).exits(0).stdout.is_empty());
    }
    assert!(
        home.ctl(&["version"])
            .exits(0)
            .stdout
            .contains(env!("CARGO_PKG_VERSION"))
    );
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            home.ctl(&["completions", shell])
                .exits(0)
                .stdout
                .contains("otpctl")
        );
    }
}

#[test]
fn a_japanese_user_is_answered_in_japanese_with_the_same_status() {
    let mut home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    let english = home.ctl(&["get", "x"]).exits(5).stderr;
    home.var("LANG", "ja_JP.UTF-8");
    let japanese = home.ctl(&["get", "x"]).exits(5).stderr;
    assert!(
        english.is_ascii() && !japanese.is_ascii(),
        "{english} {japanese}"
    );
    assert!(japanese.starts_with("otpctl: "), "{japanese}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    home.unlock();
    for number in 0..200 {
        home.add(&format!(
            "otpauth://totp/{:0>60}:a?secret={}",
            number,
            random_key()
        ));
    }
    let mut shell = home.command("bash");
    shell.args([
        "-c",
        "otpctl list --json | head -c 1 >/dev/null; echo ${PIPESTATUS[0]}",
    ]);
    let out = run(&mut shell, b"").exits(0);
    assert_eq!((out.line(), out.stderr.as_str()), ("0", ""));
}

#[test]
fn doctor_looks_at_everything_and_says_what_is_wrong() {
    let home = Home::with_vault();
    // An agent that can't be asked is no reason to tell anybody to make another vault.
    let unreachable = home.ctl(&["doctor", "--no-start"]);
    assert!(
        !unreachable.stdout.contains("otpctl init"),
        "{unreachable:?}"
    );
    let none = Home::new().ctl(&["doctor", "--no-start"]);
    assert!(none.stdout.contains("otpctl init"), "{none:?}");
    let absent = home.ctl(&["doctor"]);
    assert!(
        absent.status.code().is_some() && !absent.stdout.is_empty(),
        "{absent:?}"
    );
    let _daemon = Daemon::start(&home);
    let fine = home.ctl(&["doctor"]);
    assert_ne!(fine.stdout, absent.stdout);
    let socket = home.socket();
    std::fs::set_permissions(&socket, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    let open = home.ctl(&["doctor"]);
    assert_ne!(open.stdout, fine.stdout, "an open socket is seen");
    let mut version = home.command(programs().join("otpd"));
    assert!(
        run(version.arg("--version"), b"")
            .exits(0)
            .stdout
            .contains(env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn doctor_names_a_file_of_the_vault_that_is_gone_or_cut_short() {
    let home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    let doctor = |code| home.ctl(&["doctor", "--json"]).exits(code).stdout;
    let data = home.data();
    let identity = data.join("identity.age");
    let vault = std::fs::read_dir(data.join("vault")).unwrap();
    let vault = vault.map(|file| file.unwrap().path());
    let vault = vault
        .into_iter()
        .find(|path| path.extension().is_some())
        .unwrap();
    assert!(!doctor(0).contains("cut short"));
    for path in [&identity, &vault] {
        let whole = std::fs::read(path).unwrap();
        home.write(path, &whole[..50]);
        let said = doctor(1);
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(
            said.contains(&format!("{name} is damaged or cut short")),
            "{said}"
        );
        home.write(path, &whole);
    }
    assert!(!doctor(0).contains("identity.age is not there"));
    std::fs::remove_file(&identity).unwrap();
    assert!(doctor(0).contains("identity.age is not there"));
}

#[test]
fn what_is_not_found_is_said_with_the_command_that_lists_what_there_is() {
    let home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    home.unlock();
    for (args, cause, hint) in [
        (&["get", "nothing"][..], "no entry matches", "otpctl list"),
        (&["restore", "tr-9"], "in the trash", "otpctl list --trash"),
        (
            &["slots", "remove", "nothing"],
            "there is no such slot",
            "otpctl slots list",
        ),
        (
            &["restore-backup", "--from", "nothing.age", "--yes"],
            "there is no such backup",
            "otpctl backups list",
        ),
    ] {
        let said = home.ctl(args).exits(3).stderr;
        assert!(said.contains(cause), "{args:?}: {said}");
        assert!(said.contains(hint), "{args:?}: {said}");
    }
    // Nothing to choose in.
    home.add("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP");
    let said = home.ctl(&["pick"]);
    assert!(
        !said.status.success() && said.stderr.contains("otpctl get QUERY"),
        "{said:?}"
    );
    // A vault that is there is opened, not made again.
    let said = home.ctl(&["init"]).exits(1).stderr;
    assert!(said.contains("otpctl unlock"), "{said}");
}
