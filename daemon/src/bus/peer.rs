//! Somebody on a bus, to be asked.

use std::time::Duration;

use serde::Serialize;
use tokio::time::timeout;
use zbus::names::OwnedUniqueName;
use zbus::zvariant::{DynamicDeserialize, DynamicType};
use zbus::{Connection, Message};

use super::{Fault, Which};

/// Longest that anything on a bus may take to answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

/// A connection's own name: what is asked goes to this one alone, and starts nobody.
#[derive(Clone)]
pub(crate) struct Peer {
    which: Which,
    connection: Connection,
    name: OwnedUniqueName,
}

impl Peer {
    pub(super) fn new(which: Which, connection: Connection, name: OwnedUniqueName) -> Self {
        Self {
            which,
            connection,
            name,
        }
    }

    /// Asks, and reads the answer.
    ///
    /// # Errors
    /// No answer, an error, or another answer than was asked for.
    pub(crate) async fn call<B, A>(
        &self,
        path: &str,
        interface: &str,
        method: &str,
        body: &B,
    ) -> Result<A, Fault>
    where
        B: Serialize + DynamicType,
        A: for<'d> DynamicDeserialize<'d>,
    {
        let reply = self.ask(path, interface, method, body).await?;
        reply.body().deserialize().map_err(|_| Fault::Refused)
    }

    /// As [`Self::call`], for whoever has a limit of their own.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub(crate) async fn call_for_long<B, A>(
        &self,
        path: &str,
        interface: &str,
        method: &str,
        body: &B,
    ) -> Result<A, Fault>
    where
        B: Serialize + DynamicType,
        A: for<'d> DynamicDeserialize<'d>,
    {
        let to = Some(self.name.as_ref());
        let call = self
            .connection
            .call_method(to, path, Some(interface), method, body);
        let reply = call.await.map_err(|error| Fault::of(self.which, &error))?;
        reply.body().deserialize().map_err(|_| Fault::Refused)
    }

    /// Whether it is the same connection to the bus.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.name == other.name
    }

    /// Asks for something that has no answer but that it was done.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub(crate) async fn tell<B>(
        &self,
        path: &str,
        interface: &str,
        method: &str,
        body: &B,
    ) -> Result<(), Fault>
    where
        B: Serialize + DynamicType,
    {
        self.ask(path, interface, method, body).await.map(drop)
    }

    async fn ask<B>(
        &self,
        path: &str,
        interface: &str,
        method: &str,
        body: &B,
    ) -> Result<Message, Fault>
    where
        B: Serialize + DynamicType,
    {
        let to = Some(self.name.as_ref());
        let call = self
            .connection
            .call_method(to, path, Some(interface), method, body);
        match timeout(PATIENCE, call).await {
            Ok(answer) => answer.map_err(|error| Fault::of(self.which, &error)),
            Err(_) => Err(Fault::Silent(self.which)),
        }
    }
}
