//! The two readers of QR codes, each over one picture in both polarities: `rxing` is quick and
//! reads more; `rqrr` reads some that it doesn't.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rxing::common::cpp_essentials::DecoderResult;
use rxing::common::{BitMatrix, HybridBinarizer};
use rxing::qrcode::cpp_port::decoder::Decode;
use rxing::qrcode::cpp_port::detector::{
    FindFinderPatterns, FinderPatternSet, GenerateFinderPatternSets, SampleQR,
};
use rxing::{Binarizer as _, Luma8Source};
use zeroize::Zeroizing;

use super::{Area, Gray, Payload};

/// What was seen in a picture.
#[derive(Default)]
pub(super) struct Seen {
    /// The codes that could be read.
    pub codes: Vec<(Payload, Area)>,
    /// Where finder and timing patterns stand as a code's do, and none could be read.
    pub unread: Vec<Area>,
}

impl Seen {
    /// Runs one reader. Both panic on a few odd constellations of patterns (their geometry
    /// asserts what it should check); then it has seen what it saw until there.
    fn contained(&mut self, reader: impl FnOnce(&mut Self)) {
        drop(catch_unwind(AssertUnwindSafe(|| reader(self))));
    }
}

/// Looks with `rxing`, a port of `ZXing`.
pub(super) fn rxing(picture: &Gray, is_late: &dyn Fn() -> bool) -> Seen {
    let mut seen = Seen::default();
    for is_inverted in [false, true] {
        if !is_late() {
            seen.contained(|seen| rxing_once(picture, is_inverted, is_late, seen));
        }
    }
    seen
}

fn rxing_once(picture: &Gray, is_inverted: bool, is_late: &dyn Fn() -> bool, seen: &mut Seen) {
    let side = |length| u32::try_from(length).unwrap_or(0);
    let (width, height) = (side(picture.width()), side(picture.height()));
    let Ok(mut source) = Luma8Source::new_with_slice(picture.pixels(), width, height) else {
        return;
    };
    if is_inverted {
        rxing::LuminanceSource::invert(&mut source);
    }
    let binarizer = HybridBinarizer::new(source);
    let Ok(matrix) = binarizer.get_black_matrix() else {
        return;
    };
    let mut patterns = FindFinderPatterns(matrix, true, 0);
    let mut used = Vec::new();
    for set in GenerateFinderPatternSets(&mut patterns) {
        if is_late() {
            return;
        }
        let corners = [set.bl, set.tl, set.tr];
        if corners.iter().any(|corner| used.contains(corner)) {
            continue;
        }
        let Ok(sample) = SampleQR(matrix, &set) else {
            continue;
        };
        let bits = rxing::common::DetectorRXingResult::getBits(&sample);
        let Some(decoded) = Decode(bits).ok().filter(DecoderResult::isValid) else {
            if has_timing(bits) {
                seen.unread.push(spanned(&set));
            }
            continue;
        };
        used.extend(corners);
        let points = rxing::common::DetectorRXingResult::getPoints(&sample);
        let area = Area::around(points.iter().map(|point| (point.x, point.y)));
        let payload = Zeroizing::new(decoded.content().bytes().to_vec());
        seen.codes.push((payload, area));
    }
}

/// Returns whether light and dark take turns between the finder patterns (ISO/IEC 18004 section
/// 5.3.4); three corners of a desktop's icons hardly ever have that.
fn has_timing(bits: &BitMatrix) -> bool {
    let places = 8..bits.width().saturating_sub(8);
    let right = places
        .clone()
        .map(|at| [bits.get(at, 6), bits.get(6, at)].map(|is_dark| is_dark == (at % 2 == 0)));
    let right = right.flatten().filter(|&is_right| is_right).count();
    // Nine in ten of chance likenesses have fewer; blurred codes have more.
    right * 4 >= places.len() * 2 * 3
}

fn spanned(set: &FinderPatternSet) -> Area {
    Area::around([set.bl, set.tl, set.tr].map(|corner| (corner.p.x, corner.p.y)))
}

/// Looks with `rqrr`.
pub(super) fn rqrr(picture: &Gray, is_late: &dyn Fn() -> bool) -> Seen {
    let mut seen = Seen::default();
    for mask in [0, 0xff] {
        if !is_late() {
            seen.contained(|seen| rqrr_once(picture, mask, seen));
        }
    }
    seen
}

fn rqrr_once(picture: &Gray, mask: u8, seen: &mut Seen) {
    let (width, height) = (picture.width(), picture.height());
    let pixels = picture.pixels();
    let pixel = |x: usize, y: usize| pixels.get(y * width + x).copied().unwrap_or(255) ^ mask;
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, pixel);
    for grid in prepared.detect_grids() {
        let mut bytes = Zeroizing::new(Vec::with_capacity(rqrr::MAX_PAYLOAD_SIZE));
        let place = |at: i32| f32::from(i16::try_from(at).unwrap_or(i16::MAX));
        let corners = grid.bounds.iter().map(|at| (place(at.x), place(at.y)));
        let area = Area::around(corners);
        if grid.decode_to(&mut *bytes).is_ok() {
            seen.codes.push((bytes, area));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_panics_keeps_what_it_saw_and_the_next_one_looks() {
        let code = || {
            let area = Area::around([(0.0, 0.0), (1.0, 1.0)]);
            (Payload::new(b"text".to_vec()), area)
        };
        let mut seen = Seen::default();
        seen.contained(|seen| {
            seen.codes.push(code());
            assert!(seen.codes.is_empty(), "as a reader's geometry does");
            seen.codes.push(code());
        });
        assert_eq!(seen.codes.len(), 1);
        seen.contained(|seen| seen.codes.push(code()));
        assert_eq!(seen.codes.len(), 2);
    }
}
