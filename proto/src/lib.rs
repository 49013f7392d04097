//! The protocol of otpd on one page; everything here is pure: no I/O, no clock, no randomness.
//!
//! A client connects to the [endpoint] and writes one JSON-RPC 2.0 request per line (UTF-8,
//! ended by `\n`). The agent answers each with one line that carries the same `id`:
//!
//! ```text
//! {"jsonrpc":"2.0","id":1,"method":"get","params":{"query":"github"}}
//! {"jsonrpc":"2.0","id":1,"result":{"id":"k3t7q2m5","code":"257274","valid_for":21,"period":30}}
//! ```
//!
//! A request is read in two stages: a strict envelope (`jsonrpc`, `id`, `method`, `params`; any
//! other member is refused), then one table from method to parameters ([`Request`]). Unknown
//! parameters are refused too, so that an old agent can't overlook a new restriction; clients
//! ignore unknown members of answers. There are no batches, and a request without `id` is
//! refused. [`ErrorKind`] lists what can go wrong; kinds and numbers are stable, texts aren't.
//!
//! `docs/protocol.md` shows exchanges that can be pasted into `socat`.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod base32;
mod desktop;
mod endpoint;
mod entry;
mod error;
mod frame;
mod hotkey;
mod otpauth;
mod percent;
mod picker;
mod print;
mod recovery;
mod recovery_codes;
mod request;
mod response;
mod script;
mod secret;
mod wire;

pub use base32::{decode as base32_decode, encode as base32_encode};
pub use desktop::Desktop;
pub use endpoint::{Dirs, Endpoint, EndpointError, SOCKET_VARIABLE, User, endpoint};
pub use entry::{
    Algorithm, Digits, EntryError, EntryId, Kind, MAX_DIGITS, MAX_KEY, MAX_LABEL, MAX_PERIOD,
    NewEntry, Period, clean_label,
};
pub use error::{ErrorKind, RpcError};
pub use frame::{Frames, TooLong};
pub use hotkey::{Action, Hotkey, Hotkeys, Keys};
pub use otpauth::{MAX_URI, UriError, parse_key, parse_text, parse_uri};
pub use percent::{decode as percent_decode, encode as percent_encode};
pub use picker::{Pick, Program};
pub use print::{UriParts, print_uri, print_uri_to};
pub use recovery::{RecoveryKey, RecoveryKeyError};
pub use recovery_codes::{
    MAX_RECOVERY_CODE, MAX_RECOVERY_CODES, RecoveryCodeError, RecoveryCodes, recovery_codes,
};
pub use request::*;
pub use response::*;
pub use script::is_script;
pub use secret::{Code, Key, Secret};

/// The protocol's number, bumped by hand when an old peer would misread a message.
pub const VERSION: u32 = 1;

/// Longest request line in bytes, without its newline. A URI is at most 8 KiB and a chunk of a
/// backup 32 KiB, so nothing legitimate comes near; a peer that sends more is cut off.
pub const MAX_REQUEST: usize = 64 * 1024;

/// Longest time in seconds for which [`Lock::seconds`] refuses to unlock: a year.
pub const MAX_REFUSAL: u64 = 366 * 24 * 3600;

/// Longest answer line in bytes: an export of 10,000 entries with long notes fits.
pub const MAX_ANSWER: usize = 16 * 1024 * 1024;
