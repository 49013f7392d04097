//! Notifications, by the desktop's server.

#[cfg(target_os = "linux")]
mod call;
#[cfg(target_os = "linux")]
mod history;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod markup;
#[cfg(not(target_os = "linux"))]
mod other;

#[cfg(target_os = "linux")]
pub(crate) use linux::start;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::start;

use std::cell::Cell;
use std::rc::Rc;

use tokio::sync::{mpsc, oneshot};

use crate::agent::Notice;

/// Orders that may wait for the server.
const WAITING: usize = 16;

/// How often everything was to be taken away: what was ordered before is not shown any more.
pub(crate) type Turn = Rc<Cell<u64>>;

/// What is to be done; each notice is answered by [`crate::agent::Input::Shown`], each probe by
/// [`crate::agent::Input::Probed`].
#[derive(Debug)]
pub(crate) enum Order {
    /// Say whether the server is there; by number.
    Probe(u64),
    /// Show it in the place of what is shown, if it is still that turn.
    Show(
        Box<Notice>,
        #[cfg_attr(
            not(target_os = "linux"),
            expect(dead_code, reason = "nothing is shown elsewhere")
        )]
        u64,
    ),
    /// Take away what is shown.
    Unshow,
    /// Say when everything before is done.
    Rest(oneshot::Sender<()>),
}

/// The way to whoever shows notices.
#[derive(Debug)]
pub(crate) struct Board {
    orders: mpsc::Sender<Order>,
    turn: Turn,
}

impl Board {
    /// Makes the way, and its other end for [`start`].
    pub(crate) fn new() -> (Self, Orders) {
        let (orders, ordered) = mpsc::channel(WAITING);
        let turn = Turn::default();
        let board = Self {
            orders,
            turn: Rc::clone(&turn),
        };
        (board, Orders { ordered, turn })
    }

    /// Returns whether there is room.
    pub(crate) fn probe(&self, number: u64) -> bool {
        self.orders.try_send(Order::Probe(number)).is_ok()
    }

    /// Returns whether there is room.
    pub(crate) fn show(&self, notice: Box<Notice>) -> bool {
        let order = Order::Show(notice, self.turn.get());
        self.orders.try_send(order).is_ok()
    }

    /// Where there is no room, whoever is at work sees the new turn.
    pub(crate) fn take_away(&self) {
        self.turn.set(self.turn.get() + 1);
        self.orders.try_send(Order::Unshow).ok();
    }

    /// Returns once everything ordered so far is done.
    pub(crate) async fn rest(&self) {
        let (done, rest) = oneshot::channel();
        if self.orders.send(Order::Rest(done)).await.is_ok() {
            rest.await.ok();
        }
    }
}

/// The other end of a [`Board`].
#[derive(Debug)]
pub(crate) struct Orders {
    ordered: mpsc::Receiver<Order>,
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "nothing is shown elsewhere")
    )]
    turn: Turn,
}
