//! The real `otpctl` against an agent that replays answers: what it sends, prints and returns.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    clippy::match_wildcard_for_single_variants,
    clippy::unnecessary_wraps,
    reason = "a test that can't go on should stop, and a replaying agent knows few requests"
)]

mod adding;
mod askpass;
mod codes;
mod failures;
mod qr;
mod reading;
mod recovery_codes;
mod replay;
mod screen;
mod slots;
mod transfer;
mod unlocking;
