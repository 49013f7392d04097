//! Other people's tools, where they are installed: the same code from a store of theirs.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::agent::{Agent, Home, ISSUER, KEY, PASSPHRASE};
use crate::measure::interleaved;
use crate::report::{Goal, Row};
use crate::{Outcome, Setting, figures, process};

/// Where a program is in PATH.
pub fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// One foreign store, made ready.
struct Peer {
    name: &'static str,
    command: Command,
    /// Fed to every run.
    stdin: PathBuf,
    /// Pairs of a round: these take from a tenth of a second to seconds.
    pairs: usize,
}

/// The tools that take much longer than `get`; each is made ready, measured and ended.
pub fn slow(setting: &Setting, home: &Home, agent: &mut Agent, rows: &mut Vec<Row>) -> Outcome<()> {
    type Make = fn(&Path) -> Outcome<Peer>;
    let makers: [(&str, &str, Make); 3] = [
        ("pass otp", "pass", pass),
        ("keepassxc-cli", "keepassxc-cli", keepassxc),
        ("cotp", "cotp", cotp),
    ];
    for (name, program, make) in makers {
        figures::step(name);
        let folder = setting.work.join(program);
        std::fs::create_dir(&folder)?;
        let measured = match installed(program) {
            Some(_) => make(&folder).and_then(|peer| race(setting, home, agent, peer)),
            None => Err("not installed".into()),
        };
        if program == "pass" {
            // gpg started its agent for this folder; it ends with it.
            let mut kill = isolated("gpgconf", &folder);
            kill.args(["--kill", "gpg-agent"]);
            let _ = kill.status();
        }
        rows.push(measured.unwrap_or_else(|error| Row::missing(name, &error.to_string())));
    }
    Ok(())
}

fn race(setting: &Setting, home: &Home, agent: &mut Agent, mut peer: Peer) -> Outcome<Row> {
    let mut get = home.otpctl();
    get.args(["get", ISSUER]).stdout(Stdio::null());
    let run = |peer: &mut Peer| -> Outcome<Duration> {
        peer.command.stdin(File::open(&peer.stdin)?);
        match process::timed(&mut peer.command)? {
            (took, true) => Ok(took),
            _ => Err(format!("{} failed", peer.name).into()),
        }
    };
    peer.command.stdin(File::open(&peer.stdin)?);
    let first = process::output(&mut peer.command)?;
    if !first.lines().any(|line| line.len() == 6) {
        return Err("printed no code".into());
    }
    peer.command.stdout(Stdio::null()).stderr(Stdio::null());
    let (rounds, pairs) = setting.pairs(peer.pairs);
    agent.await_codes(rounds * pairs);
    let pair = interleaved(
        (rounds, pairs),
        || Ok(()),
        || match process::timed(&mut get)? {
            (took, true) => Ok(took),
            _ => Err("otpctl get failed".into()),
        },
        || run(&mut peer),
    )?;
    let figure = "`otpctl get`, whole process";
    Ok(Row::ratio(figure, peer.name, &pair, Goal::None))
}

/// A command whose home is the folder.
fn isolated(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(installed(program).unwrap_or_else(|| program.into()));
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", "C.UTF-8")
        .env("HOME", folder)
        .env("GNUPGHOME", folder)
        .env("PASSWORD_STORE_DIR", folder.join("store"))
        .current_dir(folder);
    command
}

/// A file with these lines in it.
fn lines(folder: &Path, name: &str, text: &str) -> Outcome<PathBuf> {
    let file = folder.join(name);
    std::fs::write(&file, text)?;
    Ok(file)
}

fn uri() -> String {
    format!("otpauth://totp/{ISSUER}:alice?secret={KEY}&issuer={ISSUER}")
}

/// pass-otp with a key that has no passphrase, which is its fastest case.
fn pass(folder: &Path) -> Outcome<Peer> {
    let mut key = isolated("gpg", folder);
    key.args(["--batch", "--quiet", "--passphrase", ""]);
    key.args(["--quick-gen-key", "bench@example.org", "default", "default"]);
    key.arg("never");
    process::output(&mut key)?;
    process::output(isolated("pass", folder).args(["init", "bench@example.org"]))?;
    let stdin = lines(folder, "uri", &format!("{}\n", uri()))?;
    let mut insert = isolated("pass", folder);
    insert
        .args(["otp", "insert", "bench"])
        .stdin(File::open(stdin)?);
    process::output(&mut insert)?;
    let mut command = isolated("pass", folder);
    command.args(["otp", "bench"]);
    Ok(Peer {
        name: "pass otp",
        command,
        stdin: "/dev/null".into(),
        pairs: 10,
    })
}

/// A KDBX file with the default key derivation of `keepassxc-cli import`.
fn keepassxc(folder: &Path) -> Outcome<Peer> {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<KeePassFile><Meta/><Root><Group>\
         <UUID>AAAAAAAAAAAAAAAAAAAAAQ==</UUID><Name>Root</Name><Entry>\
         <UUID>AAAAAAAAAAAAAAAAAAAAAg==</UUID>\
         <String><Key>Title</Key><Value>bench</Value></String>\
         <String><Key>otp</Key><Value>{}</Value></String>\
         </Entry></Group></Root></KeePassFile>\n",
        uri().replace('&', "&amp;")
    );
    let xml = lines(folder, "bench.xml", &xml)?;
    let twice = lines(folder, "twice", &format!("{PASSPHRASE}\n{PASSPHRASE}\n"))?;
    let base = folder.join("bench.kdbx");
    let mut import = isolated("keepassxc-cli", folder);
    import
        .args(["import", "-p"])
        .arg(xml)
        .arg(&base)
        .stdin(File::open(twice)?);
    process::output(&mut import)?;
    let mut command = isolated("keepassxc-cli", folder);
    command.args(["show", "-q", "-t"]).arg(base).arg("bench");
    Ok(Peer {
        name: "keepassxc-cli",
        command,
        stdin: lines(folder, "once", &format!("{PASSPHRASE}\n"))?,
        pairs: 3,
    })
}

/// cotp with one entry. It makes its store on a terminal only, which `script` lends it.
fn cotp(folder: &Path) -> Outcome<Peer> {
    let base = folder.join("db.cotp");
    let program = installed("cotp").ok_or("not installed")?;
    let add = format!(
        "{} -d {} add -l alice -i {ISSUER}",
        program.display(),
        base.display()
    );
    let mut script = isolated("script", folder)
        .args(["-qec", &add, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    if let Some(mut terminal) = script.stdin.take() {
        for answer in [PASSPHRASE, PASSPHRASE, KEY] {
            // Each question empties the terminal's queue before it listens.
            std::thread::sleep(Duration::from_millis(1500));
            writeln!(terminal, "{answer}")?;
        }
        std::thread::sleep(Duration::from_millis(1500));
    }
    if !script.wait()?.success() {
        return Err("no store could be made".into());
    }
    let mut command = isolated("cotp", folder);
    command.arg("--password-stdin").arg("-d").arg(base);
    command.args(["extract", "-s", ISSUER]);
    Ok(Peer {
        name: "cotp",
        command,
        stdin: lines(folder, "password", &format!("{PASSPHRASE}\n"))?,
        pairs: 10,
    })
}
