//! The agent on its real files.

mod life;
mod life_compare;
mod life_may;
mod life_model;
mod life_restore;
mod life_untyped;
pub(crate) mod numbers;
