//! The payload of an age file: chunks of 64 KiB, each with a tag of its own (STREAM with
//! ChaCha20-Poly1305, RFC 8439).
//!
//! The key is the file's alone and the nonce counts the chunks, its last byte marking the last
//! one, so that no chunk can be moved, left out or appended.

use std::io::{self, BufRead, Read, Write};

use super::cipher::{self, Cipher, Key, Nonce, TAG};

/// Plaintext of a chunk in bytes; only the last may have less, and only one that is alone none.
const CHUNK: usize = 64 * 1024;

/// Returns the nonce of a chunk: eleven bytes count, the twelfth marks the last.
fn nonce(chunk: u64, is_last: bool) -> Nonce {
    // Big-endian; counters beyond 64 bits are years away.
    let mut nonce = (u128::from(chunk) << 8 | u128::from(is_last)).to_be_bytes();
    nonce.rotate_left(4);
    nonce.first_chunk().copied().unwrap_or_default()
}

/// The way out. What is written is encrypted where it comes to lie.
pub(in crate::vault) struct Sealing {
    key: Key,
    out: Vec<u8>,
    /// The number of the present chunk, and where in `out` it begins.
    chunk: u64,
    start: usize,
    /// The present chunk's, as if it weren't the last.
    cipher: Cipher,
}

impl Sealing {
    pub(super) fn new(key: Key, out: Vec<u8>) -> Self {
        Self {
            cipher: Cipher::new(&key, &nonce(0, false)),
            start: out.len(),
            key,
            out,
            chunk: 0,
        }
    }

    /// Returns the length of a payload.
    pub(super) fn length(plain: usize) -> usize {
        plain + (plain / CHUNK + 1) * TAG
    }

    /// Ends the last chunk and gives the file.
    pub(in crate::vault) fn finish(mut self) -> Vec<u8> {
        let (not_last, last) = (nonce(self.chunk, false), nonce(self.chunk, true));
        let chunk = self.out.get_mut(self.start..).unwrap_or_default();
        // Whether a chunk is the last is known only now, and its nonce depends on it.
        cipher::exchange(&self.key, &not_last, &last, chunk);
        let tag = cipher::tag(&Cipher::new(&self.key, &last), chunk);
        self.out.extend_from_slice(&tag);
        self.out
    }

    /// Ends a chunk that another follows.
    fn end_chunk(&mut self) {
        let chunk = self.out.get(self.start..).unwrap_or_default();
        let tag = cipher::tag(&self.cipher, chunk);
        self.out.extend_from_slice(&tag);
        self.start = self.out.len();
        self.chunk += 1;
        self.cipher = Cipher::new(&self.key, &nonce(self.chunk, false));
    }
}

impl Write for Sealing {
    /// Takes what fits into the present chunk; never fails.
    fn write(&mut self, plain: &[u8]) -> io::Result<usize> {
        if plain.is_empty() {
            return Ok(0);
        }
        if self.out.len() - self.start == CHUNK {
            self.end_chunk();
        }
        let at = self.out.len();
        let count = plain.len().min(self.start + CHUNK - at);
        self.out.resize(at + count, 0);
        let room = self.out.get_mut(at..).unwrap_or_default();
        self.cipher.apply(plain, room);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The way in. A chunk's tag is verified before anything of it is decrypted, and what is
/// decrypted goes to the reader at once.
pub(in crate::vault) struct Opening<R> {
    key: Key,
    input: R,
    /// The present chunk: ciphertext without its tag, and how much of it was read.
    ciphertext: Vec<u8>,
    read: usize,
    cipher: Cipher,
    /// The number of the next chunk; `None` after the last.
    next: Option<u64>,
}

impl<R: BufRead> Opening<R> {
    pub(super) fn new(key: Key, input: R) -> Self {
        Self {
            // Replaced by the first chunk's.
            cipher: Cipher::new(&key, &nonce(0, false)),
            key,
            input,
            ciphertext: Vec::with_capacity(CHUNK + TAG),
            read: 0,
            next: Some(0),
        }
    }

    /// Reads and verifies a chunk.
    fn chunk(&mut self, number: u64) -> io::Result<()> {
        self.ciphertext.clear();
        self.read = 0;
        let size = CHUNK + TAG;
        let limit = u64::try_from(size).unwrap_or(u64::MAX);
        let input = self.input.by_ref();
        input.take(limit).read_to_end(&mut self.ciphertext)?;
        let is_last = self.ciphertext.len() < size || self.input.fill_buf()?.is_empty();
        let (ciphertext, tag) = self
            .ciphertext
            .split_last_chunk::<TAG>()
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        if ciphertext.is_empty() && number > 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.cipher = Cipher::new(&self.key, &nonce(number, is_last));
        if !cipher::is_right(&self.cipher, ciphertext, tag) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.ciphertext.truncate(ciphertext.len());
        self.next = if is_last { None } else { Some(number + 1) };
        Ok(())
    }
}

impl<R: BufRead> Read for Opening<R> {
    /// # Errors
    /// `InvalidData` or `UnexpectedEof` for a chunk that isn't whole, and the input's own.
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.read == self.ciphertext.len()
            && let Some(number) = self.next
            && let Err(error) = self.chunk(number)
        {
            // Nothing of it is for whoever reads on after an error.
            self.ciphertext.clear();
            return Err(error);
        }
        let rest = self.ciphertext.get(self.read..).unwrap_or_default();
        let count = rest.len().min(room.len());
        self.cipher.apply(rest, room);
        self.read += count;
        Ok(count)
    }
}
