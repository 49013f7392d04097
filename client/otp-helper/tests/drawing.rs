//! QR codes out of `draw`, read again.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what can't be prepared ends the test"
)]

mod fixtures;
mod support;

use std::fs::File;
use std::process::{Command, Stdio};

use fixtures::{SAMPLE, SAMPLE_CANONICAL, file};
use image::{GrayImage, ImageFormat, Luma};
use support::{picture, run};

fn draw(arguments: &[&str], text: &str) -> Vec<u8> {
    let arguments: Vec<&str> = std::iter::once("draw")
        .chain(arguments.iter().copied())
        .collect();
    let output = run(&arguments, text.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    output.stdout
}

/// What a terminal shows for the letters: `ink` is the shade of the text's colour.
fn screenshot(letters: &str, ink: u8, paper: u8) -> GrayImage {
    const MODULE: u32 = 4;
    let rows: Vec<Vec<char>> = letters.lines().map(|line| line.chars().collect()).collect();
    let width = u32::try_from(rows[0].len()).unwrap() * MODULE;
    let height = u32::try_from(rows.len()).unwrap() * 2 * MODULE;
    let margin = 12;
    GrayImage::from_fn(width + 2 * margin, height + 2 * margin, |x, y| {
        let place = |at: u32| at.checked_sub(margin).map(|at| at / MODULE);
        let letter = place(x).zip(place(y)).and_then(|(x, y)| {
            let row = rows.get(usize::try_from(y / 2).unwrap())?;
            Some((row.get(usize::try_from(x).unwrap())?, y % 2 == 0))
        });
        let is_ink = match letter {
            Some(('█', _)) => true,
            Some(('▀', is_upper)) => is_upper,
            Some(('▄', is_upper)) => !is_upper,
            _ => false,
        };
        Luma([if is_ink { ink } else { paper }])
    })
}

fn reads(what: &str, screenshot: GrayImage) {
    let parsed = picture(&file(screenshot, ImageFormat::Png));
    assert_eq!(parsed.uris(), [SAMPLE_CANONICAL], "{what}");
}

#[test]
fn a_code_in_a_terminal_is_read_off_its_screen() {
    let dark = String::from_utf8(draw(&["--format", "text"], SAMPLE)).unwrap();
    reads("light blocks on dark", screenshot(&dark, 230, 20));
    let light = String::from_utf8(draw(&["--format", "text", "--invert"], SAMPLE)).unwrap();
    reads("dark blocks on light", screenshot(&light, 20, 230));
    assert_ne!(dark, light);
}

#[test]
fn a_coloured_code_says_its_colours_on_every_line_and_ends_them() {
    let drawn = String::from_utf8(draw(&["--format", "terminal"], SAMPLE)).unwrap();
    let mut letters = String::new();
    for line in drawn.lines() {
        let line = line.strip_prefix("\x1b[38;5;16;48;5;231m").unwrap();
        letters.push_str(line.strip_suffix("\x1b[0m").unwrap());
        letters.push('\n');
    }
    assert!(!letters.contains('\x1b'));
    reads("black on white", screenshot(&letters, 0, 255));
}

#[test]
fn a_drawn_picture_is_read_again() {
    for arguments in [&["--format", "png"][..], &["--format", "png", "--invert"]] {
        let parsed = picture(&draw(arguments, &format!("{SAMPLE}\n")));
        assert_eq!(parsed.uris(), [SAMPLE_CANONICAL], "{arguments:?}");
    }
}

/// Draws what the path of an SVG says, a pixel a module, larger afterwards.
fn rasterised(svg: &str) -> GrayImage {
    let view = svg.split("viewBox=\"0 0 ").nth(1).unwrap();
    let side: u32 = view.split([' ', '"']).next().unwrap().parse().unwrap();
    let path = svg
        .rsplit("d=\"")
        .next()
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let mut small = GrayImage::from_pixel(side, side, Luma([255]));
    for bar in path.split('M').filter(|bar| !bar.is_empty()) {
        let (place, length) = bar.split_once('h').unwrap();
        let (x, y) = place.split_once(' ').unwrap();
        let (x, y): (u32, u32) = (x.parse().unwrap(), y.parse().unwrap());
        let length: u32 = length.split('v').next().unwrap().parse().unwrap();
        for x in x..x + length {
            small.put_pixel(x, y, Luma([0]));
        }
    }
    image::imageops::resize(
        &small,
        side * 4,
        side * 4,
        image::imageops::FilterType::Nearest,
    )
}

#[test]
fn a_page_has_the_code_and_what_to_type_in_both_languages() {
    let uri =
        "otpauth://hotp/A%26B:%3Ci%3E%E5%B1%B1?secret=JBSWY3DPEHPK3PXP&issuer=A%26B&counter=7";
    let english = String::from_utf8(draw(&["--format", "page"], uri)).unwrap();
    let japanese = ["--format", "page", "--language", "ja"];
    let japanese = String::from_utf8(draw(&japanese, uri)).unwrap();
    for page in [&english, &japanese] {
        for part in [
            "A&amp;B",
            "&lt;i&gt;山",
            "JBSW Y3DP EHPK 3PXP",
            ">7<",
            "SHA1",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(!page.contains("<i>") && !page.contains("http://") || page.contains("www.w3.org"));
        assert!(!page.contains("<script") && !page.contains("src="));
        let parsed = picture(&file(rasterised(page), ImageFormat::Png));
        assert_eq!(parsed.uris().len(), 1);
        assert!(parsed.uris()[0].contains("counter=7"));
    }
    assert!(english.contains("<html lang=\"en\">") && english.contains("Counter"));
    assert!(japanese.contains("<html lang=\"ja\">") && japanese.contains("カウンター"));
}

#[test]
fn a_sheet_of_a_recovery_key_has_it_to_scan_and_to_type_as_page_and_as_text() {
    const KEY: &str = "FNSXM-XQGMR-0F85A-M6DHB-NH6VX-BV0VZ-2R21C";
    for language in ["en", "ja"] {
        let page = draw(&["--format", "page", "--language", language], KEY);
        let page = String::from_utf8(page).unwrap();
        let sheet = draw(&["--format", "sheet", "--language", language], KEY);
        let sheet = String::from_utf8(sheet).unwrap();
        let blocks: Vec<&str> = sheet
            .lines()
            .filter(|line| line.contains(['█', '▀', '▄']))
            .collect();
        let shots = [rasterised(&page), screenshot(&blocks.join("\n"), 20, 230)];
        for (text, shot) in [&page, &sheet].into_iter().zip(shots) {
            assert!(
                text.contains(KEY) && text.contains("otpctl unlock"),
                "{text}"
            );
            let parsed = support::parse(&["--image", "--text"], &file(shot, ImageFormat::Png));
            assert_eq!(parsed.findings[0]["text"], KEY);
        }
    }
}

#[test]
fn any_text_is_drawn_up_to_what_the_largest_code_holds() {
    let longest = "x".repeat(2953);
    let drawn = draw(&["--format", "png"], &longest);
    let parsed = support::parse(&["--image", "--text"], &drawn);
    assert_eq!(parsed.findings[0]["text"], longest.as_str());
    let svg = String::from_utf8(draw(&["--format", "svg"], "hello")).unwrap();
    let parsed = support::parse(
        &["--image", "--text"],
        &file(rasterised(&svg), ImageFormat::Png),
    );
    assert_eq!(parsed.findings[0]["text"], "hello");
    for (text, error) in [
        (
            "x".repeat(2954),
            "the text is too long for a QR code (at most 2953 bytes)",
        ),
        (String::new(), "no text to draw"),
        ("\n".into(), "no text to draw"),
    ] {
        let output = run(&["draw", "--format", "png"], text.as_bytes());
        assert_eq!(output.status.code(), Some(8));
        assert!(output.stdout.is_empty());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(stderr, format!("otp-helper: {error}\n"));
    }
}

#[test]
fn a_wrong_command_line_is_refused() {
    for arguments in [
        &["draw"][..],
        &["draw", "--format", "pdf"],
        &["draw", "--format", "png", "--language", "xx"],
        &["draw", "--format", "png", "file"],
        &["parse", "--format", "otpauth", "--text"],
        &["parse", "--image", "--invert"],
    ] {
        assert_eq!(run(arguments, b"").status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn a_key_is_drawn_into_no_file() {
    let path = std::env::temp_dir().join(format!("otp-helper-draw-{}", std::process::id()));
    let status = Command::new(env!("CARGO_BIN_EXE_otp-helper"))
        .args(["draw", "--format", "png"])
        .stdin(Stdio::null())
        .stdout(File::create(&path).unwrap())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let written = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!((status.code(), written.len()), (Some(2), 0));
}
