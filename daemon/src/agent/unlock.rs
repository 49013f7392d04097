//! Making, opening and re-wrapping the vault, and the patience with wrong passphrases.

use std::time::Duration;

use otp_proto::{
    BackupAnswer, Done, ErrorKind, ExportAnswer, InitAnswer, LockSource, MAX_ANSWER, Response,
    RpcError, Secret, UnlockAnswer,
};

use super::open::Open;
use super::task::Revealed;
use super::{Agent, Asker, Output, error, find, recovery_codes};
use crate::clock::Now;
use crate::otp::scrubbed;
use crate::vault::document::entry_uri;
use crate::vault::{OpenError, Opened};

/// The n-th failure of a connection in a row is answered after n² times this.
const FIRST_DELAY: Duration = Duration::from_millis(100);
/// What an answer holds beside its result.
const ENVELOPE: usize = 1024;
/// Longest delay.
const MAX_DELAY: Duration = Duration::from_secs(10);

/// A refusal that is held back.
#[derive(Debug)]
pub(super) struct Refusal {
    pub asker: Asker,
    /// On the boot clock.
    pub due: Duration,
    error: RpcError,
}

impl Agent {
    /// A vault was made.
    pub(super) fn created(
        &mut self,
        now: Now,
        asker: Option<Asker>,
        is_locked: bool,
        result: Result<(Box<Opened>, Secret), OpenError>,
    ) {
        match result {
            Ok((opened, recovery_key)) => {
                // The recovery key is shown now or never: without somebody to show it to, the
                // vault goes again.
                let Some(asker) = asker else {
                    self.jobs.discard = Some(opened.document.device);
                    return;
                };
                self.vault_exists = true;
                // Who locked meanwhile gets no open vault.
                if !is_locked && self.refused_for(now).is_none() {
                    self.adopt_for_person(now, *opened, "passphrase");
                }
                self.reply(asker, Ok(Response::Init(InitAnswer { recovery_key })));
            }
            Err(failure) => self.refuse(now, asker, &failure),
        }
    }

    /// A passphrase opened the vault, or didn't.
    pub(super) fn opened(
        &mut self,
        now: Now,
        asker: Option<Asker>,
        is_locked: bool,
        slot: &str,
        result: Result<Box<Opened>, OpenError>,
    ) {
        match (result, asker) {
            (Ok(opened), Some(asker)) if !is_locked => {
                self.forgive(asker);
                self.adopt_for_person(now, *opened, slot);
                let answer = UnlockAnswer {
                    opened: true,
                    warnings: self.warnings(now),
                };
                self.reply(asker, Ok(Response::Unlock(answer)));
            }
            (Ok(_), _) => self.is_damaged = false,
            (Err(failure), asker) => {
                self.is_damaged = self.is_damaged || failure.is_damage();
                self.refuse(now, asker, &failure);
            }
        }
    }

    /// The identity is wrapped anew, or isn't.
    pub(super) fn rewrapped(
        &mut self,
        now: Now,
        asker: Option<Asker>,
        result: Result<(), OpenError>,
    ) {
        match (result, asker) {
            (Ok(()), Some(asker)) => {
                self.forgive(asker);
                self.reply(asker, Ok(Response::Done(Done {})));
            }
            (Ok(()), None) => {}
            (Err(failure), asker) => self.refuse(now, asker, &failure),
        }
    }

    /// The passphrase asked again is right, or isn't.
    pub(super) fn checked(
        &mut self,
        now: Now,
        asker: Option<Asker>,
        wanted: &Revealed,
        result: Result<(), OpenError>,
    ) {
        match (result, asker, &self.open) {
            (Ok(()), Some(asker), Some(open)) => {
                let answer = match wanted {
                    Revealed::Uris(query) => uris(open, query.as_deref()),
                    Revealed::Codes(query) => recovery_codes::revealed(open, query),
                };
                self.forgive(asker);
                self.reply(asker, answer);
                self.outputs.push_back(Output::Trim);
            }
            (Ok(()), Some(asker), None) => self.reply(asker, Err(error::locked())),
            (Ok(()), None, _) => {}
            (Err(failure), asker, _) => self.refuse(now, asker, &failure),
        }
    }

    /// The text of a backup is there, or isn't.
    pub(super) fn backed_up(&mut self, asker: Option<Asker>, result: Result<String, OpenError>) {
        let document = self.open.as_ref().map(|open| &open.document);
        let generation = document.map(|document| document.generation);
        let entries = document.and_then(|document| u64::try_from(document.entries.len()).ok());
        let answer = result
            .map(|text| {
                Response::Backup(BackupAnswer {
                    text,
                    generation,
                    entries,
                })
            })
            .map_err(|failure| error::open(&failure));
        if let Some(asker) = asker {
            self.reply(asker, answer);
        }
    }

    /// Answers a failure of a job: a wrong secret later and later, anything else at once.
    pub(super) fn refuse(&mut self, now: Now, asker: Option<Asker>, failure: &OpenError) {
        if matches!(failure, OpenError::Exists | OpenError::Unfinished(_)) {
            self.vault_exists = true;
        } else if matches!(failure, OpenError::NoVault) {
            self.vault_exists = false;
        }
        if matches!(
            failure,
            OpenError::Unfinished(_) | OpenError::HalfRekeyed(_)
        ) {
            // The files will be another vault's: writing what is open now would bury them. The
            // next unlock puts them into place.
            self.lock(now, LockSource::Files);
        }
        let Some(asker) = asker else {
            return;
        };
        let error = error::open(failure);
        // Nothing was typed that could be wrong.
        if error.kind() != ErrorKind::Denied || matches!(failure, OpenError::NeedsSecret) {
            self.reply(asker, Err(error));
            return;
        }
        let connection = self.connection(asker.conn);
        connection.failures = connection.failures.saturating_add(1);
        let times = connection.failures.saturating_mul(connection.failures);
        let delay = FIRST_DELAY.saturating_mul(times).min(MAX_DELAY);
        self.refusals.push(Refusal {
            asker,
            due: now.boot.saturating_add(delay),
            error,
        });
    }

    /// Forgets the failures of whoever knew the secret.
    pub(super) fn forgive(&mut self, asker: Asker) {
        if let Some(connection) = self.connections.get_mut(&asker.conn) {
            connection.failures = 0;
        }
    }

    /// Sends the refusals whose time has come.
    pub(super) fn send_refusals(&mut self, now: Now) {
        let due = self
            .refusals
            .extract_if(.., |refusal| refusal.due <= now.boot);
        for Refusal { asker, error, .. } in due.collect::<Vec<_>>() {
            self.reply(asker, Err(error));
        }
    }
}

/// The keys of the entries that match.
fn uris(open: &Open, query: Option<&str>) -> Result<Response, RpcError> {
    let chosen = find::all(&open.document.entries, query.unwrap_or_default());
    if let (true, Some(query)) = (chosen.is_empty(), query) {
        // It may be that of a view.
        open.find_own(query)?;
    }
    let uri = |entry| scrubbed(|| entry_uri(entry, &open.arena));
    let uris: Vec<Secret> = chosen.into_iter().map(|entry| uri(entry)).collect();
    let length: usize = uris.iter().map(|uri| uri.expose().len() + 3).sum();
    if length > MAX_ANSWER - ENVELOPE {
        return Err(error::invalid(
            "too much for one answer: export a part at a time",
        ));
    }
    Ok(Response::Export(ExportAnswer { uris }))
}
