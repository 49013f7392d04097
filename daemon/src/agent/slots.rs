//! The ways to open the vault: what may be asked of them, and what is answered.

use otp_proto::{
    Done, PluginSlot, RekeyAnswer, RenewAnswer, Response, RpcError, SlotKind, SlotsAdd,
    SlotsAnswer, SlotsRemove, SlotsTest, StepAnswer,
};

use super::hardware::Wanted;
use super::outcome::Outcome;
use super::task::Task;
use super::{Agent, Asker, PluginTask, Rekeyed, SlotDone, SlotJob, error};
use crate::clock::Now;
use crate::vault::OpenError;
use crate::vault::slot::{PluginFile, SlotName};

impl Agent {
    pub(super) fn test_slot(
        &mut self,
        now: Now,
        asker: Asker,
        test: SlotsTest,
    ) -> Result<Outcome, RpcError> {
        let slot = named(&test.slot)?;
        let secret = test.passphrase;
        if slot.typed().is_some() != secret.is_some() {
            return Err(error::params(if secret.is_some() {
                "nothing is typed for that slot"
            } else {
                "what is typed for that slot is missing"
            }));
        }
        if slot.kind() == SlotKind::Plugin {
            return self.start_hardware(now, asker, Wanted::Test, PluginTask::Unwrap { slot });
        }
        self.slowly(asker, Task::Slots(SlotJob::Test { slot, secret }))
    }

    pub(super) fn add_slot(&mut self, asker: Asker, add: SlotsAdd) -> Result<Outcome, RpcError> {
        let slot = named(&add.slot)?;
        let secret = add.passphrase;
        match (slot.kind(), add.plugin) {
            (SlotKind::Keyring, None) => {
                self.slowly(asker, Task::Slots(SlotJob::AddKeyring { secret }))
            }
            (SlotKind::Plugin, Some(plugin)) => {
                let PluginSlot {
                    program,
                    identity,
                    recipient,
                } = plugin;
                let plugin =
                    PluginFile::new(&program, identity, recipient).map_err(error::invalid)?;
                self.add_hardware(asker, slot, plugin, secret)
            }
            (SlotKind::Plugin, None) => Err(error::params("what opens that slot is missing")),
            _ => Err(error::params("that slot is not one of hardware")),
        }
    }

    pub(super) fn remove_slot(
        &mut self,
        asker: Asker,
        remove: SlotsRemove,
    ) -> Result<Outcome, RpcError> {
        let slot = named(&remove.slot)?;
        let secret = remove.passphrase;
        self.slowly(asker, Task::Slots(SlotJob::Remove { slot, secret }))
    }

    /// The recovery key that this connection was answered opens the vault from now on.
    pub(super) fn keep_recovery_job(&self, asker: Asker) -> Result<SlotJob, RpcError> {
        let had = self.connections.get(&asker.conn);
        let wrapped = had.and_then(|had| had.recovery.clone());
        let wrapped = wrapped.ok_or_else(|| error::params("no recovery key was renewed here"))?;
        Ok(SlotJob::KeepRecovery { wrapped })
    }

    /// Some work on the slots is done, or isn't.
    pub(super) fn slots_done(
        &mut self,
        now: Now,
        asker: Option<Asker>,
        result: Result<SlotDone, OpenError>,
    ) {
        let done = match result {
            Ok(done) => done,
            // It is nobody's mistake that could be tried again.
            Err(failure @ (OpenError::LastSlot | OpenError::OnlyRecovery)) => {
                if let Some(asker) = asker {
                    self.reply(asker, Err(error::open(&failure)));
                }
                return;
            }
            Err(failure) => {
                self.hardware_failed(asker);
                return self.refuse(now, asker, &failure);
            }
        };
        let Some(asker) = asker else {
            return;
        };
        let response = match done {
            SlotDone::Identity(identity) => return self.wrap_by_hardware(now, asker, identity),
            SlotDone::Slots(slots) => Response::Slots(SlotsAnswer { slots }),
            // Nothing more to say: of the answers that these methods have, both look alike.
            SlotDone::Done => Response::Done(Done {}),
            SlotDone::Removed(warnings) => Response::Step(StepAnswer {
                ask: None,
                warnings,
            }),
            SlotDone::RecoveryKey { key, wrapped } => {
                self.connection(asker.conn).recovery = Some(wrapped);
                Response::Renew(RenewAnswer { recovery_key: key })
            }
        };
        self.forgive(asker);
        self.reply(asker, Ok(response));
    }

    /// The vault has another identity, or hasn't.
    pub(super) fn rekeyed(
        &mut self,
        now: Now,
        asker: Option<Asker>,
        drops_backups: bool,
        result: Result<Rekeyed, OpenError>,
    ) {
        let Rekeyed {
            opened,
            recovery_key,
            removed,
        } = match result {
            Ok(rekeyed) => rekeyed,
            Err(failure) => return self.refuse(now, asker, &failure),
        };
        if drops_backups {
            self.keeping.state.floor = opened.document.generation;
            self.keeping.want();
        }
        let warnings = opened.warnings.clone();
        // What is open has the old identity; what is locked stays so.
        if self.open.is_some() {
            self.adopt(now, *opened);
        }
        if let Some(asker) = asker {
            self.forgive(asker);
            let answer = RekeyAnswer {
                recovery_key,
                removed,
                warnings,
            };
            self.reply(asker, Ok(Response::Rekey(answer)));
        }
    }
}

fn named(name: &str) -> Result<SlotName, RpcError> {
    SlotName::new(name).ok_or_else(|| error::open(&OpenError::NoSlot))
}
