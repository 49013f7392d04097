//! Damaged pictures and exports at the real program, each in a process with two seconds of CPU
//! and 256 MB of addresses: it must end by itself, with a result (0) or a reason (8).
//!
//! `storm PROGRAM PICTURES EXPORTS [SEED]`

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this program's output is its purpose, and what can't be prepared ends it"
)]

#[path = "../tests/fixtures/mod.rs"]
mod fixtures;

use std::io::Write as _;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use fixtures::damage::Random;
use fixtures::{code, file};
use image::{GrayImage, ImageFormat};

/// Two accounts of an export of Google Authenticator, as protobuf: `otpauth_migration.proto`'s
/// `otp_parameters` (1) with secret, name, issuer, algorithm, digits, type; then version and batch.
const EXPORT: &[u8] = b"\x0a\x31\x0a\x0aHello!\xde\xad\xbe\xef\x12\x18Example:alice@google.com\
    \x1a\x07Example0\x02\x0a\x1f\x0a\x0aHello!\xde\xad\xbe\xef\x12\x05bob@x\x1a\x04Bank(\x010\x018\x05\
    \x10\x01\x18\x02\x20\x01\x28\x07";

/// Makes an input.
type Make = fn(&mut Random) -> Vec<u8>;

/// RFC 4648 section 4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let mut number = 0;
        for place in 0..3 {
            number = number << 8 | usize::from(*group.get(place).unwrap_or(&0));
        }
        for place in 0..4 {
            let sign = ALPHABET[number >> (18 - 6 * place) & 63];
            text.push(if place > group.len() {
                '='
            } else {
                sign.into()
            });
        }
    }
    text
}

fn picture(random: &mut Random) -> Vec<u8> {
    const FORMATS: [ImageFormat; 5] = [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::WebP,
        ImageFormat::Gif,
        ImageFormat::Bmp,
    ];
    let format = FORMATS.get(random.below(FORMATS.len() + 1));
    let file = |picture: GrayImage| {
        if let Some(format) = format {
            return file(picture, *format);
        }
        // What a screen comes as.
        let (width, height) = picture.dimensions();
        let mut bytes = format!("P5\n{width} {height}\n255\n").into_bytes();
        bytes.extend_from_slice(picture.as_raw());
        bytes
    };
    let module = [2, 3, 5][random.below(3)];
    let mut whole = code(b"otpauth://totp/a?secret=JBSWY3DPEHPK3PXP", module);
    // Half of them decode and are hard to read; the others may not even decode.
    if random.below(2) == 0 {
        let side = whole.width();
        for _ in 0..random.below(60) {
            let mut below = |limit: u32| {
                let limit = usize::try_from(limit).expect("small");
                u32::try_from(random.below(limit)).expect("small")
            };
            let (x, y, width, height) = (below(side), below(side), below(9) + 1, below(9) + 1);
            let shade = image::Luma([u8::try_from(below(256)).expect("a byte")]);
            for dy in y..(y + height).min(side) {
                for dx in x..(x + width).min(side) {
                    whole.put_pixel(dx, dy, shade);
                }
            }
        }
        return file(whole);
    }
    let mut bytes = file(whole);
    random.damage(&mut bytes);
    bytes
}

fn export(random: &mut Random) -> Vec<u8> {
    let mut bytes = EXPORT.to_vec();
    if random.below(4) > 0 {
        random.damage(&mut bytes);
    }
    let mut uri = format!("otpauth-migration://offline?data={}", base64(&bytes)).into_bytes();
    if random.below(4) == 0 {
        random.damage(&mut uri);
    }
    uri
}

/// Runs the program over an input; `Err` says how it ended if not as it should.
fn parsed(program: &str, format: &str, input: &[u8]) -> Result<bool, String> {
    let mut child = Command::new("prlimit")
        .args([
            "--cpu=2",
            "--as=268435456",
            program,
            "parse",
            "--format",
            format,
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    // It may end without reading everything. What it prints fits a pipe.
    child
        .stdin
        .take()
        .map(|mut pipe| pipe.write_all(input).ok());
    let status = child.wait().map_err(|error| error.to_string())?;
    match status.code() {
        Some(0) => Ok(true),
        Some(8) => Ok(false),
        _ => Err(status.to_string()),
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let number = |place: usize| args.get(place).and_then(|text| text.parse::<usize>().ok());
    let (Some(program), Some(pictures), Some(exports)) = (args.get(1), number(2), number(3)) else {
        eprintln!("usage: storm PROGRAM PICTURES EXPORTS [SEED]");
        return ExitCode::from(2);
    };
    let seed = number(4).unwrap_or(1);
    let failures = AtomicUsize::new(0);
    let kinds: [(_, _, _, Make); 2] = [
        ("pictures", "picture", pictures, picture),
        ("exports", "otpauth", exports, export),
    ];
    for (name, format, count, make) in kinds {
        let (next, read) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(|| {
                    loop {
                        let round = next.fetch_add(1, Ordering::Relaxed);
                        if round >= count {
                            return;
                        }
                        let start = u64::try_from(seed * 10_000_019 + round + 1).unwrap_or(1);
                        let input = make(&mut Random(start.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
                        match parsed(program, format, &input) {
                            Ok(is_read) => {
                                read.fetch_add(usize::from(is_read), Ordering::Relaxed);
                            }
                            Err(how) => {
                                failures.fetch_add(1, Ordering::Relaxed);
                                eprintln!("{name} {round} of seed {seed}: {how}");
                            }
                        }
                    }
                });
            }
        });
        println!(
            "{name}: {count} inputs, {} read",
            read.load(Ordering::Relaxed)
        );
    }
    println!(
        "ended otherwise than they should: {}",
        failures.load(Ordering::Relaxed)
    );
    ExitCode::from(u8::from(failures.load(Ordering::Relaxed) > 0))
}
