//! Codes for other programs: `run`, `inject`, `list --format`, `pass-otp`, and the examples.

use std::path::Path;

use crate::support::{
    Daemon, Home, Outcome, Terminal, oathtool_hotp, programs, random_key, run, skip, wall,
};

/// A period in which no test sees two codes: of two long ones, that which doesn't end soon.
fn long() -> u32 {
    const SOON: u64 = 600;
    let [day, other] = [86_400, 80_000];
    if u64::from(day) - wall() % u64::from(day) > SOON {
        day
    } else {
        other
    }
}

struct Desk {
    home: Home,
    key: String,
    period: u32,
    _daemon: Daemon,
}

fn desk() -> Desk {
    let home = Home::with_vault();
    let daemon = Daemon::start(&home);
    home.unlock();
    let (key, period) = (random_key(), long());
    home.add(&format!(
        "otpauth://totp/GitHub:me?secret={key}&period={period}"
    ));
    Desk {
        home,
        key,
        period,
        _daemon: daemon,
    }
}

impl Desk {
    fn code(&self) -> String {
        crate::support::oathtool_totp(&self.key, "SHA1", 6, self.period, wall())
    }

    /// A program with otpctl in its PATH.
    fn script(&self, program: &str, arguments: &[&str]) -> Outcome {
        let mut command = self.home.command(program);
        run(command.args(arguments), b"")
    }

    /// One of the documentation's examples, where the home's user can run it.
    fn example(&self, name: &str) -> String {
        let path = crate::support::example(&self.home, name);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.lines().count() <= 12, "{name}");
        path.to_str().unwrap().to_owned()
    }
}

#[test]
fn a_command_runs_with_codes_in_its_environment_and_ends_as_itself() {
    let desk = desk();
    let home = &desk.home;
    let file = home.home().join("env");
    home.write(
        &file,
        "# codes\nA='user:otp://GitHub/me'\nexport B=otp://github # same\nC=plain\n",
    );
    let file = file.to_str().unwrap();
    let mut command = home.command(programs().join("otpctl"));
    command.env("D", "otp://me").env("E", "see otp://me");
    let print = "printf '%s\\n' \"$A\" \"$B\" \"$C\" \"$D\" \"$E\" \"$1\"; exit 42";
    command.args(["run", "--env-file", file, "--", "sh", "-c", print, "sh"]);
    command.arg("otp://me");
    let outcome = run(&mut command, b"").exits(42);
    let code = desk.code();
    let expected = format!("user:{code}\n{code}\nplain\n{code}\nsee otp://me\notp://me\n");
    assert_eq!(outcome.stdout, expected);

    // Nothing is run where one of them has no code.
    home.write(Path::new(file), "A=otp://nobody\n");
    let outcome = home
        .ctl(&["run", "--env-file", file, "--", "echo", "ran"])
        .exits(3);
    assert!(outcome.stderr.contains("otp://nobody: "), "{outcome:?}");
    assert_eq!(outcome.stdout, "");
    home.write(Path::new(file), "A=1\nB C=otp://github\n");
    let outcome = home
        .ctl(&["run", "--env-file", file, "--", "echo", "ran"])
        .exits(8);
    assert!(
        outcome.stderr.contains("line 2 is not NAME=VALUE"),
        "{outcome:?}"
    );
    let outcome = home.ctl(&["run", "--", "no-such-program"]).exits(1);
    assert!(
        outcome.stderr.contains("cannot run no-such-program"),
        "{outcome:?}"
    );
    home.ctl(&["run"]).exits(2);
    // What follows the command is the command's.
    let outcome = home
        .ctl(&["run", "echo", "--json", "-q", "--", "x"])
        .exits(0);
    assert_eq!(outcome.stdout, "--json -q -- x\n");
    home.ctl(&["run", "--passphrase-fd", "0", "--", "true"])
        .exits(2);
    home.ctl(&["lock"]).exits(0);
    home.write(Path::new(file), "A=otp://github\n");
    home.ctl(&["run", "--env-file", file, "--", "true"])
        .exits(5);
    // One without references needs no vault.
    home.ctl(&["run", "--", "true"]).exits(0);
}

