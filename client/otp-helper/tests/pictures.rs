//! QR codes in pictures, through the program.

mod fixtures;
mod support;

use fixtures::{SAMPLE, SAMPLE_CANONICAL, code, file, png};
use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, ImageFormat, Luma, LumaA, RgbImage, Rgba, RgbaImage};
use support::picture;

const FORMATS: [ImageFormat; 5] = [
    ImageFormat::Png,
    ImageFormat::Jpeg,
    ImageFormat::WebP,
    ImageFormat::Gif,
    ImageFormat::Bmp,
];

fn sample() -> GrayImage {
    code(SAMPLE.as_bytes(), 4)
}

/// The picture gives the sample, and only that.
fn reads(what: &str, picture: impl Into<DynamicImage>) {
    let parsed = support::picture(&file(picture, ImageFormat::Png));
    assert_eq!(
        parsed.uris(),
        [SAMPLE_CANONICAL],
        "{what}: {:?}",
        parsed.errors()
    );
    assert_eq!(parsed.status, Some(0), "{what}");
}

#[test]
fn a_code_is_read_from_every_format() {
    for format in FORMATS {
        let parsed = picture(&file(sample(), format));
        assert_eq!(parsed.uris(), [SAMPLE_CANONICAL], "{format:?}");
        assert_eq!((parsed.status, parsed.stderr.as_str()), (Some(0), ""));
    }
}

#[test]
fn a_code_is_read_however_a_page_shows_it() {
    reads("black on white", sample());
    let mut dark = sample();
    imageops::invert(&mut dark);
    reads("dark theme", dark.clone());
    for module in [2, 3, 10] {
        reads("module size", code(SAMPLE.as_bytes(), module));
    }
    for percent in [70, 130, 175] {
        let side = sample().width() * percent / 100;
        let scaled = imageops::resize(&sample(), side, side, FilterType::Triangle);
        reads("browser zoom", scaled);
    }
    reads("mirrored", imageops::flip_horizontal(&sample()));
    reads("turned", imageops::rotate90(&sample()));
    let brand = DynamicImage::from(sample()).into_rgb8();
    let brand = RgbImage::from_fn(brand.width(), brand.height(), |x, y| {
        let dark = brand.get_pixel(x, y).0[0] == 0;
        image::Rgb(if dark { [180, 20, 60] } else { [240, 240, 210] })
    });
    reads("brand colours", brand);
    let mut faint = sample();
    for pixel in faint.pixels_mut() {
        pixel.0[0] = if pixel.0[0] == 0 { 150 } else { 190 };
    }
    reads("low contrast", faint);
}

#[test]
fn a_code_is_read_on_a_transparent_page() {
    let shown = |colour: [u8; 3], inverted: bool| {
        let picture = sample();
        RgbaImage::from_fn(picture.width(), picture.height(), |x, y| {
            let is_ink = (picture.get_pixel(x, y).0[0] == 0) != inverted;
            let [r, g, b] = colour;
            Rgba(if is_ink { [r, g, b, 255] } else { [0, 0, 0, 0] })
        })
    };
    reads("black ink", shown([0; 3], false));
    reads("white ink", shown([255; 3], false));
    reads("black ground", shown([0; 3], true));
    let half = DynamicImage::from(sample()).into_luma_alpha8();
    let half = image::GrayAlphaImage::from_fn(half.width(), half.height(), |x, y| {
        LumaA([half.get_pixel(x, y).0[0], 128])
    });
    reads("half transparent", half);
}

#[test]
fn a_small_code_is_read_on_a_large_screen() {
    let mut screen = GrayImage::from_fn(3840, 2160, |x, y| {
        // Windows, lines of text and icons, roughly.
        let is_text = y % 24 < 12 && (x / 7 + y / 24) % 3 == 0 && x % 7 < 3;
        Luma([if is_text { 40 } else { 235 }])
    });
    imageops::overlay(&mut screen, &code(SAMPLE.as_bytes(), 3), 2500, 1100);
    reads("4K", screen);
}

#[test]
fn several_codes_in_one_picture_are_all_read() {
    let other = "otpauth://hotp/Example:bob?secret=JBSWY3DPEHPK3PXP&issuer=Example&counter=7";
    let mut page = GrayImage::from_pixel(700, 300, Luma([255]));
    imageops::overlay(&mut page, &sample(), 20, 20);
    imageops::overlay(&mut page, &code(other.as_bytes(), 4), 400, 60);
    let parsed = picture(&file(page, ImageFormat::Png));
    let mut uris = parsed.uris();
    uris.sort_unstable();
    assert_eq!(uris.len(), 2);
    assert!(uris[0].starts_with("otpauth://hotp/Example:bob?") && uris[0].contains("counter=7"));
    assert_eq!(uris[1], SAMPLE_CANONICAL);
}

#[test]
fn a_code_that_is_no_key_is_named_and_nothing_of_it_is_shown() {
    for (content, skipped, what) in [
        (
            "https://user@example.com/reset?token=t0psecret",
            "url",
            Some("example.com"),
        ),
        ("WIFI:S:net;T:WPA;P:t0psecret;;", "text", None),
        (
            "phonefactor://activate_account?code=t0psecret",
            "unsupported",
            None,
        ),
        ("t0psecret", "text", None),
    ] {
        let parsed = picture(&png(content));
        assert_eq!(parsed.status, Some(8), "{content}");
        let [finding] = parsed.findings.as_slice() else {
            panic!("{content}: {:?}", parsed.findings)
        };
        assert_eq!(finding["skipped"], skipped, "{content}");
        assert_eq!(finding["what"].as_str(), what, "{content}");
        assert!(!finding.to_string().contains("t0psecret"));
    }
}

