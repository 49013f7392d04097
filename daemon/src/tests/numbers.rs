//! Test numbers.

/// A small generator of test numbers (splitmix64), the same in every run.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % limit
    }

    /// An index of something that isn't empty.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        let limit = u64::try_from(length).expect("a length");
        usize::try_from(self.below(limit)).expect("an index")
    }
}
