//! The Screenshot portal (xdg-desktop-portal, "org.freedesktop.portal.Screenshot", version 2).
//!
//! The answer to a request comes as a signal, possibly before the call has returned: so the
//! subscription comes first and the object path is ours to choose. Whatever happens afterwards, no
//! picture stays: one that arrives too late is removed as well.

mod place;
mod remote;
mod token;

pub(crate) use remote::Remote;

use std::collections::HashMap;
use std::time::Duration;

use futures_lite::{StreamExt as _, future};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time;
use zbus::names::{BusName, OwnedUniqueName};
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, MatchRule, Message, MessageStream, message};

use self::place::Picture;
use crate::failure::{Failure, Way};
use crate::out::Pipe;

const NAME: &str = "org.freedesktop.portal.Desktop";
const OBJECT: &str = "/org/freedesktop/portal/desktop";
const SCREENSHOT: &str = "org.freedesktop.portal.Screenshot";
const REQUEST: &str = "org.freedesktop.portal.Request";

/// Longest that the call without a dialog may take. A person may be asked for their permission
/// then, but on some desktops nothing ever answers a caller that has no focused window.
const QUIET_PATIENCE: Duration = Duration::from_secs(20);
/// Longest that taking a request back may take.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

/// Writes the picture that the portal makes; returns a warning if it couldn't be removed.
pub(crate) fn grab(timeout: Duration, out: &mut Pipe) -> Result<Option<Failure>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut out = out.again()?;
    let result = runtime.block_on(async {
        // From here on a signal ends us only after the picture was removed.
        let mut ending = Ending::new()?;
        let picture = ask(timeout, &mut ending).await?;
        let copied = tokio::task::spawn_blocking(move || {
            out.copy(&picture.file).map(|_| picture.left_behind)
        });
        tokio::select! {
            () = ending.wait() => Err(Failure::Interrupted),
            copied = copied => Ok(copied.map_err(|_| Failure::Interrupted)??),
        }
    });
    // A reader that doesn't read holds the copying thread; nobody waits for it.
    runtime.shutdown_background();
    result
}

/// Asks within the time; takes everything back if that fails.
async fn ask(timeout: Duration, ending: &mut Ending) -> Result<Picture, Failure> {
    let quiet = QUIET_PATIENCE.min(timeout / 3);
    let mut portal = tokio::select! {
        () = ending.wait() => return Err(Failure::Interrupted),
        portal = time::timeout(timeout, Portal::connect()) =>
            portal.unwrap_or(Err(Failure::TimedOut(Way::Portal)))?,
    };
    let outcome = tokio::select! {
        () = ending.wait() => Err(Failure::Interrupted),
        outcome = time::timeout(timeout, portal.screenshot(quiet)) =>
            outcome.unwrap_or(Err(Failure::TimedOut(Way::Portal))),
    };
    if outcome.is_err() {
        portal.take_back().await;
    }
    outcome
}

/// The signals that end a program.
struct Ending([Signal; 3]);

impl Ending {
    fn new() -> Result<Self, Failure> {
        Ok(Self([
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
            signal(SignalKind::hangup())?,
        ]))
    }

    async fn wait(&mut self) {
        let [terminate, interrupt, hangup] = &mut self.0;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// A conversation with the portal.
struct Portal {
    connection: Connection,
    /// Every `Response` of every request, from before the first call on.
    responses: MessageStream,
    /// How many requests there were: a late answer to one is no answer to the next.
    requests: u32,
    /// Those that weren't answered yet.
    open: Vec<OwnedObjectPath>,
    /// Who answers for the portal's name.
    owner: Option<OwnedUniqueName>,
}

impl Portal {
    async fn connect() -> Result<Self, Failure> {
        let connection = Connection::session()
            .await
            .map_err(|error| failed(&error))?;
        let rule = MatchRule::builder()
            .msg_type(message::Type::Signal)
            .interface(REQUEST)
            .and_then(|rule| rule.member("Response"))
            .map_err(|error| failed(&error))?
            .build();
        let responses = MessageStream::for_match_rule(rule, &connection, None)
            .await
            .map_err(|error| failed(&error))?;
        Ok(Self {
            connection,
            responses,
            requests: 0,
            open: Vec::new(),
            owner: None,
        })
    }

    /// Without a dialog first; where that's refused or never answered, with the desktop's own.
    async fn screenshot(&mut self, quiet: Duration) -> Result<Picture, Failure> {
        let first = time::timeout(quiet, self.request(false)).await;
        match first {
            Err(_) | Ok(Err(Failure::Refused | Failure::Failed(..))) => {}
            Ok(other) => return other,
        }
        self.close().await;
        self.request(true).await
    }

    async fn request(&mut self, is_interactive: bool) -> Result<Picture, Failure> {
        let (token, path) = self.handle()?;
        self.open.push(path);
        let options: HashMap<&str, Value<'_>> = HashMap::from([
            ("handle_token", Value::from(token)),
            ("interactive", Value::from(is_interactive)),
        ]);
        let body = ("", options);
        let call =
            self.connection
                .call_method(Some(NAME), OBJECT, Some(SCREENSHOT), "Screenshot", &body);
        let reply = match call.await {
            Ok(reply) => reply,
            Err(error) => {
                // There is no request then.
                self.open.pop();
                return Err(refused(&error, Way::Portal));
            }
        };
        self.owner = reply.header().sender().map(|name| name.to_owned().into());
        // Portals before version 0.9 chose the path themselves.
        let path: OwnedObjectPath = reply.body().deserialize().map_err(|error| failed(&error))?;
        if !self.open.contains(&path) {
            self.open.push(path);
        }
        loop {
            let message = self.responses.next().await;
            let message = message.ok_or_else(|| failed(&"the session bus is gone"))?;
            let message = message.map_err(|error| failed(&error))?;
            if let Some(answer) = self.answer(&message) {
                return answer;
            }
        }
    }

