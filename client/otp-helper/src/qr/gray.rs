//! Grey pictures and the few filters that make a hard QR code readable; pure arithmetic.

use std::ops::RangeInclusive;

/// A picture of one byte a pixel, row after row; 0 is black.
#[derive(Clone)]
pub struct Gray {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Gray {
    /// Takes over the pixels; `None` unless there are `width * height` of them, at least one.
    pub fn new(width: usize, height: usize, pixels: Vec<u8>) -> Option<Self> {
        let is_whole = width > 0 && width.checked_mul(height) == Some(pixels.len());
        (is_whole && height > 0).then_some(Self {
            width,
            height,
            pixels,
        })
    }

    /// Returns the width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Returns the height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Returns the number of pixels.
    pub fn area(&self) -> usize {
        self.pixels.len()
    }

    /// Lends the pixels, row after row.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    fn rows(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.pixels.chunks_exact(self.width)
    }

    /// Returns a row; outside the picture, its nearest row.
    fn row(&self, y: usize) -> &[u8] {
        let start = y.min(self.height - 1) * self.width;
        self.pixels
            .get(start..start + self.width)
            .unwrap_or_default()
    }

    fn map(&self, change: impl Fn(u8) -> u8) -> Self {
        Self {
            width: self.width,
            height: self.height,
            pixels: self.pixels.iter().map(|&pixel| change(pixel)).collect(),
        }
    }

    /// Swaps black and white, as a dark theme does.
    #[must_use]
    pub fn inverted(&self) -> Self {
        self.map(|pixel| !pixel)
    }

    /// Makes everything darker than `level` black and the rest white.
    #[must_use]
    pub fn threshold(&self, level: u8) -> Self {
        self.map(|pixel| if pixel < level { 0 } else { 255 })
    }

    /// Averages over a square of `2 * radius + 1` pixels.
    #[must_use]
    pub fn blurred(&self, radius: usize) -> Self {
        self.against_mean(radius, |_, mean| mean)
    }

    /// Makes everything darker than its surroundings black, less a margin against noise.
    #[must_use]
    pub fn local_mean(&self, radius: usize) -> Self {
        const MARGIN: u8 = 4;
        self.against_mean(radius, |pixel, mean| {
            if pixel.saturating_add(MARGIN) < mean {
                0
            } else {
                255
            }
        })
    }

    /// Sharpens strongly: each pixel moves away from the mean of its surroundings.
    #[must_use]
    pub fn sharpened(&self, radius: usize) -> Self {
        const STRENGTH: i32 = 3;
        self.against_mean(radius, |pixel, mean| {
            let (pixel, mean) = (i32::from(pixel), i32::from(mean));
            clamped(pixel + STRENGTH * (pixel - mean))
        })
    }

    /// Combines each pixel with the mean of the square around it. Keeps one sum a column, so
    /// that a large picture needs no table of its own size.
    fn against_mean(&self, radius: usize, combine: impl Fn(u8, u8) -> u8) -> Self {
        let mut sums = vec![0_u32; self.width];
        for y in 0..radius.min(self.height) {
            add(&mut sums, self.row(y));
        }
        let mut pixels = Vec::with_capacity(self.pixels.len());
        for (y, row) in self.rows().enumerate() {
            if y + radius < self.height {
                add(&mut sums, self.row(y + radius));
            }
            if y > radius {
                for (sum, &pixel) in sums.iter_mut().zip(self.row(y - radius - 1)) {
                    *sum -= u32::from(pixel);
                }
            }
            let high = (y + radius).min(self.height - 1) - y.saturating_sub(radius) + 1;
            let mut window: u32 = sums.iter().take(radius).sum();
            let mut entering = sums.iter().skip(radius);
            let mut leaving = sums.iter();
            let mut wide = radius.min(self.width);
            for (x, &pixel) in row.iter().enumerate() {
                if let Some(sum) = entering.next() {
                    window += sum;
                    wide += 1;
                }
                if x > radius {
                    window -= leaving.next().copied().unwrap_or(0);
                    wide -= 1;
                }
                let count = u32::try_from(high * wide).unwrap_or(u32::MAX);
                let mean = u8::try_from(window / count).unwrap_or(u8::MAX);
                pixels.push(combine(pixel, mean));
            }
        }
        Self { pixels, ..*self }
    }

