//! `org.freedesktop.Notifications` on the session bus (Desktop Notifications Specification 1.2).
//!
//! Our own calls on one connection, made for the first notice and kept: the crates for it open one
//! each time, believe anybody's signals, and end the process where a bus goes away.

use std::rc::Rc;

use tokio::task::spawn_local;

use super::call::{Call, Late, close};
use super::markup::{grouped, plain};
use super::{Order, Orders, history};
use crate::agent::{Chosen, Input, Notice};
use crate::bus::{Bus, Fault, Heard, Peer, Signal, Which};
use crate::run::Core;
use crate::text::notice::{NoticeWords, notice_words};

/// How many seconds later than us the server takes a notification away.
const LATE: u32 = 5;
const BUS: Which = Which::Session;
pub(super) const NAME: &str = "org.freedesktop.Notifications";
pub(super) const PATH: &str = "/org/freedesktop/Notifications";
/// The server's signals.
const SIGNALS: &str = "interface='org.freedesktop.Notifications'";

/// What the server calls our actions.
const ACTIONS: [(Chosen, &str); 3] = [
    (Chosen::Copy, "copy"),
    (Chosen::Type, "type"),
    (Chosen::Next, "next"),
];

/// Serves orders one after another. A server that hangs holds up notices and nothing else.
pub(crate) fn start(core: &Rc<Core>, mut orders: Orders) {
    let core = Rc::clone(core);
    spawn_local(async move {
        let mut shown = Shown::default();
        let turn = orders.turn;
        loop {
            let order = tokio::select! {
                order = orders.ordered.recv() => order,
                heard = shown.heard() => {
                    if let Some((number, chosen)) = shown.judge(heard).await {
                        core.input(Input::Chosen(number, chosen));
                    }
                    continue;
                }
            };
            match order {
                Some(Order::Probe(number)) => {
                    let result = shown.probe().await.map_err(|fault| fault.to_string());
                    core.input(Input::Probed(number, result));
                }
                Some(Order::Show(notice, ordered)) => {
                    // A lock since then: the agent knows.
                    let mut result = Ok(());
                    if ordered == turn.get() {
                        result = shown.show(&notice).await;
                    }
                    if ordered != turn.get() {
                        shown.take_away().await;
                    }
                    let result = result.map_err(|fault| fault.to_string());
                    core.input(Input::Shown(notice.number, result));
                }
                Some(Order::Unshow) => shown.take_away().await,
                Some(Order::Rest(done)) => drop(done.send(())),
                None => return,
            }
        }
    });
}

/// The connection, and what is shown over it.
#[derive(Default)]
struct Shown {
    bus: Option<Bus>,
    at: Option<At>,
    /// Whether an answer is still to come that nobody waits for.
    late: Late,
}

/// A notification that is there.
struct At {
    /// Whose number it is: one that is started anew counts from the beginning, and what has the
    /// number there is none of ours.
    server: Peer,
    id: u32,
    /// Which notice it is.
    number: u64,
    /// What it says when the code is gone.
    title: String,
    over: &'static str,
}

impl Shown {
    async fn probe(&mut self) -> Result<(), Fault> {
        if let Err(fault) = self.server().await {
            if fault != Fault::Lost(BUS) {
                return Err(fault);
            }
            *self = Self::default();
            self.server().await?;
        }
        Ok(())
    }

    async fn show(&mut self, notice: &Notice) -> Result<(), Fault> {
        // A connection that was lost is made anew, once.
        if let Err(fault) = self.try_to_show(notice).await {
            if fault != Fault::Lost(BUS) {
                return Err(fault);
            }
            *self = Self::default();
            self.try_to_show(notice).await?;
        }
        Ok(())
    }

    /// The server, which has answered, and what it can.
    async fn server(&mut self) -> Result<(Peer, Vec<String>), Fault> {
        // One call at a time: an answer that comes at last must not close what came after it.
        if self.late.is_due() {
            return Err(Fault::Silent(BUS));
        }
        if self.bus.is_none() {
            let mut bus = Bus::connect(BUS).await?;
            bus.watch(NAME, &[SIGNALS]).await?;
            self.bus = Some(bus);
        }
        let bus = self.bus.as_ref().ok_or(Fault::Lost(BUS))?;
        let server = bus.start(NAME).await?;
        let can = server.call(PATH, NAME, "GetCapabilities", &()).await?;
        Ok((server, can))
    }

