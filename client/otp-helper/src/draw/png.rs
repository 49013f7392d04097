//! Codes as pictures.

use std::io;

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder as _};
use zeroize::Zeroizing;

use super::{Code, Drawing, Style};

/// Pixels of a module: a camera reads it off any screen.
const MODULE: usize = 8;

/// Grey, of one size.
pub(super) struct Png;

impl Drawing for Png {
    fn name(&self) -> &'static str {
        "png"
    }

    fn draw(&self, _text: &str, code: &Code, style: &Style) -> io::Result<Zeroizing<Vec<u8>>> {
        let side = code.side() * MODULE;
        let mut pixels = Zeroizing::new(Vec::with_capacity(side * side));
        for y in 0..side {
            pixels.extend((0..side).map(|x| {
                if code.is_dark(x / MODULE, y / MODULE) == style.is_inverted {
                    255
                } else {
                    0
                }
            }));
        }
        let side = u32::try_from(side).map_err(io::Error::other)?;
        // Grown in steps; the allocator wipes what it outgrew.
        let mut file = Zeroizing::new(Vec::new());
        PngEncoder::new(&mut *file)
            .write_image(&pixels, side, side, ExtendedColorType::L8)
            .map_err(io::Error::other)?;
        Ok(file)
    }
}
