//! The errors that callers see, `io.otpd.Error.*`.

use otp_proto::{ErrorKind, RpcError};

/// Why a call failed. The text is for people.
#[derive(Debug, zbus::DBusError)]
#[zbus(prefix = "io.otpd.Error")]
pub(super) enum Error {
    #[zbus(error)]
    ZBus(zbus::Error),
    /// The vault is locked.
    Locked(String),
    /// There is no vault yet.
    NoVault(String),
    /// No entry matches.
    NotFound(String),
    /// Several entries match; the text names them.
    Ambiguous(String),
    /// Policy or a person has refused.
    Denied(String),
    /// Too many codes in a short time.
    RateLimited(String),
    /// The codes of this type come later.
    Unsupported(String),
    /// Anything else.
    Failed(String),
}

impl From<RpcError> for Error {
    fn from(error: RpcError) -> Self {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "whatever callers can't act upon has failed"
        )]
        match error.kind() {
            ErrorKind::Locked => Self::Locked(error.message),
            ErrorKind::NoVault => Self::NoVault(error.message),
            ErrorKind::NotFound => Self::NotFound(error.message),
            ErrorKind::Ambiguous => {
                let names = error.candidates().iter().map(name).collect::<Vec<_>>();
                Self::Ambiguous(format!("{}: {}", error.message, names.join(", ")))
            }
            ErrorKind::Denied | ErrorKind::Refused => Self::Denied(error.message),
            ErrorKind::RateLimited => Self::RateLimited(error.message),
            ErrorKind::Unsupported => Self::Unsupported(error.message),
            _ => Self::Failed(error.message),
        }
    }
}

fn name(candidate: &otp_proto::Candidate) -> String {
    if candidate.issuer.is_empty() {
        return candidate.account.clone();
    }
    format!("{}:{}", candidate.issuer, candidate.account)
}
