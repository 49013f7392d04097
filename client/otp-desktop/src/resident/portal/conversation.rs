//! What is said between the portal and us.

use std::collections::HashMap;

use futures_lite::StreamExt as _;
use otp_proto::Hotkey;
use zbus::names::OwnedUniqueName;
use zbus::zvariant::{DynamicType, ObjectPath, OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, Message, MessageStream, message};

use crate::failure::{Failure, Way};

/// The name of our `.desktop` file.
pub(in crate::resident) const APP: &str = "io.otpd.Desktop";
const NAME: &str = "org.freedesktop.portal.Desktop";
const OBJECT: &str = "/org/freedesktop/portal/desktop";
const SHORTCUTS: &str = "org.freedesktop.portal.GlobalShortcuts";
/// What may ask the person.
const BIND: &str = "BindShortcuts";
const REGISTRY: &str = "org.freedesktop.host.portal.Registry";
const REQUEST: &str = "org.freedesktop.portal.Request";
const SESSION: &str = "org.freedesktop.portal.Session";
const DRIVER: &str = "org.freedesktop.DBus";
const DRIVER_PATH: &str = "/org/freedesktop/DBus";

/// What the portal calls a set of options.
type Options<'a> = HashMap<&'a str, Value<'a>>;
/// What it answers.
type Results = HashMap<String, OwnedValue>;
/// A shortcut's name, and what is said of it.
type Shortcut<'a> = (String, Options<'a>);
/// What a key does.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Down,
    Up,
}

/// A conversation with the portal.
pub(super) struct Portal {
    connection: Connection,
    /// Every signal that is of interest, from before the first call on.
    messages: MessageStream,
    owner: OwnedUniqueName,
    requests: u32,
}

impl Portal {
    pub(super) async fn connect() -> Result<Self, Failure> {
        let connection = Connection::session().await.map_err(failed)?;
        let messages = MessageStream::from(&connection);
        for rule in [
            format!("type='signal',sender='{NAME}',interface='{SHORTCUTS}'"),
            format!("type='signal',sender='{NAME}',interface='{REQUEST}'"),
            format!("type='signal',sender='{NAME}',interface='{SESSION}'"),
            format!("type='signal',sender='{DRIVER}',member='NameOwnerChanged',arg0='{NAME}'"),
        ] {
            call(&connection, DRIVER, DRIVER_PATH, DRIVER, "AddMatch", &rule).await?;
        }
        // The first call to the portal, which it then knows us by; older ones have no such list.
        let app = (APP, Options::new());
        let registered = call(&connection, NAME, OBJECT, REGISTRY, "Register", &app).await;
        if let Err(failure) = registered
            && !matches!(failure, Failure::Missing(_))
        {
            crate::complain(&format!("otp-desktop: Registry.Register: {failure:?}\n"));
        }
        let owner = call(
            &connection,
            DRIVER,
            DRIVER_PATH,
            DRIVER,
            "GetNameOwner",
            &NAME,
        )
        .await?;
        let owner = owner.body().deserialize().map_err(failed)?;
        Ok(Self {
            connection,
            messages,
            owner,
            requests: 0,
        })
    }

    /// Makes the session that shortcuts belong to.
    pub(super) async fn session(&mut self) -> Result<OwnedObjectPath, Failure> {
        let token = format!("otpd{}", std::process::id());
        let results = self
            .request("CreateSession", |request| {
                (Options::from([
                    ("handle_token", request.into()),
                    ("session_handle_token", token.clone().into()),
                ]),)
            })
            .await?;
        let handle = results
            .get("session_handle")
            .ok_or_else(|| failed("no session"))?;
        // A text by mistake, which stays for those who rely on it.
        let handle = handle
            .downcast_ref::<&str>()
            .map(str::to_owned)
            .or_else(|_| {
                handle
                    .downcast_ref::<ObjectPath<'_>>()
                    .map(|path| path.to_string())
            })
            .map_err(failed)?;
        OwnedObjectPath::try_from(handle).map_err(failed)
    }

    /// Which shortcuts there are already.
    pub(super) async fn list(&mut self, session: &OwnedObjectPath) -> Result<Vec<String>, Failure> {
        let results = self
            .request("ListShortcuts", |request| {
                (session, Options::from([("handle_token", request.into())]))
            })
            .await?;
        Ok(shortcuts(&results))
    }

