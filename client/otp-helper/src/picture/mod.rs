//! The bytes of a picture to pixels, under limits; formats are told by their first bytes.

pub mod netpbm;

use std::fmt;
use std::io::Cursor;

use image::error::{ImageError, LimitErrorKind};
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};

use crate::qr::{Gray, Shades};

/// Largest file: a lossless capture of two 4K screens has about 40 MiB.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Largest side in pixels: far beyond any screen, short of what overflows a decoder.
const MAX_SIDE: u32 = 16_384;
/// Most pixels: eight 4K screens.
const MAX_PIXELS: u64 = 64_000_000;
/// Most memory of a decoder for the pixels and its tables.
const MAX_ALLOC: u64 = 192 * 1024 * 1024;
/// Most memory for file, pixels and their grey copies together, so that all fits under the
/// sandbox's limit of address space.
const MAX_TOTAL: u64 = 216 * 1024 * 1024;
/// Most pixels that the reader looks at, a screen of 8K; a larger picture is halved first.
const MAX_LOOKED_AT: usize = 7680 * 4320;

/// Why a picture can't be read; never quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureError {
    /// Not one of the formats.
    Format,
    /// More pixels or bytes than the limits allow.
    TooLarge,
    /// Starts like a picture but can't be decoded.
    Damaged,
}

impl fmt::Display for PictureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Format => "not a picture (PNG, JPEG, WebP, GIF, BMP and Netpbm are known)",
            Self::TooLarge => {
                "the picture is too large (at most 16384 pixels a side and 64 million in all)"
            }
            Self::Damaged => "the picture is damaged or incomplete",
        })
    }
}
impl std::error::Error for PictureError {}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a new way to fail is a damaged picture too"
)]
impl From<ImageError> for PictureError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Limits(limit)
                if !matches!(limit.kind(), LimitErrorKind::Unsupported { .. }) =>
            {
                Self::TooLarge
            }
            ImageError::Unsupported(_) => Self::Format,
            _ => Self::Damaged,
        }
    }
}

/// Returns the format that the first bytes announce.
pub fn format(bytes: &[u8]) -> Option<ImageFormat> {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, WebP};
    let format = image::guess_format(bytes).ok()?;
    [Png, Jpeg, WebP, Gif, Bmp]
        .contains(&format)
        .then_some(format)
}

fn check_size(width: u32, height: u32) -> Result<(), PictureError> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS || width > MAX_SIDE || height > MAX_SIDE {
        return Err(PictureError::TooLarge);
    }
    Ok(())
}

/// Decodes a picture (the first frame of an animation).
///
/// # Errors
/// [`PictureError`], which never quotes the picture.
pub fn decode(bytes: &[u8]) -> Result<Shades, PictureError> {
    let format = format(bytes).ok_or(PictureError::Format)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_ALLOC);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    let pixels = u64::from(width) * u64::from(height);
    let file = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let copies = if decoder.color_type().has_alpha() {
        3
    } else {
        1
    };
    // A lossless one without transparency is decoded with it first.
    let scratch = if format == ImageFormat::WebP && copies == 1 {
        4
    } else {
        0
    };
    let total = decoder
        .total_bytes()
        .saturating_add((copies + scratch) * pixels);
    if total.saturating_add(file) > MAX_TOTAL {
        return Err(PictureError::TooLarge);
    }
    limits.reserve(decoder.total_bytes())?;
    decoder.set_limits(limits)?;
    shades(DynamicImage::from_decoder(decoder)?).ok_or(PictureError::Damaged)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the two kinds that nearly all pictures have go without a copy"
)]
/// Turns colours into greys; `None` for a picture without pixels.
fn shades(image: DynamicImage) -> Option<Shades> {
    let width = usize::try_from(image.width()).ok()?;
    let height = usize::try_from(image.height()).ok()?;
    let has_alpha = image.color().has_alpha();
    let gray = |pixels| Gray::new(width, height, pixels).map(small_enough);
    if !has_alpha {
        let pixels = match image {
            DynamicImage::ImageLuma8(image) => image.into_raw(),
            DynamicImage::ImageRgb8(image) => image.as_raw().chunks_exact(3).map(luma).collect(),
            other => other.into_luma8().into_raw(),
        };
        return Some(Shades {
            on_white: gray(pixels)?,
            transparent: None,
        });
    }
    let image = image.into_rgba8();
    let pixels = || {
        image
            .as_raw()
            .chunks_exact(4)
            .map(|pixel| (luma(pixel), pixel.last().copied().unwrap_or(255)))
    };
    let on_white = pixels()
        .map(|(luma, alpha)| over(luma, alpha, 255))
        .collect();
    let transparent = pixels().any(|(_, alpha)| alpha < 255).then(|| {
        let on_black = pixels().map(|(luma, alpha)| over(luma, alpha, 0)).collect();
        (on_black, pixels().map(|(_, alpha)| alpha).collect())
    });
    drop(image);
    let transparent = match transparent {
        Some((on_black, alpha)) => Some((gray(on_black)?, gray(alpha)?)),
        None => None,
    };
    Some(Shades {
        on_white: gray(on_white)?,
        transparent,
    })
}

/// Halves a picture until the reader can look at it within its memory.
fn small_enough(mut gray: Gray) -> Gray {
    while gray.area() > MAX_LOOKED_AT {
        match gray.halved() {
            Some(half) => gray = half,
            None => break,
        }
    }
    gray
}

/// Weighs the three colours as the eye does (ITU-R BT.601).
fn luma(pixel: &[u8]) -> u8 {
    let sum: u32 = pixel
        .iter()
        .zip([299_u32, 587, 114])
        .map(|(&colour, weight)| u32::from(colour) * weight)
        .sum();
    u8::try_from(sum / 1000).unwrap_or(u8::MAX)
}

/// Lays a pixel over a page of one shade.
fn over(luma: u8, alpha: u8, page: u8) -> u8 {
    let (luma, alpha, page) = (u32::from(luma), u32::from(alpha), u32::from(page));
    u8::try_from((luma * alpha + page * (255 - alpha)) / 255).unwrap_or(u8::MAX)
}
