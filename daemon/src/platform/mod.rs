//! The only folder that may say `unsafe`.
pub mod arena;
