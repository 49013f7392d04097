//! Lines come out the same however the bytes arrive, and never past the limit.
#![no_main]

use libfuzzer_sys::fuzz_target;
use otp_proto::{Frames, TooLong};

const LIMIT: usize = 32;

/// The lines of pieces of this size, until the first that is too long.
fn lines(bytes: &[u8], piece: usize) -> (Vec<Vec<u8>>, bool) {
    let mut frames = Frames::new(LIMIT);
    let mut lines = Vec::new();
    for piece in bytes.chunks(piece) {
        let pushed = frames.push(piece);
        loop {
            match frames.next_line() {
                Ok(Some(line)) => {
                    assert!(line.len() <= LIMIT);
                    lines.push(line.to_vec());
                }
                Ok(None) => break,
                Err(TooLong) => return (lines, true),
            }
        }
        if pushed.is_err() {
            return (lines, true);
        }
    }
    (lines, false)
}

fuzz_target!(|input: &[u8]| {
    let Some((size, bytes)) = input.split_first() else { return };
    let (pieces, refused) = lines(bytes, usize::from(*size).max(1));
    let wanted: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let fits = wanted.iter().take_while(|line| line.len() <= LIMIT).count();
    assert_eq!(refused, fits < wanted.len());
    // The last piece has no newline yet.
    let whole = fits.min(wanted.len() - 1);
    assert_eq!(pieces, wanted[..whole]);
});