    /// Asks for all of them; which were given.
    pub(super) async fn bind(
        &mut self,
        session: &OwnedObjectPath,
        hotkeys: &[Hotkey],
        names: &[String],
    ) -> Result<Vec<String>, Failure> {
        let wanted = || -> Vec<Shortcut<'_>> {
            let all = hotkeys.iter().zip(names);
            all.map(|(hotkey, name)| {
                let options = Options::from([
                    ("description", format!("otpd: {name}").into()),
                    ("preferred_trigger", hotkey.keys.trigger().into()),
                ]);
                (name.clone(), options)
            })
            .collect()
        };
        let results = self
            .request(BIND, |request| {
                let options = Options::from([("handle_token", request.into())]);
                (session, wanted(), "", options)
            })
            .await?;
        Ok(shortcuts(&results))
    }

    /// Calls a method whose answer comes as a signal.
    async fn request<B>(
        &mut self,
        method: &str,
        body: impl FnOnce(String) -> B,
    ) -> Result<Results, Failure>
    where
        B: serde::Serialize + DynamicType,
    {
        let own = self.connection.unique_name();
        let own = own.ok_or_else(|| failed("no name on the bus"))?;
        let sender = own.trim_start_matches(':').replace('.', "_");
        self.requests += 1;
        let token = format!("otpd{}_{}", std::process::id(), self.requests);
        let ours = format!("{OBJECT}/request/{sender}/{token}");
        let reply = call(
            &self.connection,
            NAME,
            OBJECT,
            SHORTCUTS,
            method,
            &body(token),
        )
        .await?;
        // Portals before version 0.9 chose the path themselves.
        let theirs: OwnedObjectPath = reply.body().deserialize().map_err(failed)?;
        loop {
            let message = self.next().await?;
            let header = message.header();
            let is_answer = self.is_of_portal(&message, REQUEST, "Response")
                && header
                    .path()
                    .is_some_and(|path| path.as_str() == ours || *path == *theirs);
            if !is_answer {
                continue;
            }
            let body = message.body();
            let (code, results): (u32, Results) = body.deserialize().map_err(failed)?;
            return match code {
                0 => Ok(results),
                1 => Err(Failure::Refused),
                // Ended in some other way, as some desktops say of their own dialog; one that is asked
                // for again and again would be no better.
                _ if method == BIND => Err(Failure::Refused),
                _ => Err(failed(method)),
            };
        }
    }

    pub(super) async fn next(&mut self) -> Result<Message, Failure> {
        let message = self.messages.next().await;
        let message = message.ok_or_else(|| failed("the session bus is gone"))?;
        let message = message.map_err(failed)?;
        let header = message.header();
        let is_driver = header.sender().is_some_and(|it| it.as_str() == DRIVER);
        if is_driver && header.member().is_some_and(|it| it == "NameOwnerChanged") {
            let body = message.body();
            let (_, _, now): (&str, &str, &str) = body.deserialize().map_err(failed)?;
            // One that came while we were calling is the one that we talk to.
            if now != self.owner.as_str() {
                return Err(failed("the portal has gone"));
            }
        }
        Ok(message.clone())
    }

    /// Anybody may send signals past the rules, straight to us.
    fn is_of_portal(&self, message: &Message, interface: &str, member: &str) -> bool {
        let header = message.header();
        message.message_type() == message::Type::Signal
            && header.sender().is_some_and(|sender| *sender == *self.owner)
            && header.interface().is_some_and(|it| it == interface)
            && header.member().is_some_and(|it| it == member)
    }

    /// The shortcut that a signal says was pressed or let go.
    pub(super) fn step(
        &self,
        message: &Message,
        session: &OwnedObjectPath,
    ) -> Result<Option<(String, Step)>, Failure> {
        if self.is_of_portal(message, SESSION, "Closed")
            && message
                .header()
                .path()
                .is_some_and(|path| *path == **session)
        {
            return Err(failed("the portal has ended the session"));
        }
        let steps = [("Activated", Step::Down), ("Deactivated", Step::Up)];
        let step = steps
            .into_iter()
            .find(|(member, _)| self.is_of_portal(message, SHORTCUTS, member));
        let Some((_, step)) = step else {
            return Ok(None);
        };
        let body = message.body();
        let moved = body.deserialize::<(OwnedObjectPath, String, u64, Results)>();
        Ok(moved
            .ok()
            .filter(|(of, ..)| of == session)
            .map(|(_, id, ..)| (id, step)))
    }
}

/// The names in an answer: `a(sa{sv})`.
fn shortcuts(results: &Results) -> Vec<String> {
    let Some(shortcuts) = results.get("shortcuts") else {
        return Vec::new();
    };
    let shortcuts = shortcuts
        .try_clone()
        .map_err(failed)
        .and_then(|value| Vec::<(String, Results)>::try_from(value).map_err(failed));
    let shortcuts = shortcuts.unwrap_or_default();
    shortcuts.into_iter().map(|(name, _)| name).collect()
}

async fn call<B>(
    connection: &Connection,
    to: &str,
    path: &str,
    interface: &str,
    method: &str,
    body: &B,
) -> Result<Message, Failure>
where
    B: serde::Serialize + DynamicType,
{
    let answer = connection
        .call_method(Some(to), path, Some(interface), method, body)
        .await;
    answer.map_err(|error| {
        let zbus::Error::MethodError(name, ..) = &error else {
            return failed(error);
        };
        match name.rsplit('.').next().unwrap_or_default() {
            "AccessDenied" | "NotAllowed" => Failure::Refused,
            "ServiceUnknown" | "NameHasNoOwner" | "UnknownMethod" | "UnknownInterface"
            | "UnknownObject" => Failure::Missing(Way::Shortcuts),
            _ => failed(error),
        }
    })
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "errors are handed over by map_err"
)]
fn failed(error: impl ToString) -> Failure {
    Failure::Failed(Way::Shortcuts, error.to_string())
}
