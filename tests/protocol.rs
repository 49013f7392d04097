//! The protocol by hand: what a script sends, and what it must not be able to.

use std::io::Write as _;
use std::net::Shutdown;

use serde_json::{Value, json};

use crate::support::{Daemon, Home, random_key};

#[test]
fn each_wrong_line_gets_its_own_error_and_the_connection_goes_on() {
    let home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    let mut line = home.connect();
    for (sent, number, id) in [
        ("{", -32700, json!(null)),
        ("[]", -32600, json!(null)),
        (
            r#"[{"jsonrpc":"2.0","id":1,"method":"status"}]"#,
            -32600,
            json!(null),
        ),
        (
            r#"{"jsonrpc":"2.0","method":"status"}"#,
            -32600,
            json!(null),
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"status","x":1}"#,
            -32600,
            json!(7),
        ),
        (
            r#"{"jsonrpc":"2.0","id":"a","method":"nope"}"#,
            -32601,
            json!("a"),
        ),
        (
            r#"{"jsonrpc":"2.0","id":8,"method":"get","params":{"query":"a","confirm":true}}"#,
            -32602,
            json!(8),
        ),
        (
            r#"{"jsonrpc":"2.0","id":9,"method":"get","params":["a"]}"#,
            -32602,
            json!(9),
        ),
        (
            r#"{"jsonrpc":"2.0","id":10,"method":"get","params":{"query":"a"}}"#,
            -32000,
            json!(10),
        ),
    ] {
        line.send(format!("{sent}\n").as_bytes()).unwrap();
        let answer: Value = serde_json::from_str(&line.read().unwrap()).unwrap();
        assert_eq!(
            (&answer["error"]["code"], &answer["id"]),
            (&json!(number), &id),
            "{sent}"
        );
    }
    line.ok("status", json!({}));
}

#[test]
fn an_error_never_quotes_what_was_sent_and_nothing_of_it_is_logged() {
    let home = Home::with_vault();
    let mut command = home.command(crate::support::programs().join("otpd"));
    command.args(["--log", "trace"]);
    let daemon = Daemon::run(command);
    home.unlock();
    let key = random_key();
    let mut line = home.connect();
    let id = home.add(&format!("otpauth://totp/canary-name:me?secret={key}"));
    let code = line.ok("get", json!({"query": id}))["code"]
        .as_str()
        .unwrap()
        .to_owned();
    for sent in [
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"unlock","params":{{"passphrase":"{key}","x":1}}}}"#
        ),
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"unlock","params":{{"{key}":1}}}}"#),
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{key}"}}"#),
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"add","params":{{"uri":"otpauth://totp/x?secret={key}!"}}}}"#
        ),
        key.clone(),
    ] {
        line.send(format!("{sent}\n").as_bytes()).unwrap();
        let answer = line.read().unwrap();
        assert!(
            answer.contains("\"error\"") && !answer.contains(&key),
            "{answer}"
        );
    }
    let said = daemon.stop().join("\n");
    for secret in [key.as_str(), code.as_str(), crate::support::PASSPHRASE] {
        assert!(!said.contains(secret), "logged: {said}");
    }
}

#[test]
fn requests_in_one_packet_and_in_single_bytes_are_answered_alike() {
    let home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    let mut line = home.connect();
    let request = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}\n";
    line.send(request.repeat(20).as_bytes()).unwrap();
    for _ in 0..20 {
        assert!(line.read().unwrap().contains("\"result\""));
    }
    for byte in request.as_bytes() {
        line.send(&[*byte]).unwrap();
    }
    assert!(line.read().unwrap().contains("\"result\""));
}

#[test]
fn a_client_that_has_finished_writing_still_gets_its_answer() {
    let home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    let mut line = home.connect();
    line.send(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}\n")
        .unwrap();
    line.stream().shutdown(Shutdown::Write).unwrap();
    assert!(line.read().unwrap().contains("\"result\""));
    assert_eq!(line.read(), None);
}

#[test]
fn subscribers_hear_of_locks_and_changes() {
    let home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    let mut subscriber = home.connect();
    subscriber.ok("subscribe", json!({}));
    let mut event = || {
        let line: Value = serde_json::from_str(&subscriber.read().unwrap()).unwrap();
        assert_eq!((&line["method"], line.get("id")), (&json!("event"), None));
        line["params"]["event"].as_str().unwrap().to_owned()
    };
    home.unlock();
    assert_eq!(event(), "unlocked");
    home.add(&format!("otpauth://totp/x?secret={}", random_key()));
    assert_eq!(event(), "changed");
    home.ctl(&["lock"]).exits(0);
    assert_eq!(event(), "locked");
}

#[test]
fn the_documents_exchange_works_when_pasted_into_socat() {
    let home = Home::with_vault();
    let _daemon = Daemon::start(&home);
    let mut socat = home.command("socat");
    socat
        .arg("-t5")
        .arg("-")
        .arg(format!("UNIX-CONNECT:{}", home.socket().display()));
    let mut child = socat
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let request = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\",\"params\":{}}\n";
    child.stdin.take().unwrap().write_all(request).unwrap();
    let out = child.wait_with_output().unwrap();
    let answer: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(answer["result"]["locked"], true);
}
