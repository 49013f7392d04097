//! Pixels to the texts of the QR codes in them; knows nothing of what the texts mean.

mod area;
mod gray;
mod reader;
mod stage;

use otp_proto::Secret;
use zeroize::Zeroizing;

pub use area::Area;
pub use gray::Gray;
pub use stage::read;

/// What a code holds, as bytes: ISO/IEC 18004 doesn't say which script they are in.
pub type Payload = Zeroizing<Vec<u8>>;

/// A picture in the shades that a code in it may be drawn in.
pub struct Shades {
    /// The picture over a white page.
    pub on_white: Gray,
    /// Only of a picture with transparent parts: the same over black, and its opacity.
    pub transparent: Option<(Gray, Gray)>,
}

/// Returns a payload's text: UTF-8, else Shift-JIS, which Japanese generators use and what
/// kanji mode holds; `None` if it is neither.
pub fn text(payload: &Payload) -> Option<Secret> {
    if let Ok(text) = std::str::from_utf8(payload) {
        return Some(Secret::copy_of(text));
    }
    encoding_rs::SHIFT_JIS
        .decode_without_bom_handling_and_without_replacement(payload)
        .map(|text| Secret::new(text.into_owned()))
}

/// Returns any payload's text: what is neither UTF-8 nor Shift-JIS is taken byte for byte, in
/// the Latin-1 that the standard means where a code says nothing.
pub fn any_text(payload: &Payload) -> Secret {
    text(payload).unwrap_or_else(|| Secret::new(payload.iter().copied().map(char::from).collect()))
}
