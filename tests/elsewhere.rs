//! Entries whose keys stay in other programs: the real pass, and stand-ins that print what the
//! documentation of a program shows.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Canary, Daemon, Home, files_below, random_key, run, skip, until};

/// Writes a program by another process: see [`crate::support::programs`].
#[track_caller]
fn program(home: &Home, path: &Path, text: &str) {
    home.make_dir(path.parent().unwrap());
    let mut command = home.command("sh");
    command.args(["-c", "cat > \"$1\" && chmod 0700 \"$1\"", "-"]);
    run(command.arg(path), text.as_bytes()).exits(0);
}

/// A folder of programs before all others.
fn tools(home: &mut Home) -> PathBuf {
    let tools = home.root().join("tools");
    home.make_dir(&tools);
    let programs = crate::support::programs();
    let path = format!("{}:{}:/usr/bin:/bin", tools.display(), programs.display());
    home.var("PATH", &path);
    tools
}

/// A home with a store of pass, whose key has this passphrase.
struct Kept {
    home: Home,
    store: PathBuf,
    asked: PathBuf,
}

impl Kept {
    /// `None` where pass or its extension isn't installed.
    fn new(test: &str, passphrase: &str) -> Option<Self> {
        if !Path::new("/usr/lib/password-store/extensions/otp.bash").exists() {
            skip(test, "pass-extension-otp is not installed");
            return None;
        }
        let mut home = Home::with_vault();
        let tools = tools(&mut home);
        let asked = home.root().join("asks/asked");
        // A person who knows the passphrase, and writes down where they were asked.
        let pinentry = tools.join("pinentry");
        home.make_dir(asked.parent().unwrap());
        let script = format!(
            "#!/bin/sh\necho OK\nwhile read -r line; do\necho \"$line\" >> '{}'\ncase $line in \
             GETPIN*) printf 'D {passphrase}\\nOK\\n';; BYE*) echo OK; exit;; *) echo OK;; esac\n\
             done\n",
            asked.display()
        );
        program(&home, &pinentry, &script);
        let gnupg = home.home().join(".gnupg");
        let agent = format!("pinentry-program {}\n", pinentry.display());
        home.write(&gnupg.join("gpg-agent.conf"), agent);
        let kept = Self {
            store: home.home().join(".password-store"),
            asked,
            home,
        };
        let mut make = kept.home.command("gpg");
        make.args(["--batch", "--pinentry-mode", "loopback", "--passphrase"]);
        make.arg(passphrase);
        make.args([
            "--quick-gen-key",
            "test@example.org",
            "rsa2048",
            "sign,cert",
            "never",
        ]);
        run(&mut make, b"").exits(0);
        let mut list = kept.home.command("gpg");
        let listed = run(list.args(["--with-colons", "--list-keys"]), b"").exits(0);
        let print = listed.stdout.lines().find(|line| line.starts_with("fpr:"));
        let print = print.unwrap().split(':').nth(9).unwrap().to_owned();
        let mut add = kept.home.command("gpg");
        add.args(["--batch", "--pinentry-mode", "loopback", "--passphrase"]);
        add.args([
            passphrase,
            "--quick-add-key",
            &print,
            "rsa2048",
            "encr",
            "never",
        ]);
        run(&mut add, b"").exits(0);
        kept.pass(&["init", &print], "");
        kept.forget();
        Some(kept)
    }

    /// The agent of gpg knows no passphrase any more.
    fn forget(&self) {
        run(
            self.home.command("gpgconf").args(["--kill", "gpg-agent"]),
            b"",
        )
        .exits(0);
    }

    #[track_caller]
    fn pass(&self, arguments: &[&str], stdin: &str) -> String {
        let mut command = self.home.command("pass");
        command.args(arguments);
        run(&mut command, stdin.as_bytes()).exits(0).stdout
    }

    /// How often a person was asked.
    fn questions(&self) -> usize {
        let said = fs::read_to_string(&self.asked).unwrap_or_default();
        said.lines().filter(|line| *line == "GETPIN").count()
    }

    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let files = files_below(&self.store).into_iter();
        files
            .map(|path| {
                let bytes = fs::read(&path).unwrap();
                (path, bytes)
            })
            .collect()
    }
}

