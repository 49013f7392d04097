//! One connection: lines in, lines out, and nothing that makes another connection wait.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Poll, ready};

use interprocess::local_socket::tokio::Stream;
use otp_proto::{ErrorKind, Frames, MAX_REQUEST, RpcError, TooLong, decode_request};
use tokio::io::{AsyncRead as _, AsyncWriteExt as _, ReadBuf};
use tokio::time::{sleep, timeout};
use zeroize::{Zeroize as _, Zeroizing};

use super::outbox::{Outbox, Standing};
use super::{FIRST_LINE, HALF_CLOSED, MAX_AHEAD, UNREAD, os};
use crate::agent::Caller;
use crate::run::Core;

/// The buffer of all reads: connections are read one at a time, so one is enough, and an idle
/// connection holds no memory for bytes that may come.
pub(super) type Scratch = RefCell<Zeroizing<[u8; 8192]>>;

/// One peer and what was read from it.
struct Connection {
    stream: Stream,
    frames: Frames,
    /// Bytes in `frames`.
    ahead: usize,
    /// Bytes that came since it was told to retire.
    late: usize,
    /// The peer sends no more, or is not listened to any more.
    ended: bool,
}

/// What reading brought.
enum Read {
    Bytes(usize),
    End,
    TooLong,
}

/// Serves a connection until it ends, whoever ends it.
pub(super) async fn serve(
    core: Rc<Core>,
    scratch: Rc<Scratch>,
    stream: Stream,
    outbox: Rc<Outbox>,
    caller: Caller,
) {
    let mut connection = Connection {
        stream,
        frames: Frames::new(MAX_REQUEST),
        ahead: 0,
        late: 0,
        ended: false,
    };
    let served = connection.run(&core, &scratch, &outbox, caller).await;
    if let Err(error) = &served {
        tracing::debug!(conn = caller.conn.0, %error, "connection closed");
    }
    if served.is_err() || outbox.standing() == Standing::Closed {
        os::abandon(&connection.stream);
    }
    core.closed(&outbox);
}

impl Connection {
    async fn run(
        &mut self,
        core: &Core,
        scratch: &Scratch,
        outbox: &Rc<Outbox>,
        caller: Caller,
    ) -> io::Result<()> {
        let mut first_line = pin!(sleep(FIRST_LINE));
        let mut spoken = false;
        loop {
            let asked = self.ask_next(core, outbox, caller);
            spoken |= asked;
            while let Some(line) = outbox.take() {
                self.write(&line).await?;
            }
            if outbox.standing() == Standing::Closed {
                return Ok(());
            }
            if asked {
                continue;
            }
            if self.ended && (outbox.in_flight() == 0 || os::is_hung_up(&self.stream)) {
                return Ok(());
            }
            let retiring = outbox.standing() == Standing::Retiring;
            tokio::select! {
                biased;
                read = read(&mut self.stream, &mut self.frames, scratch),
                    if self.may_read(outbox) =>
                {
                    match read? {
                        Read::Bytes(count) => {
                            self.ahead += count;
                            // What was on its way is answered; a peer that never stops is ended.
                            self.late += if retiring { count } else { 0 };
                            self.ended = self.late > MAX_AHEAD;
                        }
                        Read::End => self.ended = true,
                        Read::TooLong => self.cut_off(outbox),
                    }
                }
                () = std::future::ready(()), if retiring && !self.ended => self.ended = true,
                () = outbox.changed() => {}
                // A timer is made only where it is waited for.
                () = async { sleep(HALF_CLOSED).await }, if self.ended => {}
                () = &mut first_line, if !spoken => return Err(io::ErrorKind::TimedOut.into()),
            }
            outbox.awake();
        }
    }

    /// Hands the next whole line to the loop, if there is one and room for it.
    fn ask_next(&mut self, core: &Core, outbox: &Rc<Outbox>, caller: Caller) -> bool {
        if !outbox.has_room() {
            return false;
        }
        match self.frames.next_line() {
            Ok(Some(line)) => {
                self.ahead = self.ahead.saturating_sub(line.len() + 1);
                match decode_request(&line) {
                    Ok((id, request)) => core.ask(outbox, caller, id, request),
                    Err((id, error)) => outbox.refuse(id.as_ref(), error),
                }
                true
            }
            Ok(None) => false,
            Err(TooLong) => {
                self.cut_off(outbox);
                false
            }
        }
    }

    /// With room for requests there is no whole line left, and the frames bound the rest.
    fn may_read(&self, outbox: &Outbox) -> bool {
        !self.ended && (outbox.has_room() || self.ahead < MAX_AHEAD)
    }

    /// Answers a line that grew too long; nothing more is read, since its end can't be known.
    fn cut_off(&mut self, outbox: &Rc<Outbox>) {
        let error = RpcError::new(ErrorKind::Syntax, "the line is longer than 64 KiB");
        outbox.refuse(None, error);
        self.frames = Frames::new(MAX_REQUEST);
        self.ahead = 0;
        self.ended = true;
    }

    async fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let mut written = pin!(self.stream.write_all(line));
        // Nearly always there is room at once, and no timer is needed.
        match poll_fn(|cx| Poll::Ready(written.as_mut().poll(cx))).await {
            Poll::Ready(result) => result,
            Poll::Pending => timeout(UNREAD, written).await?,
        }
    }
}

/// Reads what is there into the frames. May be dropped between two polls.
async fn read(stream: &mut Stream, frames: &mut Frames, scratch: &Scratch) -> io::Result<Read> {
    poll_fn(|cx| {
        let mut scratch = scratch.borrow_mut();
        let mut buffer = ReadBuf::new(scratch.as_mut_slice());
        ready!(Pin::new(&mut *stream).poll_read(cx, &mut buffer))?;
        let pushed = frames.push(buffer.filled());
        let count = buffer.filled().len();
        buffer.filled_mut().zeroize();
        Poll::Ready(Ok(match pushed {
            Err(TooLong) => Read::TooLong,
            Ok(()) if count == 0 => Read::End,
            Ok(()) => Read::Bytes(count),
        }))
    })
    .await
}
