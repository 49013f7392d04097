//! The local socket or named pipe: who may connect, and what happens when too many do.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use interprocess::local_socket::tokio::{Listener, Stream};
use interprocess::local_socket::traits::tokio::Listener as _;
use otp_proto::{ErrorKind, RpcError, encode_answer};
use tokio::io::AsyncWrite as _;
use zeroize::Zeroizing;

use super::connection::{Scratch, serve};
use super::{MAX_CONNECTIONS, os};
use crate::agent::{Caller, Way};
use crate::platform;
use crate::run::Core;

/// Descriptors that connections must leave for files, timers and threads.
const RESERVED: usize = 32;

/// Turns of the loop in which whoever has left, or was sent away, gives its descriptor back: one
/// in which its end is seen, one in which its task ends, and one to spare.
const SETTLING: usize = 3;

/// Fewest connections, however few descriptors there are.
const FEWEST: usize = 4;

/// How long nothing is accepted after it failed for want of something that others must free.
const BACK_OFF: Duration = Duration::from_millis(100);

/// Accepts connections until the runtime ends.
pub(crate) struct Ipc {
    core: Rc<Core>,
    listener: Listener,
    scratch: Rc<Scratch>,
    limit: usize,
    /// Given up for a moment, to see who waits, when descriptors ran out.
    reserve: Option<File>,
    strangers: Tally,
    exhausted: Tally,
}

/// Counts what a flood could repeat; the first, second, fourth, eighth… time is worth a log line.
#[derive(Default)]
struct Tally(Cell<u64>);

impl Tally {
    /// Counts once more; the count if it is worth a line.
    fn loud(&self) -> Option<u64> {
        self.0.set(self.0.get() + 1);
        Some(self.0.get()).filter(|count| count.is_power_of_two())
    }
}

impl Ipc {
    pub(crate) fn new(core: Rc<Core>, listener: Listener) -> Self {
        let limit = os::descriptor_limit().map_or(MAX_CONNECTIONS, |descriptors| {
            descriptors
                .saturating_sub(RESERVED)
                .clamp(FEWEST, MAX_CONNECTIONS)
        });
        Self {
            core,
            listener,
            scratch: Rc::new(RefCell::new(Zeroizing::new([0; 8192]))),
            limit,
            reserve: os::spare_descriptor(),
            strangers: Tally::default(),
            exhausted: Tally::default(),
        }
    }

    /// Accepts for ever.
    pub(crate) async fn listen(mut self) {
        loop {
            match self.listener.accept().await {
                Ok(stream) => {
                    self.admit(stream).await;
                    // A flood of connections must not keep those that are open from being read.
                    tokio::task::yield_now().await;
                }
                Err(error) if os::is_exhausted(&error) => self.make_room(&error).await,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(BACK_OFF).await;
                }
            }
        }
    }

    async fn admit(&self, stream: Stream) {
        let peer = match os::peer(&stream) {
            Ok(peer) if platform::same_user(&peer) => peer,
            Ok(_) => return self.note_stranger(),
            Err(error) => {
                tracing::warn!(%error, "cannot tell who connects; refused");
                return;
            }
        };
        let peers = self.core.peers();
        if peers.count() >= self.limit && !peers.retire_idlest() {
            return refuse(stream).await;
        }
        let outbox = peers.admit();
        let caller = Caller {
            way: Way::Socket,
            conn: outbox.conn,
            uid: peer.uid(),
            pid: peer.pid,
        };
        tracing::debug!(conn = caller.conn.0, pid = caller.pid, "connection");
        let core = Rc::clone(&self.core);
        let serving = serve(core, Rc::clone(&self.scratch), stream, outbox, caller);
        drop(tokio::task::spawn_local(serving));
    }

    /// Another user: no answer.
    fn note_stranger(&self) {
        if let Some(count) = self.strangers.loud() {
            tracing::warn!(count, "refused a connection of another user");
        }
    }

    /// Descriptors or memory ran out. accept(2) fails of that before it looks whether anybody
    /// waits, so the reserve's descriptor tells; if nobody does, nobody goes.
    async fn make_room(&mut self, error: &io::Error) {
        if let Some(count) = self.exhausted.loud() {
            tracing::warn!(%error, count, "cannot accept a connection");
        }
        self.reserve = None;
        match now(self.listener.accept()).await {
            Some(Ok(stream)) => self.squeeze_in(stream).await,
            Some(Err(_)) => {
                self.core.peers().retire_idlest();
                tokio::time::sleep(BACK_OFF).await;
                self.reserve = os::spare_descriptor();
            }
            None => self.reserve = os::spare_descriptor(),
        }
    }

    /// Takes a connection in once the reserve is there again: connections that were idle longest
    /// go for it, or it goes itself.
    async fn squeeze_in(&mut self, stream: Stream) {
        loop {
            for _ in 0..SETTLING {
                tokio::task::yield_now().await;
                self.reserve = os::spare_descriptor();
                if self.reserve.is_some() {
                    return self.admit(stream).await;
                }
            }
            if !self.core.peers().retire_idlest() {
                refuse(stream).await;
                self.reserve = os::spare_descriptor();
                return tokio::time::sleep(BACK_OFF).await;
            }
        }
    }
}

/// Says why, without waiting for the peer, and closes.
async fn refuse(mut stream: Stream) {
    let error = RpcError::new(ErrorKind::Busy, "too many connections wait for answers");
    let line = encode_answer(None, &Err(error));
    let writing = std::future::poll_fn(|cx| Pin::new(&mut stream).poll_write(cx, &line));
    drop(now(writing).await);
}

/// What a future has at once, or nothing.
async fn now<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    std::future::poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}
