//! What a client can ask: the envelope, and one table from method to parameters.

mod askpass;
mod backups;
mod entries;
mod slots;
mod sources;
mod vault;

pub use askpass::*;
pub use backups::*;
pub use entries::*;
pub use slots::*;
pub use sources::*;
pub use vault::*;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::response::{
    AddAnswer, AskpassAnswer, BackupAnswer, BackupCheckAnswer, BackupsAnswer, CodeAnswer, Details,
    Done, ExportAnswer, ImportAnswer, InitAnswer, ListAnswer, NotifyAnswer, PreviewAnswer,
    RecoveryCodesAnswer, RekeyAnswer, RemoveAnswer, RenewAnswer, RestoreBackupAnswer, SlotsAnswer,
    SourcesAnswer, StatusAnswer, StepAnswer, UnlockAnswer,
};
use crate::wire::{LINE, append};
use crate::{ErrorKind, RpcError};

/// A request's id, echoed in its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Id {
    /// A whole number.
    Number(i64),
    /// A text; the line's limit bounds it.
    Text(String),
}

/// A request's parameters together with the type of its answer.
pub trait Call: Serialize {
    /// The method's name on the wire.
    const METHOD: &'static str;
    /// What the agent answers.
    type Answer: serde::de::DeserializeOwned;
}

/// Generates [`Request`] and every conversion from one table.
macro_rules! methods {
    ($($name:literal => $request:ident -> $answer:ty),* $(,)?) => {
        /// Every request. Exhaustive on purpose: a new method doesn't compile until the gate
        /// and the agent know it.
        #[derive(Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "each parameter type carries its text")]
        pub enum Request { $($request($request)),* }

        impl Request {
            /// Every method's name, in the order of the documentation.
            pub const METHODS: &[&str] = &[$($name),*];

            /// Returns the method's name.
            pub fn method(&self) -> &'static str {
                match self { $(Self::$request(_) => $name),* }
            }

            /// Reads a method's parameters; absent ones are an empty object.
            ///
            /// # Errors
            /// `method` if it isn't known, `params` with the place of the mistake.
            pub fn decode(method: &str, params: Option<&RawValue>) -> Result<Self, RpcError> {
                let params = params.map_or("{}", RawValue::get);
                match method {
                    $($name => strict(params).map(Self::$request),)*
                    _ => Err(RpcError::new(ErrorKind::Method, "unknown method")),
                }
            }
        }

        $(impl Call for $request {
            const METHOD: &'static str = $name;
            type Answer = $answer;
        })*
    };
}

methods! {
    "status" => Status -> StatusAnswer,
    "init" => Init -> InitAnswer,
    "unlock" => Unlock -> UnlockAnswer,
    "unlock.vault" => UnlockVault -> UnlockAnswer,
    "unlock.auto" => UnlockAuto -> UnlockAnswer,
    "unlock.slot" => UnlockSlot -> StepAnswer,
    "lock" => Lock -> Done,
    "passwd" => Passwd -> Done,
    "list" => List -> ListAnswer,
    "get" => Get -> CodeAnswer,
    "notify" => Notify -> NotifyAnswer,
    "askpass" => Askpass -> AskpassAnswer,
    "show" => Show -> Details,
    "preview" => Preview -> PreviewAnswer,
    "add" => Add -> AddAnswer,
    "edit" => Edit -> Details,
    "remove" => Remove -> RemoveAnswer,
    "restore" => Restore -> Details,
    "export" => Export -> ExportAnswer,
    "recovery_codes.add" => RecoveryCodesAdd -> RecoveryCodesAnswer,
    "recovery_codes.list" => RecoveryCodesList -> RecoveryCodesAnswer,
    "recovery_codes.use" => RecoveryCodesUse -> RecoveryCodesAnswer,
    "import.begin" => ImportBegin -> Done,
    "import.add" => ImportAdd -> Done,
    "import.commit" => ImportCommit -> ImportAnswer,
    "backup" => Backup -> BackupAnswer,
    "backup.check" => BackupCheck -> BackupCheckAnswer,
    "backup.copied" => BackupCopied -> Done,
    "backups.list" => BackupsList -> BackupsAnswer,
    "restore_backup.begin" => RestoreBackupBegin -> Done,
    "restore_backup.add" => RestoreBackupAdd -> Done,
    "restore_backup.commit" => RestoreBackupCommit -> RestoreBackupAnswer,
    "slots.list" => SlotsList -> SlotsAnswer,
    "slots.add" => SlotsAdd -> StepAnswer,
    "slots.reply" => SlotsReply -> StepAnswer,
    "slots.test" => SlotsTest -> StepAnswer,
    "slots.remove" => SlotsRemove -> StepAnswer,
    "recovery_key.renew" => RecoveryKeyRenew -> RenewAnswer,
    "recovery_key.keep" => RecoveryKeyKeep -> Done,
    "rekey" => Rekey -> RekeyAnswer,
    "source.add" => SourceAdd -> SourcesAnswer,
    "source.list" => SourceList -> SourcesAnswer,
    "source.remove" => SourceRemove -> Done,
    "source.sync" => SourceSync -> SourcesAnswer,
    "subscribe" => Subscribe -> Done,
    "quit" => Quit -> Done,
}

/// The strict envelope; `params` stays raw until the method is known.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    #[serde(borrow)]
    jsonrpc: Cow<'a, str>,
    id: Id,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
}