#[test]
fn a_store_of_pass_gives_the_codes_of_pass_otp_and_stays_as_it_is() {
    let test = "elsewhere::a_store_of_pass";
    let Some(kept) = Kept::new(test, "open sesame") else {
        return;
    };
    let keys = [random_key(), random_key(), random_key(), random_key()];
    let uri = |kind: &str, key: &str| format!("otpauth://{kind}/x:y?secret={key}");
    kept.pass(
        &["otp", "insert", "otp/GitHub/me"],
        &(uri("totp", &keys[0]) + "\n"),
    );
    let mixed = format!("hunter2\nuser: me\n{}&digits=8\n", uri("totp", &keys[1]));
    kept.pass(&["insert", "-m", "otp/銀行/山田"], &mixed);
    kept.pass(
        &["otp", "insert", "otp/counted"],
        &(uri("hotp", &keys[2]) + "&counter=3\n"),
    );
    kept.pass(&["insert", "-m", "otp/mail"], "hunter2\n");
    kept.pass(&["insert", "-m", "other"], &(uri("totp", &keys[3]) + "\n"));
    let before = kept.files();
    let home = &kept.home;
    let _daemon = Daemon::start(home);
    home.unlock();
    kept.forget();

    // Listed without opening anything.
    let questions = kept.questions();
    home.ctl(&["source", "add", "store", "--pass", "--folder", "otp"])
        .exits(0);
    let names = || home.ctl(&["list", "--names"]).exits(0).stdout;
    assert_eq!(names(), "counted\nGitHub:me\nmail\n銀行:山田\n");
    assert_eq!(kept.questions(), questions);

    // Nobody may be asked, and nobody is.
    let closed = home.ctl(&["get", "GitHub"]).exits(5);
    assert!(
        closed.stderr.contains("hint: otpctl get --prompt"),
        "{closed:?}"
    );
    assert_eq!(kept.questions(), questions);
    // A person is, where that is allowed.
    home.ctl(&["--prompt", "get", "GitHub"]).exits(0);
    assert_eq!(kept.questions(), questions + 1);

    for name in ["GitHub/me", "銀行/山田"] {
        until("the codes are the same", || {
            let shown = kept.pass(&["otp", &format!("otp/{name}")], "");
            let own = home.ctl(&["get", &name.replace('/', ":")]).exits(0).stdout;
            (shown == own).then_some(())
        });
    }
    let counted = home.ctl(&["get", "counted"]).exits(6);
    assert!(counted.stderr.contains("by its own program"), "{counted:?}");
    home.ctl(&["get", "mail"]).exits(3);
    assert!(!names().contains("mail"), "{}", names());
    // What waits for the next code gets it.
    home.ctl(&["get", "GitHub", "--min-left", "1"]).exits(0);
    home.ctl(&["remove", "GitHub"]).exits(6);
    assert!(kept.files() == before, "the store has changed");

    // A store that goes is said, and what was listed stays.
    fs::rename(&kept.store, kept.home.home().join("away")).unwrap();
    home.ctl(&["source", "sync", "store"]).exits(1);
    let state = home.ctl(&["source", "list", "--json"]).exits(0).json();
    assert_eq!(state[0]["state"], "stale", "{state}");
    let gone = home.ctl(&["get", "GitHub"]).exits(1);
    assert!(gone.stderr.contains("no such entry"), "{gone:?}");
}

/// A program that lists an entry and gives its code or URI.
fn tool(home: &Home, path: &Path, key: &str) {
    let text = format!(
        "#!/bin/sh\ncase $1 in list) printf 'a-1\\tBank\\ttaro\\nb 2\\tShop\\t\\n';; code) [ \"$2\" \
         = 'b 2' ] && echo 246810;; uri) echo 'otpauth://totp/x?secret={key}';; *) exit 9;; esac\n"
    );
    program(home, path, &text);
}

#[test]
fn any_program_that_lists_and_gives_codes_or_uris_is_a_source() {
    let mut home = Home::with_vault();
    let path = tools(&mut home).join("tool");
    let key = random_key();
    tool(&home, &path, &key);
    let _daemon = Daemon::start(&home);
    home.unlock();
    home.add(&format!("otpauth://totp/Own:me?secret={}", random_key()));
    let add = |name: &str, way: &str, line: &str| {
        home.ctl(&["source", "add", name, "--command", "tool list", way, line])
    };
    add("codes", "--code", "tool code '{id}'").exits(0);
    assert_eq!(home.ctl(&["get", "Shop"]).exits(0).line(), "246810");
    // It has failed, and what it says is nobody's.
    let failed = home.ctl(&["get", "Bank"]).exits(1);
    assert!(failed.stderr.contains("tool has failed"), "{failed:?}");
    home.ctl(&["get", "Shop", "--fresh"]).exits(2);
    home.ctl(&["source", "remove", "codes"]).exits(0);
    add("uris", "--uri", "tool uri {id}").exits(0);
    let own = home.add(&format!("otpauth://totp/Copy:me?secret={key}"));
    until("the codes are the same", || {
        let foreign = home.ctl(&["get", "Bank"]).exits(0).stdout;
        (foreign == home.ctl(&["get", &own]).exits(0).stdout).then_some(())
    });
    add("broken", "--code", "tool code").exits(2);
    let broken = home.ctl(&[
        "source",
        "add",
        "gone",
        "--command",
        "nowhere",
        "--code",
        "nowhere {id}",
    ]);
    assert!(broken.exits(1).stderr.contains("cannot run nowhere"));
    home.ctl(&["get", "Own"]).exits(0);
}

