//! The `RemoteDesktop` portal (xdg-desktop-portal, "org.freedesktop.portal.RemoteDesktop", version 2):
//! a person lets us press keys, and from then on a token does.

use std::collections::HashMap;
use std::time::Duration;

use futures_lite::StreamExt as _;
use tokio::runtime::Runtime;
use tokio::time;
use zbus::message::{self, Message};
use zbus::zvariant::{DynamicType, OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, MatchRule, MessageStream};

use super::{NAME, OBJECT, REQUEST, token};
use crate::failure::{Failure, Way};
use crate::typing::{Action, Typist};
use crate::x11;

const REMOTE: &str = "org.freedesktop.portal.RemoteDesktop";
const SESSION: &str = "org.freedesktop.portal.Session";

/// Longest that a person may take to answer the desktop's dialog.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longest that a key may take.
const KEY_PATIENCE: Duration = Duration::from_secs(5);
/// What a window needs to get the focus back from that dialog: nothing here tells us when.
const SETTLED: Duration = Duration::from_millis(500);
/// An answer that took longer than this came from a person, whatever our token says.
const UNASKED: Duration = Duration::from_secs(1);
/// Between two keys, as on X11.
const PACE: Duration = Duration::from_millis(8);

/// `SelectDevices`: a keyboard; the permission stays until it is taken back.
const KEYBOARD: u32 = 1;
const PERSISTENT: u32 = 2;
/// `NotifyKeyboardKeysym`.
const PRESSED: u32 = 1;
const RELEASED: u32 = 0;

type Options<'a> = HashMap<&'a str, Value<'a>>;
type Results = HashMap<String, OwnedValue>;

/// A session in which we may press keys.
pub(crate) struct Remote {
    runtime: Runtime,
    /// Until the end.
    portal: Option<Portal>,
    session: OwnedObjectPath,
}

struct Portal {
    connection: Connection,
    /// Every `Response` of every request, from before the first call on.
    responses: MessageStream,
    /// How many requests there were.
    requests: u32,
}

impl Remote {
    /// Asks the portal, which asks a person, unless it knows our token.
    pub(crate) fn open() -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let opening = async {
            let mut portal = Portal::connect().await?;
            let session = portal.session().await?;
            Ok((portal, session))
        };
        // A time limit is one of the runtime's, so it is made inside of it.
        let opened = runtime.block_on(async { time::timeout(PATIENCE, opening).await });
        let (portal, session) = opened.unwrap_or(Err(Failure::TimedOut(Way::Remote)))?;
        Ok(Self {
            runtime,
            portal: Some(portal),
            session,
        })
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        // A subscription to a bus ends in a task of the runtime.
        let _inside = self.runtime.enter();
        self.portal = None;
    }
}

impl Typist for Remote {
    fn perform(
        &mut self,
        actions: &[Action],
        goes_on: &mut dyn FnMut() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let Some(portal) = &self.portal else {
            return Err(failed(&"the session is over"));
        };
        let session = &self.session;
        self.runtime.block_on(async {
            for action in actions {
                if let Action::Wait(time) = action {
                    time::sleep(*time).await;
                    goes_on()?;
                }
                if let Some(symbol) = x11::symbol(action) {
                    for state in [PRESSED, RELEASED] {
                        let key = portal.key(session, symbol, state);
                        let pressed = time::timeout(KEY_PATIENCE, key).await;
                        pressed.unwrap_or(Err(Failure::TimedOut(Way::Remote)))?;
                    }
                    time::sleep(PACE).await;
                }
            }
            // With the session its keyboard goes; whoever can't be told has gone already.
            let end = portal.call(session.as_str(), SESSION, "Close", &());
            drop(time::timeout(KEY_PATIENCE, end).await);
            Ok(())
        })
    }
}

impl Portal {
    async fn connect() -> Result<Self, Failure> {
        let connection = Connection::session()
            .await
            .map_err(|error| failed(&error))?;
        let rule = MatchRule::builder()
            .msg_type(message::Type::Signal)
            .sender(NAME)
            .and_then(|rule| rule.interface(REQUEST))
            .and_then(|rule| rule.member("Response"))
            .map_err(|error| failed(&error))?
            .build();
        let responses = MessageStream::for_match_rule(rule, &connection, None).await;
        Ok(Self {
            responses: responses.map_err(|error| failed(&error))?,
            connection,
            requests: 0,
        })
    }

