//! What is asked about the agent and its entries without a code.

use std::sync::LazyLock;

use otp_proto::{List, ListAnswer, Response, RpcError, Show, StatusAnswer, VERSION};

use super::outcome::Outcome;
use super::{Agent, LockSource, error, find, info, refusal};
use crate::clock::Now;

/// Asked for once; it can't change.
static PID: LazyLock<u32> = LazyLock::new(std::process::id);

impl Agent {
    pub(super) fn status(&self, now: Now) -> StatusAnswer {
        let since = self.since.unwrap_or(now.boot);
        let entries = self.open.as_ref().map(|open| open.document.entries.len());
        let (idle, max) = self.lock_times();
        let idle = idle.map(|at| (at, LockSource::Idle));
        let max = max.map(|at| (at, LockSource::Max));
        let locks = idle.into_iter().chain(max).min_by_key(|(at, _)| *at);
        let mut warnings = self.warnings(now);
        warnings.extend(self.blind_spots());
        let fault = self.config_fault.as_ref();
        warnings.extend(fault.map(|why| format!("the configuration stays as it was: {why}")));
        let holder = self.name_taken.as_ref();
        warnings.extend(holder.map(|who| format!("not on D-Bus: {who} has the name")));
        StatusAnswer {
            locked: self.open.is_none(),
            vault: self.vault_exists,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: VERSION,
            pid: *PID,
            memory: self.memory(),
            rollback: self.rollback,
            damaged: self.is_damaged,
            entries: entries.and_then(|count| u64::try_from(count).ok()),
            since: now.boot.saturating_sub(since).as_secs(),
            locks_in: locks.map(|(at, _)| at.saturating_sub(now.boot).as_secs()),
            locks_by: locks.map(|(_, limit)| limit),
            locked_by: self.locked_by,
            unlocked_by: self.unlocked_by.clone(),
            unlock_in: self.refused_for(now).map(refusal::whole),
            lock_sources: self.lock_sources(),
            socket: Some(self.facts.endpoint.clone()).filter(|place| !place.is_empty()),
            backup_age: self
                .facts
                .backup
                .map(|at| now.wall.saturating_sub(at).as_secs()),
            copy_age: self.outside(now),
            copy_due: self.copy_is_due(now),
            clock_synchronised: now.is_synchronised,
            clipboard_clear: u32::try_from(self.config.clipboard_clear.as_secs()).ok(),
            sources: self.source_infos(now, None),
            warnings,
        }
    }

    /// Lists entries by name, or the trash by number. Of a locked vault, what is remembered of it.
    pub(super) fn list(&self, list: &List) -> ListAnswer {
        let query = list.query.as_deref().unwrap_or_default();
        let Some(open) = &self.open else {
            let chosen = if list.trash {
                Vec::new()
            } else {
                find::all(&self.names, query)
            };
            let mut entries: Vec<_> = chosen.into_iter().cloned().collect();
            self.uses.tell(&mut entries);
            return ListAnswer {
                locked: true,
                entries,
            };
        };
        let document = &open.document;
        let all = open.all();
        let chosen = if list.trash {
            let mut chosen = find::all(&document.trash, query);
            chosen.sort_by_key(|entry| entry.trash.map(|trash| trash.number));
            chosen
        } else {
            find::sorted(find::all(&all, query))
        };
        let mut entries = info::entries(chosen);
        self.uses.tell(&mut entries);
        ListAnswer {
            locked: false,
            entries,
        }
    }

    pub(super) fn show(&self, show: &Show) -> Result<Outcome, RpcError> {
        let open = self.open.as_ref().ok_or_else(error::locked)?;
        let entry = open.find(&show.query)?;
        let details = info::details(entry, open.arena.key(entry.key));
        Ok(Outcome::Answer(Response::Details(details)))
    }
}
