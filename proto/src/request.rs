//! What a client can ask: the envelope, and one table from method to parameters.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::entry::{Algorithm, Digits, Period};
use crate::response::{
    AddAnswer, BackupAnswer, BackupCheckAnswer, BackupsAnswer, CodeAnswer, Details, Done,
    ExportAnswer, ImportAnswer, InitAnswer, ListAnswer, NotifyAnswer, PreviewAnswer,
    RecoveryCodesAnswer, RekeyAnswer, RemoveAnswer, RenewAnswer, RestoreBackupAnswer, SlotsAnswer,
    StatusAnswer, StepAnswer, UnlockAnswer,
};
use crate::{Desktop, ErrorKind, RpcError, Secret};

/// A request's id, echoed in its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Id {
    /// A whole number.
    Number(i64),
    /// A text; the line's limit bounds it.
    Text(String),
}

/// Asks for the agent's state. Always legal.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {}

/// Makes the vault and leaves it unlocked. Legal when there is none; else `exists`.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Init {
    /// The passphrase that will wrap the vault's identity.
    pub passphrase: Secret,
}

/// Unlocks with the passphrase or the recovery key. Legal always; unlocked: answers at once.
/// Refused for a time after [`Lock::seconds`].
/// A wrong secret is `denied` after a delay that grows with each failure of this connection.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unlock {
    /// The passphrase, or the recovery key as it was printed.
    pub passphrase: Secret,
}

/// Unlocks where more than one vault file is in its folder: with the one that is named, once it
/// has opened; the others are kept and no longer in the way. Legal when a vault exists; unlocked:
/// answers at once. `not_found` if none has that name.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnlockVault {
    /// The file's name without its end.
    pub vault: String,
    /// As in [`Unlock`].
    pub passphrase: Secret,
}

/// Unlocks without a secret in the request: by the slots that nobody types, and with `interactive`
/// else by asking a person through a dialog on their own desktop, while the caller waits.
/// Legal when a vault exists; unlocked: answers at once.
/// `locked` where nobody may be asked, `denied` where the person doesn't want to.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnlockAuto {
    /// The agent may ask a person.
    #[serde(default, skip_serializing_if = "is_false")]
    pub interactive: bool,
    /// Where the person is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desktop: Option<Box<Desktop>>,
}

/// Wipes the keys from memory. Always legal.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// Refuses to open a vault for so many seconds, suspend counted, at most
    /// [`crate::MAX_REFUSAL`]; 0 ends such a time. Absent: as it was.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
}

/// Changes the passphrase. Legal when a vault exists; locked or not.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passwd {
    /// The passphrase (or recovery key) of today.
    pub current: Secret,
    /// The passphrase from now on.
    pub new: Secret,
}

/// Lists entries, without codes. Locked: `locked: true`, and an empty list or, where the
/// configuration wants that, the entries that the vault had when it was locked.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// Only entries that match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The trash instead of the entries.
    #[serde(default, skip_serializing_if = "is_false")]
    pub trash: bool,
}

/// Asks for a code. Legal when unlocked. HOTP: the counter is on disk before the answer leaves.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Get {
    /// An id, `issuer:account`, or part of a name.
    pub query: String,
    /// Also the next step's code (time-based types).
    #[serde(default, skip_serializing_if = "is_false")]
    pub next: bool,
    /// Waits for a code that lives at least so many seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_left: Option<u32>,
    /// Never the same step twice; waits for the next one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub fresh: bool,
    /// The agent may ask a person to unlock, and the caller waits.
    #[serde(default, skip_serializing_if = "is_false")]
    pub interactive: bool,
    /// Where the person is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desktop: Option<Box<Desktop>>,
}

/// Shows a code in a notification on the agent's desktop, where it stays until it dies or the vault
/// locks. Legal when unlocked; the answer leaves once it is shown. `denied` while the screen is
/// locked. HOTP: the counter is on disk before.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// As in [`Get`].
    pub query: String,
    /// As in [`Get`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub interactive: bool,
    /// Where the person is, and in which language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desktop: Option<Box<Desktop>>,
}

/// Describes one entry, without its key. Legal when unlocked.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// As in [`Get`].
    pub query: String,
}

/// Computes the code of a URI without storing anything, for the check before enrolment, and
/// says what `add` would do. Legal when unlocked.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preview {
    /// An otpauth URI.
    pub uri: Secret,
}