    /// What a signal answers, if it's the portal's answer to a request of ours. The picture is
    /// taken in the same breath: nothing can come between.
    fn answer(&mut self, message: &Message) -> Option<Result<Picture, Failure>> {
        let header = message.header();
        let place = self
            .open
            .iter()
            .position(|open| header.path().is_some_and(|path| *path == **open))?;
        if let (Some(owner), Some(sender)) = (&self.owner, header.sender())
            && *sender != **owner
        {
            return None;
        }
        self.open.swap_remove(place);
        let body = message.body();
        let Ok((code, results)) = body.deserialize::<(u32, HashMap<String, OwnedValue>)>() else {
            return Some(Err(failed(&"an answer that cannot be read")));
        };
        // "Request", signal Response: 0 is success, 1 means that the person cancelled.
        Some(match code {
            0 => match results.get("uri").map(|uri| uri.downcast_ref::<&str>()) {
                Some(Ok(uri)) => place::take(uri),
                _ => Err(Failure::BadPlace),
            },
            1 => Err(Failure::Refused),
            _ => Err(failed(&"it ended without a picture")),
        })
    }

    /// A new request's token, and the path that follows from it.
    fn handle(&mut self) -> Result<(String, OwnedObjectPath), Failure> {
        let name = self
            .connection
            .unique_name()
            .ok_or_else(|| failed(&"no name on the bus"))?;
        let sender = name.trim_start_matches(':').replace('.', "_");
        let token = format!("otpd{}_{}", std::process::id(), self.requests);
        self.requests += 1;
        let path = format!("{OBJECT}/request/{sender}/{token}");
        let path = OwnedObjectPath::try_from(path).map_err(|error| failed(&error))?;
        Ok((token, path))
    }

    /// Ends requests that nobody has answered, with their dialogs.
    async fn close(&self) {
        for path in &self.open {
            let portal = BusName::try_from(NAME).ok();
            let call = self
                .connection
                .call_method(portal, path, Some(REQUEST), "Close", &());
            // A portal that answered meanwhile has no such request any more.
            drop(time::timeout(CLOSE_PATIENCE, call).await);
        }
    }

    /// Ends the requests, and removes what was made for them all the same. A picture's signal
    /// comes before the reply to `Close`, so it's here by now if it comes at all.
    async fn take_back(&mut self) {
        self.close().await;
        while let Some(Some(Ok(message))) = future::poll_once(self.responses.next()).await {
            drop(self.answer(&message));
        }
    }
}

fn failed(error: &dyn ToString) -> Failure {
    Failure::Failed(Way::Portal, error.to_string())
}

/// What an error in place of an answer means.
fn refused(error: &zbus::Error, way: Way) -> Failure {
    let zbus::Error::MethodError(name, ..) = error else {
        return Failure::Failed(way, error.to_string());
    };
    match name.rsplit('.').next().unwrap_or_default() {
        "AccessDenied" | "NotAllowed" => Failure::Refused,
        "ServiceUnknown" | "NameHasNoOwner" | "UnknownMethod" | "UnknownInterface"
        | "UnknownObject" => Failure::Missing(way),
        _ => Failure::Failed(way, error.to_string()),
    }
}