/// Only the id, out of a line whose envelope is wrong.
#[derive(Deserialize)]
struct OnlyId {
    id: Id,
}

/// Reads a request line.
///
/// # Errors
/// The error answer's content, with the id whenever it could be read.
pub fn decode_request(line: &[u8]) -> Result<(Id, Request), (Option<Id>, RpcError)> {
    let text = std::str::from_utf8(line)
        .map_err(|_| (None, RpcError::new(ErrorKind::Syntax, "not UTF-8")))?;
    let envelope: Envelope<'_> = serde_json::from_str(text).map_err(|error| {
        let kind = if error.is_data() {
            ErrorKind::Envelope
        } else {
            ErrorKind::Syntax
        };
        let id = serde_json::from_str::<OnlyId>(text)
            .ok()
            .map(|only| only.id);
        (id, RpcError::new(kind, place(&error)))
    })?;
    if envelope.jsonrpc != "2.0" {
        let error = RpcError::new(ErrorKind::Envelope, "jsonrpc must be \"2.0\"");
        return Err((Some(envelope.id), error));
    }
    match Request::decode(&envelope.method, envelope.params) {
        Ok(request) => Ok((envelope.id, request)),
        Err(error) => Err((Some(envelope.id), error)),
    }
}

/// Writes a request line, newline included.
pub fn encode_request<C: Call>(id: i64, params: &C) -> Zeroizing<Vec<u8>> {
    let mut out = begin(id, C::METHOD);
    append(&mut out, params);
    out.extend_from_slice(b"}\n");
    out
}

/// What comes before the parameters: the one part that is the same for every method, and is
/// compiled once.
fn begin(id: i64, method: &'static str) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(LINE));
    // Names of methods have nothing that JSON would escape (a test).
    for part in [
        "{\"jsonrpc\":\"2.0\",\"id\":",
        &id.to_string(),
        ",\"method\":\"",
        method,
        "\",\"params\":",
    ] {
        out.extend_from_slice(part.as_bytes());
    }
    out
}

fn strict<'a, T: Deserialize<'a>>(params: &'a str) -> Result<T, RpcError> {
    // A struct could also be read from an array; the protocol knows objects only.
    if !params.trim_start().starts_with('{') {
        return Err(RpcError::new(ErrorKind::Params, "params must be an object"));
    }
    serde_json::from_str(params).map_err(|error| {
        RpcError::new(
            ErrorKind::Params,
            format!("wrong or unknown parameter at {}", place(&error)),
        )
    })
}

/// Where a JSON mistake is. serde's own text quotes values, so it never leaves this function.
fn place(error: &serde_json::Error) -> String {
    format!("line {}, column {}", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> (Option<Id>, ErrorKind) {
        let (id, error) = decode_request(line.as_bytes()).unwrap_err();
        (id, error.kind())
    }

    #[test]
    fn a_request_comes_back_from_its_line() {
        let get = Get {
            query: "トレンド".into(),
            min_left: Some(5),
            ..Get::default()
        };
        let line = encode_request(7, &get);
        let (id, request) = decode_request(line.strip_suffix(b"\n").unwrap()).unwrap();
        assert_eq!((id, request), (Id::Number(7), Request::Get(get)));
    }

    #[test]
    fn a_method_s_name_stands_in_json_as_it_is() {
        for method in Request::METHODS {
            let escaped = serde_json::to_string(method).unwrap();
            assert_eq!(escaped, format!("\"{method}\""));
        }
    }

    #[test]
    fn absent_params_are_an_empty_object() {
        let line = br#"{"jsonrpc":"2.0","id":"a","method":"status"}"#;
        let expected = (Id::Text("a".into()), Request::Status(Status {}));
        assert_eq!(decode_request(line).unwrap(), expected);
    }

    #[test]
    fn each_stage_refuses_with_its_own_kind_and_echoes_the_id() {
        let id = Some(Id::Number(1));
        for (line, expected) in [
            ("{", (None, ErrorKind::Syntax)),
            ("[]", (None, ErrorKind::Envelope)),
            (
                r#"{"jsonrpc":"2.0","method":"status"}"#,
                (None, ErrorKind::Envelope),
            ),
            (
                r#"{"jsonrpc":"2.0","id":null,"method":"status"}"#,
                (None, ErrorKind::Envelope),
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"status","x":1}"#,
                (id.clone(), ErrorKind::Envelope),
            ),
            (
                r#"{"jsonrpc":"1.0","id":1,"method":"status"}"#,
                (id.clone(), ErrorKind::Envelope),
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"nope"}"#,
                (id.clone(), ErrorKind::Method),
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"get","params":{"query":"a","confirm":true}}"#,
                (id.clone(), ErrorKind::Params),
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"get","params":["a"]}"#,
                (id.clone(), ErrorKind::Params),
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"get","params":null}"#,
                (id.clone(), ErrorKind::Params),
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"get","params":{"query":"a","query":"b"}}"#,
                (id, ErrorKind::Params),
            ),
        ] {
            assert_eq!(refused(line), expected, "{line}");
        }
    }

    #[test]
    fn an_error_never_quotes_what_was_sent() {
        let line = br#"{"jsonrpc":"2.0","id":1,"method":"unlock","params":{"hunter2":"hunter2"}}"#;
        let (_, error) = decode_request(line).unwrap_err();
        assert!(!error.message.contains("hunter2"), "{}", error.message);
    }
}
