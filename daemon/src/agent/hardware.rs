//! Slots of hardware: one plugin at a time is at work, for one connection, which is told what it
//! says and answers what it asks, a request for each step.

mod person;

use std::time::Duration;

use otp_proto::{Desktop, Response, RpcError, Secret, SlotKind, StepAnswer, UnlockSlot};

use super::outcome::Outcome;
use super::task::Task;
use super::{Agent, Asker, Conn, Output, PluginDone, PluginQuestion, PluginTask, SlotJob, error};
use crate::clock::Now;
use crate::vault::slot::{PluginError, PluginFile, SlotName};
use crate::vault::{OpenError, Opened};

/// Longest silence of a plugin: a person looks for their key and touches it.
const PLUGIN_PATIENCE: Duration = Duration::from_secs(60);
/// Longest silence of a person who was asked.
const PERSON_PATIENCE: Duration = Duration::from_secs(120);

/// The plugin that is at work, and for whom.
#[derive(Debug, Default)]
pub(super) struct Hardware {
    /// A plugin was given out and has not come back, wanted or not.
    is_out: bool,
    talk: Option<Talk>,
    /// Whether a person has answered the plugin that was done last.
    by_person: bool,
}

#[derive(Debug)]
struct Talk {
    conn: Conn,
    wanted: Wanted,
    turn: Turn,
    /// Whether somebody has typed something or agreed.
    has_person: bool,
    /// Where a dialog asks for what is typed, if the caller doesn't.
    desktop: Option<Box<Desktop>>,
    /// When it is given up, on the boot clock.
    until: Option<Duration>,
}

/// What a plugin works for.
#[derive(Debug)]
pub(super) enum Wanted {
    Unlock(SlotName),
    Test,
    /// A new slot; what opens it, until the plugin has that in hand.
    Add(SlotName, Option<PluginFile>),
}

/// Whose turn it is.
#[derive(Debug)]
enum Turn {
    /// The plugin's, or a job's; who waits for it.
    Plugin(Asker),
    /// A person's at a dialog; what it asks, until it does, and who waits meanwhile.
    Dialog(Asker, Option<PluginQuestion>),
    /// The person's, who was asked.
    Person,
    /// The person's, who is to be told that it is over.
    Over(RpcError),
}

impl Hardware {
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.talk.as_ref()?.until
    }

    /// Whether a plugin is at work, which has the identity in its hands or will have.
    pub(super) fn is_out(&self) -> bool {
        self.is_out
    }

    /// Returns who waits for the plugin.
    fn asker(&self) -> Option<Asker> {
        match self.talk.as_ref()?.turn {
            Turn::Plugin(asker) | Turn::Dialog(asker, _) => Some(asker),
            Turn::Person | Turn::Over(_) => None,
        }
    }
}

fn step() -> Response {
    Response::Step(StepAnswer::default())
}

impl Agent {
    pub(super) fn unlock_slot(
        &mut self,
        now: Now,
        asker: Asker,
        unlock: UnlockSlot,
    ) -> Result<Outcome, RpcError> {
        if self.open.is_some() {
            return Ok(Outcome::Answer(step()));
        }
        let UnlockSlot {
            slot,
            interactive,
            desktop,
        } = unlock;
        if !desktop.as_deref().is_none_or(Desktop::is_usable) {
            return Err(error::odd_desktop());
        }
        let desktop = interactive.then(|| desktop.unwrap_or_default());
        let slot = SlotName::new(&slot).filter(|slot| slot.kind() == SlotKind::Plugin);
        let slot = slot.ok_or_else(|| error::open(&OpenError::NoSlot))?;
        let wanted = Wanted::Unlock(slot.clone());
        let outcome = self.start_hardware(now, asker, wanted, PluginTask::Unwrap { slot })?;
        if let Some(talk) = &mut self.hardware.talk {
            talk.desktop = desktop;
        }
        Ok(outcome)
    }

    /// Lets a plugin do something for a request.
    pub(super) fn start_hardware(
        &mut self,
        now: Now,
        asker: Asker,
        wanted: Wanted,
        task: PluginTask,
    ) -> Result<Outcome, RpcError> {
        self.take_hardware(asker, wanted)?;
        self.give_out_plugin(now, task);
        Ok(Outcome::Later)
    }

    /// Prepares a slot: first the identity is needed.
    pub(super) fn add_hardware(
        &mut self,
        asker: Asker,
        slot: SlotName,
        plugin: PluginFile,
        secret: Secret,
    ) -> Result<Outcome, RpcError> {
        self.take_hardware(asker, Wanted::Add(slot.clone(), Some(plugin)))?;
        let queued = self.slowly(asker, Task::Slots(SlotJob::Reveal { slot, secret }));
        // Answered at once, there is nothing to wait for.
        if !matches!(queued, Ok(Outcome::Later)) {
            self.hardware.talk = None;
        }
        queued
    }

    fn take_hardware(&mut self, asker: Asker, wanted: Wanted) -> Result<(), RpcError> {
        let talk = self.hardware.talk.as_ref();
        let is_over = talk.is_none_or(|talk| matches!(talk.turn, Turn::Over(_)));
        if self.hardware.is_out || !is_over {
            return Err(error::busy());
        }
        self.hardware.talk = Some(Talk {
            conn: asker.conn,
            wanted,
            turn: Turn::Plugin(asker),
            has_person: false,
            desktop: None,
            until: None,
        });
        Ok(())
    }

    fn give_out_plugin(&mut self, now: Now, task: PluginTask) {
        self.hardware.is_out = true;
        if let Some(talk) = &mut self.hardware.talk {
            talk.until = Some(now.boot.saturating_add(PLUGIN_PATIENCE));
        }
        self.outputs.push_back(Output::Plugin(task));
    }

