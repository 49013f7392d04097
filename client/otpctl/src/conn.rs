//! One connection to the agent: connect or start it, write a line, read a line.

use std::io::{self, Read as _, Write as _};

use otp_proto::{Call, Endpoint, Frames, MAX_ANSWER, RpcError, decode_answer, encode_request};
use zeroize::Zeroizing;

use crate::os::{self, Stream};
use crate::start::{self, StartError};

/// An open connection.
pub(crate) struct Conn {
    stream: Stream,
    frames: Frames,
    next_id: i64,
}

/// Why the agent can't be reached.
#[derive(Debug)]
pub(crate) enum ConnectError {
    /// No endpoint follows from the environment.
    Endpoint(otp_proto::EndpointError),
    /// Nothing listens, and we may not start it.
    NotRunning,
    /// The system refused.
    Io(io::Error),
    /// Another user's process listens there.
    Foreign,
    /// It can't be started.
    Start(StartError),
}

/// Why a request got no result.
#[derive(Debug)]
pub(crate) enum CallError {
    /// The connection broke.
    Io(io::Error),
    /// The answer isn't of this protocol.
    BadAnswer,
    /// The agent said no.
    Rpc(RpcError),
}

/// Returns where the agent listens.
pub(crate) fn endpoint() -> Result<Endpoint, ConnectError> {
    let user = os::user().map_err(ConnectError::Io)?;
    otp_proto::endpoint(&|name| std::env::var_os(name), &user, &os::is_private_dir)
        .map_err(ConnectError::Endpoint)
}

impl Conn {
    /// Connects; where nothing listens, starts the agent if `may_start`.
    pub(crate) fn open(may_start: bool) -> Result<Self, ConnectError> {
        let endpoint = endpoint()?;
        let stream = match os::connect(&endpoint) {
            Ok(stream) => stream,
            Err(error) => {
                let nothing_listens = matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
                );
                if !nothing_listens {
                    return Err(ConnectError::Io(error));
                }
                if !may_start {
                    return Err(ConnectError::NotRunning);
                }
                start::start(&endpoint).map_err(ConnectError::Start)?
            }
        };
        if !os::is_own_server(&stream, &endpoint) {
            return Err(ConnectError::Foreign);
        }
        Ok(Self::over(stream))
    }

    fn over(stream: Stream) -> Self {
        Self {
            stream,
            frames: Frames::new(MAX_ANSWER),
            next_id: 1,
        }
    }

    /// Asks once and waits for the answer.
    pub(crate) fn call<C: Call>(&mut self, params: &C) -> Result<C::Answer, CallError> {
        let line = encode_request(self.next_id, params);
        self.next_id += 1;
        let answer = self.exchange(&line)?;
        decode_answer(&answer)
            .map_err(|_| CallError::BadAnswer)?
            .map_err(CallError::Rpc)
    }

    fn exchange(&mut self, line: &[u8]) -> Result<Zeroizing<Vec<u8>>, CallError> {
        self.stream.write_all(line).map_err(CallError::Io)?;
        let mut piece = Zeroizing::new([0_u8; 4096]);
        loop {
            match self.frames.next_line() {
                Ok(Some(answer)) => return Ok(answer),
                Ok(None) => {}
                Err(_) => return Err(CallError::BadAnswer),
            }
            let length = match self.stream.read(&mut *piece) {
                Ok(0) => return Err(CallError::Io(io::ErrorKind::UnexpectedEof.into())),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(CallError::Io(error)),
            };
            let read = piece.get(..length).unwrap_or_default();
            self.frames.push(read).map_err(|_| CallError::BadAnswer)?;
        }
    }
}
