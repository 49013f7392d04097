//! One connection to the agent: connect or start it, write a line, read a line.

use std::io::{self, Read as _, Write as _};
use std::time::Duration;

use otp_proto::{Call, Endpoint, ErrorKind, Frames, MAX_ANSWER, Status, encode_request};
use zeroize::Zeroizing;

use crate::json::{Answer, Json};
use crate::os::{self, Stream};
use crate::start::{self, StartError};

/// Longest wait for what the agent knows without asking anybody.
const LONGEST_STATUS: Duration = Duration::from_secs(5);

/// An open connection.
pub(crate) struct Conn {
    stream: Stream,
    frames: Frames,
    next_id: i64,
}

/// A request whose type is forgotten: asking is compiled once, not for each request.
pub(crate) trait Ask {
    /// The request's line under a number.
    fn line(&self, id: i64) -> Zeroizing<Vec<u8>>;
    /// Whether the agent answers from memory, at once.
    fn is_status(&self) -> bool;
}

impl<C: Call> Ask for C {
    fn line(&self, id: i64) -> Zeroizing<Vec<u8>> {
        encode_request(id, self)
    }

    fn is_status(&self) -> bool {
        C::METHOD == Status::METHOD
    }
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
    Rpc(Refusal),
}

/// An error answer.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) kind: ErrorKind,
    /// What failed, for a person.
    pub(crate) message: String,
    /// The entries that an ambiguous query could mean: id, issuer, account.
    pub(crate) candidates: Vec<[String; 3]>,
}

/// Returns where the agent listens.
pub(crate) fn endpoint() -> Result<Endpoint, ConnectError> {
    let user = os::user().map_err(ConnectError::Io)?;
    otp_proto::endpoint(&os::variable, &user, &os::is_private_dir).map_err(ConnectError::Endpoint)
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
    pub(crate) fn call(&mut self, params: &dyn Ask) -> Result<Answer, CallError> {
        let line = params.line(self.next_id);
        self.next_id += 1;
        if !params.is_status() {
            return decode(&self.exchange(&line)?);
        }
        // Who doesn't answer at once is stopped or broken.
        os::limit_wait(&self.stream, Some(LONGEST_STATUS)).map_err(CallError::Io)?;
        let answer = self.exchange(&line)?;
        os::limit_wait(&self.stream, None).map_err(CallError::Io)?;
        decode(&answer)
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
            os::wait_for(&self.stream).map_err(CallError::Io)?;
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

/// Reads an answer line: the result, or why there is none.
fn decode(line: &[u8]) -> Result<Answer, CallError> {
    let answer = Json::object(line).ok_or(CallError::BadAnswer)?;
    match (answer.get("result"), answer.get("error")) {
        (Some(result), None) => Ok(Answer::new(result)),
        (None, Some(error)) => {
            let number = error.number("code").ok_or(CallError::BadAnswer)?;
            let number = i32::try_from(number).map_err(|_| CallError::BadAnswer)?;
            let candidates = error
                .get("data")
                .map(|data| data.items("candidates"))
                .unwrap_or_default();
            Err(CallError::Rpc(Refusal {
                kind: ErrorKind::from_number(number),
                message: error.label("message"),
                candidates: candidates
                    .into_iter()
                    .map(|one| ["id", "issuer", "account"].map(|name| one.label(name)))
                    .collect(),
            }))
        }
        _ => Err(CallError::BadAnswer),
    }
}

#[cfg(test)]
mod tests {
    use otp_proto::{Candidate, EntryId, Id, Response, RpcError, encode_answer};

    use super::*;

    fn refused(error: RpcError) -> Refusal {
        let line = encode_answer(Some(&Id::Number(1)), &Err(error));
        match decode(&line) {
            Err(CallError::Rpc(refusal)) => refusal,
            _ => panic!("not an error answer"),
        }
    }

    #[test]
    fn a_result_comes_as_the_agent_wrote_it() {
        let line = encode_answer(None, &Ok(Response::Done(otp_proto::Done {})));
        assert_eq!(decode(&line).unwrap().json().raw(), "{}");
    }

    #[test]
    fn an_error_comes_with_kind_message_and_candidates() {
        let candidate = Candidate {
            source: None,
            id: EntryId::from_random(1),
            issuer: "山\u{1b}田".into(),
            account: String::new(),
        };
        let refusal = refused(RpcError::ambiguous(vec![candidate.clone()]));
        assert_eq!(refusal.kind, ErrorKind::Ambiguous);
        let expected = [candidate.id.to_string(), "山田".into(), String::new()];
        assert_eq!(refusal.candidates, [expected]);
        let refusal = refused(RpcError::new(ErrorKind::Storage, "disk full"));
        assert_eq!(
            (refusal.kind, refusal.message.as_str()),
            (ErrorKind::Storage, "disk full")
        );
    }

    #[test]
    fn a_line_that_is_neither_is_refused() {
        for line in [
            "",
            "{}",
            "[]",
            r#"{"result":{},"error":{}}"#,
            r#"{"error":{"code":"x"}}"#,
        ] {
            assert!(
                matches!(decode(line.as_bytes()), Err(CallError::BadAnswer)),
                "{line}"
            );
        }
    }
}
