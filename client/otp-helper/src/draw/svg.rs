//! Codes as drawings of any size.

use std::fmt::Write as _;
use std::io;

use zeroize::Zeroizing;

use super::{Code, Drawing, Style};

/// One path over a white square, a unit a module.
pub(super) struct Svg;

impl Drawing for Svg {
    fn name(&self) -> &'static str {
        "svg"
    }

    fn draw(&self, _text: &str, code: &Code, style: &Style) -> io::Result<Zeroizing<Vec<u8>>> {
        let mut out = String::new();
        element(code, style.is_inverted, &mut out);
        out.push('\n');
        Ok(Zeroizing::new(out.into_bytes()))
    }
}

/// Writes the `svg` element; dark modules that touch in a row are one bar, so that no hairline
/// shows between them.
pub(super) fn element(code: &Code, is_inverted: bool, out: &mut String) {
    let side = code.side();
    let (paper, ink) = if is_inverted {
        ("#000", "#fff")
    } else {
        ("#fff", "#000")
    };
    // A String takes everything.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" \
         shape-rendering=\"crispEdges\"><path fill=\"{paper}\" d=\"M0 0h{side}v{side}h-{side}z\"/>\
         <path fill=\"{ink}\" d=\""
    );
    for y in 0..side {
        let mut x = 0;
        while x < side {
            let length = (x..side).take_while(|&x| code.is_dark(x, y)).count();
            if length > 0 {
                let _ = write!(out, "M{x} {y}h{length}v1h-{length}z");
            }
            x += length + 1;
        }
    }
    out.push_str("\"/></svg>");
}
