//! Heaps that need no tuning: only glibc keeps what was freed.

/// Sets the heap up to give freed memory back.
pub fn tune_heap() {}

/// Gives freed memory back to the system.
pub fn trim_heap() {}
