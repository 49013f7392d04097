//! Netpbm's pictures without compression (pgm(5), ppm(5), pam(5)), as a screen is captured: each
//! is turned to grey row by row, so that a screen of 8K takes a byte a pixel and no more.

use std::io::{self, BufRead, Read as _};

use super::{PictureError, check_size, luma, over, small_enough};
use crate::qr::{Gray, Shades};

/// Longest header in bytes; comments included.
const MAX_HEADER: u64 = 1024;

/// Returns whether the bytes start as a picture of this kind does.
pub fn matches(bytes: &[u8]) -> bool {
    matches!(bytes, [b'P', b'5'..=b'7', space, ..] if space.is_ascii_whitespace())
}

/// Size and layout of one picture.
struct Header {
    width: u32,
    height: u32,
    /// Bytes a pixel: grey, grey and opacity, colours, colours and opacity.
    depth: usize,
}

/// Reads the next picture of a stream of them; `None` at its end.
///
/// # Errors
/// [`PictureError`]; nothing after it can be read.
pub fn next(input: &mut dyn BufRead) -> Result<Option<Shades>, PictureError> {
    if input.fill_buf().map_err(damaged)?.is_empty() {
        return Ok(None);
    }
    let header = Header::read(input)?;
    check_size(header.width, header.height)?;
    let side = |length| usize::try_from(length).map_err(|_| PictureError::TooLarge);
    let (width, height) = (side(header.width)?, side(header.height)?);
    let mut row = zeroize::Zeroizing::new(vec![0; width * header.depth]);
    let mut pixels = Vec::with_capacity(width * height);
    for _ in 0..height {
        input.read_exact(&mut row).map_err(damaged)?;
        let row = row.chunks_exact(header.depth);
        pixels.extend(row.map(|pixel| match *pixel {
            [grey] => grey,
            [grey, alpha] => over(grey, alpha, 255),
            [.., alpha] if header.depth == 4 => over(luma(pixel), alpha, 255),
            _ => luma(pixel),
        }));
    }
    let gray = Gray::new(width, height, pixels).ok_or(PictureError::Damaged)?;
    Ok(Some(Shades {
        on_white: small_enough(gray),
        transparent: None,
    }))
}

impl Header {
    fn read(input: &mut dyn BufRead) -> Result<Self, PictureError> {
        let mut input = input.take(MAX_HEADER);
        let mut magic = [0; 2];
        input.read_exact(&mut magic).map_err(damaged)?;
        let header = match &magic {
            b"P5" => Self::of_numbers(&mut input, 1),
            b"P6" => Self::of_numbers(&mut input, 3),
            b"P7" => Self::of_lines(&mut input),
            _ => return Err(PictureError::Format),
        };
        header.ok_or(PictureError::Damaged)
    }

    /// Three numbers between blanks and comments, and one blank after the last.
    fn of_numbers(input: &mut dyn BufRead, depth: usize) -> Option<Self> {
        let width = number(input)?;
        let height = number(input)?;
        (number(input)? == 255).then_some(Self {
            width,
            height,
            depth,
        })
    }

    /// A name and its value a line.
    fn of_lines(input: &mut dyn BufRead) -> Option<Self> {
        let (mut width, mut height, mut depth, mut most) = (0, 0, 0, 0);
        loop {
            let mut line = String::new();
            input.read_line(&mut line).ok()?;
            // A last line without its end was cut off.
            let line = line.strip_suffix('\n')?.trim();
            let (name, value) = line.split_once([' ', '\t']).unwrap_or((line, ""));
            match name {
                "ENDHDR" => break,
                "WIDTH" => width = value.trim().parse().ok()?,
                "HEIGHT" => height = value.trim().parse().ok()?,
                "DEPTH" => depth = value.trim().parse().ok()?,
                "MAXVAL" => most = value.trim().parse().ok()?,
                // The layout follows from the depth.
                _ => {}
            }
        }
        ((1..=4).contains(&depth) && most == 255).then_some(Self {
            width,
            height,
            depth,
        })
    }
}

/// Reads a number and the blank after it.
fn number(input: &mut dyn BufRead) -> Option<u32> {
    let mut digits = String::new();
    let mut is_comment = false;
    loop {
        let mut byte = [0];
        input.read_exact(&mut byte).ok()?;
        match byte[0] {
            b'\n' if is_comment => is_comment = false,
            _ if is_comment => {}
            b'#' if digits.is_empty() => is_comment = true,
            byte @ b'0'..=b'9' => digits.push(char::from(byte)),
            byte if byte.is_ascii_whitespace() && digits.is_empty() => {}
            byte if byte.is_ascii_whitespace() => return digits.parse().ok(),
            _ => return None,
        }
    }
}

fn damaged(_: io::Error) -> PictureError {
    PictureError::Damaged
}
