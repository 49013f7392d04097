//! What the agent answers. Clients ignore members they don't know.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::entry::{Algorithm, Digits, EntryId, Period};
use crate::request::{Id, line};
use crate::{Code, RpcError, Secret};

/// Nothing to say but that it is done.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Done {}

/// How the keys' memory is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Memory {
    /// `memfd_secret(2)`: not readable even by root through `/proc`.
    Secret,
    /// `mlock(2)` and left out of core dumps.
    Locked,
    /// Ordinary memory, which may be swapped: a limit was reached.
    Unlocked,
}

/// Who locks the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LockSource {
    /// A request.
    Request,
    /// SIGUSR1.
    Signal,
    /// No use for `[lock] idle`.
    Idle,
    /// Unlocked for `[lock] max`.
    Max,
    /// The screen was locked.
    Screen,
    /// The person's session was left or has ended.
    Session,
    /// The system sleeps.
    Sleep,
    /// A source of locks that was seen is seen no more.
    Lost,
    /// Another vault's files are about to take their place, and couldn't yet.
    Files,
    /// The agent ends.
    Stop,
    /// One that this version doesn't know.
    #[serde(other)]
    Unknown,
}

/// Whether a source of locks outside of the agent is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Sight {
    /// Nobody has looked yet.
    Starting,
    /// It locks the vault.
    Watched,
    /// It locks the vault, but perhaps too late.
    Late,
    /// It can't be seen.
    Absent,
    /// The configuration says that it doesn't lock.
    Off,
    /// otpd doesn't know this system's.
    Unsupported,
    /// Something that this version doesn't know.
    #[serde(other)]
    Unknown,
}

/// A source of locks outside of the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockSourceInfo {
    /// `screen`, `session` or `sleep`.
    pub source: LockSource,
    /// Whether it is seen.
    pub state: Sight,
    /// Through what, or why not: in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The agent's state.
#[expect(
    clippy::struct_excessive_bools,
    reason = "scripts read each by its name"
)]
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusAnswer {
    /// Whether the keys are out of memory.
    pub locked: bool,
    /// Whether there is a vault.
    pub vault: bool,
    /// The program's version.
    pub version: String,
    /// The protocol's number ([`crate::VERSION`]).
    pub protocol: u32,
    /// The agent's process id.
    pub pid: u32,
    /// How the keys' memory is protected.
    pub memory: Memory,
    /// Whether the vault that was opened is older than the last one seen.
    pub rollback: bool,
    /// Whether the vault's files were tried and could not be opened, nor could a backup; then one
    /// of the user's own may take their place (`restore_backup`) while it is locked.
    #[serde(default, skip_serializing_if = "is_false")]
    pub damaged: bool,
    /// How many entries there are; absent while locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries: Option<u64>,
    /// Seconds since the vault was locked or unlocked, suspend counted.
    #[serde(default)]
    pub since: u64,
    /// Seconds until the vault locks by itself; absent while locked or without a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locks_in: Option<u64>,
    /// Which limit that will be: `idle` or `max`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locks_by: Option<LockSource>,
    /// Who locked it last; absent before the first lock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_by: Option<LockSource>,
    /// The slot that opened it; absent while locked, and where a backup was put back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlocked_by: Option<String>,
    /// Seconds for which every unlock is refused; absent if none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlock_in: Option<u64>,
    /// The sources of locks outside of the agent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lock_sources: Vec<LockSourceInfo>,
    /// Where the agent listens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<String>,
    /// Seconds since the newest of the automatic backups was written; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_age: Option<u64>,
    /// Seconds since the newest copy outside the vault's disk was made; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_age: Option<u64>,
    /// Whether it is time for another one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub copy_due: bool,
    /// Whether a time service keeps the clock right; absent where nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_synchronised: Option<bool>,
    /// What a person should know: one line each, in English.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A new vault's recovery key, shown once.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitAnswer {
    /// The recovery key in its canonical form.
    pub recovery_key: Secret,
}

