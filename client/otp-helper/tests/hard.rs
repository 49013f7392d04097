//! Codes as screens, cameras and printers spoil them, through the program. Each picture is made
//! here, from a code and a few transformations.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "geometry of small pictures that the test itself makes"
)]

mod fixtures;
mod support;

use fixtures::{SAMPLE, SAMPLE_CANONICAL, code, file, png};
use image::imageops::{self, FilterType};
use image::{GrayImage, ImageFormat, Luma};
use support::picture;

fn sample(module: u32) -> GrayImage {
    code(SAMPLE.as_bytes(), module)
}

/// A code on a larger page, as a camera sees it.
fn page(module: u32) -> GrayImage {
    let code = sample(module);
    let side = code.width() * 3 / 2;
    let mut page = GrayImage::from_pixel(side, side, Luma([225]));
    let margin = i64::from(code.width() / 4);
    imageops::overlay(&mut page, &code, margin, margin);
    page
}

fn reads(what: &str, spoilt: GrayImage) {
    let parsed = picture(&file(spoilt, ImageFormat::Png));
    assert_eq!(
        parsed.uris(),
        [SAMPLE_CANONICAL],
        "{what}: {:?}",
        parsed.errors()
    );
}

/// Takes each pixel from where `from` says, interpolating.
fn warped(picture: &GrayImage, from: impl Fn(f32, f32) -> (f32, f32)) -> GrayImage {
    let (width, height) = picture.dimensions();
    GrayImage::from_fn(width, height, |x, y| {
        let (x, y) = from(x as f32, y as f32);
        let (x, y) = (
            x.clamp(0.0, width as f32 - 1.01),
            y.clamp(0.0, height as f32 - 1.01),
        );
        let (left, top) = (x as u32, y as u32);
        let (right, down) = (x.fract(), y.fract());
        let shade = |x, y| f32::from(picture.get_pixel(x, y).0[0]);
        let row = |y| shade(left, y) * (1.0 - right) + shade(left + 1, y) * right;
        Luma([(row(top) * (1.0 - down) + row(top + 1) * down) as u8])
    })
}

fn turned(picture: &GrayImage, degrees: f32) -> GrayImage {
    let middle = picture.width() as f32 / 2.0;
    let (sin, cos) = degrees.to_radians().sin_cos();
    warped(picture, |x, y| {
        let (x, y) = (x - middle, y - middle);
        (x * cos - y * sin + middle, x * sin + y * cos + middle)
    })
}

#[test]
fn a_code_at_any_angle_is_read() {
    for degrees in [3.0, 15.0, 45.0, 77.0, 180.0, 200.0] {
        reads(&format!("{degrees} degrees"), turned(&page(5), degrees));
    }
}

#[test]
fn a_code_photographed_from_the_side_is_read() {
    for slant in [0.0005, 0.001, 0.0015] {
        let picture = page(6);
        let middle = picture.width() as f32 / 2.0;
        let spoilt = warped(&picture, |x, y| {
            let (x, y) = (x - middle, y - middle);
            let far = 1.0 / (1.0 - slant * x);
            (x * far + middle, y * far + middle)
        });
        reads(&format!("slant {slant}"), imageops::blur(&spoilt, 0.8));
    }
}

#[test]
fn a_code_out_of_focus_is_read() {
    for (module, sigma) in [(3, 1.4), (4, 2.0), (6, 3.0)] {
        let spoilt = imageops::blur(&page(module), sigma);
        reads(&format!("{module} pixels, sigma {sigma}"), spoilt);
    }
}

#[test]
fn a_code_at_a_fractional_scale_is_read_dark_or_light() {
    for percent in [110, 125, 150, 175, 225] {
        for filter in [
            FilterType::Nearest,
            FilterType::Triangle,
            FilterType::Lanczos3,
        ] {
            let side = page(3).width() * percent / 100;
            let mut scaled = imageops::resize(&page(3), side, side, filter);
            reads(&format!("{percent} % {filter:?}"), scaled.clone());
            imageops::invert(&mut scaled);
            reads(&format!("{percent} % {filter:?} dark"), scaled);
        }
    }
}

