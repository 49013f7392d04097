//! Scenarios on a virtual clock. The [`driver::Driver`] plays disk and key-derivation thread;
//! nothing here sleeps, and no socket or file is opened.

mod driver;
mod world;

mod adding;
mod askpass;
mod bus;
mod codes;
mod copies;
mod disk;
mod editing;
mod elsewhere;
mod finding;
mod fresh;
mod hardware;
mod hotp;
mod importing;
mod limits;
mod locking;
mod model;
mod noticing;
mod opening;
mod prompting;
mod purging;
mod recovery_codes;
mod refusing;
mod removing;
mod restoring;
mod slots;
mod sources;
mod status;
mod unlocking;
mod waiting;
mod watching;

use driver::{Driver, GITHUB, PASSPHRASE, RFC, uri};
use otp_proto::*;

use super::*;
use crate::vault::{OpenError, Sealed, ShutUntil, State, StoreError};
