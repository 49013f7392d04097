//! `org.freedesktop.Notifications` on the session bus (Desktop Notifications Specification 1.2).
//!
//! Our own calls on one connection, made for the first notice and kept: the crates for it open one
//! each time, believe anybody's signals, and end the process where a bus goes away.

use std::collections::HashMap;
use std::rc::Rc;

use tokio::task::spawn_local;
use zbus::Connection;
use zbus::zvariant::Value;

use super::markup::{grouped, plain};
use super::{Order, Orders};
use crate::agent::{Input, Notice};
use crate::bus::{self, Fault, Peer, Which};
use crate::run::Core;
use crate::text::notice::{NoticeWords, notice_words};

/// How many seconds later than us the server takes a notification away.
const LATE: u32 = 5;
const BUS: Which = Which::Session;
const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// Serves orders one after another. A server that hangs holds up notices and nothing else.
pub(crate) fn start(core: &Rc<Core>, mut orders: Orders) {
    let core = Rc::clone(core);
    spawn_local(async move {
        let mut shown = Shown::default();
        let turn = orders.turn;
        while let Some(order) = orders.ordered.recv().await {
            match order {
                Order::Show(notice, ordered) => {
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
                Order::Unshow => shown.take_away().await,
                Order::Rest(done) => drop(done.send(())),
            }
        }
    });
}

/// The connection, and what is shown over it.
#[derive(Default)]
struct Shown {
    connection: Option<Connection>,
    /// The server's number of it; 0 is nothing.
    id: u32,
    over: Over,
}

/// What it says when the code is gone.
#[derive(Default)]
struct Over {
    title: String,
    body: String,
}

/// Shows something in the place of the number, if that is still there; returns the new number.
async fn put(server: &Peer, id: u32, title: &str, body: &str, seconds: u32) -> Result<u32, Fault> {
    let hints: HashMap<&str, Value<'_>> = HashMap::from([
        // To be kept in no history.
        ("transient", true.into()),
        ("urgency", 1_u8.into()),
        // Servers that know it show one at a time.
        ("x-canonical-private-synchronous", "otpd".into()),
    ]);
    let actions: [&str; 0] = [];
    let milliseconds = i32::try_from(seconds.saturating_mul(1000)).unwrap_or(i32::MAX);
    let call = (
        "otpd",
        id,
        "dialog-password",
        title,
        body,
        &actions[..],
        hints,
        milliseconds,
    );
    server.call(PATH, NAME, "Notify", &call).await
}

impl Shown {
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

    async fn try_to_show(&mut self, notice: &Notice) -> Result<(), Fault> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(bus::open(BUS).await?),
        };
        let server = bus::start(BUS, connection, NAME).await?;
        let words = notice_words(&notice.desktop);
        let can: Vec<String> = server.call(PATH, NAME, "GetCapabilities", &()).await?;
        let can = |what: &str| can.iter().any(|known| known == what);
        // The summary is text for every server.
        let summary = NoticeWords::title(&notice.issuer, &notice.account);
        let body = match &notice.code {
            Some(code) => words.code(&grouped(code.expose()), notice.valid_for),
            None => words.hidden.to_owned(),
        };
        let body = plain(&body, can("body-markup"));
        // The server's own clock takes it away, too, should we be gone.
        let latest = notice.valid_for.saturating_add(LATE);
        self.id = put(&server, self.id, &summary, &body, latest).await?;
        self.over = Over {
            title: summary,
            body: words.over.to_owned(),
        };
        Ok(())
    }

    /// Whoever has closed it before us has done no harm.
    async fn take_away(&mut self) {
        let id = std::mem::take(&mut self.id);
        let Some(connection) = self.connection.as_ref().filter(|_| id != 0) else {
            return;
        };
        // What a server keeps of those that were closed, whatever the hints say, is what they said
        // last.
        let over = std::mem::take(&mut self.over);
        let closing = async {
            let server = bus::start(BUS, connection, NAME).await?;
            let id = put(&server, id, &over.title, &over.body, LATE).await?;
            server.tell(PATH, NAME, "CloseNotification", &id).await
        };
        if let Err(fault) = closing.await {
            tracing::debug!(%fault, "a notification could not be closed");
        }
    }
}
