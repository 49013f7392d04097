//! The systems of a Japanese office manual for two-factor authentication, one test a row: the
//! job of each is done with otpd, against a console of our own in a real browser.
//!
//! The console draws its QR codes with `qrencode` and checks codes with `oathtool`; what is on
//! the screen is looked at with `scrot` and `zbarimg`. Started by `tests/browser.sh`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::missing_panics_doc,
    reason = "a failed expectation is a failed test"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "real processes live in real time"
)]

#[allow(
    dead_code,
    unused_imports,
    clippy::needless_pass_by_value,
    reason = "shared with the scenarios, which need more of it"
)]
#[path = "../support/mod.rs"]
mod support;

// The service and who uses it.
mod browser;
mod desk;
mod pages;
mod screen;
mod service;
mod site;
mod wire;

// The rows of the manual.
mod extension;
mod google_authenticator;
mod life;
mod otp_manager;
mod q_taro;
mod qr_journal;
mod winauth;

// What the documentation shows.
mod picture;