#[test]
fn a_faint_code_is_read() {
    for (ink, paper) in [(205, 235), (160, 190), (105, 150), (50, 110), (30, 60)] {
        let mut faint = page(4);
        for pixel in faint.pixels_mut() {
            pixel.0[0] = if pixel.0[0] == 0 { ink } else { paper };
        }
        reads(&format!("{ink} on {paper}"), faint);
    }
}

#[test]
fn a_code_of_dots_with_a_logo_is_read() {
    let module = 8;
    let mut picture = sample(module);
    let original = picture.clone();
    let eye = 11 * module;
    let side = picture.width();
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let near = |at: u32| at < eye;
        let far = |at: u32| at >= side - eye;
        if near(x) && near(y) || near(x) && far(y) || far(x) && near(y) {
            continue;
        }
        let off = |at: u32| (at % module) as f32 - module as f32 / 2.0 + 0.5;
        let is_dot = off(x).hypot(off(y)) < module as f32 * 0.42;
        let is_dark = original.get_pixel(x, y).0[0] == 0;
        pixel.0[0] = if is_dark && is_dot { 0 } else { 255 };
    }
    let logo = GrayImage::from_pixel(side / 7, side / 7, Luma([120]));
    let middle = i64::from(side / 2 - side / 14);
    imageops::overlay(&mut picture, &logo, middle, middle);
    reads("dots and a logo", picture);
}

/// As a terminal draws it whose lines are `gap` pixels higher than its blocks.
fn in_terminal(gap: u32, is_dark: bool) -> GrayImage {
    let code = sample(8);
    let row = 16;
    let rows = code.height().div_ceil(row);
    let height = rows * (row + gap);
    GrayImage::from_fn(code.width(), height, |x, y| {
        let inside = y % (row + gap);
        let source = y / (row + gap) * row + inside;
        let ground = if is_dark { 12 } else { 255 };
        let ink = if is_dark { 229 } else { 0 };
        if inside >= row || source >= code.height() {
            return Luma([ground]);
        }
        // Light blocks on dark ground, or dark blocks on light.
        let is_light = code.get_pixel(x, source).0[0] == 255;
        Luma([if is_light == is_dark { ink } else { ground }])
    })
}

#[test]
fn a_code_in_a_terminal_with_gaps_between_its_lines_is_read() {
    for gap in 0..=4 {
        for is_dark in [false, true] {
            reads(
                &format!("gap {gap} dark {is_dark}"),
                in_terminal(gap, is_dark),
            );
        }
    }
}

#[test]
fn a_key_beside_codes_of_other_kinds_is_found_though_it_is_harder_to_read() {
    let mut screen = GrayImage::from_pixel(1000, 420, Luma([255]));
    imageops::overlay(&mut screen, &code(b"https://example.com/app", 5), 10, 10);
    imageops::overlay(&mut screen, &code(b"WIFI:S:guest;;", 4), 10, 230);
    // Too blurred for the look that reads the others.
    let hard = imageops::blur(&page(4), 2.2);
    imageops::overlay(&mut screen, &hard, 500, 40);
    let parsed = picture(&file(screen, ImageFormat::Png));
    assert_eq!(parsed.uris(), [SAMPLE_CANONICAL], "{:?}", parsed.findings);
    assert_eq!(parsed.status, Some(0));
    let mut skipped: Vec<&str> = parsed
        .findings
        .iter()
        .filter_map(|finding| finding["skipped"].as_str())
        .collect();
    skipped.sort_unstable();
    assert_eq!(skipped, ["text", "url"]);
}

