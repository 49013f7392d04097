//! Draws the QR code of a URI as a page shows it, a PNG on stdout. Without a URI on stdin it
//! draws a sample in the form that the Trend Micro console issues.

use std::io::{self, Read as _, Write as _};

#[path = "../tests/fixtures/mod.rs"]
mod fixtures;

fn main() -> io::Result<()> {
    let mut uri = String::new();
    io::stdin().lock().read_to_string(&mut uri)?;
    let uri = match uri.trim() {
        "" => fixtures::SAMPLE,
        uri => uri,
    };
    io::stdout().lock().write_all(&fixtures::png(uri))
}
