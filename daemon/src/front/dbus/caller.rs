//! Who calls, as the bus knows it.

use std::collections::BTreeMap;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd};
use std::sync::{Arc, Mutex, PoisonError};

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
/// Calls that one caller may have waiting at once.
const CALLS: usize = 16;

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

/// A call of somebody who may call; it counts until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) who: Credentials,
    name: String,
    waiting: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut waiting = locked(&self.waiting);
        if let Some(count) = waiting.get_mut(&self.name) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                waiting.remove(&self.name);
            }
        }
    }
}

fn locked<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Those that have called, and how many calls of each wait.
#[derive(Debug, Default)]
pub(super) struct Callers {
    known: Mutex<BTreeMap<String, Credentials>>,
    waiting: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Callers {
    /// Asks the bus once for each. Who can't be told is nobody.
    pub(super) async fn find(&self, connection: &Connection, name: &UniqueName<'_>) -> Credentials {
        if let Some(known) = locked(&self.known).get(name.as_str()) {
            return *known;
        }
        let Some(found) = ask(connection, name).await else {
            return Credentials::default();
        };
        let mut known = locked(&self.known);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(name.as_str().to_owned(), found);
        found
    }

    /// Counts a call; `None` if as many as a caller may have wait already.
    pub(super) fn turn(&self, who: Credentials, name: &str) -> Option<Turn> {
        let mut waiting = locked(&self.waiting);
        let count = waiting.entry(name.to_owned()).or_default();
        if *count >= CALLS {
            return None;
        }
        *count += 1;
        Some(Turn {
            who,
            name: name.to_owned(),
            waiting: Arc::clone(&self.waiting),
        })
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
    fn no_caller_has_more_than_its_calls_waiting_and_none_is_counted_for_ever() {
        let callers = Callers::default();
        let who = Credentials::default();
        let mut turns: Vec<_> = (0..CALLS).map(|_| callers.turn(who, ":1.1")).collect();
        assert!(turns.iter().all(Option::is_some));
        assert!(callers.turn(who, ":1.1").is_none());
        assert!(callers.turn(who, ":1.2").is_some());
        turns.pop();
        turns.push(callers.turn(who, ":1.1"));
        assert!(turns.iter().all(Option::is_some));
        drop(turns);
        assert!(locked(&callers.waiting).is_empty());
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
