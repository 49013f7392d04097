//! What a file was, in 32 bytes: whether it is still what was read or written.

use std::io::{self, BufRead, Read};

use sha2::{Digest as _, Sha256};

/// SHA-256 of a whole file.
pub(super) type Digest = [u8; 32];

/// Returns the digest of a file's content.
pub(super) fn digest(bytes: &[u8]) -> Digest {
    Sha256::digest(bytes).into()
}

/// A reader that digests what passes.
pub(super) struct Digesting<R> {
    input: R,
    hash: Sha256,
}

impl<R: BufRead> Digesting<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            hash: Sha256::new(),
        }
    }

    /// Returns the digest of what was read.
    pub(super) fn finish(self) -> Digest {
        self.hash.finalize().into()
    }
}

impl<R: BufRead> Read for Digesting<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(room)?;
        self.hash.update(room.get(..count).unwrap_or_default());
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Digesting<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        // What is consumed was filled before, so that nothing is read here.
        if let Ok(filled) = self.input.fill_buf() {
            self.hash.update(filled.get(..count).unwrap_or_default());
        }
        self.input.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_way_a_file_is_read_its_digest_is_that_of_its_bytes() {
        let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        let buffered = io::BufReader::with_capacity(1000, bytes.as_slice());
        let mut input = Digesting::new(buffered);
        let mut line = Vec::new();
        input.read_until(b'\n', &mut line).unwrap();
        let mut piece = vec![0; 3000];
        input.read_exact(&mut piece).unwrap();
        input.by_ref().take(5000).read_to_end(&mut piece).unwrap();
        input.skip_until(7).unwrap();
        input.read_to_end(&mut piece).unwrap();
        assert_eq!(input.finish(), digest(&bytes));
    }
}
