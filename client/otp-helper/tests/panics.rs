//! A picture over which a reader panics: damaged at random until it did.
#![allow(clippy::unwrap_used, reason = "what can't be prepared ends the test")]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use support::picture;

const PICTURE: &[u8] = include_bytes!("data/panic.png");

#[test]
fn a_panic_of_a_reader_costs_one_look_and_not_the_picture() {
    // The positive control. Once a newer rqrr reads it, another picture has to be found.
    let gray = image::load_from_memory(PICTURE).unwrap().into_luma8();
    let size = gray.dimensions();
    let (width, height) = (size.0.try_into().unwrap(), size.1.try_into().unwrap());
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let pixel = |x: usize, y: usize| {
            let (x, y) = (x.try_into().unwrap(), y.try_into().unwrap());
            gray.get_pixel(x, y).0[0]
        };
        let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, pixel);
        for grid in prepared.detect_grids() {
            grid.decode_to(Vec::new()).ok();
        }
    }));
    assert!(panicked.is_err());

    let parsed = picture(PICTURE);
    assert!(
        parsed.is_clean_refusal(),
        "{:?} {}",
        parsed.status,
        parsed.stderr
    );
    assert_eq!(parsed.errors(), ["no QR code found in the picture"]);
}
