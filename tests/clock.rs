//! Published codes at their moments, and a clock that jumps: the agent below libfaketime.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{
    Clock, Daemon, Home, Line, STEP, faketime, oathtool_totp, programs, random_key, root_for, skip,
};

/// A moment at the beginning of a step.
const NOON: u64 = 1_800_000_000;

/// The rows of a file of published codes, without its heading.
fn rows(file: &str) -> impl Iterator<Item = Vec<&str>> {
    file.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
}

fn base32(hex: &str) -> String {
    let byte = |place| u8::from_str_radix(&hex[place..place + 2], 16).unwrap();
    let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
    let mut text = String::new();
    otp_proto::base32_encode(&bytes, &mut text);
    text
}

/// Adds an entry once and returns its id: many rows share a key.
fn entry(clock: &Clock, known: &mut BTreeMap<String, String>, parameters: String) -> String {
    let number = known.len();
    let add = |parameters: &String| {
        clock
            .home
            .add(&format!("otpauth://totp/v{number}:a?{parameters}"))
    };
    known.entry(parameters).or_insert_with_key(add).clone()
}

#[test]
fn the_codes_of_rfc_6238_appear_at_their_moments_and_a_seed_of_the_wrong_length_differs() {
    let Some(library) = faketime("clock::the_codes_of_rfc_6238") else {
        return;
    };
    let clock = Clock::new(library);
    clock.set(0);
    let daemon = clock.start();
    clock.home.unlock();
    let mut known = BTreeMap::new();
    let mut compared = 0;
    for row in rows(include_str!("vectors/rfc6238.tsv")) {
        let [key, algorithm, time, code] = row[..] else {
            panic!("{row:?}")
        };
        let parameters = format!("secret={}&algorithm={algorithm}&digits=8", base32(key));
        let id = entry(&clock, &mut known, parameters);
        let time = time.parse().unwrap();
        clock.set(time);
        assert_eq!(clock.code(&id), code, "{algorithm} {time}");
        // The RFC's text reads as if all three hashes had the seed of 20 bytes; with that one
        // the code differs.
        if key.len() > 40 {
            let short = oathtool_totp(&base32(&key[..40]), algorithm, 8, 30, time);
            assert_ne!(short, code, "{algorithm} {time}");
        }
        compared += 1;
    }
    assert_eq!(compared, 18);
    daemon.stop();
}

#[test]
fn published_steam_codes_appear_at_their_moments() {
    let Some(library) = faketime("clock::published_steam_codes") else {
        return;
    };
    let clock = Clock::new(library);
    clock.set(0);
    let daemon = clock.start();
    clock.home.unlock();
    let mut known = BTreeMap::new();
    for row in rows(include_str!("vectors/steam.tsv")) {
        let [key, time, code] = row[..] else {
            panic!("{row:?}")
        };
        let parameters = format!("secret={}&encoder=steam", base32(key));
        let id = entry(&clock, &mut known, parameters);
        clock.set(time.parse().unwrap());
        assert_eq!(clock.code(&id), code, "{time}");
    }
    daemon.stop();
}

#[test]
fn the_code_follows_the_clock_forth_and_back() {
    let Some(library) = faketime("clock::the_code_follows") else {
        return;
    };
    let clock = Clock::new(library);
    clock.set(NOON);
    let daemon = clock.start();
    clock.home.unlock();
    let key = random_key();
    clock.home.add(&format!("otpauth://totp/x:a?secret={key}"));
    for time in [
        NOON,
        NOON + 3600,
        NOON + 29,
        NOON - 120,
        NOON - 3600,
        NOON + 86_400,
    ] {
        clock.set(time);
        // An agent may lock when its clock goes back; it never gives another code than the
        // clock's.
        if clock.home.connect().ok("status", json!({}))["locked"] == true {
            clock.home.unlock();
        }
        assert_eq!(
            clock.code("x:a"),
            oathtool_totp(&key, "SHA1", 6, 30, time),
            "{time}"
        );
    }
    daemon.stop();
}

/// A moment at the beginning of a step, as libfaketime reads it and in seconds since 1970.
const STILL: (&str, u64) = ("2026-11-22 10:00:00", 1_795_341_600);

