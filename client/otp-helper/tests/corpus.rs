//! How many codes are read of a collection of pictures of screens, photos and scans that may lie
//! beside the checkout; and that none is read where there is none.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a collection that can't be read ends the test"
)]

mod support;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use otp_helper::import::picture::BLANK_BUDGET;
use otp_helper::{picture, qr};
use serde_json::Value;

/// How many of the pictures were read when this was measured last, and of how many.
const READ: (usize, usize) = (254, 254);

#[derive(Default)]
struct Score {
    read: usize,
    missed: Vec<String>,
    wrong: Vec<String>,
}

fn texts(value: &Value) -> BTreeSet<String> {
    let texts = value.as_array().into_iter().flatten();
    texts.map(|text| text.as_str().unwrap().into()).collect()
}

/// All texts in a picture. Where there are codes it has no limit of time, so that a slow machine
/// reads as many.
fn read(bytes: &[u8], has_codes: bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let shades = picture::decode(bytes).unwrap();
    let start = Instant::now();
    let is_late = |_| !has_codes && start.elapsed() > BLANK_BUDGET;
    qr::read(&shades, &is_late, &mut |payload, _| {
        let text = qr::any_text(payload);
        let is_key = text.expose().starts_with("otpauth");
        found.insert(text.expose().to_owned());
        is_key
    });
    found
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn the_collection_is_read_as_well_as_ever_and_nothing_is_made_up() {
    let Some(folder) = support::samples("qr/dev") else {
        eprintln!("SKIPPED: the collection of pictures is not here");
        return;
    };
    let manifest = std::fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    let rows: Vec<Value> = manifest
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (next, score) = (AtomicUsize::new(0), Mutex::new(Score::default()));
    let work = || {
        while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
            let file = row["file"].as_str().unwrap();
            let expected = texts(&row["payloads"]);
            let bytes = std::fs::read(folder.join(file)).unwrap();
            let got = read(&bytes, !expected.is_empty());
            let mut score = score.lock().unwrap();
            let allowed: BTreeSet<String> = &expected | &texts(&row["also_ok"]);
            if !got.is_subset(&allowed) {
                score.wrong.push(file.into());
            }
            if !expected.is_subset(&got) {
                score.missed.push(file.into());
            } else if !expected.is_empty() {
                score.read += 1;
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let score = score.into_inner().unwrap();
    let with_codes = rows
        .iter()
        .filter(|row| !texts(&row["payloads"]).is_empty());
    assert_eq!(score.wrong, [""; 0]);
    assert_eq!(with_codes.count(), READ.1, "the collection is another");
    assert!(score.read >= READ.0, "missed: {:?}", score.missed);
}
