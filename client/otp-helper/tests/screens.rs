//! Captures of screens as Netpbm streams, through the program.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what can't be prepared ends the test"
)]

mod fixtures;
mod support;

use std::io::Write as _;

use fixtures::{SAMPLE, SAMPLE_CANONICAL, code};
use image::{GrayImage, Luma, imageops};
use support::{parse, picture};

/// A screen with a code at a place.
fn screen(width: u32, height: u32, code: Option<(&GrayImage, i64, i64)>) -> GrayImage {
    let mut screen = GrayImage::from_fn(width, height, |x, y| {
        // Windows, lines of text and icons, roughly.
        let is_text = y % 24 < 12 && (x / 7 + y / 24) % 3 == 0 && x % 7 < 3;
        Luma([if is_text { 40 } else { 235 }])
    });
    if let Some((code, x, y)) = code {
        imageops::overlay(&mut screen, code, x, y);
    }
    screen
}

/// The same in each form; `depth` is the bytes a pixel.
fn netpbm(picture: &GrayImage, form: &str, depth: usize) -> Vec<u8> {
    let (width, height) = picture.dimensions();
    let mut out = Vec::new();
    match form {
        "P7" => write!(
            out,
            "P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH {depth}\nMAXVAL 255\n# made here\n\
             TUPLTYPE ANY\nENDHDR\n"
        ),
        form => write!(out, "{form}\n# made here\n{width} {height}\n255\n"),
    }
    .unwrap();
    for &shade in picture.as_raw() {
        let pixel = [shade, shade, shade, 255];
        match depth {
            2 => out.extend([shade, 255]),
            depth => out.extend(&pixel[..depth]),
        }
    }
    out
}

fn sample() -> GrayImage {
    code(SAMPLE.as_bytes(), 3)
}

#[test]
fn a_capture_is_read_in_every_form() {
    let screen = screen(800, 600, Some((&sample(), 300, 200)));
    for (form, depth) in [
        ("P5", 1),
        ("P6", 3),
        ("P7", 1),
        ("P7", 2),
        ("P7", 3),
        ("P7", 4),
    ] {
        let parsed = picture(&netpbm(&screen, form, depth));
        assert_eq!(parsed.uris(), [SAMPLE_CANONICAL], "{form} {depth}");
        let auto = parse(&["--format", "auto"], &netpbm(&screen, form, depth));
        assert_eq!(auto.uris(), [SAMPLE_CANONICAL], "{form} {depth}");
    }
}

#[test]
fn of_several_monitors_each_is_read_and_told_by_its_number() {
    let other = code(b"otpauth://totp/b?secret=JBSWY3DPEHPK3PXP", 4);
    let mut stream = netpbm(&screen(1920, 1080, Some((&sample(), 900, 500))), "P6", 3);
    stream.extend(netpbm(&screen(640, 480, None), "P5", 1));
    stream.extend(netpbm(&screen(1280, 1024, Some((&other, 0, 0))), "P7", 4));
    let parsed = picture(&stream);
    assert_eq!(parsed.status, Some(0));
    let [first, second, third] = parsed.findings.as_slice() else {
        panic!("{:?}", parsed.findings)
    };
    assert_eq!(first["uri"], SAMPLE_CANONICAL);
    assert!(first.get("picture").is_none());
    assert_eq!(second["error"], "no QR code found in the picture");
    assert_eq!(second["picture"], 1);
    assert!(third["uri"].as_str().unwrap().contains("/b?"));
    assert_eq!(third["picture"], 2);
}

#[test]
fn a_torn_stream_gives_what_came_before() {
    let whole = netpbm(&screen(640, 480, Some((&sample(), 90, 50))), "P6", 3);
    let mut stream = whole.clone();
    stream.extend(&whole[..whole.len() / 2]);
    let parsed = picture(&stream);
    assert_eq!(parsed.uris(), [SAMPLE_CANONICAL]);
    assert_eq!(parsed.errors(), ["the picture is damaged or incomplete"]);
    assert_eq!(parsed.status, Some(0));
    for cut in [3, 8, 20, 30, whole.len() - 1] {
        assert!(picture(&whole[..cut]).is_clean_refusal(), "{cut}");
    }
}

