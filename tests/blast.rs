//! Tens of thousands of spoilt lines at the real socket: S6 of the threat model.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Daemon, Home, PATIENCE, as_user, random_key};

/// Connections that shoot at once.
const GUNS: u64 = 4;
/// Connections of each, one after another.
const ROUNDS: u64 = 40;
/// Lines of a connection.
const LINES: u64 = 150;
/// What the agent's memory may grow by, in kB.
const GROWTH: u64 = 5 * 1024;

/// What is spoilt. Nothing that derives a key, ends the agent or locks the vault.
const GOOD: &[&str] = &[
    r#"{"jsonrpc":"2.0","id":1,"method":"status"}"#,
    r#"{"jsonrpc":"2.0","id":"text","method":"list","params":{"query":"x","trash":true}}"#,
    r#"{"jsonrpc":"2.0","id":-3,"method":"get","params":{"query":"x:a","next":true,"min_left":5}}"#,
    r#"{"jsonrpc":"2.0","id":4,"method":"show","params":{"query":"\u5c71\ud83d\ude00"}}"#,
    r#"{"jsonrpc":"2.0","id":5,"method":"preview","params":{"uri":"otpauth://totp/a:b?secret=GEZDGNBVGY3TQOJQ&digits=8"}}"#,
    r#"{"jsonrpc":"2.0","id":6,"method":"add","params":{"uri":"otpauth://hotp/c:d?secret=GEZDGNBVGY3TQOJQ&counter=7"}}"#,
    r#"{"jsonrpc":"2.0","id":7,"method":"edit","params":{"query":"c:d","digits":7,"tags":["a","b"],"note":"n"}}"#,
    r#"{"jsonrpc":"2.0","id":8,"method":"remove","params":{"query":"c:d"}}"#,
    r#"{"jsonrpc":"2.0","id":9,"method":"restore","params":{"id":"tr-1"}}"#,
    r#"{"jsonrpc":"2.0","id":10,"method":"import.begin"}"#,
    r#"{"jsonrpc":"2.0","id":11,"method":"import.add","params":{"uri":"otpauth://steam/e?secret=GEZDGNBVGY3TQOJQ"}}"#,
    r#"{"jsonrpc":"2.0","id":12,"method":"import.commit","params":{"dry_run":true}}"#,
    r#"{"jsonrpc":"2.0","id":13,"method":"restore_backup.begin"}"#,
    r#"{"jsonrpc":"2.0","id":14,"method":"restore_backup.add","params":{"text":"otpd backup 1\n"}}"#,
    r#"{"jsonrpc":"2.0","id":15,"method":"subscribe","params":{}}"#,
];

/// A small generator of test numbers (splitmix64), the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    fn good(&mut self) -> &'static [u8] {
        GOOD[self.below(GOOD.len())].as_bytes()
    }

    /// A line, spoilt in one of the ways that come to mind.
    fn line(&mut self) -> Vec<u8> {
        let mut line = self.good().to_vec();
        match self.below(8) {
            0 => {}
            1 => line.truncate(self.below(line.len())),
            2 => {
                for _ in 0..=self.below(4) {
                    let place = self.below(line.len());
                    line[place] = self.next().to_le_bytes()[0];
                }
            }
            3 => {
                let other = self.good();
                let (head, tail) = (self.below(line.len()), self.below(other.len()));
                line.truncate(head);
                line.extend_from_slice(&other[tail..]);
            }
            4 => {
                let place = self.below(line.len());
                let deep = [
                    b"[".as_slice(),
                    b"{\"a\":",
                    b"\\u",
                    b"\xff\xfe",
                    b"9",
                    b"\0",
                ];
                let piece = deep[self.below(deep.len())].repeat(1 + self.below(300));
                line.splice(place..place, piece);
            }
            5 => {
                let (from, to) = (self.below(line.len()), self.below(line.len()));
                line.swap(from, to);
                line.drain(from.min(to)..from.max(to));
            }
            6 => {
                line = (0..self.below(200))
                    .map(|_| self.next().to_le_bytes()[3])
                    .collect();
            }
            // Rarely longer than a line may be.
            _ if self.below(20) == 0 => line.resize(64 * 1024 + self.below(4096), b' '),
            _ => line.resize(line.len() + self.below(2000), b' '),
        }
        line.push(b'\n');
        line
    }
}