#[test]
fn a_text_gets_its_codes_or_nothing_is_written() {
    let desk = desk();
    let home = &desk.home;
    let counted = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    home.add(&format!(
        "otpauth://hotp/%E5%B1%B1%20x:me?secret={counted}&counter=3"
    ));
    let code = desk.code();
    let template = "a=otp://GitHub/me, otp://github.\n{{ otp://山 x/me }} otp://%E5%B1%B1%20x/me";
    let outcome = home.ctl_in(&["inject"], template).exits(0);
    // A counter's code is used once in a text for each way to write its name.
    let (third, fourth) = (oathtool_hotp(counted, 6, 3), oathtool_hotp(counted, 6, 4));
    assert_eq!(
        outcome.stdout,
        format!("a={code}, {code}.\n{third} {fourth}\n")
    );
    let file = home.home().join("template");
    home.write(&file, "{{otp://me}}");
    home.ctl_in(&["inject", file.to_str().unwrap()], "")
        .exits(4);
    for (template, status, said) in [
        ("otp://github and otp://nobody", 3, "otp://nobody: "),
        ("otp://github and otp://", 8, "not otp://ISSUER/ACCOUNT"),
        ("otp://%zz", 8, "not otp://ISSUER/ACCOUNT"),
    ] {
        let outcome = home.ctl_in(&["inject"], template).exits(status);
        assert!(outcome.stderr.contains(said), "{outcome:?}");
        assert_eq!(outcome.stdout, "");
    }
    home.ctl_in(&["inject", "/nowhere/at/all"], "").exits(8);
}

#[test]
fn menus_of_other_programs_have_the_names_and_ids_most_used_first_and_no_code() {
    let desk = desk();
    let home = &desk.home;
    home.add(&format!(
        "otpauth://totp/%E5%B1%B1:a%22b?secret={}",
        random_key()
    ));
    let id = home.ctl(&["get", "--json", "山"]).exits(0).json()["id"].clone();
    let id = id.as_str().unwrap();
    let menu = |name| home.ctl(&["list", "--format", name]).exits(0).stdout;
    let first = |name| menu(name).lines().next().unwrap().to_owned();
    let icon = "icon\u{1f}dialog-password";
    assert_eq!(
        first("rofi"),
        format!("山 (a\"b)\0info\u{1f}{id}\u{1f}{icon}")
    );
    assert_eq!(first("fuzzel"), format!("山 (a\"b)\t{id}\0{icon}"));
    let json = |name| -> serde_json::Value { serde_json::from_str(&menu(name)).unwrap() };
    let alfred = &json("alfred")["items"][0];
    assert_eq!(
        (&alfred["title"], &alfred["arg"]),
        (&"山".into(), &id.into())
    );
    let raycast = &json("raycast")[0];
    assert_eq!(
        (&raycast["subtitle"], &raycast["id"]),
        (&"a\"b".into(), &id.into())
    );
    assert_eq!(json("json")[0]["id"], id);
    let code = desk.code();
    for name in ["json", "rofi", "fuzzel", "alfred", "raycast"] {
        let menu = menu(name);
        assert!(!menu.contains(&code) && !menu.contains(&desk.key), "{name}");
        assert!(menu.contains("GitHub"), "{name}");
    }
    home.ctl(&["list", "--format", "dmenu9"]).exits(2);
}

