//! Looking for a folded text in folded names, once in many.

use super::fold::fold;

/// A folded text to be looked for, with Knuth, Morris and Pratt's table: each character of a
/// name is looked at once, however the query repeats itself.
pub(super) struct Needle {
    chars: Vec<char>,
    /// How much of the needle is still matched when it fails after so many characters.
    back: Vec<usize>,
}

impl Needle {
    pub(super) fn new(query: &str) -> Self {
        let mut needle = Self {
            chars: fold(query).collect(),
            back: vec![0],
        };
        let mut matched = 0;
        for c in fold(query).skip(1) {
            matched = needle.step(matched, c);
            needle.back.push(matched);
        }
        needle
    }

    /// How much is matched after one more character.
    fn step(&self, mut matched: usize, c: char) -> usize {
        while matched > 0 && self.chars.get(matched) != Some(&c) {
            matched = self.back.get(matched - 1).copied().unwrap_or(0);
        }
        if self.chars.get(matched) == Some(&c) {
            matched + 1
        } else {
            0
        }
    }

    pub(super) fn is_in(&self, text: impl Iterator<Item = char>) -> bool {
        let mut matched = 0;
        for c in text {
            matched = self.step(matched, c);
            if matched == self.chars.len() {
                return true;
            }
        }
        false
    }
}

/// Which pairs of neighbouring characters a folded text has, as 64 bits. Whatever holds a text
/// has the text's bits too, so that most names needn't be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Pairs(u64);

impl Pairs {
    pub(super) fn of(text: impl Iterator<Item = char>) -> Self {
        let mut bits = 0;
        let mut last = None;
        for c in text {
            let c = u32::from(c);
            if let Some(last) = last.replace(c) {
                let pair = (last.rotate_left(16) ^ c).wrapping_mul(0x9e37_79b1);
                bits |= 1_u64 << (pair >> 26);
            }
        }
        Self(bits)
    }

    #[must_use]
    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a text with these pairs may be in one with those.
    pub(super) fn may_be_in(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
}
