//! End-to-end tests of the real programs, as a user without capabilities.
//!
//! Each module is one behaviour; the lowest level that can fail for the right reason is
//! elsewhere (virtual clock, unit tests), so what stands here proves wiring and what only real
//! processes show: memory, disk, crashes, races, other users.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::missing_panics_doc,
    reason = "a failed expectation is a failed test"
)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "values of json!() are handed over as they are made"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "real processes live in real time"
)]

mod support;

// The verbs.
mod add;
mod askpass;
mod cli;
mod clock;
mod cloud;
mod copy;
mod edit;
mod elsewhere;
mod enrol;
mod get;
mod hotkeys;
mod list;
mod lock;
mod notify;
mod pick;
mod programs;
mod prompt;
mod recovery_codes;
mod slots;
mod sources;
mod tpm;
mod transfer;
mod typing;
mod vpn;

// What others rely on.
mod blast;
mod dbus;
mod hardware;
mod interop;
mod keyring;
mod protocol;

// What the threat model promises.
mod backups;
mod crash;
mod damage;
mod disk;
mod forged;
mod limits;
mod links;
mod memory;
mod start;
mod users;
mod watch;
