//! The object: what is called becomes a request, and an answer what is returned.

use std::collections::HashMap;
use std::time::Duration;

use futures_lite::StreamExt as _;
use otp_proto::{
    Desktop, EntryInfo, ErrorKind, Get, List, Lock, Notify, Request, Response, RpcError, Status,
    UnlockAuto,
};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use zbus::fdo::{DBusProxy, NameOwnerChangedStream};
use zbus::message::Header;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::Value;
use zbus::{Connection, fdo, interface};

use super::caller::{Callers, Credentials, Turn};
use super::error::Error;
use crate::run::Answer;

/// Longest that a call waits for a person: callers give up after 25 s unless they say otherwise
/// (`dbus_connection_send_with_reply`, the default of every binding).
const PERSON: Duration = Duration::from_secs(20);

/// A call on its way to the loop.
pub(super) struct Call {
    pub(super) request: Request,
    pub(super) uid: Option<u32>,
    pub(super) pid: Option<u32>,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// `io.otpd.Agent1`.
pub(super) struct Agent1 {
    calls: mpsc::Sender<Call>,
    callers: Callers,
}

impl Agent1 {
    pub(super) fn new(calls: mpsc::Sender<Call>) -> Self {
        Self {
            calls,
            callers: Callers::default(),
        }
    }

    /// Who calls: the same user, or nobody. A bus may be open to others, and root.
    async fn caller(&self, connection: &Connection, header: &Header<'_>) -> Result<Turn, Error> {
        let stranger = || Error::Denied("only for the same user".into());
        let name = header.sender().ok_or_else(stranger)?;
        let who = self.callers.find(connection, name).await;
        if !who.is_our_user() {
            return Err(stranger());
        }
        let turn = self.callers.turn(who, name.as_str());
        turn.ok_or_else(|| Error::Failed("too many calls at once".into()))
    }

    async fn ask(&self, who: Credentials, request: Request) -> Result<Response, Error> {
        let answer = self.begin(who, request).await?;
        Ok(answer.await.map_err(|_| ends())??)
    }

