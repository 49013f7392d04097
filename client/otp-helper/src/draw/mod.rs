//! Texts to QR codes: one file a form of drawing, and the table that names them.

mod code;
mod page;
mod png;
mod sheet;
mod svg;
mod terminal;

use std::io;

use zeroize::Zeroizing;

pub use code::{Code, DrawError};

use crate::text::Text;

/// How a code is to look.
pub struct Style {
    /// For a light terminal: the text's colour draws the dark modules instead of the light ones.
    pub is_inverted: bool,
    /// The language of a page's words.
    pub text: &'static Text,
}

/// A form in which a code can be drawn.
pub trait Drawing: Sync {
    /// Returns the name that `--format` takes.
    fn name(&self) -> &'static str;

    /// Draws the code of a text.
    ///
    /// # Errors
    /// Those of an encoder that runs out of memory.
    fn draw(&self, text: &str, code: &Code, style: &Style) -> io::Result<Zeroizing<Vec<u8>>>;
}

/// Every form.
pub const DRAWINGS: &[&dyn Drawing] = &[
    &terminal::Coloured,
    &terminal::Plain,
    &png::Png,
    &svg::Svg,
    &page::Page,
    &sheet::Sheet,
];

/// Returns the form of this name.
pub fn named(name: &str) -> Option<&'static dyn Drawing> {
    DRAWINGS
        .iter()
        .copied()
        .find(|drawing| drawing.name() == name)
}
