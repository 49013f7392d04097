//! Codes computed by somebody else.

use std::fs::File;
use std::io::Read as _;
use std::process::Command;
use std::time::SystemTime;

use super::run;

/// Seconds since 1970.
pub(crate) fn wall() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

/// Random bytes.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    File::open("/dev/urandom")
        .unwrap()
        .read_exact(&mut bytes)
        .unwrap();
    bytes
}

/// A random number below a limit.
pub(crate) fn random_number(limit: u16) -> usize {
    usize::from(u16::from_be_bytes(random()) % limit)
}

/// A random key of 20 bytes in base32.
pub(crate) fn random_key() -> String {
    let mut text = String::new();
    otp_proto::base32_encode(&random::<20>(), &mut text);
    text
}

/// The time-based code of a moment, by oathtool.
#[track_caller]
pub(crate) fn oathtool_totp(
    key: &str,
    algorithm: &str,
    digits: u8,
    period: u32,
    at: u64,
) -> String {
    let mut command = Command::new("oathtool");
    command
        .arg(format!("--totp={algorithm}"))
        .arg("--base32")
        .arg(format!("--digits={digits}"))
        .arg(format!("--time-step-size={period}s"))
        .arg(format!("--now=@{at}"))
        .arg("-");
    run(&mut command, format!("{key}\n").as_bytes())
        .exits(0)
        .line()
        .to_owned()
}

/// The counter-based code (SHA-1), by oathtool.
#[track_caller]
pub(crate) fn oathtool_hotp(key: &str, digits: u8, counter: u64) -> String {
    let mut command = Command::new("oathtool");
    command
        .arg("--hotp")
        .arg("--base32")
        .arg(format!("--digits={digits}"))
        .arg(format!("--counter={counter}"))
        .arg("-");
    run(&mut command, format!("{key}\n").as_bytes())
        .exits(0)
        .line()
        .to_owned()
}
