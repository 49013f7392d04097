//! The modules of a QR code (ISO/IEC 18004).

use std::fmt;

use qrcode::types::Color;
use qrcode::{EcLevel, QrCode};

/// Modules of white around a code (ISO/IEC 18004 section 5.3.8).
const QUIET: usize = 4;

/// Why a text can't be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrawError {
    /// There is nothing to draw.
    Empty,
    /// No QR code holds so much.
    TooLong,
}

impl fmt::Display for DrawError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "no text to draw",
            Self::TooLong => "the text is too long for a QR code (at most 2953 bytes)",
        })
    }
}
impl std::error::Error for DrawError {}

/// A square of modules with its white margin; wiped by the allocator when dropped.
pub struct Code {
    side: usize,
    modules: Vec<Color>,
}

impl Code {
    /// Encodes a text as UTF-8, with a quarter of it correctable where that fits, else less.
    ///
    /// # Errors
    /// The text is empty, or longer than the largest code holds.
    pub fn new(text: &str) -> Result<Self, DrawError> {
        if text.is_empty() {
            return Err(DrawError::Empty);
        }
        let code = [EcLevel::M, EcLevel::L]
            .into_iter()
            .find_map(|level| QrCode::with_error_correction_level(text, level).ok())
            .ok_or(DrawError::TooLong)?;
        Ok(Self {
            side: code.width(),
            modules: code.into_colors(),
        })
    }

    /// Returns the modules a side, margin included.
    pub fn side(&self) -> usize {
        self.side + 2 * QUIET
    }

    /// Returns whether the module is dark; the margin and all beyond it are light.
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        let place = |at: usize| at.checked_sub(QUIET).filter(|&at| at < self.side);
        place(x)
            .zip(place(y))
            .and_then(|(x, y)| self.modules.get(y * self.side + x))
            .is_some_and(|&colour| colour == Color::Dark)
    }
}
