//! logind on the system bus (org.freedesktop.login1(5)): the person's session, and sleep.

use std::rc::Rc;

use super::session::{self, Session};
use super::sleep::Sleep;
use crate::agent::{Absence, Input, LockSource, Seen, Sign};
use crate::bus::{Bus, Fault, Heard, Pause, Peer, Signal, Which};
use crate::run::Core;

pub(super) const NAME: &str = "org.freedesktop.login1";
pub(super) const PATH: &str = "/org/freedesktop/login1";
pub(super) const MANAGER: &str = "org.freedesktop.login1.Manager";

/// The sources that are seen through logind, and the absences that it knows of.
pub(super) const SOURCES: [LockSource; 2] = [LockSource::Session, LockSource::Sleep];
pub(super) const ABSENCES: [Absence; 3] = [Absence::Hint, Absence::Left, Absence::Sleep];

/// Every session's signals, not only those of ours: which one that is changes, and none may be
/// missed meanwhile.
const RULES: [&str; 3] = [
    "interface='org.freedesktop.login1.Manager'",
    "interface='org.freedesktop.login1.Session'",
    "interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',arg0='org.freedesktop.login1.Session'",
];

/// What is known of logind while it is there.
struct Logind<'a> {
    core: &'a Core,
    session: Option<Session>,
    sleep: Sleep,
}

/// Watches until the bus is gone or logind doesn't answer; returns why.
pub(super) async fn serve(core: &Rc<Core>, pause: &mut Pause) -> Fault {
    match watch(core, pause).await {
        Ok(()) => Fault::Lost(Which::System),
        Err(fault) => fault,
    }
}

async fn watch(core: &Core, pause: &mut Pause) -> Result<(), Fault> {
    let mut bus = Bus::connect(Which::System).await?;
    bus.watch(NAME, &RULES).await?;
    let mut logind = Logind {
        core,
        session: None,
        sleep: Sleep::default(),
    };
    logind.meet(bus.peer(NAME)).await?;
    pause.reset();
    loop {
        let heard = tokio::select! {
            biased;
            // Nothing is lost: what was heard meanwhile waits in its queue.
            () = core.ready_for_sleep(), if logind.sleep.is_near() => {
                logind.sleep.allow();
                continue;
            }
            heard = bus.next() => heard,
        };
        match heard {
            None => return Ok(()),
            Some(Heard::Owner(_)) => logind.meet(bus.peer(NAME)).await?,
            Some(Heard::Signal(signal)) => {
                let Some(peer) = bus.peer(NAME) else {
                    continue;
                };
                logind.hear(&peer, &signal).await?;
            }
        }
    }
}

impl Logind<'_> {
    fn say(&self, source: LockSource, seen: Seen) {
        self.core.input(Input::Seen(source, seen));
    }

    fn sign(&self, absence: Absence, sign: Sign) {
        self.core.input(Input::Absence(absence, sign));
    }

    /// logind came, was restarted or went.
    async fn meet(&mut self, peer: Option<Peer>) -> Result<(), Fault> {
        let Some(peer) = peer else {
            self.session = None;
            for absence in ABSENCES {
                self.sign(absence, Sign::Lost);
            }
            for source in SOURCES {
                self.say(source, Seen::Not("logind is not on the system bus".into()));
            }
            return Ok(());
        };
        self.delay_sleep(&peer).await?;
        self.find_session(&peer).await
    }

    async fn delay_sleep(&mut self, peer: &Peer) -> Result<(), Fault> {
        let seen = if self.sleep.delay(peer).await? {
            Seen::Well("logind".into())
        } else {
            Seen::Late("logind does not wait for the lock before it sleeps".into())
        };
        self.say(LockSource::Sleep, seen);
        Ok(())
    }

    async fn find_session(&mut self, peer: &Peer) -> Result<(), Fault> {
        self.session = Session::find(peer).await?;
        let seen = match &self.session {
            Some(session) => Seen::Well(format!("logind's session {}", session.id)),
            None => Seen::Not("logind knows no session of this user".into()),
        };
        // First: who waits to know whether the session is seen wants to know its state, too.
        self.look(peer).await?;
        self.say(LockSource::Session, seen);
        Ok(())
    }

    /// Tells the state that the session is in; its beginning may have been missed.
    async fn look(&self, peer: &Peer) -> Result<(), Fault> {
        if let Some(session) = &self.session {
            for (absence, sign) in session.look(peer).await? {
                self.sign(absence, sign);
            }
        }
        Ok(())
    }

    async fn hear(&mut self, peer: &Peer, signal: &Signal) -> Result<(), Fault> {
        if signal.is(MANAGER, "PrepareForSleep") {
            // On the way back too: whoever unlocked in the last moment before.
            self.sign(Absence::Sleep, Sign::Begun);
            if signal.arguments::<bool>().unwrap_or(true) {
                self.sleep.comes();
                return Ok(());
            }
            self.sign(Absence::Sleep, Sign::Over);
            return self.delay_sleep(peer).await;
        }
        if signal.is(MANAGER, "SessionNew") {
            return self.find_session(peer).await;
        }
        let Some(session) = &self.session else {
            return Ok(());
        };
        match session.hear(signal) {
            session::News::None => Ok(()),
            session::News::Lock => {
                self.core.input(Input::Lock(LockSource::Screen));
                Ok(())
            }
            session::News::Signs(signs) => {
                for (absence, sign) in signs {
                    self.sign(absence, sign);
                }
                Ok(())
            }
            session::News::Unclear => self.look(peer).await,
            session::News::Ended => {
                self.sign(Absence::Left, Sign::Begun);
                self.find_session(peer).await
            }
        }
    }
}