#[test]
fn a_stream_of_too_many_or_too_large_pictures_is_refused() {
    let small = netpbm(&GrayImage::new(8, 8), "P5", 1);
    let parsed = picture(&small.repeat(17));
    assert_eq!(parsed.status, Some(8));
    assert_eq!(
        parsed.errors().last().copied(),
        Some("more than 16 pictures in one stream")
    );
    assert_eq!(picture(&small.repeat(16)).errors().len(), 16);
    for header in [
        "P6\n100000 100000\n255\n",
        "P5\n16385 1\n255\n",
        "P7\nWIDTH 9000\nHEIGHT 9000\nDEPTH 4\nMAXVAL 255\nENDHDR\n",
    ] {
        let parsed = picture(header.as_bytes());
        assert!(parsed.is_clean_refusal(), "{header}");
        assert!(parsed.errors()[0].starts_with("the picture is too large"));
    }
    for header in [
        "P6\n4294967296 1\n255\n",
        "P6\n-1 1\n255\n",
        "P6\n0 0\n255\n",
        "P6\n1 1\n65535\n      ",
        "P7\nWIDTH 1\nHEIGHT 1\nDEPTH 9\nMAXVAL 255\nENDHDR\n         ",
        "P7\nWIDTH 1\n",
    ] {
        let parsed = picture(header.as_bytes());
        assert!(parsed.is_clean_refusal(), "{header}");
        assert_eq!(parsed.errors(), ["the picture is damaged or incomplete"]);
    }
    // A header without an end.
    let endless = format!("P6\n#{}", "x".repeat(100_000));
    assert!(picture(endless.as_bytes()).is_clean_refusal());
}

#[test]
fn two_screens_of_8k_in_colour_and_opacity_fit_the_limit_of_memory() {
    let code = code(SAMPLE.as_bytes(), 8);
    let screen = screen(7680, 4320, Some((&code, 6000, 3000)));
    let parsed = picture(&netpbm(&screen, "P7", 4).repeat(2));
    assert_eq!(parsed.uris(), [SAMPLE_CANONICAL; 2], "{}", parsed.stderr);
}

#[test]
fn the_text_of_any_code_is_told_with_its_place() {
    let code = code("https://example.com/?a=山".as_bytes(), 3);
    let screen = screen(1280, 800, Some((&code, 700, 300)));
    let parsed = parse(&["--image", "--text"], &netpbm(&screen, "P6", 3));
    assert_eq!(parsed.status, Some(0));
    let [finding] = parsed.findings.as_slice() else {
        panic!("{:?}", parsed.findings)
    };
    assert_eq!(finding["text"], "https://example.com/?a=山");
    let within = |name: &str, expected: u32| {
        let at = u32::try_from(finding["at"][name].as_u64().unwrap()).unwrap();
        assert!(at.abs_diff(expected) <= 6, "{finding}");
    };
    // Four modules of margin.
    within("x", 712);
    within("y", 312);
    within("width", code.width() - 24);
    within("height", code.height() - 24);
}

#[test]
fn a_code_of_bytes_in_no_script_is_told_as_latin_1() {
    let parsed = parse(
        &["--image", "--text"],
        &netpbm(&code(b"caf\xe9 \xff\xfd", 4), "P5", 1),
    );
    assert_eq!(parsed.findings[0]["text"], "café ÿý");
}

#[test]
fn a_lossless_webp_counts_the_transparency_that_it_is_decoded_with() {
    // "WebP Lossless Bitstream Specification", section 3: a signature, two sides less one of 14 bits
    // each, no transparency, and pixels that are not all there.
    let side = 7000_u32 - 1;
    let mut chunk = vec![0x2f];
    chunk.extend((side | side << 14).to_le_bytes());
    chunk.extend([0; 64]);
    let length = u32::try_from(chunk.len()).unwrap();
    let mut webp = b"RIFF".to_vec();
    webp.extend((length + 13).to_le_bytes());
    webp.extend(b"WEBPVP8L");
    webp.extend(length.to_le_bytes());
    webp.extend(chunk);
    webp.push(0);
    let parsed = picture(&webp);
    assert!(
        parsed.errors()[0].starts_with("the picture is too large"),
        "{:?}",
        parsed.errors()
    );
}