/// Stores an entry; the answer leaves once it is on disk. Legal when unlocked.
/// The same key with the same type, algorithm, digits and period again stores nothing
/// (`duplicate`); anything else for the same issuer and account moves the older entry to the
/// trash.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Add {
    /// An otpauth URI; tags and note travel as `x-otpd-tag` and `x-otpd-note`.
    pub uri: Secret,
}

/// Changes an entry's fields; absent ones stay. Legal when unlocked.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// As in [`Get`].
    pub query: String,
    /// The service's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The user's name at the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// `totp`, `hotp` or `steam`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<Algorithm>,
    /// The length of a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<Digits>,
    /// The time step, for time-based types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// The next counter, for HOTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter: Option<u64>,
    /// All tags, in place of the present ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// The remark; empty removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Moves an entry to the trash for 30 days. Legal when unlocked.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    /// As in [`Get`]; with `purge` also a trash number such as `tr-1`.
    pub query: String,
    /// Destroys the key: entry, trash, and backups rewritten without it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub purge: bool,
}

/// Brings an entry back from the trash. Legal when unlocked.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    /// The entry's id or its trash number (`tr-1`).
    pub id: String,
}

/// Hands out URIs with their keys. Legal when unlocked; the passphrase is asked again.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// The passphrase, asked again.
    pub passphrase: Secret,
    /// Only entries that match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
}

/// Keeps a service's own one-use codes with an entry, behind those it has; the answer leaves
/// once they are on disk. Legal when unlocked. A code that is there already, used or not, is
/// left out.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryCodesAdd {
    /// As in [`Get`].
    pub query: String,
    /// At most [`crate::MAX_RECOVERY_CODES`], each of [`crate::MAX_RECOVERY_CODE`] bytes of
    /// visible ASCII.
    pub codes: Vec<Secret>,
    /// In place of the present ones: the service issued new codes.
    #[serde(default, skip_serializing_if = "is_false")]
    pub replace: bool,
}

/// Says how many codes are left; with the passphrase, asked again, also which. Legal when
/// unlocked.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryCodesList {
    /// As in [`Get`].
    pub query: String,
    /// The passphrase or the recovery key of the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<Secret>,
}

/// Hands out the next code and marks it as used; the answer leaves once that is on disk. Legal
/// when unlocked. Where none is left the answer has no code.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryCodesUse {
    /// As in [`Get`].
    pub query: String,
}

/// Starts a batch on this connection, dropping one begun before. Legal when unlocked.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportBegin {}

/// Adds an entry to the connection's batch; nothing is stored yet.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportAdd {
    /// An otpauth URI.
    pub uri: Secret,
}

/// Stores the batch in one write. An entry that is there already (key, type, algorithm, digits
/// and period) is left out; equal names stay side by side. A connection that ends before this leaves nothing.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportCommit {
    /// Says what would happen and stores nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub dry_run: bool,
}

/// Asks for a backup: identity, recovery and vault, each encrypted, as one text. Legal when a
/// vault exists, locked or not.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {}

/// Opens the newest of the automatic backups, and changes nothing. Legal when unlocked. `storage`
/// if it doesn't open.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupCheck {}

/// Lists the automatic backups, and opens none. Legal when a vault exists, locked or not.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupsList {}

/// Tells that a backup was put somewhere else than on the vault's disk, so that nobody is
/// reminded of one for a month. Legal when a vault exists, locked or not.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupCopied {}

/// Starts to hand over a backup on this connection. Always legal.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoreBackupBegin {}

/// Hands over a piece of the backup's text, in order.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoreBackupAdd {
    /// At most 32 KiB of it.
    pub text: String,
}

/// Opens the backup and puts it in the vault's place; the answer leaves once it is on disk, and
/// the vault is unlocked. Where a vault exists it must be unlocked, unless it could not be opened
/// ([`crate::StatusAnswer::damaged`]), and its files are kept; counters never go back.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoreBackupCommit {
    /// The backup's passphrase or recovery key. An automatic backup of an open vault needs none,
    /// unless it is from before a new identity; then `denied` asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<Secret>,
    /// An automatic backup instead of what was handed over: its name ([`BackupsList`]), or `last`
    /// for the vault as it was before the last write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Says what the backup holds and changes nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub dry_run: bool,
}