#[test]
fn an_unlock_ends_while_every_clock_stands_still() {
    let Some(library) = faketime("clock::an_unlock_ends") else {
        return;
    };
    let home = Home::with_vault();
    let mut command = home.command_with(&["--pdeathsig=KILL"], "env");
    command
        .arg(format!("LD_PRELOAD={}", library.display()))
        .arg(format!("FAKETIME={}", STILL.0))
        .args(["FAKETIME_NO_CACHE=1", "TZ=UTC"])
        .arg(programs().join("otpd"));
    let _daemon = Daemon::run(command);
    let key = random_key();
    let expected = oathtool_totp(&key, "SHA1", 6, 30, STILL.1);
    for round in 0..2 {
        home.unlock();
        if round == 0 {
            home.add(&format!("otpauth://totp/a:b?secret={key}"));
        }
        let answer = home.connect().ok("get", json!({"query": "a:b"}));
        assert_eq!(answer["code"], expected.as_str());
        // The control: the key derivation took its time, and none of it has passed.
        assert_eq!(answer["valid_for"], STEP);
        home.connect().ok("lock", json!({}));
    }
}

/// How long after the unlock the agent of the next tests locks.
const MAX: Duration = Duration::from_secs(3);

/// Waits for the lock and insists that it comes in its time, give or take a second.
fn is_locked_in_time(subscriber: &mut Line, opened: Instant) {
    let event = subscriber.read().unwrap();
    let after = opened.elapsed();
    assert!(event.contains("\"locked\""), "{event}");
    let second = Duration::from_secs(1);
    assert!(after + second > MAX && after < MAX + second, "{after:?}");
}

/// A connection that is told of locks, and the moment of the unlock.
fn opened(home: &Home) -> (Line, Instant) {
    home.unlock();
    let opened = Instant::now();
    let mut subscriber = home.connect();
    subscriber.ok("subscribe", json!({}));
    (subscriber, opened)
}

#[test]
fn a_wall_clock_that_jumps_neither_hastens_nor_delays_the_lock() {
    let Some(library) = faketime("clock::a_wall_clock_that_jumps") else {
        return;
    };
    let clock = Clock::new(library);
    clock.home.configure("[lock]\nmax = \"3s\"\n");
    clock.set(NOON);
    let daemon = clock.start();
    let key = random_key();
    clock.home.unlock();
    clock.home.add(&format!("otpauth://totp/x:a?secret={key}"));
    clock.home.ctl(&["lock"]).exits(0);
    for time in [NOON + 3600, NOON - 120, NOON - 3600] {
        let (mut subscriber, opened) = opened(&clock.home);
        clock.set(time);
        // The control: it sees the jump.
        let right = oathtool_totp(&key, "SHA1", 6, 30, time);
        assert_eq!(clock.code("x:a"), right, "{time}");
        is_locked_in_time(&mut subscriber, opened);
    }
    daemon.stop();
}

#[test]
fn the_lock_is_timed_by_the_clock_that_counts_suspend() {
    if !root_for("clock::the_lock_is_timed") {
        return;
    }
    let home = Home::with_vault();
    home.configure("[lock]\nmax = \"3s\"\n");
    // As after a day of suspend: the boot clock is ahead of the monotonic one.
    let inner = home.command_with(&["--pdeathsig=KILL"], programs().join("otpd"));
    let mut command = Command::new("unshare");
    command.args(["--time", "--boottime", "86400", "--"]);
    command.arg(inner.get_program()).args(inner.get_args());
    command.current_dir(home.home()).env_clear();
    command.envs(
        inner
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    if !Command::new("unshare")
        .args(["--time", "true"])
        .status()
        .unwrap()
        .success()
    {
        skip("clock::the_lock_is_timed", "no time namespaces");
        return;
    }
    let daemon = Daemon::run(command);
    let (mut subscriber, opened) = opened(&home);
    // timerfd_create(2): 7 is CLOCK_BOOTTIME, 1 CLOCK_MONOTONIC, which stands still in suspend.
    let clocks: Vec<_> = fs::read_dir(format!("/proc/{}/fdinfo", daemon.pid()))
        .unwrap()
        .filter_map(|info| fs::read_to_string(info.unwrap().path()).ok())
        .filter_map(|info| {
            Some(
                info.lines()
                    .find(|line| line.starts_with("clockid:"))?
                    .to_owned(),
            )
        })
        .collect();
    let has = |clock: &str| clocks.iter().any(|line| line == clock);
    assert!(has("clockid: 7") && !has("clockid: 1"), "{clocks:?}");
    is_locked_in_time(&mut subscriber, opened);
    daemon.stop();
}
