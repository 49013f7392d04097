//! The stages in which a picture is looked at, the cheap ones first.

use std::panic::{AssertUnwindSafe, catch_unwind};

use zeroize::Zeroizing;

use super::{Gray, Payload, Shades};

/// Largest picture that a stage scales up; larger ones come from screens whose codes are large.
const MAX_ENLARGED: usize = 6_000_000;

/// How a stage prepares a picture. `None`: it isn't worth it for this picture.
type Prepare = fn(&Shades) -> Option<Gray>;

/// One look at a picture.
struct Look {
    prepare: Prepare,
    /// The picture is black and white already, and the reader needn't find a threshold.
    is_binary: bool,
}

const fn grey(prepare: Prepare) -> Look {
    Look {
        prepare,
        is_binary: false,
    }
}

const fn binary(prepare: Prepare) -> Look {
    Look {
        prepare,
        is_binary: true,
    }
}

/// The stages, in order; each is run whole and in both polarities, and the first one that
/// finds a code is the last one.
const STAGES: &[&[Look]] = &[
    &[grey(|shades| Some(shades.on_white.clone()))],
    &[
        grey(|shades| Some(shades.on_white.sharpened(3))),
        binary(|shades| Some(enlarged(shades, 200)?.local_mean(20))),
        grey(|shades| Some(shades.on_white.blurred(1).blurred(1))),
        grey(|shades| Some(shades.transparent.as_ref()?.0.clone())),
        grey(|shades| Some(shades.transparent.as_ref()?.1.clone())),
    ],
    &[
        binary(|shades| Some(shades.on_white.local_mean(20))),
        binary(|shades| Some(shades.on_white.local_mean(8))),
        grey(|shades| enlarged(shades, 150)),
        grey(|shades| shades.on_white.scaled(70)),
        grey(|shades| shades.on_white.halved()),
        grey(|shades| enlarged(shades, 200)),
        grey(|shades| Some(shades.on_white.vertical(true))),
        grey(|shades| Some(shades.on_white.vertical(false))),
        binary(|shades| Some(shades.on_white.threshold(16))),
        binary(|shades| Some(shades.on_white.threshold(32))),
        binary(|shades| Some(shades.on_white.threshold(96))),
        binary(|shades| Some(shades.on_white.threshold(160))),
    ],
];

fn enlarged(shades: &Shades, percent: usize) -> Option<Gray> {
    (shades.on_white.area() <= MAX_ENLARGED)
        .then(|| shades.on_white.scaled(percent))
        .flatten()
}

/// Finds the codes and hands each different payload to `found` at once, so that a later stage
/// that fails takes nothing back. `is_late` is asked before each look.
pub fn read(shades: &Shades, is_late: &dyn Fn() -> bool, found: &mut dyn FnMut(&Payload)) {
    let mut payloads: Vec<Payload> = Vec::new();
    for stage in STAGES {
        for look in *stage {
            if is_late() {
                return;
            }
            let Some(picture) = (look.prepare)(shades) else {
                continue;
            };
            for picture in [&picture, &picture.inverted()] {
                for payload in scan(picture, look.is_binary) {
                    if !payloads.contains(&payload) {
                        found(&payload);
                        payloads.push(payload);
                    }
                }
                if is_late() {
                    break;
                }
            }
        }
        if !payloads.is_empty() {
            return;
        }
    }
}

/// Runs the reader once. It panics on a few odd constellations of patterns (its geometry asserts
/// what it should check); then this look has found what it found until there. That needs a build
/// that unwinds; with `panic = "abort"` the whole picture is lost.
fn scan(picture: &Gray, is_binary: bool) -> Vec<Payload> {
    let mut payloads = Vec::new();
    drop(catch_unwind(AssertUnwindSafe(|| {
        look(picture, is_binary, &mut payloads);
    })));
    payloads
}

fn look(picture: &Gray, is_binary: bool, payloads: &mut Vec<Payload>) {
    let (width, height) = (picture.width(), picture.height());
    let pixel = |x: usize, y: usize| picture.pixels().get(y * width + x).copied().unwrap_or(255);
    let mut prepared = if is_binary {
        rqrr::PreparedImage::prepare_from_bitmap(width, height, |x, y| pixel(x, y) < 128)
    } else {
        rqrr::PreparedImage::prepare_from_greyscale(width, height, pixel)
    };
    for grid in prepared.detect_grids() {
        let mut bytes = Zeroizing::new(Vec::with_capacity(rqrr::MAX_PAYLOAD_SIZE));
        // A grid that can't be decoded is a chance likeness, or a job for the next stage.
        if grid.decode_to(&mut *bytes).is_ok() {
            payloads.push(bytes);
        }
    }
}