/// Lists the ways to open the vault. Legal when a vault exists, locked or not.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotsList {}

/// Opens the vault by a slot of hardware, whose plugin may say and ask things: the answer is its
/// first step. With `interactive` the agent asks a person through a dialog on their own desktop for
/// what is typed, a PIN above all, while the caller waits; the rest are steps as ever. Legal when a
/// vault exists; unlocked: answers at once. A plugin or a person that refuses is `denied`, `busy`
/// while another plugin is at work.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnlockSlot {
    /// The slot's name.
    pub slot: String,
    /// The agent may ask a person.
    #[serde(default, skip_serializing_if = "is_false")]
    pub interactive: bool,
    /// Where the person is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desktop: Option<Box<Desktop>>,
}

/// Answers the [`Ask`](crate::Ask) of the last step on this connection; the answer is the next
/// step. A message is answered with nothing, a question without an answer is refused. Closing
/// the connection ends the plugin.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotsReply {
    /// What was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Secret>,
    /// What was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yes: Option<bool>,
}

/// How the agent reaches hardware: a plugin of age (c2sp.org/age-plugin).
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginSlot {
    /// The absolute path of its program, `age-plugin-` and a name.
    pub program: String,
    /// Its identity, `AGE-PLUGIN-…`.
    pub identity: Secret,
    /// The recipient that belongs to it, `age1…`; absent where the plugin knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
}

/// Adds a slot that nobody types: `keyring`, with which the vault opens when the agent starts, or
/// with `plugin` one of hardware. The answer is the first step, and for `keyring` the last.
/// Legal when a vault exists, locked or not. `exists` if a slot has this name.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotsAdd {
    /// The slot's name.
    pub slot: String,
    /// The passphrase or the recovery key: whoever adds a way to the keys must have one.
    pub passphrase: Secret,
    /// The hardware.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<PluginSlot>,
}

/// Opens the vault's files by one slot alone, and changes nothing. Legal when a vault exists,
/// locked or not. A wrong secret is answered as by [`Unlock`]; hardware may take several steps.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotsTest {
    /// The slot's name.
    pub slot: String,
    /// What a person types for it: the passphrase, or the recovery key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<Secret>,
}

/// Removes a slot. Legal when a vault exists, locked or not. The last slot that a person can
/// type stays (`denied`).
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotsRemove {
    /// The slot's name.
    pub slot: String,
    /// What opens the vault afterwards: the passphrase or the recovery key, whichever stays.
    pub passphrase: Secret,
}

/// Makes a new recovery key. Legal when a vault exists, locked or not. The key is kept nowhere:
/// this answer is the only one that has it. It opens the vault, and the one before doesn't, from
/// [`RecoveryKeyKeep`] on.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryKeyRenew {
    /// The passphrase, or the recovery key of today.
    pub passphrase: Secret,
}

/// Puts the recovery key of this connection's last [`RecoveryKeyRenew`] in the place of the one
/// before: to be sent once it was seen. A connection that ends without it has changed nothing,
/// and so has one after which the vault was given another identity.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryKeyKeep {}

/// Gives the vault a new identity: vault, passphrase and a new recovery key are written anew
/// together, and every other slot goes. Legal when a vault exists, locked or not.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rekey {
    /// The passphrase; the recovery key won't do, because the passphrase wraps the new identity.
    pub passphrase: Secret,
    /// Removes the backups, which only the old identity opens.
    #[serde(default, skip_serializing_if = "is_false")]
    pub drop_backups: bool,
}

/// Keeps the connection open for events ([`crate::Event`]), one notification a line. Always legal.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscribe {}

/// Asks the agent to finish its writes, lock and end. Always legal.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quit {}

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
    #[derive(Serialize)]
    struct Line<'a, C> {
        jsonrpc: &'static str,
        id: i64,
        method: &'static str,
        params: &'a C,
    }
    line(&Line {
        jsonrpc: "2.0",
        id,
        method: C::METHOD,
        params,
    })
}

/// Serialises one message into a wiped buffer and ends it with a newline.
pub(crate) fn line<T: Serialize>(message: &T) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(512));
    // Writing these types into memory can't fail: no maps with odd keys, no I/O.
    if serde_json::to_writer(&mut *out, message).is_err() {
        out.clear();
    }
    out.push(b'\n');
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

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
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