/// Every known program as a stand-in: the line that it is run with must be the documented one, and
/// its list is what its documentation shows.
#[test]
fn the_lines_of_known_programs_list_and_give_codes() {
    let mut home = Home::with_vault();
    let tools = tools(&mut home);
    for (name, list, answer, code) in [
        (
            "rbw",
            "list --fields id,name,user",
            "a-1\\tBank\\tme\\n",
            "code a-1",
        ),
        (
            "bw",
            "--nointeraction list items",
            r#"[{"id":"a-1","name":"Bank","login":{"username":"me","totp":"x"}}]"#,
            "--nointeraction get totp a-1",
        ),
        (
            "op",
            "item list --categories Login --format json",
            r#"[{"id":"a1","title":"Bank","category":"LOGIN","additional_information":"me"}]"#,
            "item get a1 --otp",
        ),
        (
            "pass-cli",
            "item list --output json",
            r#"{"items":[{"id":"b==","share_id":"a==","content":{"title":"Bank","content":{"Login":{"email":"me"}}}}]}"#,
            "item totp pass://a==/b==",
        ),
        (
            "bao",
            "list -format=json totp/keys",
            r#"["Bank"]"#,
            "read -field=code totp/code/Bank",
        ),
    ] {
        let text = format!(
            "#!/bin/sh\ncase \"$*\" in '{list}') printf '{answer}';; '{code}') echo 123456;; *) \
             exit 9;; esac\n"
        );
        program(&home, &tools.join(name), &text);
    }
    let _daemon = Daemon::start(&home);
    home.unlock();
    for preset in ["rbw", "bw", "op", "proton", "openbao"] {
        home.ctl(&["source", "add", preset, "--preset", preset])
            .exits(0);
        assert_eq!(
            home.ctl(&["get", "Bank"]).exits(0).line(),
            "123456",
            "{preset}"
        );
        home.ctl(&["source", "remove", preset]).exits(0);
    }
    home.ctl(&["source", "add", "x", "--preset", "lastpass"])
        .exits(1);
}

