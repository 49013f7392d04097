//! Draws the QR code of a URI as a page shows it, a PNG on stdout. Without a URI on stdin it
//! draws a sample key of 80 bits in the form that the Trend Micro console issues: no issuer
//! prefix, no algorithm, digits or period.
use std::io::{self, Read as _, Write as _};

use image::{GrayImage, ImageFormat, Luma};
use qrcode::{EcLevel, QrCode};

/// The sample; its key is public, so never use it.
const SAMPLE: &str =
    "otpauth://totp/abc****?secret=ABCDEFGHIJKL2345&issuer=Trend%20Micro%20SaaS%20Account";
/// Pixels of a module, and modules of white around the code (ISO/IEC 18004 section 5.3.8).
const MODULE: u32 = 4;
const QUIET: u32 = 4;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut uri = String::new();
    io::stdin().lock().read_to_string(&mut uri)?;
    let uri = Some(uri.trim())
        .filter(|uri| !uri.is_empty())
        .unwrap_or(SAMPLE);
    let code = QrCode::with_error_correction_level(uri, EcLevel::M)?;
    let modules = u32::try_from(code.width())?;
    let side = (modules + 2 * QUIET) * MODULE;
    let mut picture = GrayImage::from_pixel(side, side, Luma([255]));
    for (place, colour) in (0_u32..).zip(code.to_colors()) {
        let (left, top) = (place % modules + QUIET, place / modules + QUIET);
        for step in 0..MODULE * MODULE {
            let (x, y) = (left * MODULE + step % MODULE, top * MODULE + step / MODULE);
            picture.put_pixel(x, y, Luma([colour.select(0, 255)]));
        }
    }
    let mut png = io::Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png)?;
    Ok(io::stdout().lock().write_all(png.get_ref())?)
}