#[test]
fn an_export_in_several_pictures_is_read_in_any_order() {
    // Two entries of two pictures; version 2 without and version 1 with a batch id.
    let part = |index: u8, id: Option<u8>| {
        let mut payload = vec![0x0a, 12, 0x0a, 10];
        payload.extend([index + 1; 10]);
        let version = if id.is_some() { 1 } else { 2 };
        payload.extend([0x10, version, 0x18, 2, 0x20, index]);
        payload.extend(id.into_iter().flat_map(|id| [0x28, id]));
        format!("otpauth-migration://offline?data={}", base64(&payload))
    };
    for id in [None, Some(77)] {
        for order in [[0, 1], [1, 0]] {
            let found = order.map(|index| picture(&png(&part(index, id))));
            for (index, parsed) in order.into_iter().zip(&found) {
                assert_eq!(parsed.uris().len(), 1, "{:?}", parsed.findings);
                let batch = &parsed.findings[0]["batch"];
                assert_eq!(
                    (&batch["size"], &batch["index"]),
                    (&2.into(), &index.into())
                );
                assert_eq!(
                    batch.get("id").and_then(serde_json::Value::as_u64),
                    id.map(u64::from)
                );
            }
            assert_ne!(found[0].uris(), found[1].uris());
        }
    }
}

/// RFC 4648 section 4, percent-encoded for a query.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let group = three
            .iter()
            .fold(0_u32, |group, &byte| group << 8 | u32::from(byte))
            << (8 * (3 - three.len()));
        for digit in 0..=three.len() {
            let digit = DIGITS[(group >> (18 - 6 * digit)) as usize & 63];
            match digit {
                b'+' => out.push_str("%2B"),
                b'/' => out.push_str("%2F"),
                other => out.push(char::from(other)),
            }
        }
        out.push_str(&"%3D".repeat(3 - three.len()));
    }
    out
}

#[test]
fn every_kind_of_key_is_taken_from_a_picture() {
    for (content, expected) in [
        (
            "otpauth://totp/a?secret=JBSWY3DPEHPK3PXP",
            "otpauth://totp/",
        ),
        (
            "otpauth://hotp/a?secret=JBSWY3DPEHPK3PXP&counter=3",
            "counter=3",
        ),
        (
            "otpauth://steam/Steam:a?secret=JBSWY3DPEHPK3PXP",
            "otpauth://steam/",
        ),
        ("steam://JBSWY3DPEHPK3PXP", "otpauth://steam/"),
        (
            "OTPAUTH://TOTP/A?SECRET=JBSWY3DPEHPK3PXP",
            "otpauth://totp/",
        ),
    ] {
        let parsed = picture(&png(content));
        assert_eq!(parsed.uris().len(), 1, "{content}: {:?}", parsed.findings);
        assert!(
            parsed.uris()[0].contains(expected),
            "{content}: {:?}",
            parsed.uris()
        );
    }
}

#[test]
fn japanese_in_kanji_mode_is_read() {
    use qrcode::bits::Bits;
    use qrcode::types::{EcLevel, Version};
    let (kanji, _, _) = encoding_rs::SHIFT_JIS.encode("山田商店");
    let mut bits = Bits::new(Version::Normal(6));
    bits.push_byte_data(b"otpauth://totp/").unwrap();
    bits.push_kanji_data(&kanji).unwrap();
    bits.push_byte_data(b"?secret=JBSWY3DPEHPK3PXP").unwrap();
    bits.push_terminator(EcLevel::M).unwrap();
    let code = qrcode::QrCode::with_bits(bits, EcLevel::M).unwrap();
    let parsed = picture(&file(fixtures::drawn(&code, 4), ImageFormat::Png));
    assert_eq!(parsed.uris().len(), 1, "{:?}", parsed.findings);
    assert!(parsed.uris()[0].starts_with("otpauth://totp/%E5%B1%B1%E7%94%B0%E5%95%86%E5%BA%97?"));
}
