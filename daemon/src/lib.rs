//! otpd, the agent. `front` asks, `agent` decides, `run` and `effect` do; `vault` keeps, `otp` computes,
//! `lifecycle` begins and ends, and only `platform` may say `unsafe`.
//!
//! One loop ([`run`]) owns the [`agent::Agent`], a state machine without I/O: requests, finished
//! jobs, signals and the passing of time go in as [`agent::Input`], what is to be done comes out
//! as [`agent::Output`]. Slow work runs on threads beside the loop and comes back as an input.

pub mod agent;
mod arguments;
#[cfg(target_os = "linux")]
mod bus;
pub mod clock;
pub mod config;
mod effect;
mod front;
mod lifecycle;
mod logging;
pub mod otp;
pub mod platform;
mod run;
mod start;
mod text;
pub mod vault;

pub use start::main;

#[cfg(test)]
mod tests;
