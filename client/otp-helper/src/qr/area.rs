//! Where in a picture something is.

/// An upright rectangle in a picture's pixels, y downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
}

impl Area {
    /// The smallest one that holds all the points.
    pub(super) fn around(points: impl IntoIterator<Item = (f32, f32)>) -> Self {
        let nowhere = Self {
            left: f32::MAX,
            top: f32::MAX,
            right: f32::MIN,
            bottom: f32::MIN,
        };
        points.into_iter().fold(nowhere, |area, (x, y)| Self {
            left: area.left.min(x),
            top: area.top.min(y),
            right: area.right.max(x),
            bottom: area.bottom.max(y),
        })
    }

    /// The same place in a picture whose sides are so many times as long.
    #[must_use]
    pub(super) fn scaled(&self, factor: f32) -> Self {
        Self {
            left: self.left * factor,
            top: self.top * factor,
            right: self.right * factor,
            bottom: self.bottom * factor,
        }
    }

    /// Returns x, y, width and height in whole pixels; what lies beyond the upper and left edge
    /// is left out.
    pub fn whole(&self) -> (u32, u32, u32, u32) {
        #[expect(
            clippy::as_conversions,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast of a float saturates, and that is what a far corner needs"
        )]
        let pixel = |at: f32| at.round() as u32;
        let (x, y) = (pixel(self.left), pixel(self.top));
        let (right, bottom) = (pixel(self.right), pixel(self.bottom));
        (x, y, right.saturating_sub(x), bottom.saturating_sub(y))
    }

    /// Whether the middle of the other lies in this one.
    pub(super) fn holds(&self, other: &Self) -> bool {
        let x = f32::midpoint(other.left, other.right);
        let y = f32::midpoint(other.top, other.bottom);
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }
}
