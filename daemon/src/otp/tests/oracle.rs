//! Random cases against two others who know.

use std::fmt::Write as _;
use std::process::Command;

use sha1::Digest as _;

use super::*;

#[test]
fn a_thousand_random_cases_agree_with_oathtool() {
    if Command::new("oathtool").arg("--version").output().is_err() {
        return skipped("oathtool isn't installed");
    }
    let mut numbers = Numbers(4226);
    for _ in 0..1000 {
        let algorithm = numbers.algorithm();
        let digits = 6 + u8::try_from(numbers.below(3)).unwrap();
        let period = 15 + u32::try_from(numbers.below(106)).unwrap();
        let second = numbers.below(1 << 33);
        let length = 1 + numbers.below(80);
        let key = numbers.bytes(length);
        let mut text = String::new();
        for byte in &key {
            write!(text, "{byte:02x}").unwrap();
        }
        let answer = Command::new("oathtool")
            .arg(format!("--totp={}", algorithm.name().to_lowercase()))
            .args(["-d", &digits.to_string()])
            .args(["-s", &format!("{period}s")])
            .args(["-N", &format!("@{second}"), &text])
            .output()
            .unwrap();
        let kind = Kind::Totp(Period::new(period).unwrap());
        assert_eq!(
            code_at(kind, algorithm, digits, &key, second),
            String::from_utf8(answer.stdout).unwrap().trim(),
            "{algorithm:?} {digits} digits, period {period}, second {second}, key {text}"
        );
    }
}

#[test]
fn random_cases_agree_with_an_hmac_by_the_book() {
    // `make test` asks for a hundred thousand.
    let cases = std::env::var("OTPT_CASES").ok();
    let cases = cases.map_or(10_000, |text| text.parse().expect("OTPT_CASES is a number"));
    let mut numbers = Numbers(2104);
    for _ in 0..cases {
        let algorithm = numbers.algorithm();
        let digits = 6 + u8::try_from(numbers.below(3)).unwrap();
        let period = 15 + u32::try_from(numbers.below(106)).unwrap();
        let second = numbers.next() >> numbers.below(40);
        let length = 1 + numbers.below(150);
        let key = numbers.bytes(length);
        let kind = Kind::Totp(Period::new(period).unwrap());
        assert_eq!(
            code_at(kind, algorithm, digits, &key, second),
            by_the_book(algorithm, digits, &key, second / u64::from(period)),
            "{algorithm:?} {digits} digits, period {period}, second {second}"
        );
    }
}

/// RFC 4226 section 5.3 over RFC 2104 section 2, step by step.
fn by_the_book(algorithm: Algorithm, digits: u8, key: &[u8], counter: u64) -> String {
    let hash = |text: &[u8]| match algorithm {
        Algorithm::Sha1 => sha1::Sha1::digest(text).to_vec(),
        Algorithm::Sha256 => sha2::Sha256::digest(text).to_vec(),
        Algorithm::Sha512 => sha2::Sha512::digest(text).to_vec(),
    };
    let block = match algorithm {
        Algorithm::Sha1 | Algorithm::Sha256 => 64,
        Algorithm::Sha512 => 128,
    };
    let mut padded = if key.len() > block {
        hash(key)
    } else {
        key.to_vec()
    };
    padded.resize(block, 0);
    let keyed = |pad: u8, text: &[u8]| {
        let mut whole: Vec<u8> = padded.iter().map(|byte| byte ^ pad).collect();
        whole.extend_from_slice(text);
        hash(&whole)
    };
    let mac = keyed(0x5c, &keyed(0x36, &counter.to_be_bytes()));
    let offset = usize::from(mac[mac.len() - 1] & 0xf);
    let four: [u8; 4] = mac[offset..offset + 4].try_into().unwrap();
    let number = u32::from_be_bytes(four) & 0x7fff_ffff;
    let modulus = 10_u32.pow(u32::from(digits));
    format!("{:0width$}", number % modulus, width = usize::from(digits))
}
