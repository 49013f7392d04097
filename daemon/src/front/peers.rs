//! The open connections: who was idle longest, and who wants events.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use otp_proto::Event;
use tokio::sync::Notify;

use super::Outbox;
use super::outbox::Standing;
use crate::agent::Conn;

/// Every open connection of every front-end.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    last_conn: Cell<u64>,
    uses: Cell<u64>,
    open: RefCell<BTreeMap<Conn, Rc<Outbox>>>,
    /// Connections that made room and may still be finishing.
    left: Notify,
}

impl Peers {
    /// Takes in a connection.
    pub(crate) fn admit(&self) -> Rc<Outbox> {
        let conn = self.number();
        let outbox = Rc::new(Outbox::new(conn));
        self.touch(&outbox);
        self.open.borrow_mut().insert(conn, Rc::clone(&outbox));
        outbox
    }

    /// The number of a new connection, of whichever front-end.
    pub(crate) fn number(&self) -> Conn {
        self.last_conn.set(self.last_conn.get() + 1);
        Conn(self.last_conn.get())
    }

    /// Notes that a connection was used.
    pub(crate) fn touch(&self, outbox: &Outbox) {
        self.uses.set(self.uses.get() + 1);
        outbox.last_use.set(self.uses.get());
    }

    /// How many connections count against the limit.
    pub(super) fn count(&self) -> usize {
        self.open.borrow().len()
    }

    /// Retires the connection that was idle longest with nothing in flight; subscribers last,
    /// since silence is their trade. Returns whether there was one.
    pub(super) fn retire_idlest(&self) -> bool {
        let mut open = self.open.borrow_mut();
        let idlest = open
            .values()
            .filter(|outbox| outbox.in_flight() == 0)
            .min_by_key(|outbox| (outbox.is_subscribed(), outbox.last_use.get()))
            .map(|outbox| outbox.conn);
        let Some(outbox) = idlest.and_then(|conn| open.remove(&conn)) else {
            return false;
        };
        drop(open);
        outbox.stand(Standing::Retiring);
        true
    }

    /// Forgets a connection that ended.
    pub(crate) fn remove(&self, conn: Conn) {
        self.open.borrow_mut().remove(&conn);
        self.left.notify_one();
    }

    /// Tells subscribers.
    pub(crate) fn publish(&self, event: Event) {
        for outbox in self.open.borrow().values() {
            outbox.publish(event);
        }
    }

    /// Lets every connection write what it has, and returns when all have ended.
    pub(crate) async fn drain(&self) {
        for outbox in self.open.borrow().values() {
            outbox.stand(Standing::Retiring);
        }
        while self.count() > 0 {
            self.left.notified().await;
        }
    }
}