    /// A session with a keyboard.
    async fn session(&mut self) -> Result<OwnedObjectPath, Failure> {
        let name = format!("otpd{}", std::process::id());
        let made = self
            .ask("CreateSession", |mut options| {
                options.insert("session_handle_token", Value::from(name));
                (options,)
            })
            .await?;
        let session = made.get("session_handle").and_then(|path| {
            // A text by mistake, which the portal's makers keep for those who rely on it.
            let text = path.downcast_ref::<&str>().map(str::to_owned);
            OwnedObjectPath::try_from(text.ok()?).ok()
        });
        let session = session.ok_or_else(|| failed(&"no session"))?;
        let known = token::read();
        let is_known = known.is_some();
        self.ask("SelectDevices", |mut options| {
            options.insert("types", Value::from(KEYBOARD));
            options.insert("persist_mode", Value::from(PERSISTENT));
            if let Some(known) = known {
                options.insert("restore_token", Value::from(known));
            }
            (&session, options)
        })
        .await?;
        let begun = time::Instant::now();
        let started = self.ask("Start", |options| (&session, "", options)).await?;
        let was_asked = !is_known || begun.elapsed() > UNASKED;
        let devices = started
            .get("devices")
            .map(|them| them.downcast_ref::<u32>());
        if !matches!(devices, Some(Ok(devices)) if devices & KEYBOARD != 0) {
            return Err(Failure::Refused);
        }
        // Each token is for once.
        let next = started
            .get("restore_token")
            .map(|it| it.downcast_ref::<&str>());
        token::keep(match next {
            Some(Ok(next)) => next,
            _ => "",
        });
        if was_asked {
            time::sleep(SETTLED).await;
        }
        Ok(session)
    }

    /// A request, and what is answered by its signal.
    async fn ask<'o, B>(
        &mut self,
        method: &str,
        body: impl FnOnce(Options<'o>) -> B,
    ) -> Result<Results, Failure>
    where
        B: serde::Serialize + DynamicType,
    {
        let name = self
            .connection
            .unique_name()
            .ok_or_else(|| failed(&"no name on the bus"))?;
        let sender = name.trim_start_matches(':').replace('.', "_");
        let token = format!("otpd{}_{}", std::process::id(), self.requests);
        self.requests += 1;
        let path = format!("{OBJECT}/request/{sender}/{token}");
        let body = body(HashMap::from([("handle_token", Value::from(token))]));
        self.call(OBJECT, REMOTE, method, &body).await?;
        loop {
            let message = self.responses.next().await;
            let message = message.ok_or_else(|| failed(&"the session bus is gone"))?;
            let message = message.map_err(|error| failed(&error))?;
            let is_ours = message
                .header()
                .path()
                .is_some_and(|it| it.as_str() == path);
            if is_ours {
                return answer(&message);
            }
        }
    }

    async fn key(&self, session: &OwnedObjectPath, symbol: u32, state: u32) -> Result<(), Failure> {
        let symbol = i32::try_from(symbol).map_err(|_| Failure::NoKey)?;
        let body = (session, Options::new(), symbol, state);
        let method = "NotifyKeyboardKeysym";
        self.call(OBJECT, REMOTE, method, &body).await.map(drop)
    }

    async fn call<B>(
        &self,
        path: &str,
        interface: &str,
        method: &str,
        body: &B,
    ) -> Result<Message, Failure>
    where
        B: serde::Serialize + DynamicType,
    {
        let call = self
            .connection
            .call_method(Some(NAME), path, Some(interface), method, body);
        call.await
            .map_err(|error| super::refused(&error, Way::Remote))
    }
}

/// What a person, or the portal in their place, has answered.
fn answer(message: &Message) -> Result<Results, Failure> {
    let body = message.body();
    let read = body.deserialize::<(u32, Results)>();
    match read.map_err(|_| failed(&"an answer that cannot be read"))? {
        (0, results) => Ok(results),
        (1, _) => Err(Failure::Refused),
        _ => Err(failed(&"it ended without an answer")),
    }
}

fn failed(error: &dyn ToString) -> Failure {
    Failure::Failed(Way::Remote, error.to_string())
}
