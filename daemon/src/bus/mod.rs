//! The way to D-Bus: a connection with every signal in its order, and whoever owns the names that
//! are of interest. Knows nothing of locks, vaults or requests. Besides this folder only
//! `front/dbus` names the library, for what it serves.
//!
//! A bus that isn't there, or never answers, costs nobody anything: connecting is a plain
//! `connect(2)` that doesn't block, and everything ends after [`PATIENCE`]. Only sockets are
//! connected to; an address that starts a program or leaves this computer is none of ours.

mod address;
mod fault;
mod pause;
mod peer;

use futures_lite::StreamExt as _;
use tokio::time::timeout;
use zbus::connection::Builder;
use zbus::names::OwnedUniqueName;
use zbus::zvariant::DynamicDeserialize;
use zbus::{Connection, Message, MessageStream, message};

pub(crate) use self::address::Which;
pub(crate) use self::fault::Fault;
pub(crate) use self::pause::Pause;
pub(crate) use self::peer::{PATIENCE, Peer};
pub(crate) use zbus::zvariant::{OwnedFd, OwnedObjectPath, OwnedValue};

/// The bus itself ("Message Bus Messages" in the specification).
const DRIVER: &str = "org.freedesktop.DBus";
const DRIVER_PATH: &str = "/org/freedesktop/DBus";

/// A connection to a bus.
pub(crate) struct Bus {
    which: Which,
    connection: Connection,
    driver: Peer,
    messages: MessageStream,
    names: Vec<Name>,
}

/// A name that is of interest, and who has it.
struct Name {
    name: &'static str,
    owner: Option<OwnedUniqueName>,
}

/// What came over the bus.
pub(crate) enum Heard {
    /// A signal of whoever has one of the names.
    Signal(Signal),
    /// A name went to somebody else, or to nobody.
    Owner(&'static str),
}

/// A signal.
pub(crate) struct Signal(Message);

/// Opens a connection on which nothing is heard yet.
///
/// # Errors
/// The bus isn't there, or doesn't answer.
pub(crate) async fn open(which: Which) -> Result<Connection, Fault> {
    let connecting = async {
        let stream = address::connect(which).await?;
        let built = Builder::unix_stream(stream).build().await;
        built.map_err(|error| Fault::of(which, &error))
    };
    let connected = timeout(PATIENCE, connecting).await;
    connected.map_err(|_| Fault::Silent(which))?
}

/// Returns whoever has a name, as [`Bus::start`] does, on a connection where nothing is heard.
///
/// # Errors
/// Nobody has it, or the bus is gone or doesn't answer.
pub(crate) async fn start(
    which: Which,
    connection: &Connection,
    name: &str,
) -> Result<Peer, Fault> {
    let driver = OwnedUniqueName::try_from(DRIVER).map_err(|_| Fault::Refused)?;
    let driver = Peer::new(which, connection.clone(), driver);
    let owner = async || {
        driver
            .call(DRIVER_PATH, DRIVER, "GetNameOwner", &name)
            .await
    };
    let owner = match owner().await {
        Err(Fault::Refused) => {
            // One that runs already may have no program that the bus knows.
            let start = (name, 0_u32);
            driver
                .tell(DRIVER_PATH, DRIVER, "StartServiceByName", &start)
                .await?;
            owner().await?
        }
        found => found?,
    };
    Ok(Peer::new(which, connection.clone(), owner))
}

impl Bus {
    /// Connects.
    ///
    /// # Errors
    /// The bus isn't there, or doesn't answer.
    pub(crate) async fn connect(which: Which) -> Result<Self, Fault> {
        let connection = open(which).await?;
        // Before anything is asked for: from here on nothing is missed.
        let messages = MessageStream::from(&connection);
        let driver = OwnedUniqueName::try_from(DRIVER).map_err(|_| Fault::Refused)?;
        Ok(Self {
            which,
            driver: Peer::new(which, connection.clone(), driver),
            connection,
            messages,
            names: Vec::new(),
        })
    }

    /// Asks for some signals of whoever has a name, now or later, and who that is.
    ///
    /// # Errors
    /// The bus is gone or doesn't answer.
    pub(crate) async fn watch(&mut self, name: &'static str, rules: &[&str]) -> Result<(), Fault> {
        let driver = &self.driver;
        let owners = format!(
            "type='signal',sender='{DRIVER}',interface='{DRIVER}',member='NameOwnerChanged',arg0='{name}'"
        );
        driver
            .tell(DRIVER_PATH, DRIVER, "AddMatch", &owners)
            .await?;
        for rule in rules {
            let rule = format!("type='signal',sender='{name}',{rule}");
            driver.tell(DRIVER_PATH, DRIVER, "AddMatch", &rule).await?;
        }
        let owner = match driver
            .call(DRIVER_PATH, DRIVER, "GetNameOwner", &name)
            .await
        {
            Ok(owner) => Some(owner),
            Err(Fault::Refused) => None,
            Err(fault) => return Err(fault),
        };
        self.names.push(Name { name, owner });
        Ok(())
    }

    /// Returns whoever has a name, after starting the program that the bus has for it if need be.
    ///
    /// # Errors
    /// Nobody has it, or the bus is gone or doesn't answer.
    pub(crate) async fn start(&self, name: &str) -> Result<Peer, Fault> {
        start(self.which, &self.connection, name).await
    }

    /// Returns whoever has a watched name now.
    pub(crate) fn peer(&self, name: &str) -> Option<Peer> {
        let owner = self.names.iter().find(|known| known.name == name)?;
        let name = owner.owner.clone()?;
        Some(Peer::new(self.which, self.connection.clone(), name))
    }

    /// The next signal or change of owner; `None` once the bus is gone. May be dropped between
    /// two polls.
    pub(crate) async fn next(&mut self) -> Option<Heard> {
        loop {
            let message = self.messages.next().await?.ok()?;
            if message.message_type() == message::Type::Signal
                && let Some(heard) = self.judge(&message)
            {
                return Some(heard);
            }
        }
    }

    /// Believes the bus, and whoever has a name; anybody may send signals past the rules, straight
    /// to us.
    fn judge(&mut self, message: &Message) -> Option<Heard> {
        let header = message.header();
        let sender = header.sender()?;
        if sender.as_str() == DRIVER {
            let is_change = header.member().is_some_and(|it| it == "NameOwnerChanged");
            let body = message.body();
            let (name, _, new) = body.deserialize::<(&str, &str, &str)>().ok()?;
            let known = self.names.iter_mut().find(|known| known.name == name)?;
            let owner = OwnedUniqueName::try_from(new).ok();
            if !is_change || owner == known.owner {
                return None;
            }
            known.owner = owner;
            return Some(Heard::Owner(known.name));
        }
        let is_owner = self
            .names
            .iter()
            .any(|known| known.owner.as_ref().is_some_and(|owner| **owner == *sender));
        is_owner.then(|| Heard::Signal(Signal(message.clone())))
    }
}

impl Signal {
    /// Whether it is this signal of this interface.
    pub(crate) fn is(&self, interface: &str, member: &str) -> bool {
        let header = self.0.header();
        header.interface().is_some_and(|it| it == interface)
            && header.member().is_some_and(|it| it == member)
    }

    /// Whether it comes from this object.
    pub(crate) fn is_at(&self, path: &OwnedObjectPath) -> bool {
        self.0.header().path().is_some_and(|it| *it == **path)
    }

    /// Its arguments, if they are what they should be.
    pub(crate) fn arguments<A>(&self) -> Option<A>
    where
        A: for<'d> DynamicDeserialize<'d>,
    {
        self.0.body().deserialize().ok()
    }
}