    async fn begin(
        &self,
        who: Credentials,
        request: Request,
    ) -> Result<oneshot::Receiver<Answer>, Error> {
        let (sender, answer) = oneshot::channel();
        let call = Call {
            request,
            uid: who.uid,
            pid: who.pid,
            answer: sender,
        };
        self.calls.send(call).await.map_err(|_| ends())?;
        Ok(answer)
    }
}

fn ends() -> Error {
    Error::Failed("the agent stops".into())
}

/// Tells when a caller leaves the bus; `None` if it has.
async fn leaving(
    connection: &Connection,
    header: &Header<'_>,
) -> zbus::Result<Option<NameOwnerChangedStream>> {
    let Some(name) = header.sender() else {
        return Ok(None);
    };
    let driver = DBusProxy::new(connection).await?;
    let gone = [(0, name.as_str()), (2, "")];
    let leaving = driver.receive_name_owner_changed_with_args(&gone).await?;
    let is_there = driver.name_has_owner(name.clone().into()).await?;
    Ok(is_there.then_some(leaving))
}

/// Where a person is asked who came over the bus: on the desktop of the session that has started
/// us. A variable that can't be used is as good as none.
fn our_desktop() -> Box<Desktop> {
    let desktop = Desktop::of(&|name| std::env::var(name).ok());
    Box::new(if desktop.is_usable() {
        desktop
    } else {
        Desktop::default()
    })
}

fn unexpected() -> Error {
    let error = RpcError::new(ErrorKind::Internal, "an answer of another kind");
    error.into()
}

#[interface(name = "io.otpd.Agent1")]
impl Agent1 {
    /// The entries, without keys: id, issuer, account, type, algorithm, digits, period or
    /// counter, tags, and source where they live elsewhere. While the vault is locked none, or what
    /// the configuration leaves there.
    #[zbus(out_args("entries"))]
    async fn list(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Vec<HashMap<&'static str, Value<'static>>>, Error> {
        let turn = self.caller(connection, &header).await?;
        let list = Request::List(List::default());
        let Response::List(answer) = self.ask(turn.who, list).await? else {
            return Err(unexpected());
        };
        Ok(answer.entries.into_iter().map(dictionary).collect())
    }

    /// The code of the entry that a query finds, and the seconds until it dies; 0 for a code that
    /// a counter makes. Denied unless the configuration says `[policy] dbus = "allow"`.
    #[zbus(out_args("code", "valid_for"))]
    async fn get_code(
        &self,
        query: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<(String, u32), Error> {
        let turn = self.caller(connection, &header).await?;
        let get = Get {
            query,
            ..Get::default()
        };
        let Response::Code(answer) = self.ask(turn.who, Request::Get(get)).await? else {
            return Err(unexpected());
        };
        let code = answer.code.expose().to_owned();
        Ok((code, answer.valid_for.unwrap_or_default()))
    }

    /// Shows the code of the entry that a query finds in a notification. No code crosses the bus to
    /// the caller; it is denied while the screen is locked.
    async fn notify(
        &self,
        query: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<(), Error> {
        let turn = self.caller(connection, &header).await?;
        let notify = Notify {
            query,
            interactive: false,
            desktop: Some(our_desktop()),
        };
        self.ask(turn.who, Request::Notify(notify)).await?;
        Ok(())
    }

    /// Wipes the keys from memory.
    async fn lock(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<(), Error> {
        let turn = self.caller(connection, &header).await?;
        self.ask(turn.who, Request::Lock(Lock::default())).await?;
        Ok(())
    }

    /// Opens the vault, by the keyring or by asking a person in a dialog. Returns whether it is
    /// open; after 20 s with the dialog still there it isn't, and the signal `Unlocked` follows
    /// if it opens. The dialog ends when its caller leaves the bus.
    #[zbus(out_args("unlocked"))]
    async fn unlock(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<bool, Error> {
        let turn = self.caller(connection, &header).await?;
        let unlock = UnlockAuto {
            interactive: true,
            desktop: Some(our_desktop()),
        };
        // Before it is asked: a caller that leaves at once must not be missed.
        let Some(mut left) = leaving(connection, &header).await? else {
            return Ok(false);
        };
        let mut answer = self.begin(turn.who, Request::UnlockAuto(unlock)).await?;
        let waiting = async {
            tokio::select! {
                answer = &mut answer => Some(answer),
                _ = left.next() => None,
            }
        };
        match timeout(PERSON, waiting).await {
            Ok(Some(answer)) => {
                answer.map_err(|_| ends())??;
                Ok(true)
            }
            Ok(None) => Ok(false),
            Err(_) => {
                tokio::spawn(async move {
                    let _counts = turn;
                    tokio::select! {
                        _ = answer => {}
                        _ = left.next() => {}
                    }
                });
                Ok(false)
            }
        }
    }

    /// Whether the keys are out of memory.
    #[zbus(property)]
    async fn locked(&self) -> fdo::Result<bool> {
        let failed = |error: Error| fdo::Error::Failed(error.to_string());
        let status = Request::Status(Status {});
        let status = self.ask(Credentials::default(), status).await;
        let Response::Status(status) = status.map_err(failed)? else {
            return Err(failed(unexpected()));
        };
        Ok(status.locked)
    }

    /// The version of the agent.
    #[zbus(property(emits_changed_signal = "const"))]
    #[expect(clippy::unused_self, reason = "a property is read of an object")]
    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    /// The keys are out of memory.
    #[zbus(signal, name = "Locked")]
    pub(super) async fn was_locked(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;

    /// The vault is open.
    #[zbus(signal, name = "Unlocked")]
    pub(super) async fn was_unlocked(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;

    /// Entries were added, edited or removed.
    #[zbus(signal)]
    pub(super) async fn changed(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;
}

fn dictionary(entry: EntryInfo) -> HashMap<&'static str, Value<'static>> {
    let mut fields = HashMap::from([
        ("id", Value::from(entry.id.to_string())),
        ("issuer", entry.issuer.into()),
        ("account", entry.account.into()),
        ("type", entry.kind.into()),
        ("algorithm", entry.algorithm.name().into()),
        ("digits", u32::from(entry.digits.value()).into()),
        ("tags", entry.tags.into()),
    ]);
    if let Some(period) = entry.period {
        fields.insert("period", period.seconds().into());
    }
    if let Some(source) = entry.source {
        fields.insert("source", source.into());
    }
    if let Some(counter) = entry.counter {
        fields.insert("counter", counter.into());
    }
    fields
}
