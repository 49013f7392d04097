//! Who calls, as the bus knows it.

use std::collections::BTreeMap;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd};
use std::sync::{Mutex, PoisonError};

use otp_proto::User;
use tokio::time::timeout;
use zbus::Connection;
use zbus::fdo::ConnectionCredentials;
use zbus::names::UniqueName;

use crate::bus::PATIENCE;
use crate::platform;

/// Callers that are remembered: the bus needn't be asked at every call, and never gives a
/// connection's name to another.
const REMEMBERED: usize = 64;

/// A process on the bus.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) uid: Option<u32>,
    /// Advice for people, not a boundary.
    pub(super) pid: Option<u32>,
}

impl Credentials {
    /// Whether it runs as the user that we run as; false if that isn't known.
    pub(super) fn is_our_user(self) -> bool {
        let Some(uid) = self.uid else { return false };
        let user = User::Uid(uid);
        platform::same_user(&platform::Peer {
            user,
            pid: self.pid,
        })
    }
}

/// Those that have called.
#[derive(Debug, Default)]
pub(super) struct Callers(Mutex<BTreeMap<String, Credentials>>);

impl Callers {
    /// Asks the bus once for each. Who can't be told is nobody.
    pub(super) async fn find(&self, connection: &Connection, name: &UniqueName<'_>) -> Credentials {
        if let Some(known) = self.known().get(name.as_str()) {
            return *known;
        }
        let Some(found) = ask(connection, name).await else {
            return Credentials::default();
        };
        let mut known = self.known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(name.as_str().to_owned(), found);
        found
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Credentials>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn ask(connection: &Connection, name: &UniqueName<'_>) -> Option<Credentials> {
    const DRIVER: &str = "org.freedesktop.DBus";
    let asking = connection.call_method(
        Some(DRIVER),
        "/org/freedesktop/DBus",
        Some(DRIVER),
        "GetConnectionCredentials",
        name,
    );
    let reply = timeout(PATIENCE, asking).await.ok()?.ok()?;
    let told: ConnectionCredentials = reply.body().deserialize().ok()?;
    // A descriptor of the process can't come to mean another one, as its number can.
    let pid = match told.process_fd() {
        Some(process) => number_of(process.as_fd()),
        None => told.process_id(),
    };
    Some(Credentials {
        uid: told.unix_user_id(),
        pid,
    })
}

/// The number of a process that still runs (`pidfd_open(2)`).
fn number_of(process: BorrowedFd<'_>) -> Option<u32> {
    let path = format!("/proc/self/fdinfo/{}", process.as_raw_fd());
    let text = std::fs::read_to_string(path).ok()?;
    let number = text.lines().find_map(|line| line.strip_prefix("Pid:"))?;
    number.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_user_is_served() {
        let of = |uid| Credentials { uid, pid: Some(1) };
        let own = rustix::process::getuid().as_raw();
        assert!(of(Some(own)).is_our_user());
        assert!(!of(Some(own + 1)).is_our_user());
        assert!(!of(None).is_our_user());
    }

    #[test]
    fn a_descriptor_of_a_process_tells_its_number() {
        let own = rustix::process::getpid();
        let process =
            rustix::process::pidfd_open(own, rustix::process::PidfdFlags::empty()).unwrap();
        assert_eq!(number_of(process.as_fd()), Some(std::process::id()));
        let file = std::fs::File::open("/").unwrap();
        assert_eq!(number_of(file.as_fd()), None);
    }
}
