//! Looking for a secret where it must not be: in memory and in files.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use memchr::memmem::find_iter;
use rustix::process::{Pid, Signal, kill_process};

/// A secret in every form that it could be written in.
pub(crate) struct Canary {
    forms: Vec<(&'static str, Vec<u8>)>,
}

impl Canary {
    /// A key: raw, reversed, hexadecimal, base32 and base64.
    pub(crate) fn key(base32: &str) -> Self {
        let raw = otp_proto::base32_decode(base32).unwrap();
        let raw: &[u8] = &raw;
        let digit = |bits: u8| char::from_digit(u32::from(bits), 16).unwrap();
        let hex: String = raw
            .iter()
            .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
            .collect();
        let reversed: Vec<u8> = raw.iter().rev().copied().collect();
        // Words of four bytes with their order turned, as a hash would load them.
        let words: Vec<u8> = raw
            .chunks(4)
            .flat_map(|word| word.iter().rev().copied().collect::<Vec<_>>())
            .collect();
        let forms = vec![
            ("raw", raw.to_vec()),
            ("reversed", reversed),
            ("words", words),
            ("hex", hex.clone().into_bytes()),
            ("HEX", hex.to_uppercase().into_bytes()),
            ("base32", base32.to_uppercase().into_bytes()),
            ("lower base32", base32.to_lowercase().into_bytes()),
            // The last characters depend on what follows, so they are left out.
            ("base64", base64(&raw[..raw.len() / 3 * 3]).into_bytes()),
        ];
        Self { forms }
    }

    /// A text as it is.
    pub(crate) fn text(text: &str) -> Self {
        Self {
            forms: vec![("text", text.as_bytes().to_vec())],
        }
    }

    /// The forms that occur in these bytes, with their places.
    pub(crate) fn find(&self, bytes: &[u8]) -> Vec<(&'static str, usize)> {
        let mut found = Vec::new();
        for (name, form) in &self.forms {
            found.extend(find_iter(bytes, form).map(|place| (*name, place)));
        }
        found
    }

    /// The forms, for those who search by other means.
    pub(crate) fn forms(&self) -> impl Iterator<Item = &[u8]> {
        self.forms.iter().map(|(_, form)| form.as_slice())
    }

    /// The files below a folder that hold any form of it.
    pub(crate) fn files(&self, folder: &Path) -> Vec<PathBuf> {
        let files = super::files_below(folder);
        let holds =
            |path: &PathBuf| fs::read(path).is_ok_and(|bytes| !self.find(&bytes).is_empty());
        files.into_iter().filter(holds).collect()
    }
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks_exact(3) {
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for shift in [18, 12, 6, 0] {
            text.push(char::from(ALPHABET[(bits >> shift & 63) as usize]));
        }
    }
    text
}

/// A mapping of a process.
#[derive(Debug, Clone)]
pub(crate) struct Mapping {
    pub(crate) start: u64,
    pub(crate) name: String,
    /// `VmFlags` of smaps(5): `lo` is locked, `dd` left out of dumps.
    pub(crate) flags: String,
    pub(crate) bytes: Vec<u8>,
}

/// Stops a process, copies all of its readable memory, and lets it go on. Needs root.
pub(crate) fn memory_of(pid: u32) -> Vec<Mapping> {
    let id = Pid::from_raw(pid.cast_signed()).unwrap();
    kill_process(id, Signal::STOP).unwrap();
    let stopped = || {
        fs::read_to_string(format!("/proc/{pid}/status"))
            .unwrap()
            .contains("State:\tT")
    };
    while !stopped() {
        std::thread::yield_now();
    }
    let memory = File::open(format!("/proc/{pid}/mem")).expect("root reads any memory");
    let maps = fs::read_to_string(format!("/proc/{pid}/smaps")).unwrap();
    let mut found: Vec<Mapping> = Vec::new();
    for line in maps.lines() {
        if let Some(flags) = line.strip_prefix("VmFlags:") {
            flags
                .trim()
                .clone_into(&mut found.last_mut().unwrap().flags);
        } else if let Some((range, rest)) = line.split_once(' ')
            && let Some((start, end)) = range.split_once('-')
            && let (Ok(start), Ok(end)) =
                (u64::from_str_radix(start, 16), u64::from_str_radix(end, 16))
        {
            let name = rest.split_whitespace().nth(4).unwrap_or("").to_owned();
            // What a file is mapped to read-only holds is in that file.
            let is_code = rest.get(1..2) != Some("w") && name.starts_with('/');
            let readable = rest.starts_with('r')
                && !is_code
                && !matches!(name.as_str(), "[vvar]" | "[vvar_vclock]" | "[vsyscall]");
            let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
            if readable {
                read_pages(&memory, start, &mut bytes);
            } else {
                bytes.clear();
            }
            found.push(Mapping {
                start,
                name,
                flags: String::new(),
                bytes,
            });
        }
    }
    kill_process(id, Signal::CONT).unwrap();
    found
}

/// Reads a mapping; pages that can't be read stay zero.
fn read_pages(memory: &File, start: u64, bytes: &mut [u8]) {
    if memory.read_exact_at(bytes, start).is_ok() {
        return;
    }
    for (number, page) in (0..).zip(bytes.chunks_mut(4096)) {
        memory.read_exact_at(page, start + number * 4096).ok();
    }
}
