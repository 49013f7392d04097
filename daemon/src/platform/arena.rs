//! One arena for all keys.

/// A key's place in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot(pub(super) u32);

/// Keys in protected memory.
#[derive(Debug)]
pub struct Arena {}
