//! QR codes in a picture.

use std::time::Duration;

use super::{Format, payload};
use crate::finding::{Finding, Skipped};
use crate::{picture, qr, sandbox};

/// How long to look for codes, in seconds of CPU time: what a person waits for.
const BUDGET: Duration = Duration::from_secs(4);

/// PNG, JPEG, WebP, GIF and BMP.
pub(super) struct Picture;

impl Format for Picture {
    fn name(&self) -> &'static str {
        "picture"
    }

    fn matches(&self, bytes: &[u8]) -> bool {
        picture::format(bytes).is_some()
    }

    fn parse(&self, bytes: &[u8], found: &mut dyn FnMut(Finding)) {
        let shades = match picture::decode(bytes) {
            Ok(shades) => shades,
            Err(error) => return found(Finding::error(&error)),
        };
        let mut is_empty = true;
        let start = sandbox::cpu_time();
        let is_late = || sandbox::cpu_time().saturating_sub(start) > BUDGET;
        qr::read(&shades, &is_late, &mut |payload| {
            is_empty = false;
            match qr::text(payload) {
                Some(text) => payload::parse(text.expose(), found),
                None => found(Finding::Skipped {
                    skipped: Skipped::Text,
                    what: None,
                }),
            }
        });
        if is_empty {
            found(Finding::error(&"no QR code found in the picture"));
        }
    }
}
