//! Codes, through the real client and agent, against independent computations.

use serde_json::json;

use crate::support::{Daemon, Line, oathtool_hotp, oathtool_totp, random_key, random_number, wall};

/// Asserts that a code is what `expected` computes for a moment during `get`.
#[track_caller]
fn assert_now(expected: impl Fn(u64) -> String, get: impl FnOnce() -> String) {
    let before = wall();
    let code = get();
    let accepted: Vec<_> = (before..=wall()).map(expected).collect();
    assert!(accepted.contains(&code), "{code} is none of {accepted:?}");
}

#[test]
fn fifty_random_codes_equal_oathtools() {
    let (home, _daemon) = Daemon::unlocked();
    let mut line = home.connect();
    for number in 0..50 {
        let key = random_key();
        let algorithm = ["SHA1", "SHA256", "SHA512"][random_number(3)];
        let digits = 6 + u8::try_from(random_number(3)).unwrap();
        let period = 15 + u32::try_from(random_number(106)).unwrap();
        let uri = format!(
            "otpauth://totp/s{number}:a?secret={key}&algorithm={algorithm}&digits={digits}&period={period}"
        );
        let added = line.ok("add", json!({"uri": uri}));
        let id = added["entry"]["id"].as_str().unwrap().to_owned();
        assert_now(
            |at| oathtool_totp(&key, algorithm, digits, period, at),
            || home.ctl(&["get", &id]).exits(0).line().to_owned(),
        );
    }
}

