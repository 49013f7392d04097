//! No key is left behind in the process's memory.

use std::fs::File;
use std::hint::black_box;
use std::io::{BufRead as _, Read as _, Seek as _, SeekFrom};

use zeroize::Zeroize as _;

use super::*;

const PIECE: usize = 1 << 16;

/// Counts a key, given inverted, in the writable memory of this process. `None` where the
/// system doesn't show a process its own memory.
fn copies(inverted: &[u8]) -> Option<usize> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let mut memory = File::open("/proc/self/mem").ok()?;
    let mut piece = vec![0; PIECE];
    // The buffer of the search holds copies itself.
    let own = piece.as_ptr().addr()..piece.as_ptr().addr() + PIECE;
    let mut found = 0;
    for line in maps.lines() {
        let mut fields = line.split_ascii_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let mut at = usize::from_str_radix(start, 16).ok()?;
        let end = usize::from_str_radix(end, 16).ok()?;
        if !fields.next()?.starts_with("rw") {
            continue;
        }
        while at < end {
            let size = PIECE.min(end - at);
            let seek = SeekFrom::Start(u64::try_from(at).ok()?);
            if memory.seek(seek).is_err() || memory.read_exact(&mut piece[..size]).is_err() {
                break;
            }
            found += places(&piece[..size], !inverted[0])
                .filter(|&place| {
                    let rest = &piece[place..size];
                    rest.len() >= inverted.len()
                        && !own.contains(&(at + place))
                        && inverted.iter().zip(rest).all(|(i, p)| *i == !*p)
                })
                .count();
            // Overlapping, so that a key across the border is seen.
            at += if size == PIECE {
                PIECE - inverted.len()
            } else {
                size
            };
        }
    }
    piece.zeroize();
    Some(found)
}

/// Where a byte is; by the standard library's search, which is fast in a debug build too.
fn places(mut text: &[u8], byte: u8) -> impl Iterator<Item = usize> {
    let whole = text.len();
    std::iter::from_fn(move || {
        text.skip_until(byte).ok().filter(|&skipped| skipped > 0)?;
        Some(whole - text.len() - 1)
    })
}

/// Turns an inverted key round, straight into its place in the heap.
fn upright(inverted: &[u8]) -> Vec<u8> {
    inverted.iter().map(|byte| !byte).collect()
}

/// Leaves a key on the stack, as careless code would.
#[inline(never)]
fn careless(key: &[u8]) {
    let mut copy = [0; 64];
    copy[..key.len()].copy_from_slice(key);
    black_box(&mut copy);
}

/// Runs something so deep in the stack that the search's own calls don't overwrite its traces.
#[inline(never)]
fn deep(work: impl FnOnce()) {
    let mut room = [0_u8; 12 * 1024];
    black_box(&mut room);
    work();
    black_box(&mut room);
}

#[test]
fn the_search_finds_a_key_on_the_stack_and_scrubbing_removes_it() {
    let inverted = Numbers(7).bytes(48);
    let mut key = upright(&inverted);
    deep(|| careless(&key));
    key.zeroize();
    let Some(found) = copies(&inverted) else {
        return skipped("this system doesn't show a process its memory");
    };
    assert!(found > 0, "the search is blind");
    let mut key = upright(&inverted);
    deep(|| scrubbed(|| careless(&key)));
    key.zeroize();
    assert_eq!(copies(&inverted), Some(0));
}

#[test]
fn a_code_leaves_no_key_and_no_padded_key_behind() {
    let mut numbers = Numbers(8);
    for algorithm in [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512] {
        for length in [16, 20, 32, 64, 100, 200] {
            let inverted = numbers.bytes(length);
            let mut key = upright(&inverted);
            deep(|| {
                for kind in [
                    Kind::Totp(Period::THIRTY),
                    Kind::Hotp(1),
                    Kind::Steam(Period::THIRTY),
                ] {
                    drop(code(kind, algorithm, Digits::SIX, &key, Duration::ZERO));
                }
            });
            key.zeroize();
            for (pad, what) in [(0, "key"), (0x36, "inner key"), (0x5c, "outer key")] {
                let inverted: Vec<u8> = inverted.iter().take(20).map(|byte| byte ^ pad).collect();
                let found = copies(&inverted).unwrap_or(0);
                assert_eq!(found, 0, "{algorithm:?}, {length} bytes: {what}");
            }
        }
    }
}
