//! Clouds that want a code: the real AWS CLI against a stand-in for the service, and a stand-in
//! for aws-vault, which Debian doesn't have.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::support::{
    Daemon, Home, Outcome, example, oathtool_totp, pasted, random_key, run, skip, until, wall,
};

/// Seconds of a step: whoever asks twice waits for so long.
const STEP: u32 = 4;
/// Seconds before now from which a code is taken: a slow machine starts the AWS CLI slowly.
const LATE: u64 = 120;
const SERIAL: &str = "arn:aws:iam::123456789012:mfa/me";

/// What the stand-in saw.
#[derive(Default)]
struct Seen {
    /// The codes that were sent.
    codes: Vec<String>,
    /// Of those, the ones that were taken.
    taken: Vec<String>,
    /// The command lines of the user's programs while a code was looked at.
    command_lines: Vec<String>,
}

/// A stand-in for AWS' Security Token Service: its Query protocol over HTTP
/// (API reference of STS, `GetSessionToken` and `GetCallerIdentity`, version 2011-06-15).
struct Sts {
    key: String,
    uid: Option<u32>,
    lasting: String,
    session: String,
    seen: Mutex<Seen>,
}

impl Sts {
    /// Serves until the tests end; returns its URL.
    fn serve(self: Arc<Self>) -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                self.answer(stream);
            }
        });
        format!("http://{address}")
    }

    fn answer(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let header = |name: &str| {
            let lines = head.lines().filter_map(|line| line.split_once(": "));
            let mut found = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
            found.next().map(|(_, value)| value.to_owned())
        };
        let length = header("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let body = String::from_utf8(body).unwrap();
        let field = |name: &str| {
            let mut pairs = body.split('&').filter_map(|pair| pair.split_once('='));
            let value = pairs.find(|(key, _)| *key == name).map(|(_, value)| value);
            value
                .unwrap_or_default()
                .replace("%3A", ":")
                .replace("%2F", "/")
        };
        let signed_with = |key: &str| {
            let signed = format!("Credential={key}/");
            header("authorization").is_some_and(|line| line.contains(&signed))
        };
        let answer = match field("Action").as_str() {
            "GetSessionToken" if signed_with(&self.lasting) && field("SerialNumber") == SERIAL => {
                self.begin(&field("TokenCode"))
            }
            "GetCallerIdentity"
                if header("x-amz-security-token").as_ref() == Some(&self.session) =>
            {
                Some(
                    "<GetCallerIdentityResponse><GetCallerIdentityResult>\
                     <Arn>arn:aws:iam::123456789012:user/me</Arn><UserId>ID</UserId>\
                     <Account>123456789012</Account>\
                     </GetCallerIdentityResult></GetCallerIdentityResponse>"
                        .to_owned(),
                )
            }
            _ => None,
        };
        let (status, body) = match answer {
            Some(body) => ("200 OK", body),
            None => (
                "403 Forbidden",
                "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>\
                 MultiFactorAuthentication failed with invalid MFA one time pass code.\
                 </Message></Error></ErrorResponse>"
                    .to_owned(),
            ),
        };
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        );
        reader.get_mut().write_all(answer.as_bytes()).ok();
    }

    /// A session, for a code that is right and new.
    fn begin(&self, code: &str) -> Option<String> {
        let now = wall();
        let steps = (now - LATE..=now).step_by(STEP.try_into().unwrap());
        let mut right = steps.map(|at| oathtool_totp(&self.key, "SHA1", 6, STEP, at));
        let is_right = right.any(|known| known == code);
        let mut seen = self.seen.lock().unwrap();
        seen.command_lines.extend(command_lines(self.uid));
        seen.codes.push(code.to_owned());
        if !is_right || seen.taken.iter().any(|taken| taken == code) {
            return None;
        }
        seen.taken.push(code.to_owned());
        let mut date = Command::new("date");
        date.args(["-u", "-d", "+12 hours", "+%Y-%m-%dT%H:%M:%SZ"]);
        let ends = run(&mut date, b"").exits(0);
        let (session, ends) = (&self.session, ends.line());
        Some(format!(
            "<GetSessionTokenResponse><GetSessionTokenResult><Credentials>\
             <AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>{session}</SecretAccessKey>\
             <SessionToken>{session}</SessionToken><Expiration>{ends}</Expiration>\
             </Credentials></GetSessionTokenResult></GetSessionTokenResponse>"
        ))
    }
}

/// The command lines of a user's processes.
fn command_lines(uid: Option<u32>) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let own = processes.filter(|process| {
        uid.is_none_or(|uid| process.metadata().is_ok_and(|found| found.uid() == uid))
    });
    // One that ends meanwhile has none.
    let lines = own.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .collect()
}