/// Shoots a connection's lines in pieces that begin and end anywhere, and checks what comes back;
/// returns how many answers did.
fn shoot(stream: &UnixStream, numbers: &mut Numbers) -> u64 {
    let mut bytes: Vec<u8> = (0..LINES).flat_map(|_| numbers.line()).collect();
    if numbers.below(2) == 0 {
        // Ends in the midst of a line.
        bytes.truncate(bytes.len() - 1 - numbers.below(30));
    }
    let reader = stream.try_clone().unwrap();
    std::thread::scope(|scope| {
        let reading = scope.spawn(move || {
            let mut answers = 0;
            for line in BufReader::new(reader).lines().map_while(Result::ok) {
                let answer: Value = serde_json::from_str(&line).expect("an answer is JSON");
                assert_eq!(answer["jsonrpc"], "2.0", "{line}");
                let parts = ["result", "error", "method"].map(|name| answer.get(name).is_some());
                assert_eq!(parts.iter().filter(|&&part| part).count(), 1, "{line}");
                answers += 1;
            }
            answers
        });
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (piece, others) = rest.split_at(rest.len().min(1 + numbers.below(5000)));
            // It may have been sent away for a line that was too long.
            if (&*stream).write_all(piece).is_err() {
                break;
            }
            rest = others;
        }
        stream.shutdown(Shutdown::Write).ok();
        reading.join().unwrap()
    })
}

#[test]
fn spoilt_lines_by_the_ten_thousand_neither_end_the_agent_nor_keep_it_from_others() {
    let home = Home::with_vault();
    let mut daemon = Daemon::start(&home);
    home.unlock();
    home.add(&format!("otpauth://totp/x:a?secret={}", random_key()));
    let volley = |seed: u64, rounds: u64| {
        let mut numbers = Numbers(seed);
        (0..rounds)
            .map(|_| {
                let stream = as_user(home.uid, || UnixStream::connect(home.socket())).unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                stream.set_write_timeout(Some(PATIENCE)).unwrap();
                shoot(&stream, &mut numbers)
            })
            .sum::<u64>()
    };
    // Once, so that buffers have their usual size.
    volley(99, 5);
    let before = daemon.memory("VmRSS:");
    let is_over = AtomicBool::new(false);
    let (answers, served) = std::thread::scope(|scope| {
        let guns: Vec<_> = (0..GUNS)
            .map(|seed| scope.spawn(move || volley(seed, ROUNDS)))
            .collect();
        let valid = scope.spawn(|| {
            let mut served = 0;
            while !is_over.load(Ordering::Relaxed) {
                let start = Instant::now();
                home.connect().ok("status", json!({}));
                let took = start.elapsed();
                assert!(took < Duration::from_secs(2), "{took:?}");
                served += 1;
            }
            served
        });
        let answers: u64 = guns.into_iter().map(|gun| gun.join().unwrap()).sum();
        is_over.store(true, Ordering::Relaxed);
        (answers, valid.join().unwrap())
    });
    // The control: most of what was sent was read and answered.
    assert!(answers > GUNS * ROUNDS * LINES / 2, "{answers} answers");
    assert!(served > 10, "{served} served meanwhile");
    let after = daemon.memory("VmRSS:");
    assert!(
        after < before + GROWTH,
        "{before} kB before, {after} kB after"
    );
    assert!(daemon.is_alive());
    while let Err(error) = home.connect().call("get", &json!({"query": "x:a"})) {
        assert_eq!(error["data"]["kind"], "rate_limited", "{error}");
    }
    daemon.stop();
}
