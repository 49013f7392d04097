//! How a process begins and ends: what it was started with, that it is the only one, signals,
//! and what the service manager is told; and what locks the vault from outside.

mod instance;
mod listener;
pub(crate) mod service;
mod signals;
mod vault_lock;
pub(crate) mod watch;

pub(crate) use instance::{Claim, ClaimError, WAIT};
pub(crate) use listener::inherited_endpoint;
pub(crate) use signals::{Signal, Signals};
pub(crate) use vault_lock::VaultLock;
