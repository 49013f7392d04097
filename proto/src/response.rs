//! What the agent answers. Clients ignore members they don't know.

mod backups;
mod entries;
mod slots;
mod sources;
mod status;

pub use backups::*;
pub use entries::*;
pub use slots::*;
pub use sources::*;
pub use status::*;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::RpcError;
use crate::request::Id;
use crate::wire::line;

/// Nothing to say but that it is done.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Done {}

/// What happened, for subscribers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The keys are out of memory.
    Locked,
    /// The vault is open.
    Unlocked,
    /// Entries changed.
    Changed,
    /// Something this version doesn't know.
    #[serde(other)]
    Unknown,
}

/// Every answer, as the agent hands it to a front-end.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each answer type carries its text")]
pub enum Response {
    Done(Done),
    Status(StatusAnswer),
    Init(InitAnswer),
    Unlock(UnlockAnswer),
    List(ListAnswer),
    Code(CodeAnswer),
    Notify(NotifyAnswer),
    Askpass(AskpassAnswer),
    Details(Details),
    Preview(PreviewAnswer),
    Add(AddAnswer),
    Remove(RemoveAnswer),
    Export(ExportAnswer),
    RecoveryCodes(RecoveryCodesAnswer),
    Import(ImportAnswer),
    Backup(BackupAnswer),
    BackupCheck(BackupCheckAnswer),
    Backups(BackupsAnswer),
    RestoreBackup(RestoreBackupAnswer),
    Slots(SlotsAnswer),
    Step(StepAnswer),
    Renew(RenewAnswer),
    Rekey(RekeyAnswer),
    Sources(SourcesAnswer),
}

/// Writes an answer line, newline included. Without an id it is `null` (JSON-RPC section 5).
pub fn encode_answer(id: Option<&Id>, answer: &Result<Response, RpcError>) -> Zeroizing<Vec<u8>> {
    #[derive(Serialize)]
    struct Line<'a> {
        jsonrpc: &'static str,
        id: Option<&'a Id>,
        #[serde(skip_serializing_if = "Option::is_none")]
        result: Option<&'a Response>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'a RpcError>,
    }
    line(&Line {
        jsonrpc: "2.0",
        id,
        result: answer.as_ref().ok(),
        error: answer.as_ref().err(),
    })
}

/// Writes an event line, newline included: a notification with method `event`.
pub fn encode_event(event: Event) -> Zeroizing<Vec<u8>> {
    #[derive(Serialize)]
    struct Params {
        event: Event,
    }
    #[derive(Serialize)]
    struct Line {
        jsonrpc: &'static str,
        method: &'static str,
        params: Params,
    }
    line(&Line {
        jsonrpc: "2.0",
        method: "event",
        params: Params { event },
    })
}

/// An answer line that a client can't read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadAnswer;

impl std::fmt::Display for BadAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the agent's answer can't be read")
    }
}
impl std::error::Error for BadAnswer {}

/// Reads an answer line.
///
/// # Errors
/// [`BadAnswer`] if the line is no answer of this protocol.
pub fn decode_answer<T: serde::de::DeserializeOwned>(
    line: &[u8],
) -> Result<Result<T, RpcError>, BadAnswer> {
    #[derive(Deserialize)]
    struct Line<T> {
        result: Option<T>,
        error: Option<RpcError>,
    }
    let line: Line<T> = serde_json::from_slice(line).map_err(|_| BadAnswer)?;
    match (line.result, line.error) {
        (Some(result), None) => Ok(Ok(result)),
        (None, Some(error)) => Ok(Err(error)),
        _ => Err(BadAnswer),
    }
}

/// Reads an event line; `None` if it is something else.
pub fn decode_event(line: &[u8]) -> Option<Event> {
    #[derive(Deserialize)]
    struct Params {
        event: Event,
    }
    #[derive(Deserialize)]
    struct Line {
        method: String,
        params: Params,
    }
    let line: Line = serde_json::from_slice(line).ok()?;
    (line.method == "event").then_some(line.params.event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Code, EntryId, ErrorKind, Period};

    #[test]
    fn an_answer_comes_back_from_its_line() {
        let id = EntryId::from_random(5);
        let code = CodeAnswer {
            id,
            code: Code::new("257274".into()),
            valid_for: Some(21),
            period: Some(Period::THIRTY),
            next: None,
            source: None,
        };
        let line = encode_answer(Some(&Id::Number(1)), &Ok(Response::Code(code)));
        let read: CodeAnswer = decode_answer(&line).unwrap().unwrap();
        assert_eq!(
            (read.id, read.code.expose(), read.valid_for),
            (id, "257274", Some(21))
        );
    }

    #[test]
    fn an_error_comes_back_with_its_candidates() {
        let candidate = Candidate {
            id: EntryId::from_random(9),
            issuer: "GitHub".into(),
            account: "a".into(),
            source: None,
        };
        let error = RpcError::ambiguous(vec![candidate.clone()]);
        let line = encode_answer(None, &Err(error));
        let read = decode_answer::<Done>(&line).unwrap().unwrap_err();
        assert_eq!(
            (read.kind(), read.candidates()),
            (ErrorKind::Ambiguous, &[candidate][..])
        );
    }

    #[test]
    fn an_event_comes_back_and_an_unknown_one_is_not_an_error() {
        assert_eq!(
            decode_event(&encode_event(Event::Locked)),
            Some(Event::Locked)
        );
        let later = br#"{"jsonrpc":"2.0","method":"event","params":{"event":"later"}}"#;
        assert_eq!(decode_event(later), Some(Event::Unknown));
    }
}
