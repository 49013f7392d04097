//! Files of other programs, opened here and parsed elsewhere.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::import::kdbx::Parcel;
use crate::picture::MAX_BYTES;
use crate::run::Failure;

/// Longest password in bytes, its end included.
const MAX_PASSWORD: usize = 4097;
/// Longest key file in bytes; most have 32.
const MAX_KEY_FILE: usize = 1024 * 1024;

/// A database on a disk.
pub(crate) struct Kept {
    pub(crate) file: PathBuf,
    pub(crate) key_file: Option<PathBuf>,
}

/// Writes a database to stdout, with what opens it; the password is a line of stdin.
pub(crate) fn fetch(kept: &Kept) -> Result<(), Failure> {
    let line = whole(&mut io::stdin().lock(), MAX_PASSWORD)?;
    let line = std::str::from_utf8(&line)
        .map_err(|_| Failure::Input("the password is not UTF-8".into()))?;
    let password = line.strip_suffix('\n');
    let key_file = match &kept.key_file {
        Some(path) => Some(read(path, MAX_KEY_FILE)?),
        None => None,
    };
    let database = read(&kept.file, MAX_BYTES)?;
    let key_file = key_file.as_ref().map(|bytes| bytes.as_slice());
    let parcel = Parcel::pack(password, key_file, &database);
    let mut out = io::stdout().lock();
    out.write_all(&parcel)?;
    Ok(out.flush()?)
}

fn read(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let failed = |error: &io::Error| {
        let cause = error.to_string();
        let cause = cause.split(" (os error").next().unwrap_or_default();
        Failure::Input(format!(
            "cannot read {}: {}",
            path.display(),
            cause.to_lowercase()
        ))
    };
    let mut file = File::open(path).map_err(|error| failed(&error))?;
    if !file.metadata().is_ok_and(|about| about.is_file()) {
        return Err(failed(&io::Error::other("not a file")));
    }
    whole(&mut file, limit).map_err(|error| failed(&error))
}

/// Reads to the end, which must come within so many bytes.
fn whole(input: &mut dyn Read, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    input.take(most).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        return Err(io::Error::other(format!("longer than {limit} bytes")));
    }
    Ok(bytes)
}
