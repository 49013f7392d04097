//! The session in which the person sits.
//!
//! A user's service is in no session of logind's (`GetSessionByPID` fails), and an agent that
//! otpctl has started is in the one of some terminal. So it is the session that logind has chosen
//! for the user's display, `Display` of org.freedesktop.login1.User; where there is none, what
//! logind calls `auto`: the caller's own session (org.freedesktop.login1(5), "Session Objects").

use std::collections::HashMap;

use otp_proto::User;

use super::logind::{MANAGER, PATH};
use crate::agent::{Absence, Sign};
use crate::bus::{Fault, OwnedObjectPath, OwnedValue, Peer, Signal};
use crate::platform;

const SESSION: &str = "org.freedesktop.login1.Session";
const USER: &str = "org.freedesktop.login1.User";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

type Properties = HashMap<String, OwnedValue>;

/// A session.
pub(super) struct Session {
    pub(super) id: String,
    path: OwnedObjectPath,
}

/// What a signal says of the session.
pub(super) enum News {
    /// Nothing.
    None,
    /// Somebody wants it locked.
    Lock,
    /// It was left or locked, or that is over.
    Signs(Vec<(Absence, Sign)>),
    /// Something that must be asked after.
    Unclear,
    /// It is gone.
    Ended,
}

impl Session {
    /// Finds the session; `None` if logind knows none.
    ///
    /// # Errors
    /// logind doesn't answer.
    pub(super) async fn find(peer: &Peer) -> Result<Option<Self>, Fault> {
        if let Some((id, path)) = known(display(peer).await)?
            && !id.is_empty()
        {
            return Ok(Some(Self { id, path }));
        }
        let own = known(peer.call(PATH, MANAGER, "GetSession", &"auto").await)?;
        let Some(path): Option<OwnedObjectPath> = own else {
            return Ok(None);
        };
        let id = (SESSION, "Id");
        let id = known(peer.call(&path, PROPERTIES, "Get", &id).await)?;
        Ok(text(id).map(|id| Self { id, path }))
    }

    /// What its present state is.
    ///
    /// # Errors
    /// logind doesn't answer.
    pub(super) async fn look(&self, peer: &Peer) -> Result<Vec<(Absence, Sign)>, Fault> {
        let all = peer.call(&self.path, PROPERTIES, "GetAll", &SESSION).await;
        let all: Option<Properties> = known(all)?;
        // A session that can't be asked after is gone.
        Ok(match all {
            Some(all) => signs(&all),
            None => vec![(Absence::Left, Sign::Begun)],
        })
    }

    /// What a signal of logind says of it.
    pub(super) fn hear(&self, signal: &Signal) -> News {
        if signal.is(MANAGER, "SessionRemoved") {
            let removed: Option<(String, OwnedObjectPath)> = signal.arguments();
            return match removed {
                Some((_, path)) if path != self.path => News::None,
                _ => News::Ended,
            };
        }
        if !signal.is_at(&self.path) {
            return News::None;
        }
        if signal.is(SESSION, "Lock") {
            return News::Lock;
        }
        if !signal.is(PROPERTIES, "PropertiesChanged") {
            return News::None;
        }
        let changed: Option<(String, Properties, Vec<String>)> = signal.arguments();
        match changed {
            Some((_, changed, unsaid)) => {
                let matters = |name: &String| name == "LockedHint" || name == "Active";
                if unsaid.iter().any(matters) {
                    return News::Unclear;
                }
                News::Signs(signs(&changed))
            }
            None => News::Unclear,
        }
    }
}

/// The session that logind has chosen for the user's display; its id is empty without one.
async fn display(peer: &Peer) -> Result<(String, OwnedObjectPath), Fault> {
    let Ok(User::Uid(uid)) = platform::user() else {
        return Err(Fault::Refused);
    };
    let user: OwnedObjectPath = peer.call(PATH, MANAGER, "GetUser", &uid).await?;
    let display = (USER, "Display");
    let display: OwnedValue = peer.call(&user, PROPERTIES, "Get", &display).await?;
    display.try_into().map_err(|_| Fault::Refused)
}

/// A refusal says that there is nothing; that there was no answer says nothing.
fn known<T>(answer: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Fault::Refused) => Ok(None),
        Err(fault) => Err(fault),
    }
}

fn text(value: Option<OwnedValue>) -> Option<String> {
    value?.try_into().ok()
}

/// What these properties say: `LockedHint`, and `Active` where it is another that is in front.
fn signs(properties: &Properties) -> Vec<(Absence, Sign)> {
    let of = [
        ("LockedHint", Absence::Hint, true),
        ("Active", Absence::Left, false),
    ];
    let signs = of.into_iter().filter_map(|(name, absence, begun)| {
        let value = properties.get(name)?.downcast_ref::<bool>().ok()?;
        let sign = if value == begun {
            Sign::Begun
        } else {
            Sign::Over
        };
        Some((absence, sign))
    });
    signs.collect()
}
