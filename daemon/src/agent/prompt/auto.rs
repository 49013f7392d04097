//! The slots that nobody types: tried at the start, and before anybody is asked.

use otp_proto::RpcError;

use super::{Stage, Start, Waiting, is_quiet};
use crate::agent::open::KEYRING;
use crate::agent::{Agent, error};
use crate::clock::Now;
use crate::vault::{OpenError, Opened};

impl Agent {
    /// Opens the vault at the start, if a slot can.
    pub(in crate::agent) fn begin(&mut self, now: Now) {
        self.prompts.start = Start::Due;
        self.wait_for_watches(now);
    }

    /// Does so once it is known that somebody is at the computer.
    pub(in crate::agent) fn begin_if_known(&mut self, now: Now) {
        if self.prompts.start != Start::Due || self.watch_deadline(now).is_some() {
            return;
        }
        self.prompts.start = Start::Over;
        let is_free = self.refused_for(now).is_none() && !self.is_away();
        if is_free && self.prompts.stage == Stage::Idle && self.open.is_none() {
            self.prompts.start = Start::Tried;
            self.try_auto();
        }
    }

    pub(super) fn try_auto(&mut self) {
        (self.prompts.has_tried, self.prompts.is_auto) = (true, true);
        self.prompts.stage = Stage::Trying;
        self.jobs.try_auto();
    }

    /// A slot that nobody types opened the vault, or didn't.
    pub(in crate::agent) fn auto_opened(
        &mut self,
        now: Now,
        is_locked: bool,
        result: Result<Box<Opened>, OpenError>,
    ) {
        // Who left opens nothing.
        let may_open = self.prompts.start == Start::Tried || self.prompts.is_waited_for();
        self.prompts.is_tried();
        self.prompts.auto_failure = None;
        match result {
            Ok(opened) if may_open && !is_locked => self.adopt_by(now, *opened, KEYRING),
            // Who came after the lock has it tried anew, before anybody is asked.
            Ok(_) => self.prompts.has_tried = false,
            Err(failure) => {
                let is_there = !matches!(failure, OpenError::NoSlot | OpenError::NoVault);
                self.prompts.auto_failure = is_there.then(|| failure.to_string());
                self.refuse_quiet(&error::locked());
            }
        }
    }

    /// Answers whoever waited only for the slots that nobody types.
    pub(super) fn refuse_quiet(&mut self, refusal: &RpcError) {
        let waiting = &mut self.prompts.waiting;
        let quiet = waiting.extract_if(.., |waiting| is_quiet(&waiting.request));
        for Waiting { asker, .. } in quiet.collect::<Vec<_>>() {
            self.reply(asker, Err(refusal.clone()));
        }
    }
}
