//! macOS: its own tools for pictures of the screen and for the clipboard.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::clip::{self, Clipboard};
use crate::failure::{Failure, Way, reason};
use crate::out::Pipe;
use crate::text::Language;

/// The types that we name as everybody does, and what `AppleScript` calls them.
const TYPES: [(&str, &str); 2] = [("image/png", "PNGf"), ("image/jpeg", "JPEG")];
const TEXT: &str = "text/plain;charset=utf-8";

/// Writes the main display's picture (screencapture(1)). The system asks the person once for
/// their permission, and shows an empty desktop without it.
pub(crate) fn screen(
    via: Option<Way>,
    _timeout: Duration,
    out: &mut Pipe,
) -> Result<Option<Failure>, Failure> {
    if let Some(way) = via.filter(|way| *way != Way::System) {
        return Err(Failure::Missing(way));
    }
    // It takes a path alone; this one is its own standard output.
    let arguments = ["-x", "-t", "png", "/dev/stdout"];
    let picture = run("/usr/sbin/screencapture", &arguments)?;
    if picture.is_empty() {
        return Err(Failure::Failed(Way::System, "no picture came".into()));
    }
    out.write_all(&picture)?;
    Ok(None)
}

/// No hotkeys are served here.
pub(crate) fn stay(_linger: Duration, _language: Language) -> Result<(), Failure> {
    Err(Failure::Missing(Way::Shortcuts))
}

/// The general pasteboard.
struct Pasteboard;

/// Opens the clipboard.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the same signature on every system"
)]
pub(crate) fn clipboard() -> Result<Box<dyn Clipboard>, Failure> {
    Ok(Box::new(Pasteboard))
}

impl Clipboard for Pasteboard {
    fn types(&mut self) -> Result<Vec<String>, Failure> {
        let info = run("/usr/bin/osascript", &["-e", "clipboard info"])?;
        let info = String::from_utf8_lossy(&info);
        let pictures = TYPES.iter().filter(|(_, class)| {
            let word = if *class == "PNGf" {
                "«class PNGf»"
            } else {
                "JPEG picture"
            };
            info.contains(word)
        });
        let mut types: Vec<String> = pictures.map(|(name, _)| (*name).to_owned()).collect();
        if info.contains("string") || info.contains("«class utf8»") {
            types.push(TEXT.into());
        }
        Ok(types)
    }

    fn read(&mut self, kind: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
        if kind == TEXT {
            return run("/usr/bin/pbpaste", &["-Prefer", "txt"]);
        }
        let (_, class) = TYPES
            .iter()
            .find(|(name, _)| *name == kind)
            .ok_or(Failure::Unusable)?;
        let script = format!("get the clipboard as «class {class}»");
        data(&run("/usr/bin/osascript", &["-e", &script])?)
    }

    fn clear(&mut self) -> Result<(), Failure> {
        // Copies nothing at all in its place.
        run("/usr/bin/pbcopy", &[]).map(drop)
    }
}

/// Not yet.
pub(crate) fn type_keys(_window: Option<&str>) -> Result<(), Failure> {
    Err(Failure::Unsupported)
}

/// Not yet: what is copied here stays with the system, and somebody has to take it away.
pub(crate) fn copy(_by_terminal: bool) -> Result<(), Failure> {
    Err(Failure::Unsupported)
}

/// The bytes in `«data PNGf89504E…»`, as osascript(1) prints them.
fn data(printed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let start = printed
        .windows("data ".len())
        .position(|word| word == b"data ")
        .ok_or(Failure::Unusable)?;
    // Four letters name the type.
    let digits = printed.get(start + "data ".len() + 4..).unwrap_or_default();
    let mut bytes = Zeroizing::new(Vec::with_capacity(digits.len() / 2));
    for pair in digits.chunks_exact(2) {
        let value = std::str::from_utf8(pair).ok();
        let Some(value) = value.and_then(|pair| u8::from_str_radix(pair, 16).ok()) else {
            break;
        };
        clip::append(&mut bytes, &[value])?;
    }
    Ok(bytes)
}

/// Runs a tool of the system; what it prints.
fn run(program: &str, arguments: &[&str]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let failed = |error: std::io::Error| Failure::Failed(Way::System, reason(&error));
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let mut printed = Zeroizing::new(Vec::new());
    if let Some(mut stdout) = child.stdout.take() {
        let mut part = Zeroizing::new(vec![0; 64 * 1024]);
        loop {
            match stdout.read(&mut part).map_err(failed)? {
                0 => break,
                length => {
                    clip::append(&mut printed, part.get(..length).unwrap_or_default())?;
                }
            }
        }
    }
    let status = child.wait().map_err(failed)?;
    if !status.success() {
        return Err(Failure::Failed(Way::System, status.to_string()));
    }
    Ok(printed)
}