#[test]
fn a_key_with_a_fault_is_refused_in_words_that_do_not_quote_it() {
    let parsed = picture(&png("otpauth://totp/x?secret=JBSWY3DPEHPK3PX1"));
    assert!(parsed.is_clean_refusal());
    assert!(
        parsed.errors()[0].contains("character 16"),
        "{:?}",
        parsed.errors()
    );
    assert!(!parsed.errors()[0].contains("JBSW"));
}

#[test]
fn a_japanese_name_is_read_in_both_encodings_that_codes_use() {
    let uri = "otpauth://totp/例:山田?secret=JBSWY3DPEHPK3PXP&issuer=例";
    let (shift_jis, _, _) = encoding_rs::SHIFT_JIS.encode(uri);
    let utf8 = picture(&file(code(uri.as_bytes(), 4), ImageFormat::Png));
    let other = picture(&file(code(&shift_jis, 4), ImageFormat::Png));
    assert_eq!(utf8.uris().len(), 1);
    assert!(utf8.uris()[0].starts_with("otpauth://totp/%E4%BE%8B:%E5%B1%B1%E7%94%B0?"));
    assert_eq!(utf8.uris(), other.uris());
}

#[test]
fn a_picture_without_a_code_is_refused() {
    for shade in [0, 128, 255] {
        let parsed = picture(&file(
            GrayImage::from_pixel(300, 200, Luma([shade])),
            ImageFormat::Png,
        ));
        assert!(parsed.is_clean_refusal(), "{:?}", parsed.findings);
        assert_eq!(parsed.errors(), ["no QR code found in the picture"]);
    }
    for (width, height) in [(1, 1), (1, 400), (400, 1), (7, 7)] {
        let parsed = picture(&file(GrayImage::new(width, height), ImageFormat::Png));
        assert!(parsed.is_clean_refusal(), "{width} x {height}");
    }
}

#[test]
fn a_torn_or_bent_picture_is_refused_or_read_and_never_crashes() {
    for format in FORMATS {
        let whole = file(sample(), format);
        for tenth in 0..10 {
            let torn = picture(&whole[..whole.len() * tenth / 10]);
            assert!(
                torn.is_clean_refusal() || torn.uris() == [SAMPLE_CANONICAL],
                "{format:?} {tenth}: {:?} {:?} {}",
                torn.status,
                torn.findings,
                torn.stderr
            );
        }
        let mut bent = whole.clone();
        let middle = bent.len() / 2;
        bent[middle..middle + 40].fill(0xa5);
        let bent = picture(&bent);
        assert!(
            bent.is_clean_refusal() || bent.status == Some(0),
            "{format:?}"
        );
    }
}

#[test]
fn a_picture_that_announces_a_giant_is_refused_before_it_is_decoded() {
    let mut png_header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    png_header.extend(60_000_u32.to_be_bytes());
    png_header.extend(60_000_u32.to_be_bytes());
    png_header.extend([8, 0, 0, 0, 0]);
    png_header.extend(0x4f17_3ad9_u32.to_be_bytes());
    let mut bmp = file(sample(), ImageFormat::Bmp);
    bmp[18..22].copy_from_slice(&30_000_i32.to_le_bytes());
    bmp[22..26].copy_from_slice(&30_000_i32.to_le_bytes());
    let mut gif = file(sample(), ImageFormat::Gif);
    gif[6..10].fill(0xff);
    let mut jpeg = file(sample(), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].fill(0xff);
    // A real one that compresses to nearly nothing.
    let bomb = file(GrayImage::new(16_000, 16_000), ImageFormat::Png);
    for (what, bytes) in [
        ("png header", png_header),
        ("bmp", bmp),
        ("gif", gif),
        ("jpeg", jpeg),
        ("bomb", bomb),
    ] {
        let parsed = picture(&bytes);
        assert!(
            parsed.is_clean_refusal(),
            "{what}: {:?} {:?} {}",
            parsed.status,
            parsed.findings,
            parsed.stderr
        );
    }
}

#[test]
fn what_is_no_picture_is_refused() {
    for bytes in [
        &b""[..],
        b"GIF",
        b"hello",
        SAMPLE.as_bytes(),
        b"%PDF-1.7\n",
        b"\0\0\0\0",
    ] {
        let parsed = picture(bytes);
        assert!(parsed.is_clean_refusal());
        assert!(
            parsed.errors()[0].starts_with("not a picture"),
            "{:?}",
            parsed.errors()
        );
    }
    let parsed = picture(&vec![0; (64 << 20) + 1]);
    assert_eq!(parsed.errors(), ["the input is larger than 64 MiB"]);
}

#[test]
fn the_largest_picture_that_is_allowed_is_read_within_the_limit_of_memory() {
    let mut page = GrayImage::from_pixel(8000, 8000, Luma([255]));
    imageops::overlay(&mut page, &code(SAMPLE.as_bytes(), 8), 5000, 5000);
    reads("64 million pixels", page);
}

#[test]
fn auto_tells_a_picture_from_a_list() {
    for input in [png(SAMPLE), SAMPLE.as_bytes().to_vec()] {
        let parsed = support::parse(&["--format", "auto"], &input);
        assert_eq!(parsed.uris(), [SAMPLE_CANONICAL]);
    }
    let parsed = support::parse(&["--format", "auto"], b"nothing of interest\n");
    assert!(parsed.is_clean_refusal());
}
