//! ChaCha20-Poly1305 (RFC 8439, without other data) in pieces: the keystream is applied a text at
//! a time, the tag is over ciphertext alone.

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit as _, StreamCipher as _, StreamCipherSeek as _};
use poly1305::Poly1305;
use poly1305::universal_hash::{KeyInit as _, UniversalHash as _};
use zeroize::Zeroizing;

/// Bytes of a tag.
pub(super) const TAG: usize = 16;
/// Keystream made at once, in bytes: the cipher is quickest with many blocks, and lines are short.
const AHEAD: usize = 1024;
/// Bytes of the cipher's first block, which gives the tag's key (section 2.6).
const FIRST_BLOCK: u64 = 64;

pub(super) type Key = Zeroizing<[u8; 32]>;
pub(super) type Nonce = [u8; 12];

/// One message's keystream and the key of its tag. A nonce is used once with a key.
pub(super) struct Cipher {
    keystream: ChaCha20,
    ahead: Zeroizing<[u8; AHEAD]>,
    used: usize,
    tag_key: Key,
}

impl Cipher {
    pub(super) fn new(key: &Key, nonce: &Nonce) -> Self {
        let mut keystream = ChaCha20::new((&**key).into(), nonce.into());
        let mut tag_key = Zeroizing::new([0; 32]);
        keystream.apply_keystream(tag_key.as_mut_slice());
        keystream.seek(FIRST_BLOCK);
        Self {
            keystream,
            ahead: Zeroizing::new([0; AHEAD]),
            used: AHEAD,
            tag_key,
        }
    }

    /// Encrypts or decrypts one text into another, up to the end of the shorter.
    pub(super) fn apply(&mut self, mut input: &[u8], mut output: &mut [u8]) {
        while !input.is_empty() && !output.is_empty() {
            if self.used == AHEAD {
                self.ahead.fill(0);
                self.keystream.apply_keystream(self.ahead.as_mut_slice());
                self.used = 0;
            }
            let ahead = self.ahead.get(self.used..).unwrap_or_default();
            let count = ahead.len().min(input.len()).min(output.len());
            let (from, more) = input.split_at(count);
            let (to, room) = std::mem::take(&mut output).split_at_mut(count);
            for ((to, from), key) in to.iter_mut().zip(from).zip(ahead) {
                *to = from ^ key;
            }
            self.used += count;
            (input, output) = (more, room);
        }
    }
}

/// Returns the tag over a whole ciphertext (section 2.8).
pub(super) fn tag(cipher: &Cipher, ciphertext: &[u8]) -> [u8; TAG] {
    poly1305(cipher, ciphertext).finalize().into()
}

/// Compares a tag in constant time.
pub(super) fn is_right(cipher: &Cipher, ciphertext: &[u8], tag: &[u8; TAG]) -> bool {
    poly1305(cipher, ciphertext).verify(tag.into()).is_ok()
}

fn poly1305(cipher: &Cipher, ciphertext: &[u8]) -> Poly1305 {
    let mut poly1305 = Poly1305::new((&*cipher.tag_key).into());
    poly1305.update_padded(ciphertext);
    let length = u64::try_from(ciphertext.len()).unwrap_or(u64::MAX);
    let lengths = u128::from(length) << 64;
    poly1305.update(&[lengths.to_le_bytes().into()]);
    poly1305
}

/// Turns a ciphertext under one nonce into that under another. The two keystreams meet first, so
/// that the plaintext never shows.
pub(super) fn exchange(key: &Key, from: &Nonce, to: &Nonce, ciphertext: &mut [u8]) {
    let [mut from, mut to] = [from, to].map(|nonce| Cipher::new(key, nonce).keystream);
    let mut both = Zeroizing::new([0; AHEAD]);
    for piece in ciphertext.chunks_mut(AHEAD) {
        both.fill(0);
        from.apply_keystream(both.as_mut_slice());
        to.apply_keystream(both.as_mut_slice());
        for (byte, key) in piece.iter_mut().zip(both.iter()) {
            *byte ^= key;
        }
    }
}
