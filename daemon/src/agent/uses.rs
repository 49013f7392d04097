//! How often a code of each entry was handed out, so that a picker can show first what is wanted
//! most. In memory alone: in the vault each code would cost a write, and beside it the disk would
//! tell a thief which accounts are in use. It counts from the start of the agent and outlives locks.

use std::collections::BTreeMap;

use otp_proto::{EntryId, EntryInfo, Response};

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Uses(BTreeMap<EntryId, u32>);

impl Uses {
    /// Counts an answer that hands out a code or says that one is shown.
    pub(super) fn count(&mut self, answer: &Response) {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "every other answer has no code"
        )]
        let id = match answer {
            Response::Code(code) => code.id,
            Response::Notify(shown) => shown.id,
            _ => return,
        };
        let count = self.0.entry(id).or_default();
        *count = count.saturating_add(1);
    }

    /// Puts the counts into a list.
    pub(super) fn tell(&self, entries: &mut [EntryInfo]) {
        for entry in entries {
            entry.used = self.0.get(&entry.id).copied().unwrap_or_default();
        }
    }
}
