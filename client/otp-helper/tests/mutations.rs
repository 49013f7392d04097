//! Random damage to whatever `parse` reads: an error or a result, never a panic. Seeded, so that
//! a failure comes again.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what can't be prepared ends the test"
)]

mod fixtures;

use fixtures::damage::Random;
use fixtures::{code, file};
use image::ImageFormat;
use otp_helper::{import, picture};

const ROUNDS: usize = 2000;

/// Parses damaged inputs and returns how many still gave a key. Decoding is cheap and always
/// done; the search for codes, one time in `search`.
fn survive(format: &str, whole: &[u8], seed: u64, search: usize) -> usize {
    let format = import::named(format).unwrap();
    let mut random = Random(seed);
    let mut keys = 0;
    for round in 0..ROUNDS {
        let mut bytes = whole.to_vec();
        random.damage(&mut bytes);
        if round % search != 0 {
            drop(picture::decode(&bytes));
            continue;
        }
        let mut findings = 0;
        format.parse(&bytes, &mut |finding| {
            findings += 1;
            let mut line = Vec::new();
            finding.write(0, &mut line).unwrap();
            keys += usize::from(line.starts_with(b"{\"uri\""));
        });
        // An empty list says so too: nothing ends without a word.
        assert!(findings > 0);
    }
    keys
}

/// Small, so that the stages are quick: 29 modules of 2 pixels.
fn small(format: ImageFormat) -> Vec<u8> {
    file(code(b"otpauth://totp/a?secret=JBSWY3DPEHPK3PXP", 2), format)
}

macro_rules! damaged_pictures {
    ($($name:ident: $format:ident, $seed:literal;)*) => {$(
        #[test]
        fn $name() {
            let keys = survive("picture", &small(ImageFormat::$format), $seed, 10);
            // Some damage doesn't matter: otherwise the test would reach no code at all.
            assert!(keys > 0);
        }
    )*};
}
damaged_pictures! {
    damaged_png_never_panics: Png, 1;
    damaged_jpeg_never_panics: Jpeg, 2;
    damaged_webp_never_panics: WebP, 3;
    damaged_gif_never_panics: Gif, 4;
    damaged_bmp_never_panics: Bmp, 5;
}

#[test]
fn damaged_pixels_never_panic() {
    let format = import::named("picture").unwrap();
    let whole = code(b"otpauth://totp/a?secret=JBSWY3DPEHPK3PXP", 2);
    let mut random = Random(6);
    for _ in 0..ROUNDS / 10 {
        let mut picture = whole.clone();
        for _ in 0..random.below(40) {
            let (x, y) = (random.below(58), random.below(58));
            let (width, height) = (random.below(8) + 1, random.below(8) + 1);
            let shade = u8::try_from(random.below(256)).unwrap();
            for (dx, dy) in (0..width).flat_map(|dx| (0..height).map(move |dy| (dx, dy))) {
                let (x, y) = (
                    u32::try_from(x + dx).unwrap(),
                    u32::try_from(y + dy).unwrap(),
                );
                picture.put_pixel(x, y, image::Luma([shade]));
            }
        }
        format.parse(&file(picture, ImageFormat::Bmp), &mut |_| {});
    }
}

#[test]
fn damaged_exports_never_panic() {
    let uri = "otpauth-migration://offline?data=CjEKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZTAC";
    assert!(survive("otpauth", uri.as_bytes(), 7, 1) > 0);
    let list = format!("# list\n{}\r\nsteam://JBSWY3DPEHPK3PXP\n", fixtures::SAMPLE);
    assert!(survive("otpauth", list.as_bytes(), 8, 1) > 0);
}
