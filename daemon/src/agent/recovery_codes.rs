//! A service's own one-use codes: kept with the entry, in the arena, and handed out one at a time.

use std::sync::Arc;

use otp_proto::{
    Code, EntryId, RecoveryCode, RecoveryCodeError, RecoveryCodes, RecoveryCodesAdd,
    RecoveryCodesAnswer, RecoveryCodesList, RecoveryCodesUse, Response, RpcError,
};

use super::changes::Effect;
use super::open::Open;
use super::outcome::Outcome;
use super::task::{Revealed, Task};
use super::{Agent, Asker, entries, error, info};
use crate::clock::Now;
use crate::vault::Entry;

impl Agent {
    pub(super) fn add_recovery_codes(
        &mut self,
        now: Now,
        add: &RecoveryCodesAdd,
    ) -> Result<Outcome, RpcError> {
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        let entry = Arc::clone(open.find_own(&add.query)?);
        let mut codes = if add.replace {
            RecoveryCodes::default()
        } else {
            stored(open, &entry)
        };
        let mut added = 0;
        for code in &add.codes {
            added += u32::from(codes.push(code.expose(), false).map_err(invalid)?);
        }
        if added == 0 {
            return Err(error::invalid("every recovery code is there already"));
        }
        let answer = RecoveryCodesAnswer {
            added: Some(added),
            ..counted(&entry, &codes)
        };
        self.keep_recovery_codes(now, entry.id, &codes, answer)
    }

    /// Marks the next code as used; it is the answer when that is on disk, so that none is
    /// handed out twice.
    pub(super) fn use_recovery_code(
        &mut self,
        now: Now,
        wanted: &RecoveryCodesUse,
    ) -> Result<Outcome, RpcError> {
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        let entry = Arc::clone(open.find_own(&wanted.query)?);
        let mut codes = stored(open, &entry);
        let code = codes.take();
        let is_none_left = code.is_none();
        let answer = RecoveryCodesAnswer {
            code,
            ..counted(&entry, &codes)
        };
        if is_none_left {
            return Ok(Outcome::Answer(Response::RecoveryCodes(answer)));
        }
        self.keep_recovery_codes(now, entry.id, &codes, answer)
    }

    pub(super) fn list_recovery_codes(
        &mut self,
        asker: Asker,
        list: RecoveryCodesList,
    ) -> Result<Outcome, RpcError> {
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        // First of all, so that nobody types a passphrase for a name that isn't there.
        let entry = open.find_own(&list.query)?;
        let Some(passphrase) = list.passphrase else {
            let answer = counted(entry, &stored(open, entry));
            return Ok(Outcome::Answer(Response::RecoveryCodes(answer)));
        };
        self.slowly(asker, Task::Reveal(passphrase, Revealed::Codes(list.query)))
    }

    /// Puts codes in the place of those that an entry has.
    fn keep_recovery_codes(
        &mut self,
        now: Now,
        id: EntryId,
        codes: &RecoveryCodes,
        answer: RecoveryCodesAnswer,
    ) -> Result<Outcome, RpcError> {
        let mut draft = self.draft(now).ok_or_else(error::locked)?;
        let open = self.open.as_mut().ok_or_else(error::locked)?;
        let slot = open.arena.put(codes.expose());
        draft.added.push(slot);
        let stamp = draft.stamp;
        let gone = &mut draft.gone;
        entries::change(&mut draft.document, id, |entry| {
            gone.extend(entry.codes());
            entry.more.get_or_insert_default().codes = Some(slot);
            entry.stamp = stamp;
        });
        draft.effect = Effect::Answer(Response::RecoveryCodes(answer));
        Ok(Outcome::Store(Box::new(draft)))
    }
}

/// All codes of an entry, for somebody who knows the passphrase.
pub(super) fn revealed(open: &Open, query: &str) -> Result<Response, RpcError> {
    let entry = open.find_own(query)?;
    let codes = stored(open, entry);
    let all = codes.iter().map(|(code, used)| RecoveryCode {
        code: Code::new(code.to_owned()),
        used,
    });
    Ok(Response::RecoveryCodes(RecoveryCodesAnswer {
        codes: Some(all.collect()),
        ..counted(entry, &codes)
    }))
}

fn stored(open: &Open, entry: &Entry) -> RecoveryCodes {
    match entry.codes() {
        Some(slot) => RecoveryCodes::copy_of(open.arena.key(slot)),
        None => RecoveryCodes::default(),
    }
}

fn counted(entry: &Entry, codes: &RecoveryCodes) -> RecoveryCodesAnswer {
    // An entry has at most 64.
    let count = |count| u32::try_from(count).unwrap_or(u32::MAX);
    RecoveryCodesAnswer {
        entry: info::candidate(entry),
        left: count(codes.iter().filter(|(_, is_used)| !is_used).count()),
        total: count(codes.iter().count()),
        added: None,
        code: None,
        codes: None,
    }
}

fn invalid(failure: RecoveryCodeError) -> RpcError {
    RpcError::new(otp_proto::ErrorKind::Invalid, failure.to_string())
}