    /// The identity for a new slot is there.
    pub(super) fn wrap_by_hardware(&mut self, now: Now, asker: Asker, identity: Secret) {
        self.forgive(asker);
        let mut plugin = None;
        if let Some(talk) = &mut self.hardware.talk
            && let Wanted::Add(_, waiting) = &mut talk.wanted
        {
            plugin = waiting.take();
        }
        match plugin {
            Some(plugin) => self.give_out_plugin(now, PluginTask::Wrap { plugin, identity }),
            // A lock came in between.
            None => self.reply(asker, Err(error::locked())),
        }
    }

    /// The job that a slot of hardware needed has failed; its caller is told by others.
    pub(super) fn hardware_failed(&mut self, asker: Option<Asker>) {
        let waits = self.hardware.asker();
        if waits.is_some() && waits == asker && !self.hardware.is_out {
            self.hardware.talk = None;
        }
    }

    /// The plugin is done, or isn't.
    pub(super) fn hardware_done(&mut self, result: Result<PluginDone, OpenError>) {
        self.hardware.is_out = false;
        let Some(talk) = self.hardware.talk.take() else {
            return;
        };
        self.hardware.by_person = talk.has_person;
        self.end_dialog_for_plugin();
        let (Turn::Plugin(asker) | Turn::Dialog(asker, _)) = talk.turn else {
            let refusal = result.err().unwrap_or_else(|| PluginError::Odd.into());
            let refusal = error::open(&refusal);
            self.hardware.talk = Some(Talk {
                turn: Turn::Over(refusal),
                ..talk
            });
            return;
        };
        let next = match (result, talk.wanted) {
            (Err(failure), _) => return self.reply(asker, Err(error::open(&failure))),
            (Ok(PluginDone::Identity(identity)), Wanted::Unlock(slot)) => {
                Task::Found(slot, identity)
            }
            (Ok(PluginDone::Identity(identity)), Wanted::Test) => {
                Task::Slots(SlotJob::Opens { identity })
            }
            (
                Ok(PluginDone::Wrapped {
                    plugin,
                    wrapped,
                    identity,
                }),
                Wanted::Add(slot, _),
            ) => Task::Slots(SlotJob::AddPlugin {
                slot,
                plugin,
                wrapped,
                identity,
            }),
            (Ok(PluginDone::Identity(_)), Wanted::Add(..))
            | (Ok(PluginDone::Wrapped { .. }), Wanted::Unlock(_) | Wanted::Test) => {
                return self.reply(asker, Err(error::busy()));
            }
        };
        match self.slowly(asker, next) {
            Ok(Outcome::Answer(answer)) => self.reply(asker, Ok(answer)),
            Ok(Outcome::Later | Outcome::Store(_)) => {}
            Err(refusal) => self.reply(asker, Err(refusal)),
        }
    }

    /// What hardware has unwrapped opened the vault, or didn't. Nobody waits for it after a lock.
    pub(super) fn hardware_opened(
        &mut self,
        now: Now,
        asker: Option<Asker>,
        slot: &SlotName,
        result: Result<Box<Opened>, OpenError>,
    ) {
        match (result, asker) {
            // Hardware that asks nobody opens the vault for whoever is at the computer, as a
            // keyring does.
            (Ok(_), Some(asker)) if !self.hardware.by_person && self.is_away() => {
                self.reply(asker, Err(error::away()));
            }
            (Ok(opened), Some(asker)) => {
                if self.hardware.by_person {
                    self.adopt_for_person(now, *opened, slot.as_str());
                } else {
                    self.adopt_by(now, *opened, slot.as_str());
                }
                let answer = StepAnswer {
                    ask: None,
                    warnings: self.warnings(now),
                };
                self.reply(asker, Ok(Response::Step(answer)));
            }
            (Ok(_), None) => {}
            (Err(failure), asker) => self.refuse(now, asker, &failure),
        }
    }

    /// Ends what takes too long.
    pub(super) fn end_late_hardware(&mut self, now: Now) {
        let is_late = self.hardware.deadline().is_some_and(|at| at <= now.boot);
        if is_late {
            self.end_hardware(&error::open(&PluginError::Silent.into()));
        }
    }

    /// A connection is gone, and with it whoever answers.
    pub(super) fn end_hardware_of(&mut self, conn: Conn) {
        let talk = self.hardware.talk.as_ref();
        if talk.is_some_and(|talk| talk.conn == conn) {
            self.hardware.talk = None;
            self.end_plugin();
        }
    }

    /// Whoever waits for the plugin may have left.
    pub(super) fn forget_hardware(&mut self, has_left: impl Fn(&Asker) -> bool) {
        if self.hardware.asker().is_some_and(|asker| has_left(&asker)) {
            self.hardware.talk = None;
            self.end_plugin();
        }
    }

    /// Ends the plugin, and tells whoever waits for it or will answer.
    pub(super) fn end_hardware(&mut self, refusal: &RpcError) {
        let Some(talk) = &mut self.hardware.talk else {
            return;
        };
        talk.until = None;
        match talk.turn {
            Turn::Plugin(asker) | Turn::Dialog(asker, _) => {
                self.hardware.talk = None;
                // A job that is under way answers for itself.
                if self.hardware.is_out {
                    self.reply(asker, Err(refusal.clone()));
                }
            }
            Turn::Person => talk.turn = Turn::Over(refusal.clone()),
            Turn::Over(_) => {}
        }
        self.end_plugin();
    }

    fn end_plugin(&mut self) {
        self.end_dialog_for_plugin();
        if self.hardware.is_out {
            self.outputs.push_back(Output::EndPlugin);
        }
    }
}