#[test]
fn the_arguments_of_pass_otp_are_answered_by_the_vault() {
    let desk = desk();
    let home = &desk.home;
    let otp =
        |arguments: &[&str], stdin: &str| home.ctl_in(&[&["pass-otp"], arguments].concat(), stdin);
    assert_eq!(otp(&["GitHub/me"], "").exits(0).line(), desk.code());
    assert_eq!(otp(&["code", "github"], "").exits(0).line(), desk.code());
    // A name in pass that is none of ours is kept with the key.
    let key = random_key();
    let uri = format!(
        "otpauth://totp/Example:alice?secret={key}&period={}",
        desk.period
    );
    otp(&["insert", "work/vpn/main"], &uri).exits(0);
    let code = |key: &str| crate::support::oathtool_totp(key, "SHA1", 6, desk.period, wall());
    assert_eq!(otp(&["work/vpn/main"], "").exits(0).line(), code(&key));
    assert_eq!(home.ctl(&["get", "Example"]).exits(0).line(), code(&key));
    // Another key in its place; the old one goes to the trash.
    let other = random_key();
    let uri = format!(
        "otpauth://totp/Other:alice?secret={other}&period={}",
        desk.period
    );
    otp(&["insert", "-f", "work/vpn/main"], &uri).exits(0);
    assert_eq!(otp(&["work/vpn/main"], "").exits(0).line(), code(&other));
    home.ctl(&["get", "Example"]).exits(3);
    assert!(
        home.ctl(&["list", "--trash"])
            .exits(0)
            .stdout
            .contains("Example")
    );
    // The same key again is no new one, and stays.
    otp(&["insert", "-f", "work/vpn/main"], &uri).exits(0);
    assert_eq!(otp(&["work/vpn/main"], "").exits(0).line(), code(&other));
    // Two entries of one name are told, not guessed between.
    home.add(&format!(
        "otpauth://totp/a?secret={}&x-otpd-tag=pass%3Atwo",
        random_key()
    ));
    home.add(&format!(
        "otpauth://totp/b?secret={}&x-otpd-tag=pass%3Atwo",
        random_key()
    ));
    otp(&["two"], "").exits(4);
    // A key that is there already gets one more name; one without a name gets that.
    otp(&["append", "spare/name"], &uri).exits(0);
    assert_eq!(otp(&["spare/name"], "").exits(0).line(), code(&other));
    assert_eq!(otp(&["work/vpn/main"], "").exits(0).line(), code(&other));
    // So it does at a terminal, where it is typed without echo.
    let otpctl = programs().join("otpctl");
    let arguments = ["--no-start", "pass-otp", "append", "third/name"];
    let mut terminal = Terminal::start(home, otpctl.to_str().unwrap(), &arguments);
    terminal.expect(":");
    terminal.enter(&uri);
    let (status, screen) = terminal.finish();
    assert!(status.success() && !screen.contains(&other), "{screen}");
    assert_eq!(otp(&["third/name"], "").exits(0).line(), code(&other));
    let bare = random_key();
    otp(&["insert", "-s", "-i", "Bare", "-a", "me", "x"], &bare).exits(0);
    assert!(home.ctl(&["list"]).exits(0).stdout.contains("Bare"));
    otp(&["insert", "mail/box"], &random_key()).exits(0);
    let shown = home.ctl(&["show", "--json", "mail:box"]).exits(0).json();
    assert_eq!(shown["tags"], serde_json::json!(["pass:mail/box"]));

    assert_eq!(otp(&["uri", "GitHub/me"], "").exits(2).stdout, "");
    let typed = format!("{}\n", crate::support::PASSPHRASE);
    let said = otp(&["uri", "GitHub/me"], &typed).exits(0).stdout;
    assert!(
        said.starts_with("otpauth://totp/") && said.contains(&desk.key),
        "{said}"
    );
    let drawn = otp(&["uri", "-q", "GitHub/me"], &typed).exits(0).stdout;
    assert!(drawn.lines().count() > 10, "{drawn}");
    otp(&["uri", "-c", "GitHub/me"], &typed).exits(6);
    otp(&["validate"], &uri).exits(0);
    otp(&["validate"], "otpauth://totp/x").exits(8);
    otp(&["validate", &uri], "").exits(2);
    otp(&["code", "-q", "GitHub/me"], "").exits(2);
    otp(&["code", "a", "b"], "").exits(2);
    otp(&["append"], &uri).exits(2);
    otp(&["nobody/at/all"], "").exits(3);
    assert!(otp(&["--help"], "").exits(2).stdout.is_empty());
    assert!(
        otp(&["help"], "")
            .exits(0)
            .stdout
            .contains("pass-otp insert")
    );
}

#[test]
fn pass_itself_asks_us_through_the_extension_and_its_store_stays_as_it_is() {
    if !Path::new("/usr/bin/pass").exists() {
        skip("programs", "pass is not installed");
        return;
    }
    let desk = desk();
    let store = desk.home.home().join(".password-store/.extensions");
    desk.home.make_dir(store.parent().unwrap());
    desk.home.make_dir(&store);
    let to = store.join("otp.bash");
    let example = desk.example("otp.bash");
    desk.script("mv", &[&example, to.to_str().unwrap()])
        .exits(0);
    let pass = |arguments: &[&str]| {
        let all = [
            &["PASSWORD_STORE_ENABLE_EXTENSIONS=true", "pass"],
            arguments,
        ]
        .concat();
        desk.script("env", &all)
    };
    assert_eq!(pass(&["otp", "GitHub/me"]).exits(0).line(), desk.code());
    assert_eq!(
        pass(&["otp", "code", "github"]).exits(0).line(),
        desk.code()
    );
    pass(&["otp", "nobody"]).exits(3);
    let files = crate::support::files_below(store.parent().unwrap());
    assert_eq!(files, [to]);
}

#[test]
fn the_examples_of_ten_lines_get_codes_and_say_why_not() {
    let desk = desk();
    for example in ["get.py", "get.sh"] {
        let path = desk.example(example);
        let get = |query: &str| desk.script(&path, &[query]);
        assert_eq!(get("github").exits(0).line(), desk.code(), "{example}");
        let outcome = get("\"nobody\"").exits(1);
        assert!(
            outcome.stderr.contains("no entry matches"),
            "{example}: {outcome:?}"
        );
    }
    let rows = desk.script(&desk.example("rofi-otp.sh"), &[]).exits(0);
    assert!(
        rows.stdout.starts_with("GitHub (me)\0info\u{1f}"),
        "{rows:?}"
    );
}
