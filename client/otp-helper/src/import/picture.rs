//! QR codes in a picture, or in several pictures of a stream.

use std::io::BufRead;
use std::time::Duration;

use super::{Format, PICTURE, payload};
use crate::finding::{Finding, Place, Skipped};
use crate::picture::{PictureError, netpbm};
use crate::qr::{Area, Payload, Shades};
use crate::{picture, qr, sandbox};

/// How long to look at a picture in CPU time while nothing in it looks like a code.
pub const BLANK_BUDGET: Duration = Duration::from_millis(700);
/// How long to look at one in which something does.
pub const BUDGET: Duration = Duration::from_millis(1500);
/// How long to look at all pictures of a stream together; then each gets one look. Less than
/// the sandbox's limit.
const STREAM_BUDGET: Duration = Duration::from_secs(7);
/// Most pictures of a stream: more monitors than a desk has.
const MAX_PICTURES: usize = 16;

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Keys; of other codes only the kind is told.
    Keys,
    /// The text of any code.
    Texts,
}

/// PNG, JPEG, WebP, GIF, BMP and Netpbm.
pub(super) struct Picture;

impl Format for Picture {
    fn name(&self) -> &'static str {
        PICTURE
    }

    fn matches(&self, bytes: &[u8]) -> bool {
        picture::format(bytes).is_some() || netpbm::matches(bytes)
    }

    fn parse(&self, bytes: &[u8], found: &mut dyn FnMut(Finding)) {
        parse(bytes, Wanted::Keys, &mut |finding, _| found(finding));
    }
}

/// Reads a whole file, handing out each finding with the number of its picture, from 0.
pub fn parse(mut bytes: &[u8], wanted: Wanted, found: &mut dyn FnMut(Finding, usize)) {
    if netpbm::matches(bytes) {
        return stream(&mut bytes, wanted, found);
    }
    match picture::decode(bytes) {
        Ok(shades) => look(&shades, wanted, sandbox::cpu_time(), &mut |finding| {
            found(finding, 0);
        }),
        Err(error) => found(Finding::error(&error), 0),
    }
}

/// Reads Netpbm pictures one after another, as a capture of several screens is sent; each is
/// forgotten before the next.
pub fn stream(input: &mut dyn BufRead, wanted: Wanted, found: &mut dyn FnMut(Finding, usize)) {
    let start = sandbox::cpu_time();
    for number in 0..MAX_PICTURES {
        match netpbm::next(input) {
            Ok(Some(shades)) => look(&shades, wanted, start, &mut |finding| {
                found(finding, number);
            }),
            Ok(None) if number > 0 => return,
            Ok(None) => return found(Finding::error(&PictureError::Format), 0),
            Err(error) => return found(Finding::error(&error), number),
        }
    }
    if !matches!(input.fill_buf(), Ok([])) {
        let error = format_args!("more than {MAX_PICTURES} pictures in one stream").to_string();
        found(Finding::error(&error), MAX_PICTURES);
    }
}

/// Looks at one picture; the stream that it belongs to began at `began`.
fn look(shades: &Shades, wanted: Wanted, began: Duration, found: &mut dyn FnMut(Finding)) {
    let mut is_empty = true;
    let start = sandbox::cpu_time();
    let is_late = |is_promising| {
        let budget = if is_promising { BUDGET } else { BLANK_BUDGET };
        let now = sandbox::cpu_time();
        now.saturating_sub(start) > budget || now.saturating_sub(began) > STREAM_BUDGET
    };
    qr::read(shades, &is_late, &mut |payload, area| {
        is_empty = false;
        match wanted {
            Wanted::Keys => key(payload, found),
            Wanted::Texts => {
                found(Finding::Text {
                    text: qr::any_text(payload),
                    at: place(area),
                });
                true
            }
        }
    });
    if is_empty {
        found(Finding::error(&"no QR code found in the picture"));
    }
}

/// Hands out what a code holds; returns whether it is one that somebody looks for.
fn key(payload: &Payload, found: &mut dyn FnMut(Finding)) -> bool {
    if let Some(text) = qr::text(payload) {
        return payload::parse(text.expose(), found);
    }
    found(Finding::Skipped {
        skipped: Skipped::Text,
        what: None,
    });
    false
}

fn place(area: &Area) -> Place {
    let (x, y, width, height) = area.whole();
    Place {
        x,
        y,
        width,
        height,
    }
}
