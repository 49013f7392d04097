//! What waits to be written to one connection, and what it waits for.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use otp_proto::{
    ErrorKind, Event, Id, MAX_ANSWER, Response, RpcError, encode_answer, encode_event,
};
use tokio::sync::Notify;
use zeroize::Zeroizing;

use super::{MAX_EVENTS, MAX_IN_FLIGHT};
use crate::agent::{Conn, Ticket};

/// An encoded line, wiped when it is dropped.
pub(super) type Line = Zeroizing<Vec<u8>>;

/// How a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It may ask.
    Open,
    /// It makes room: what it has already sent is answered, then it ends.
    Retiring,
    /// It ends now.
    Closed,
}

/// Shared by a connection's task and the loop, on the one thread of both; every borrow ends
/// before the next `await`.
#[derive(Debug)]
pub(crate) struct Outbox {
    pub(crate) conn: Conn,
    lines: RefCell<VecDeque<Line>>,
    waiting: RefCell<Vec<(Ticket, Id)>>,
    events: Cell<usize>,
    subscribed: Cell<bool>,
    standing: Cell<Standing>,
    /// Rises with every use of any connection: the lowest was idle longest.
    pub(super) last_use: Cell<u64>,
    asleep: Cell<bool>,
    changed: Notify,
}

impl Outbox {
    pub(super) fn new(conn: Conn) -> Self {
        Self {
            conn,
            lines: RefCell::default(),
            waiting: RefCell::default(),
            events: Cell::new(0),
            subscribed: Cell::new(false),
            standing: Cell::new(Standing::Open),
            last_use: Cell::new(0),
            asleep: Cell::new(false),
            changed: Notify::new(),
        }
    }

    /// Notes a request that is about to be asked.
    pub(crate) fn expect(&self, ticket: Ticket, id: Id) {
        self.waiting.borrow_mut().push((ticket, id));
    }

    /// Queues a request's answer.
    pub(crate) fn answer(&self, ticket: Ticket, answer: &Result<Response, RpcError>) {
        let mut waiting = self.waiting.borrow_mut();
        if let Some(place) = waiting.iter().position(|(known, _)| *known == ticket) {
            let (_, id) = waiting.swap_remove(place);
            drop(waiting);
            self.push(encoded(Some(&id), answer));
        }
    }

    /// Queues the answer to a line that was no request.
    pub(super) fn refuse(&self, id: Option<&Id>, error: RpcError) {
        self.push(encoded(id, &Err(error)));
    }

    /// Makes the connection a subscriber.
    pub(crate) fn subscribe(&self) {
        self.subscribed.set(true);
    }

    /// Queues an event for a subscriber. One that is too far behind is closed.
    pub(super) fn publish(&self, event: Event) {
        if !self.subscribed.get() {
            return;
        }
        if self.events.get() == MAX_EVENTS {
            tracing::warn!(conn = self.conn.0, "a subscriber doesn't read; closed");
            self.stand(Standing::Closed);
            return;
        }
        self.events.set(self.events.get() + 1);
        self.push(encode_event(event));
    }

    /// The next line to write.
    pub(super) fn take(&self) -> Option<Line> {
        let mut lines = self.lines.borrow_mut();
        let line = lines.pop_front();
        if lines.is_empty() {
            self.events.set(0);
        }
        line
    }

    /// The requests that nobody will wait for any more.
    pub(crate) fn abandon(&self) -> Vec<Ticket> {
        self.stand(Standing::Closed);
        self.lines.borrow_mut().clear();
        let waiting = std::mem::take(&mut *self.waiting.borrow_mut());
        waiting.into_iter().map(|(ticket, _)| ticket).collect()
    }

    pub(super) fn in_flight(&self) -> usize {
        self.waiting.borrow().len()
    }

    pub(super) fn has_room(&self) -> bool {
        self.in_flight() < MAX_IN_FLIGHT
    }

    pub(super) fn is_subscribed(&self) -> bool {
        self.subscribed.get()
    }

    pub(super) fn standing(&self) -> Standing {
        self.standing.get()
    }

    pub(super) fn stand(&self, standing: Standing) {
        self.standing.set(standing);
        self.wake();
    }

    /// Returns once something was queued or the standing changed since the call.
    pub(super) async fn changed(&self) {
        self.asleep.set(true);
        self.changed.notified().await;
        self.asleep.set(false);
    }

    /// Ends a call of [`Outbox::changed`] that was given up.
    pub(super) fn awake(&self) {
        self.asleep.set(false);
    }

    fn push(&self, line: Line) {
        if self.standing() != Standing::Closed {
            self.lines.borrow_mut().push_back(line);
            self.wake();
        }
    }

    /// Wakes the task only where it sleeps: an answer in the same call needs no second turn.
    fn wake(&self) {
        if self.asleep.replace(false) {
            self.changed.notify_one();
        }
    }
}

fn encoded(id: Option<&Id>, answer: &Result<Response, RpcError>) -> Line {
    let line = encode_answer(id, answer);
    if line.len() <= MAX_ANSWER + 1 {
        return line;
    }
    let error = RpcError::new(ErrorKind::Internal, "the answer is larger than 16 MiB");
    encode_answer(id, &Err(error))
}