    async fn try_to_show(&mut self, notice: &Notice) -> Result<(), Fault> {
        let (server, can) = self.server().await?;
        let words = notice_words(&notice.desktop);
        let can = |what: &str| can.iter().any(|known| known == what);
        // The summary is text for every server.
        let title = NoticeWords::title(notice);
        let body = match (&notice.code, notice.starts_in) {
            (Some(code), Some(wait)) => {
                words.next_code(&grouped(code.expose()), wait, notice.valid_for)
            }
            (Some(code), None) => words.code(&grouped(code.expose()), notice.valid_for),
            (None, _) => words.hidden.to_owned(),
        };
        let before = self.at.take().filter(|at| at.server.is(&server));
        let call = Call {
            replaces: before.as_ref().map_or(0, |at| at.id),
            title: title.clone(),
            body: plain(&body, can("body-markup")),
            actions: if can("actions") {
                actions(notice, words)
            } else {
                Vec::new()
            },
            over: words.over,
            // The server's own clock takes it away, too, should we be gone.
            seconds: notice.valid_for.saturating_add(LATE),
        };
        let id = match call.send(&server, &self.late).await {
            Ok(id) => id,
            // An answer that is late takes care of what was to be replaced.
            Err(fault @ (Fault::Silent(_) | Fault::Lost(_))) => return Err(fault),
            Err(fault) => {
                // What was to be replaced is there still.
                self.at = before;
                return Err(fault);
            }
        };
        self.at = Some(At {
            server,
            id,
            number: notice.number,
            title,
            over: words.over,
        });
        Ok(())
    }

    /// Whoever has closed it before us has done no harm.
    async fn take_away(&mut self) {
        if let Some(at) = self.at.take()
            && let Err(fault) = close(&at.server, at.id, &at.title, at.over).await
        {
            tracing::debug!(%fault, "a notification could not be closed");
        }
    }

    /// What comes over the bus; never anything before the first notice.
    async fn heard(&mut self) -> Option<Heard> {
        match &mut self.bus {
            Some(bus) => bus.next().await,
            None => std::future::pending().await,
        }
    }

    /// What a person has chosen in our notification, and in which.
    async fn judge(&mut self, heard: Option<Heard>) -> Option<(u64, Chosen)> {
        match heard {
            None => {
                self.bus = None;
                self.at = None;
                None
            }
            // Nobody has it any more; the next notice asks who has.
            Some(Heard::Owner(_)) => None,
            Some(Heard::Signal(signal)) => self.judge_signal(&signal).await,
        }
    }

    async fn judge_signal(&mut self, signal: &Signal) -> Option<(u64, Chosen)> {
        let at = self.at.as_ref()?;
        if signal.is(NAME, "ActionInvoked") {
            let (id, action) = signal.arguments::<(u32, String)>()?;
            let mut known = ACTIONS.iter();
            let (chosen, _) = known.find(|(_, known)| *known == action)?;
            return (id == at.id).then_some((at.number, *chosen));
        }
        if signal.is(NAME, "NotificationClosed") {
            let (id, _) = signal.arguments::<(u32, u32)>()?;
            if id == at.id
                && let Some(at) = self.at.take()
            {
                // A person has; some servers keep what it said.
                history::forget(&at.server, at.id, &at.title, at.over).await;
            }
        }
        None
    }
}

/// The actions of a notification and their words, one after another.
fn actions(notice: &Notice, words: &NoticeWords) -> Vec<String> {
    let words = [words.copy, words.types, words.next];
    ACTIONS
        .iter()
        .zip(words)
        .filter(|((chosen, _), _)| match chosen {
            Chosen::Next => notice.has_next,
            Chosen::Copy | Chosen::Type => notice.has_more,
        })
        .flat_map(|((_, name), word)| [(*name).to_owned(), word.to_owned()])
        .collect()
}