    /// Closes lines of up to `gap` pixels between the rows of a code that was drawn with a
    /// terminal's letters, where the ground shows through; `is_dark`: the ink is.
    #[must_use]
    pub fn closed(&self, gap: usize, is_dark: bool) -> Self {
        self.spread(|y| y.saturating_sub(gap)..=y, is_dark)
            .spread(|y| y..=y + gap, !is_dark)
    }

    /// Takes for each pixel the darkest (or lightest) one of its column in some rows.
    fn spread(&self, rows: impl Fn(usize) -> RangeInclusive<usize>, is_darkest: bool) -> Self {
        let choose = if is_darkest { u8::min } else { u8::max };
        let mut pixels = Vec::with_capacity(self.pixels.len());
        for y in 0..self.height {
            let start = pixels.len();
            pixels.extend_from_slice(self.row(y));
            for near in rows(y) {
                let here = pixels.iter_mut().skip(start);
                for (here, &near) in here.zip(self.row(near)) {
                    *here = choose(*here, near);
                }
            }
        }
        Self { pixels, ..*self }
    }

    /// Halves both sides, averaging four pixels; `None` for a picture of one row or column.
    pub fn halved(&self) -> Option<Self> {
        let (width, height) = (self.width / 2, self.height / 2);
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            let (upper, lower) = (self.row(2 * y), self.row(2 * y + 1));
            for (a, b) in upper.chunks_exact(2).zip(lower.chunks_exact(2)) {
                let sum: u32 = a.iter().chain(b).map(|&pixel| u32::from(pixel)).sum();
                pixels.push(u8::try_from((sum + 2) / 4).unwrap_or(u8::MAX));
            }
        }
        Self::new(width, height, pixels)
    }

    /// Scales both sides by `percent`, interpolating between four pixels.
    pub fn scaled(&self, percent: usize) -> Option<Self> {
        let (width, height) = (self.width * percent / 100, self.height * percent / 100);
        let columns: Vec<(usize, u32)> =
            (0..width).map(|x| source(x, percent, self.width)).collect();
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            let (top, down) = source(y, percent, self.height);
            let (upper, lower) = (self.row(top), self.row(top + 1));
            for &(left, right) in &columns {
                let mix = |row: &[u8]| {
                    let here = row.get(left).copied().unwrap_or(0);
                    let next = row.get(left + 1).copied().unwrap_or(here);
                    u32::from(here) * (ONE - right) + u32::from(next) * right
                };
                let value = mix(upper) * (ONE - down) + mix(lower) * down;
                pixels.push(u8::try_from(value / (ONE * ONE)).unwrap_or(u8::MAX));
            }
        }
        Self::new(width, height, pixels)
    }
}

/// A whole pixel in the fixed-point arithmetic of [`Gray::scaled`].
const ONE: u32 = 256;

/// Where the middle of a pixel of the scaled picture lies in the original: the pixel before it
/// and how far it is to the next one.
fn source(place: usize, percent: usize, length: usize) -> (usize, u32) {
    // (place + 0.5) * 100 / percent - 0.5, in 1/256 of a pixel.
    let doubled = (2 * place + 1) * 100 * 256 / percent;
    let at = doubled.saturating_sub(256) / 2;
    let first = at / 256;
    if first + 1 >= length {
        return (length - 1, 0);
    }
    (first, u32::try_from(at % 256).unwrap_or(0))
}

fn add(sums: &mut [u32], row: &[u8]) {
    for (sum, &pixel) in sums.iter_mut().zip(row) {
        *sum += u32::from(pixel);
    }
}

fn clamped(value: i32) -> u8 {
    u8::try_from(value.clamp(0, 255)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One column, from the top.
    fn column(pixels: &[u8]) -> Option<Gray> {
        Gray::new(1, pixels.len(), pixels.to_vec())
    }

    #[test]
    fn closing_removes_thin_lines_and_moves_nothing() {
        let dark_ink = column(&[255, 0, 0, 255, 0, 0, 255, 255, 255, 0, 255, 255, 255, 255]);
        let closed = dark_ink.map(|gray| gray.closed(2, true).pixels);
        let expected = [255, 0, 0, 0, 0, 0, 255, 255, 255, 0, 255, 255, 255, 255];
        assert_eq!(closed.as_deref(), Some(&expected[..]));
        let light_ink = column(&expected.map(|pixel: u8| !pixel));
        let closed = light_ink.map(|gray| gray.closed(3, false).pixels);
        let expected = [0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0];
        assert_eq!(closed.as_deref(), Some(&expected[..]));
    }
}
