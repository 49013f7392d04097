//! Hotkeys of Wayland: the `GlobalShortcuts` portal (xdg-desktop-portal,
//! "org.freedesktop.portal.GlobalShortcuts"). The desktop and the person choose the keys; ours are
//! a wish.
//!
//! The portal files shortcuts under the name of an application, which is that of an installed
//! `.desktop` file: whoever isn't started by one says it before anything else
//! ("org.freedesktop.host.portal.Registry").

mod conversation;

use std::iter;
use std::time::Duration;

use otp_proto::{Action, Hotkey};
use tokio::time::timeout;

pub(super) use self::conversation::APP;
use self::conversation::{Portal, Step};
use super::act::Actor;
use super::x11::acts_on_release;
use super::{Teller, name};
use crate::failure::{Failure, Way};
use crate::text::hotkeys::Trouble;

/// Longest that the portal may take where it asks nobody.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest that a person may take to allow the keys.
const DIALOG_PATIENCE: Duration = Duration::from_secs(600);

/// Serves the hotkeys until the portal has gone; why.
pub(super) async fn serve(hotkeys: &[Hotkey], actor: &Actor, teller: &Teller) -> Failure {
    if hotkeys.is_empty() {
        // Nobody is asked for anything.
        return std::future::pending().await;
    }
    match wait(hotkeys, actor, teller).await {
        Ok(never) => match never {},
        Err(Failure::Refused) => {
            // A no is a no until the file says something else.
            for hotkey in hotkeys {
                teller.tell_once(&Trouble::NotBound(name(hotkey.keys)));
            }
            std::future::pending().await
        }
        Err(failure) => failure,
    }
}

async fn wait(
    hotkeys: &[Hotkey],
    actor: &Actor,
    teller: &Teller,
) -> Result<std::convert::Infallible, Failure> {
    let mut portal = within(PATIENCE, Portal::connect()).await?;
    let session = within(PATIENCE, portal.session()).await?;
    let names = names(hotkeys);
    let known = within(PATIENCE, portal.list(&session)).await?;
    // Some desktops ask the person whenever keys are bound.
    let mut bound = known.clone();
    if names.iter().any(|wanted| !known.contains(wanted)) {
        let asked = timeout(DIALOG_PATIENCE, portal.bind(&session, hotkeys, &names)).await;
        bound = asked.unwrap_or(Err(Failure::Refused))?;
    }
    let mut count = 0;
    for (wanted, hotkey) in names.iter().zip(hotkeys) {
        if bound.contains(wanted) {
            count += 1;
        } else {
            teller.tell_once(&Trouble::NotBound(name(hotkey.keys)));
        }
    }
    teller.say_count(count);
    // What is done once its key is let go.
    let mut armed = None;
    loop {
        let message = portal.next().await?;
        let Some((id, step)) = portal.step(&message, &session)? else {
            continue;
        };
        let place = names.iter().position(|name| *name == id);
        let Some(hotkey) = place.and_then(|place| hotkeys.get(place)) else {
            continue;
        };
        match step {
            Step::Down if acts_on_release(&hotkey.action) => armed = place,
            Step::Down => actor.press(hotkey),
            Step::Up if armed == place => {
                armed = None;
                actor.press(hotkey);
            }
            Step::Up => {}
        }
    }
}

async fn within<T>(
    time: Duration,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let done = timeout(time, work).await;
    done.unwrap_or(Err(Failure::TimedOut(Way::Shortcuts)))
}

/// A name for each hotkey that stays the same while what it does stays the same: the desktop keeps
/// the keys that a person chose for it under that. It is shown and filed, so that no script is in it.
fn names(hotkeys: &[Hotkey]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for hotkey in hotkeys {
        let words = match &hotkey.action {
            Action::Pick => "pick".to_owned(),
            Action::Notify(entry) => format!("notify {entry}"),
            Action::Copy(entry) => format!("copy {entry}"),
            Action::Type {
                entry,
                script: Some(_),
                ..
            } => format!("script {entry}"),
            Action::Type { entry, .. } => format!("type {entry}"),
        };
        let numbered = (2..).map(|number: usize| format!("{words} {number}"));
        // An entry may have a number at its end as well.
        let mut free = iter::once(words.clone()).chain(numbered);
        names.extend(free.find(|name| !names.contains(name)));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_is_done_and_twins_have_numbers() {
        let table: otp_proto::Hotkeys = toml::from_str(
            "'Ctrl+Alt+O' = { do = 'pick' }\n'Ctrl+Alt+P' = { do = 'pick' }\n\
             'Ctrl+Alt+Q' = { do = 'pick' }\n\
             F1 = { do = 'type', entry = 'github' }\nF2 = { do = 'notify', entry = '山' }\n\
             F3 = { do = 'script', entry = 'github', script = '1234{CODE}', window = 'bank' }\n\
             F4 = { do = 'type', entry = 'github 2' }\nF5 = { do = 'type', entry = 'github' }\n\
             F6 = { do = 'script', entry = 'github', script = '5678{CODE}' }\n",
        )
        .unwrap();
        assert_eq!(
            names(table.all()),
            [
                "pick",
                "pick 2",
                "pick 3",
                "type github",
                "notify 山",
                "script github",
                "type github 2",
                "type github 3",
                "script github 2"
            ]
        );
    }
}
