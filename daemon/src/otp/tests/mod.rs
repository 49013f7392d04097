//! Codes against published vectors, oathtool, and an HMAC written out here.

// Reads the process's own memory as Linux shows it.
#[cfg(target_os = "linux")]
mod memory;
mod oracle;
mod vectors;

use super::*;

/// Reads hexadecimal digits.
fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// The code at a second since 1970, or of a HOTP counter.
fn code_at(kind: Kind, algorithm: Algorithm, digits: u8, key: &[u8], second: u64) -> String {
    let wall = Duration::from_secs(second);
    let code = code(kind, algorithm, Digits::new(digits).unwrap(), key, wall);
    code.unwrap().expose().to_owned()
}

/// A small generator of test numbers (splitmix64), the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn bytes(&mut self, length: u64) -> Vec<u8> {
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }

    fn algorithm(&mut self) -> Algorithm {
        match self.below(3) {
            0 => Algorithm::Sha1,
            1 => Algorithm::Sha256,
            _ => Algorithm::Sha512,
        }
    }
}

/// Says that a test had nothing to test against.
#[expect(clippy::print_stderr, reason = "a test that is left out must say so")]
fn skipped(what: &str) {
    eprintln!("SKIPPED: {what}");
}

#[test]
fn the_seconds_left_run_from_the_period_down_to_one() {
    let thirty = Period::THIRTY;
    for (second, expected) in [(0, 30), (1, 29), (29, 1), (30, 30), (u64::MAX, 15)] {
        assert_eq!(left(thirty, Duration::from_secs(second)), expected);
    }
    assert_eq!(left(thirty, Duration::from_millis(29_999)), 1);
    assert_eq!(left(Period::new(1).unwrap(), Duration::from_secs(7)), 1);
}

#[test]
fn no_type_length_key_or_moment_makes_it_panic() {
    let kinds = |period, counter| {
        [
            Kind::Totp(period),
            Kind::Hotp(counter),
            Kind::Steam(period),
            Kind::Yandex(period),
            Kind::Motp(period),
        ]
    };
    let mut numbers = Numbers(1);
    for digits in 1..=9 {
        let digits = Digits::new(digits).unwrap();
        for length in [1, 2, 19, 20, 21, 63, 64, 65, 127, 128, 129, 1023, 1024] {
            let key = numbers.bytes(length);
            for seconds in [0, 1, numbers.next(), u64::MAX] {
                for period in [1, 30, 86_400] {
                    for kind in kinds(Period::new(period).unwrap(), seconds) {
                        let wall = Duration::from_secs(seconds);
                        let made = code(kind, numbers.algorithm(), digits, &key, wall);
                        match (kind, made) {
                            (Kind::Totp(_) | Kind::Hotp(_), Ok(code)) => {
                                let text = code.expose();
                                assert_eq!(text.len(), usize::from(digits.value()));
                                assert!(text.bytes().all(|b| b.is_ascii_digit()));
                            }
                            (Kind::Steam(_), Ok(code)) => assert_eq!(code.expose().len(), 5),
                            (Kind::Yandex(_) | Kind::Motp(_), Err(Unsupported)) => {}
                            (kind, made) => panic!("{kind:?}: {made:?}"),
                        }
                    }
                }
            }
        }
    }
}
