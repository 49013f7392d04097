//! The agent on its real files.

mod life;
mod life_model;
pub(crate) mod numbers;