#[test]
fn no_key_of_a_source_is_in_a_file_a_log_an_argument_or_an_environment_of_ours() {
    let test = "elsewhere::no_key_of_a_source";
    if !crate::support::root_for(test) {
        return;
    }
    let Some(kept) = Kept::new(test, "open sesame") else {
        return;
    };
    let keys = [random_key(), random_key(), random_key()];
    // What the stand-in holds is its own affair, and not below the home.
    let path = kept.home.root().join("tools/tool");
    tool(&kept.home, &path, &keys[0]);
    let uri = format!("otpauth://totp/x:y?secret={}\n", keys[1]);
    kept.pass(&["otp", "insert", "GitHub/me"], &uri);
    let entries = [("Vault", "me", keys[2].as_str())];
    let database = crate::sources::database(&kept.home, "a.kdbx", &entries);
    kept.home.configure("[log]\nlevel = \"trace\"\n");
    let home = &kept.home;
    let log = home.root().join("trace");
    let otpd = home.command(crate::support::programs().join("otpd"));
    let mut traced = std::process::Command::new("strace");
    traced.args(["-f", "-v", "-s", "1000000", "-e", "trace=execve", "-o"]);
    traced
        .arg(&log)
        .arg(otpd.get_program())
        .args(otpd.get_args());
    traced.current_dir(home.home()).env_clear();
    traced.envs(
        otpd.get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let daemon = Daemon::run(traced);
    home.unlock();
    home.ctl(&["source", "add", "store", "--pass"]).exits(0);
    let lines = ["--command", "tool list", "--uri", "tool uri {id}"];
    home.ctl(&[&["source", "add", "tool"][..], &lines].concat())
        .exits(0);
    let kdbx = [
        "source",
        "add",
        "kdbx",
        "--kdbx",
        database.to_str().unwrap(),
    ];
    home.ctl_in(&kdbx, crate::sources::PASSWORD).exits(0);
    for query in ["GitHub", "Shop", "Vault"] {
        home.ctl(&["--prompt", "get", query]).exits(0);
    }
    // gpg's own agent would be waited for.
    kept.forget();
    let secrets = [crate::sources::PASSWORD, "open sesame"];
    let canaries: Vec<Canary> = keys
        .iter()
        .map(|key| Canary::key(key))
        .chain(secrets.map(Canary::text))
        .collect();
    home.connect().ok("quit", serde_json::json!({}));
    let said = daemon.wait().1.join("\n");
    let calls = fs::read(&log).unwrap();
    // The control: the calls are there, with their arguments and environments.
    let has = |text: &str| !Canary::text(text).find(&calls).is_empty();
    assert!(has("\"pass\", \"show\"") && has("PASSWORD_STORE_DIR=") && has("GitHub/me"));
    assert!(!canaries[0].files(path.parent().unwrap()).is_empty());
    for canary in &canaries {
        assert_eq!(canary.find(&calls), []);
        assert_eq!(canary.find(said.as_bytes()), []);
        assert_eq!(canary.files(&home.home()), Vec::<PathBuf>::new());
        assert_eq!(canary.files(&home.run_dir()), Vec::<PathBuf>::new());
    }
}

/// A database is opened under the unit's own filter, and what needs the network runs outside of it:
/// `systemd-run` is a stand-in that notes what it is asked for.
#[test]
fn under_the_filter_of_our_unit_a_database_opens_and_programs_get_a_unit_of_their_own() {
    let test = "elsewhere::under_the_filter";
    if !cfg!(target_arch = "x86_64") || !Path::new("/usr/bin/systemd-analyze").exists() {
        skip(test, "needs systemd-analyze and x86_64");
        return;
    }
    let mut home = Home::with_vault();
    let tools = tools(&mut home);
    tool(&home, &tools.join("tool"), &random_key());
    let asked = home.root().join("asks/asked");
    home.make_dir(asked.parent().unwrap());
    let stand_in = format!(
        "#!/bin/sh\necho \"$*\" >> '{}'\nwhile [ \"$1\" != -- ]; do shift; done\nshift\n\
         # systemd takes a single $ for a variable.\n\
         for word; do shift\n\
         set -- \"$@\" \"$(printf %s \"$word\" | sed 's/[$][$]/\\n/g; s/[$][^ ]*//g; s/\\n/$/g')\"\n\
         done\nexec \"$@\"\n",
        asked.display()
    );
    program(&home, &tools.join("systemd-run"), &stand_in);
    let unit = concat!(env!("CARGO_MANIFEST_DIR"), "/../systemd/otpd.service");
    let filter = home.root().join("tools/under_unit.py");
    program(&home, &filter, include_str!("under_unit.py"));
    let copy = home.root().join("tools/otpd.service");
    program(&home, &copy, &fs::read_to_string(unit).unwrap());
    let inside = |program: &Path| {
        let mut command = home.command(&filter);
        command.arg(&copy).arg(program);
        command
    };
    // The control: what the unit refuses is refused.
    let mut network = inside(Path::new("python3"));
    network.args(["-c", "import socket; socket.socket(socket.AF_INET)"]);
    let refused = run(&mut network, b"").exits(1);
    assert!(
        refused.stderr.contains("Address family not supported"),
        "{refused:?}"
    );

    let path = crate::sources::database(&home, "a.kdbx", &[("Bank", "me", &random_key())]);
    let _daemon = Daemon::run(inside(&crate::support::programs().join("otpd")));
    home.unlock();
    let kdbx = ["source", "add", "kdbx", "--kdbx", path.to_str().unwrap()];
    home.ctl_in(&kdbx, crate::sources::PASSWORD).exits(0);
    home.ctl(&["get", "Bank:me"]).exits(0);
    assert!(!asked.exists());

    let code = "sh -c 'tool code \"$1\"' - {id}";
    let lines = ["--command", "tool list", "--code", code];
    let add = [&["source", "add", "tool"][..], &lines].concat();
    home.ctl(&add).exits(0);
    assert_eq!(home.ctl(&["get", "Shop"]).exits(0).line(), "246810");
    let said = fs::read_to_string(&asked).unwrap();
    let options = "--user --pipe --wait --quiet --collect --property=RuntimeMaxSec=40 \
        --description=otpd: a source is read --";
    assert_eq!(said.lines().count(), 2);
    assert!(said.lines().all(|line| line.starts_with(options)), "{said}");
    // Where there is none, that is said.
    let broken = "#!/bin/sh\necho 'Failed to connect' >&2\nexit 1\n";
    program(&home, &tools.join("systemd-run"), broken);
    let failed = home.ctl(&["get", "Shop"]).exits(1);
    assert!(
        failed.stderr.contains("systemd-run: Failed to connect"),
        "{failed:?}"
    );
}