/// The vault is open.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UnlockAnswer {
    /// Whether this request opened it, or it was open.
    pub opened: bool,
    /// What a person should know now: one line each, in English.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// An entry as lists show it; never with its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryInfo {
    /// The id.
    pub id: EntryId,
    /// The service's name.
    pub issuer: String,
    /// The user's name at the service.
    pub account: String,
    /// `totp`, `hotp`, `steam`, `yandex` or `motp`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The hash.
    pub algorithm: Algorithm,
    /// The length of a code.
    pub digits: Digits,
    /// The time step in seconds (time-based types).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// The counter of the next code (HOTP).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter: Option<u64>,
    /// Words to find it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Its number in the trash, if it is there: `tr-1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trash: Option<String>,
}

/// An entry that an ambiguous query could mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The id.
    pub id: EntryId,
    /// The service's name.
    pub issuer: String,
    /// The user's name at the service.
    pub account: String,
}

/// Everything about one entry but its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// What lists show.
    #[serde(flatten)]
    pub entry: EntryInfo,
    /// A person's remark.
    #[serde(default)]
    pub note: String,
    /// When it was stored, in seconds since 1970.
    pub created: u64,
    /// The key's length in bits.
    pub key_bits: u32,
    /// URI parameters that otpd keeps but doesn't use: their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra: Vec<String>,
}

/// The entries; while locked none, or those of before.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ListAnswer {
    /// Whether the vault is locked: what is listed is remembered, and may be nothing.
    pub locked: bool,
    /// The entries by issuer and account.
    pub entries: Vec<EntryInfo>,
}

/// A code.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeAnswer {
    /// The entry's id.
    pub id: EntryId,
    /// The code.
    pub code: Code,
    /// Seconds until it dies; absent for HOTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_for: Option<u32>,
    /// The time step in seconds; absent for HOTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// The next step's code, when asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Code>,
}

/// What is shown.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifyAnswer {
    /// The entry's id.
    pub id: EntryId,
    /// Seconds until the notification goes, if nobody closes it before.
    pub valid_for: u32,
}

/// What `add` would do, and the first code to type into the page.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewAnswer {
    /// The code of now; absent where the type's codes come later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// Seconds until it dies; absent for HOTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_for: Option<u32>,
    /// The HOTP counter of this code, which may be later than the URI's. Whoever has used the
    /// code adds the URI with the next counter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter: Option<u64>,
    /// The entry that has this key, type, algorithm, digits and period already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<Candidate>,
    /// Entries of the same issuer and account, which would go to the trash.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supersedes: Vec<Candidate>,
    /// Entries that have this key with another type, algorithm, digits or period.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same_key: Vec<Candidate>,
}

/// An entry was stored, or was there already.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddAnswer {
    /// The entry, new or found.
    pub entry: EntryInfo,
    /// Whether the entry (key, type, algorithm, digits, period) was there already and nothing
    /// was stored.
    pub duplicate: bool,
    /// Older entries of the same issuer and account, now in the trash.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub superseded: Vec<EntryInfo>,
    /// Other entries that have the key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same_key: Vec<Candidate>,
}

/// An entry is out of the list.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveAnswer {
    /// The entry, with its number in the trash unless it was purged.
    pub entry: EntryInfo,
    /// Whether the key was destroyed, backups included.
    pub purged: bool,
}

/// Keys in clear.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportAnswer {
    /// One canonical otpauth URI per entry.
    pub uris: Vec<Secret>,
}

/// How an entry's recovery codes stand.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryCodesAnswer {
    /// The entry.
    pub entry: Candidate,
    /// How many are left.
    pub left: u32,
    /// How many there are, used ones among them.
    pub total: u32,
    /// How many were stored now (`recovery_codes.add`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added: Option<u32>,
    /// The one to use now (`recovery_codes.use`); absent where none was left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// All of them (`recovery_codes.list` with the passphrase).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<Vec<RecoveryCode>>,
}

/// One of a service's one-use codes.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryCode {
    /// The code.
    pub code: Code,
    /// Whether it was handed out.
    pub used: bool,
}

/// What a batch stored, or would store.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportAnswer {
    /// The new entries.
    pub added: Vec<EntryInfo>,
    /// Entries that were there already: the same key, type, algorithm, digits and period.
    pub duplicates: Vec<EntryInfo>,
    /// The new entries whose key another entry has, with another type, algorithm, digits or
    /// period.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same_key: Vec<EntryInfo>,
}

/// A backup's text.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupAnswer {
    /// ASCII-armored age files with a heading each.
    pub text: String,
    /// The vault's generation in it; absent while locked.
    pub generation: Option<u64>,
    /// How many entries it holds; absent while locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries: Option<u64>,
}

