//! Where a bus listens ("Server Addresses" in the specification).

use std::path::PathBuf;

use tokio::net::UnixStream;
use zbus::Address;
use zbus::address::transport::{Transport, UnixSocket};

use super::Fault;

/// One of the two buses that a session has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Everybody's.
    System,
    /// The user's own.
    Session,
}

impl Which {
    /// What people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::System => "the system bus",
            Self::Session => "the session bus",
        }
    }

    fn variable(self) -> &'static str {
        match self {
            Self::System => "DBUS_SYSTEM_BUS_ADDRESS",
            Self::Session => "DBUS_SESSION_BUS_ADDRESS",
        }
    }

    /// The addresses in the environment, else the usual one, in the order to try them.
    fn addresses(self) -> Vec<Address> {
        if let Ok(list) = std::env::var(self.variable()) {
            return list.split(';').filter_map(|it| it.parse().ok()).collect();
        }
        let usual = match self {
            Self::System => Address::system(),
            Self::Session => Address::session(),
        };
        usual.into_iter().collect()
    }
}

/// Connects to the first address where somebody listens. A full queue there is a failure at once:
/// nothing here may wait for a thread.
pub(super) async fn connect(which: Which) -> Result<UnixStream, Fault> {
    for address in which.addresses() {
        if let Some(path) = path(&address)
            && let Ok(stream) = UnixStream::connect(path).await
        {
            return Ok(stream);
        }
    }
    Err(Fault::Unreachable(which))
}

/// The socket's path; an abstract one begins with a zero byte, as tokio has it.
fn path(address: &Address) -> Option<PathBuf> {
    let Transport::Unix(socket) = address.transport() else {
        return None;
    };
    if let UnixSocket::File(path) = socket.path() {
        return Some(path.clone());
    }
    let UnixSocket::Abstract(name) = socket.path() else {
        return None;
    };
    let mut path = std::ffi::OsString::from("\0");
    path.push(name);
    Some(path.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sockets_are_connected_to() {
        let path_of = |text: &str| path(&text.parse().unwrap());
        assert_eq!(
            path_of("unix:path=/run/user/1000/bus,guid=00000000000000000000000000000000"),
            Some("/run/user/1000/bus".into())
        );
        assert_eq!(path_of("unix:abstract=/tmp/bus"), Some("\0/tmp/bus".into()));
        assert_eq!(path_of("unixexec:path=/bin/true"), None);
        assert_eq!(path_of("tcp:host=localhost,port=4142"), None);
    }
}