fn aws(home: &Home, profile: &str, url: &str) -> Outcome {
    let mut aws = home.command("aws");
    aws.args([
        "--profile",
        profile,
        "--endpoint-url",
        url,
        "--no-cli-pager",
    ]);
    aws.args(["sts", "get-caller-identity", "--output", "text"]);
    run(aws.args(["--query", "Arn"]), b"")
}

#[test]
fn the_aws_cli_begins_a_session_with_a_code_and_keeps_it_until_it_ends() {
    if !Path::new("/usr/bin/aws").exists() {
        skip("cloud::the_aws_cli", "awscli is not installed");
        return;
    }
    let mut home = Home::with_vault();
    home.configure("[prompt]\nprogram = '/bin/false'\n");
    home.var("AWS_DEFAULT_REGION", "us-east-1");
    home.var("AWS_EC2_METADATA_DISABLED", "true");
    let _daemon = Daemon::start(&home);
    home.unlock();
    let key = random_key();
    for (entry, key) in [("aws", &key), ("wrong", &random_key())] {
        home.add(&format!(
            "otpauth://totp/{entry}:me?secret={key}&period={STEP}"
        ));
    }
    let sts = Arc::new(Sts {
        key,
        uid: home.uid,
        lasting: random_key(),
        session: random_key(),
        seen: Mutex::default(),
    });
    let url = Arc::clone(&sts).serve();
    let script = example(&home, "aws-session.sh");
    let profile = |name: &str, entry: &str| {
        let end = format!("{SERIAL} {entry} --endpoint-url {url}");
        let changes = [
            ("[profile work]", &*format!("[profile {name}]")),
            ("/home/me/bin/aws-session.sh", script.to_str().unwrap()),
            (&*format!("{SERIAL} aws"), &end),
        ];
        pasted("AWS", 0, &changes)
    };
    let both = profile("work", "aws") + &profile("other", "wrong");
    home.write(&home.home().join(".aws/config"), both);
    let lasting = &sts.lasting;
    home.write(
        &home.home().join(".aws/credentials"),
        format!("[work-keys]\naws_access_key_id = {lasting}\naws_secret_access_key = {lasting}\n"),
    );
    let kept = home.run_dir().join("otp-session-work-keys.json");

    let refused = aws(&home, "other", &url).exits(255);
    assert!(refused.stderr.contains("one time pass code"), "{refused:?}");
    assert!(!kept.exists());
    let arn = "arn:aws:iam::123456789012:user/me\n";
    for _ in 0..2 {
        assert_eq!(aws(&home, "work", &url).exits(0).stdout, arn);
    }
    assert_eq!(fs::metadata(&kept).unwrap().mode() & 0o777, 0o600);
    let taken = || sts.seen.lock().unwrap().taken.clone();
    assert_eq!(taken().len(), 1);
    // One that is about to end is begun again, with another code.
    let mut session: serde_json::Value = serde_json::from_slice(&fs::read(&kept).unwrap()).unwrap();
    session["Expiration"] = "2020-01-01T00:00:00+00:00".into();
    home.write(&kept, session.to_string());
    assert_eq!(aws(&home, "work", &url).exits(0).stdout, arn);
    assert_eq!(taken().len(), 2);
    // A vault that nobody unlocks begins none.
    home.ctl(&["lock"]).exits(0);
    home.write(&kept, session.to_string());
    let refused = aws(&home, "work", &url).exits(255);
    assert!(refused.stderr.contains("otpctl: "), "{refused:?}");

    let seen = sts.seen.lock().unwrap();
    assert_eq!(seen.codes.len(), 3, "{:?}", seen.codes);
    let lines = &seen.command_lines;
    assert!(lines.iter().any(|line| line.contains("get-session-token")));
    for code in &seen.codes {
        assert!(!lines.iter().any(|line| line.contains(code)), "{lines:?}");
    }
}

#[test]
fn aws_vault_gets_a_code_by_its_mfa_process_as_a_stand_in_runs_it() {
    let (home, _daemon) = Daemon::unlocked();
    let key = random_key();
    home.add(&format!("otpauth://totp/aws:me?secret={key}"));
    let config = pasted("aws-vault", 0, &[]);
    let mut lines = config.lines();
    let line = lines.find_map(|line| line.strip_prefix("mfa_process = "));
    // As vault/mfa.go of aws-vault 7: no input, its own stderr, the output without blanks around.
    let mut shell = home.command("/bin/sh");
    shell.args(["-c", line.unwrap()]).stdin(Stdio::null());
    let code = until("a code of now", || {
        let before = wall();
        let outcome = run(&mut shell, b"").exits(0);
        let code = outcome.stdout.trim().to_owned();
        (before / 30 == wall() / 30).then_some((code, before))
    });
    assert_eq!(code.0, oathtool_totp(&key, "SHA1", 6, 30, code.1));
}
