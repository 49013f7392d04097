//! otpd, the agent. `front` asks, `agent` decides, `run` does; `vault` keeps, `otp` computes,
//! and only `platform` may say `unsafe`.
//!
//! One loop ([`run`]) owns the [`agent::Agent`], a state machine without I/O: requests, finished
//! jobs, signals and the passing of time go in as [`agent::Input`], what is to be done comes out
//! as [`agent::Output`]. Slow work runs on threads beside the loop and comes back as an input.

pub mod agent;
pub mod clock;
pub mod config;
pub mod front;
pub mod otp;
pub mod platform;
pub mod run;
pub mod vault;

/// Runs the agent until it is told to stop.
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