#[test]
fn the_codes_of_rfc_4226_come_one_after_the_other() {
    let (home, _daemon) = Daemon::unlocked();
    // The RFC's key, "12345678901234567890".
    home.add("otpauth://hotp/rfc:a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    let table = include_str!("vectors/rfc4226.tsv")
        .lines()
        .filter(|row| !row.starts_with('#'));
    let codes: Vec<_> = table.map(|row| row.split('\t').nth(2).unwrap()).collect();
    assert_eq!(codes.len(), 10);
    for code in codes {
        assert_eq!(home.ctl(&["get", "rfc"]).exits(0).line(), code);
    }
}

#[test]
fn a_counter_goes_on_from_code_to_code_and_over_a_restart() {
    let (home, daemon) = Daemon::unlocked();
    let key = random_key();
    home.add(&format!("otpauth://hotp/counter:a?secret={key}&counter=7"));
    for counter in 7..12 {
        assert_eq!(
            home.ctl(&["get", "counter"]).exits(0).line(),
            oathtool_hotp(&key, 6, counter)
        );
    }
    daemon.stop();
    let _daemon = Daemon::start(&home);
    home.unlock();
    assert_eq!(
        home.ctl(&["get", "counter"]).exits(0).line(),
        oathtool_hotp(&key, 6, 12)
    );
}

#[test]
fn stdout_holds_the_code_alone_and_json_the_documented_keys() {
    let (home, _daemon) = Daemon::unlocked();
    let key = random_key();
    let id = home.add(&format!("otpauth://totp/Mail:me?secret={key}&digits=8"));
    let plain = home.ctl(&["get", "mail"]).exits(0);
    assert_eq!(plain.stderr, "");
    assert_eq!(plain.stdout.len(), 9, "{plain:?}");

    let before = wall();
    let full = home
        .ctl(&["get", "mail", "--json", "--next"])
        .exits(0)
        .json();
    assert_eq!(full["id"], id);
    let left = full["valid_for"].as_u64().unwrap();
    assert!((1..=30).contains(&left), "{full}");
    // The step of the answer follows from what it says.
    let step = (before..=wall()).find(|at| oathtool_totp(&key, "SHA1", 8, 30, *at) == full["code"]);
    let step = step.expect("a code of now");
    assert_eq!(full["next"], oathtool_totp(&key, "SHA1", 8, 30, step + 30));
    assert!(
        home.ctl(&["get", "mail", "--json"])
            .exits(0)
            .json()
            .get("next")
            .is_none()
    );
}

#[test]
fn a_query_finds_one_entry_and_never_guesses() {
    let (home, _daemon) = Daemon::unlocked();
    let github = home.add(&format!(
        "otpauth://totp/GitHub:me@example.com?secret={}",
        random_key()
    ));
    home.add(&format!(
        "otpauth://totp/GitLab:me@example.com?secret={}",
        random_key()
    ));
    let trend = home.add(&format!(
        "otpauth://totp/%E5%B1%B1%E7%94%B0?secret={}&issuer=%E3%83%88%E3%83%AC%E3%83%B3%E3%83%89%E3%83%9E%E3%82%A4%E3%82%AF%E3%83%AD",
        random_key()
    ));
    let found = |query: &str| home.ctl(&["get", "--json", query]).exits(0).json()["id"].clone();
    for query in [
        github.as_str(),
        "GitHub:me@example.com",
        "github",
        "ＧｉｔＨｕｂ",
        "thub",
    ] {
        assert_eq!(found(query), github, "{query}");
    }
    // The whole name, a part of it, half-width kana, the account.
    for query in [
        "トレンドマイクロ",
        "マイク",
        "ﾄﾚﾝﾄﾞ",
        "山田",
        "トレンドマイクロ:山田",
    ] {
        assert_eq!(found(query), trend, "{query}");
    }

    let both = home.ctl(&["get", "git"]).exits(4);
    assert_eq!(both.stdout, "");
    assert!(
        both.stderr.contains("GitHub") && both.stderr.contains("GitLab"),
        "{both:?}"
    );
    let none = home.ctl(&["get", "nowhere"]).exits(3);
    assert_eq!(none.stdout, "");
}

#[test]
fn min_left_over_the_period_or_for_a_counter_is_a_usage_error() {
    let (home, _daemon) = Daemon::unlocked();
    home.add(&format!(
        "otpauth://totp/time:a?secret={}&period=2",
        random_key()
    ));
    home.add(&format!("otpauth://hotp/count:a?secret={}", random_key()));
    for args in [
        ["get", "time", "--min-left", "3"],
        ["get", "count", "--min-left", "1"],
    ] {
        assert_eq!(home.ctl(&args).exits(2).stdout, "");
    }
    let full = home
        .ctl(&["get", "time", "--min-left", "2", "--json"])
        .exits(0)
        .json();
    assert_eq!(full["valid_for"], 2);
}

#[test]
fn fresh_never_hands_out_a_step_twice_not_even_after_a_restart() {
    let (home, daemon) = Daemon::unlocked();
    home.add(&format!(
        "otpauth://totp/fast:a?secret={}&period=2&digits=8",
        random_key()
    ));
    // Two callers at once get two steps.
    let ask = |line: &mut Line| line.ask("get", &json!({"query": "fast", "fresh": true}));
    let mut callers = [home.connect(), home.connect()];
    for caller in &mut callers {
        ask(caller);
    }
    let codes = callers.map(|mut caller| {
        let answer: serde_json::Value = serde_json::from_str(&caller.read().unwrap()).unwrap();
        answer["result"]["code"].as_str().unwrap().to_owned()
    });
    assert_ne!(codes[0], codes[1]);
    let third = home.ctl(&["get", "fast", "--fresh"]).exits(0);
    daemon.stop();
    assert!(!codes.iter().any(|code| code == third.line()));
    // The last step is on disk before it was handed out. A derivation takes longer than a
    // step, so the file itself is the witness.
    let state = std::fs::read_dir(home.state()).unwrap().count();
    assert!(state > 0, "no state is kept");
}

#[test]
fn a_type_whose_codes_come_later_is_kept_and_says_so() {
    let (home, _daemon) = Daemon::unlocked();
    home.add("otpauth://yaotp/ya:a?secret=6SB2IKNM6OBZPAVBVTOHDKS4FAAAAAAADFUTQMBTRY&pin=5239");
    let refused = home.ctl(&["get", "ya"]).exits(1);
    assert_eq!(
        (refused.stdout.as_str(), refused.stderr.lines().count()),
        ("", 1),
        "{refused:?}"
    );
}
