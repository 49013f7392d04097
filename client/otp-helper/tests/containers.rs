//! The formats of pictures in the forms that other programs write, and bombs; through the
//! program.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "what can't be prepared ends the test"
)]

mod fixtures;
mod support;

use std::time::{Duration, Instant};

use fixtures::{SAMPLE, SAMPLE_CANONICAL, code, file};
use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, GrayImage, ImageFormat, Luma, Rgba, RgbaImage, imageops};
use support::picture;

fn sample() -> GrayImage {
    code(SAMPLE.as_bytes(), 4)
}

fn reads(what: &str, bytes: &[u8]) {
    let parsed = picture(bytes);
    assert_eq!(
        parsed.uris(),
        [SAMPLE_CANONICAL],
        "{what}: {:?}",
        parsed.errors()
    );
}

#[test]
fn pictures_of_other_programs_are_read() {
    reads("CMYK JPEG", include_bytes!("data/cmyk.jpg"));
    reads("progressive JPEG", include_bytes!("data/progressive.jpg"));
    reads("interlaced PNG", include_bytes!("data/interlaced.png"));
    reads("animated WebP", include_bytes!("data/animated.webp"));
}

#[test]
fn every_depth_of_colour_is_read() {
    let sample = DynamicImage::from(sample());
    for (what, picture) in [
        ("grey 16", DynamicImage::from(sample.to_luma16())),
        ("grey 16 with opacity", sample.to_luma_alpha16().into()),
        ("colour 16", sample.to_rgb16().into()),
        ("colour 16 with opacity", sample.to_rgba16().into()),
        ("colour 8 with opacity", sample.to_rgba8().into()),
    ] {
        reads(what, &file(picture, ImageFormat::Png));
    }
}

#[test]
fn a_palette_with_opacity_is_read() {
    // A GIF's palette has one transparent colour: here the paper.
    let sample = sample();
    let picture = RgbaImage::from_fn(sample.width(), sample.height(), |x, y| {
        let is_dark = sample.get_pixel(x, y).0[0] == 0;
        Rgba(if is_dark {
            [20, 40, 90, 255]
        } else {
            [0, 0, 0, 0]
        })
    });
    reads("transparent GIF", &file(picture, ImageFormat::Gif));
}

#[test]
fn of_an_animation_the_first_frame_is_read() {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    for frame in [sample(), GrayImage::from_pixel(180, 180, Luma([255]))] {
        let frame = DynamicImage::from(frame).into_rgba8();
        encoder.encode_frame(Frame::new(frame)).unwrap();
    }
    drop(encoder);
    reads("animated GIF", &bytes);
}

#[test]
fn a_photo_that_says_it_is_turned_is_read() {
    let turned = imageops::rotate90(&sample());
    let jpeg = file(turned, ImageFormat::Jpeg);
    // Exif: big-endian TIFF, one tag: orientation (0x0112) is 8.
    let mut exif = b"\xff\xe1\x00\x22Exif\0\0MM\0*\0\0\0\x08\0\x01".to_vec();
    exif.extend(b"\x01\x12\0\x03\0\0\0\x01\0\x08\0\0\0\0\0\0");
    let photo = [&jpeg[..2], &exif, &jpeg[2..]].concat();
    reads("turned photo", &photo);
}

/// A PNG's chunk; the checksum is what its decoder computes (ISO/IEC 15948 annex D).
fn chunk(kind: &str, data: &[u8]) -> Vec<u8> {
    let mut body = kind.as_bytes().to_vec();
    body.extend(data);
    let crc = !body.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    });
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length[..], &body, &crc.to_be_bytes()].concat()
}

fn png(width: u32, height: u32, depth: u8, data: &[u8]) -> Vec<u8> {
    let mut header = width.to_be_bytes().to_vec();
    header.extend(height.to_be_bytes());
    header.extend([depth, 0, 0, 0, 0]);
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    out.extend(chunk("IHDR", &header));
    out.extend(chunk("IDAT", data));
    out.extend(chunk("IEND", b""));
    out
}

/// A zlib stream that inflates to very much: one stored-free block of the same byte for ever,
/// as an encoder makes it of a white page of the largest size.
fn white(side: u32) -> Vec<u8> {
    let whole = file(
        GrayImage::from_pixel(side, side, Luma([255])),
        ImageFormat::Png,
    );
    let start = whole.windows(4).position(|four| four == b"IDAT").unwrap() + 4;
    let end = whole.windows(4).rposition(|four| four == b"IEND").unwrap() - 8;
    whole[start..end].to_vec()
}

#[test]
fn a_bomb_is_refused_in_little_time() {
    // The positive control: the chunks are those of a picture that can be decoded.
    let parsed = picture(&png(64, 64, 8, &white(64)));
    assert_eq!(parsed.errors(), ["no QR code found in the picture"]);
    let mut gif = file(sample(), ImageFormat::Gif);
    gif[6..10].fill(0xff);
    for (what, bytes) in [
        (
            "100,000 pixels a side",
            png(100_000, 100_000, 8, &white(64)),
        ),
        (
            "the largest number",
            png(0x7fff_ffff, 0x7fff_ffff, 16, &white(64)),
        ),
        ("more data than pixels", png(8, 8, 8, &white(4000))),
        ("fewer data than pixels", png(7000, 7000, 8, &white(64))),
        ("a giant GIF", gif),
    ] {
        let start = Instant::now();
        let parsed = picture(&bytes);
        assert!(
            parsed.is_clean_refusal(),
            "{what}: {:?} {:?} {}",
            parsed.status,
            parsed.findings,
            parsed.stderr
        );
        // Ten times what it takes on a busy machine.
        assert!(start.elapsed() < Duration::from_secs(10), "{what}");
    }
}

#[test]
fn a_text_chunk_that_inflates_to_a_giant_is_left_alone() {
    // zTXt is a name, a zero, the method and a zlib stream (ISO/IEC 15948 section 11.3.4.3).
    let mut text = b"Comment\0\0".to_vec();
    text.extend(white(10_000));
    let whole = file(sample(), ImageFormat::Png);
    let bytes = [&whole[..33], &chunk("zTXt", &text), &whole[33..]].concat();
    reads("zTXt bomb", &bytes);
}