/// An automatic backup that was opened.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupCheckAnswer {
    /// The file's name.
    pub name: String,
    /// Seconds since it was written; absent where the clock was set back since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<u64>,
    /// The vault's generation in it.
    pub generation: u64,
    /// How many entries it holds.
    pub entries: u64,
}

/// An automatic backup, by what its name and its file say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupInfo {
    /// The file's name.
    pub name: String,
    /// The vault's generation in it.
    pub generation: u64,
    /// When it was written, in seconds since 1970; absent where the file can't be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<u64>,
    /// The file's length.
    pub bytes: u64,
    /// Whether it is the vault as it is now.
    #[serde(default, skip_serializing_if = "is_false")]
    pub current: bool,
}

/// The automatic backups.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupsAnswer {
    /// The newest first.
    pub backups: Vec<BackupInfo>,
}

/// A state of a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// Its generation.
    pub generation: u64,
    /// When it was written, in seconds since 1970, of a text only the day; absent where nobody
    /// knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<u64>,
}

/// An entry that a backup has otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedEntry {
    /// As it is in the present vault.
    pub before: EntryInfo,
    /// As it is in the backup.
    pub after: EntryInfo,
    /// What differs: `issuer account type algorithm digits period key tags note recovery_codes
    /// extra`.
    pub fields: Vec<String>,
}

/// What a backup holds, or what was put back.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RestoreBackupAnswer {
    /// How many entries the backup holds.
    pub entries: u64,
    /// Entries of the present vault that the backup doesn't hold.
    #[serde(default)]
    pub missing: Vec<EntryInfo>,
    /// Entries of the backup that the present vault doesn't hold.
    #[serde(default)]
    pub returning: Vec<EntryInfo>,
    /// Entries that both hold, with something else in them. Counters don't count: they never go
    /// back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<ChangedEntry>,
    /// The backup's state of the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<Edition>,
    /// The present one; absent while locked and where there is no vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present: Option<Edition>,
    /// The name of the automatic backup that was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The name under which what was replaced is an automatic backup now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<String>,
    /// What a person should know now: one line each, in English.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// What kind of way to the vault's identity a slot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SlotKind {
    /// The passphrase.
    Passphrase,
    /// The printed recovery key.
    Recovery,
    /// A secret in the keyring of the session.
    Keyring,
    /// Hardware, through one of age's plugins.
    Plugin,
    /// Something this version doesn't know.
    #[serde(other)]
    Unknown,
}

/// A way to open the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotInfo {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: SlotKind,
}

/// The ways to open the vault.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotsAnswer {
    /// Those that a person types come first.
    pub slots: Vec<SlotInfo>,
}

/// What a plugin says or asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AskKind {
    /// Something to read, such as to touch the key.
    Message,
    /// A text.
    Text,
    /// A text that isn't shown while it is typed, such as a PIN.
    Secret,
    /// One of two.
    Confirm,
    /// Something this version doesn't know.
    #[serde(other)]
    Unknown,
}

/// A step of a plugin that goes to a person. Its texts are the plugin's, of one line each and
/// without control characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// What it is.
    pub kind: AskKind,
    /// What to show.
    pub text: String,
    /// What `yes` is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yes: Option<String>,
    /// What `no` is called; absent where there is no choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no: Option<String>,
}

/// A step of something that hardware takes part in, or its end.
#[derive(Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StepAnswer {
    /// What comes next, to be answered with `slots.reply`; absent once it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<Ask>,
    /// What a person should know now: one line each, in English.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A new recovery key, shown once.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewAnswer {
    /// The recovery key in its canonical form.
    pub recovery_key: Secret,
}

/// The vault has a new identity.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RekeyAnswer {
    /// The new recovery key in its canonical form, shown once.
    pub recovery_key: Secret,
    /// The slots that went with the old identity.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
    /// What a person should know now: one line each, in English.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

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
    use crate::ErrorKind;

    #[test]
    fn an_answer_comes_back_from_its_line() {
        let id = EntryId::from_random(5);
        let code = CodeAnswer {
            id,
            code: Code::new("257274".into()),
            valid_for: Some(21),
            period: Some(Period::THIRTY),
            next: None,
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
