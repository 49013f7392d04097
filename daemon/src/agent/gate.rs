//! May this be asked now? One table for every front-end.

use otp_proto::{ErrorKind, Request, RpcError};

use super::{Agent, Caller, Life, Way, error, prompt};
use crate::clock::Now;
use crate::config::Allowance;

/// What must be there.
enum Needs {
    Nothing,
    /// A vault, locked or not.
    Vault,
    /// The keys.
    Keys,
    /// The keys, if there is a vault that opens.
    KeysOfVault,
}

/// What a request is to the gate.
struct Rule {
    needs: Needs,
    /// It puts off the idle lock.
    is_use: bool,
    /// It hands out a code.
    is_code: bool,
    does: Does,
}

/// What becomes of the vault.
#[derive(PartialEq, Eq)]
enum Does {
    Nothing,
    /// It is opened.
    Opens,
    /// It may change; the request waits for the change before it.
    Changes,
}

const NOTHING: Rule = Rule {
    needs: Needs::Nothing,
    is_use: false,
    is_code: false,
    does: Does::Nothing,
};
const OPEN: Rule = Rule {
    does: Does::Opens,
    ..NOTHING
};
const VAULT: Rule = Rule {
    needs: Needs::Vault,
    ..NOTHING
};
const USE: Rule = Rule {
    needs: Needs::Keys,
    is_use: true,
    ..NOTHING
};
const CODE: Rule = Rule {
    is_code: true,
    ..USE
};
const CHANGE: Rule = Rule {
    does: Does::Changes,
    ..USE
};
const REPLACE: Rule = Rule {
    needs: Needs::KeysOfVault,
    ..OPEN
};

fn rule(request: &Request) -> Rule {
    match request {
        Request::Status(_)
        | Request::List(_)
        // One that gets a code has become a `get`.
        | Request::Askpass(_)
        | Request::Subscribe(_)
        | Request::Lock(_)
        | Request::Quit(_)
        | Request::SlotsReply(_)
        | Request::RestoreBackupBegin(_)
        | Request::RestoreBackupAdd(_) => NOTHING,
        Request::Init(_) => OPEN,
        Request::Unlock(_) | Request::UnlockVault(_) | Request::UnlockSlot(_) => Rule {
            needs: Needs::Vault,
            ..OPEN
        },
        Request::Passwd(_)
        | Request::Backup(_)
        | Request::BackupCopied(_)
        | Request::BackupsList(_)
        | Request::SlotsList(_)
        | Request::SlotsAdd(_)
        | Request::SlotsTest(_)
        | Request::SlotsRemove(_)
        | Request::RecoveryKeyRenew(_)
        | Request::RecoveryKeyKeep(_)
        | Request::Rekey(_) => VAULT,
        Request::UnlockAuto(_) | Request::BackupCheck(_) => Rule {
            needs: Needs::Keys,
            ..NOTHING
        },
        Request::Show(_)
        | Request::Export(_)
        | Request::RecoveryCodesList(_)
        | Request::ImportBegin(_)
        | Request::ImportAdd(_)
        | Request::SourceList(_)
        | Request::SourceSync(_) => USE,
        Request::Get(_) | Request::Notify(_) | Request::Preview(_) => CODE,
        Request::Add(_)
        | Request::Edit(_)
        | Request::Remove(_)
        | Request::Restore(_)
        | Request::RecoveryCodesAdd(_)
        | Request::ImportCommit(_)
        | Request::SourceAdd(_)
        | Request::SourceRemove(_) => CHANGE,
        Request::RecoveryCodesUse(_) => Rule {
            is_code: true,
            ..CHANGE
        },
        Request::RestoreBackupCommit(_) => REPLACE,
    }
}

/// Whether a request may come over D-Bus: nothing that takes or returns a key or a passphrase.
fn is_for_bus(request: &Request) -> bool {
    matches!(
        request,
        Request::Status(_)
            | Request::List(_)
            | Request::Get(_)
            | Request::Notify(_)
            | Request::Lock(_)
            | Request::UnlockAuto(_)
    )
}

/// Whether a request may change the vault. A HOTP `get` does too, which shows only when its
/// entry is found.
pub(super) fn is_change(request: &Request) -> bool {
    rule(request).does == Does::Changes
}

impl Agent {
    /// Decides whether a request may be carried out now.
    pub(super) fn gate(
        &mut self,
        now: Now,
        caller: Caller,
        request: &Request,
    ) -> Result<(), RpcError> {
        if self.life != Life::Serving {
            return Err(error::ending());
        }
        let rule = rule(request);
        if caller.way == Way::Bus {
            if !is_for_bus(request) {
                return Err(RpcError::new(ErrorKind::Denied, "not over D-Bus"));
            }
            let leaves = matches!(request, Request::Get(_));
            if leaves && self.config.bus_codes == Allowance::Deny {
                return Err(RpcError::new(
                    ErrorKind::Denied,
                    "no codes over D-Bus: the configuration does not say [policy] dbus = \"allow\"",
                ));
            }
        }
        let is_met = match rule.needs {
            Needs::Nothing => true,
            Needs::Vault => self.vault_exists,
            Needs::Keys => self.open.is_some(),
            Needs::KeysOfVault => self.open.is_some() || !self.vault_exists || self.is_damaged,
        };
        if !is_met {
            if !self.vault_exists {
                return Err(error::no_vault());
            }
            if prompt::may_open(request) {
                self.refuse_to_open(now)?;
            }
            return Err(error::locked());
        }
        if rule.does == Does::Opens {
            self.refuse_to_open(now)?;
        }
        if rule.is_code && !self.rates.allow(caller.uid, now.boot) {
            return Err(RpcError::new(
                ErrorKind::RateLimited,
                "too many codes in a short time",
            ));
        }
        if let Some(open) = self.open.as_mut().filter(|_| rule.is_use) {
            open.used_at = now.boot;
        }
        Ok(())
    }
}
