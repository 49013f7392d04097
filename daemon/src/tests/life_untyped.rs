//! The slots that nobody types, in the lives: a keyring in memory, and hardware whose plugin hides
//! the identity a little.

use std::collections::BTreeMap;
use std::sync::Mutex;

use otp_proto::*;

use super::life::Life;
use super::life_may::May;
use super::life_model::{Asked, Model};
use super::numbers::Numbers;
use crate::agent::{PluginDone, PluginTask};
use crate::vault::slot::{Keyring, KeyringError, SlotName};
use crate::vault::store::Store;
use crate::vault::{OpenError, read_plugin};

/// A slot that nobody types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Untyped {
    Keyring,
    Hardware,
}

impl Untyped {
    pub(super) fn any(numbers: &mut Numbers) -> Self {
        if numbers.below(2) == 0 {
            Self::Keyring
        } else {
            Self::Hardware
        }
    }

    pub(super) fn name(self) -> SlotName {
        let name = match self {
            Self::Keyring => "keyring",
            Self::Hardware => "paper",
        };
        SlotName::new(name).expect("a name")
    }
}

/// A keyring in memory, which outlives the agent.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<BTreeMap<EntryId, String>>);

impl Keyring for Memory {
    fn read(&self, device: EntryId) -> Result<Secret, KeyringError> {
        let items = self.0.lock().expect("nobody panics");
        let item = items.get(&device).ok_or(KeyringError::Missing)?;
        Ok(Secret::copy_of(item))
    }

    fn write(&self, device: EntryId, secret: Secret) -> Result<(), KeyringError> {
        let mut items = self.0.lock().expect("nobody panics");
        items.insert(device, secret.expose().to_owned());
        Ok(())
    }

    fn remove(&self, device: EntryId) -> Result<(), KeyringError> {
        self.0.lock().expect("nobody panics").remove(&device);
        Ok(())
    }
}

/// What a plugin does: a wrapped identity is its text the other way round.
pub(super) fn plugin(store: &Store, task: PluginTask) -> Result<PluginDone, OpenError> {
    match task {
        PluginTask::Unwrap { slot } => {
            let (_, mut wrapped) = read_plugin(store, &slot)?;
            wrapped.reverse();
            let text = String::from_utf8(wrapped).expect("an identity");
            Ok(PluginDone::Identity(Secret::copy_of(&text)))
        }
        PluginTask::Wrap { plugin, identity } => {
            let mut wrapped = identity.expose().as_bytes().to_vec();
            wrapped.reverse();
            Ok(PluginDone::Wrapped {
                plugin,
                wrapped,
                identity,
            })
        }
    }
}

/// Whether each of them is there, and how often it has opened the vault.
#[derive(Debug)]
pub(super) struct Ways {
    keyring: May<bool>,
    hardware: May<bool>,
    pub(super) unlocks: [usize; 2],
}

impl Default for Ways {
    fn default() -> Self {
        Self {
            keyring: May::new(false),
            hardware: May::new(false),
            unlocks: [0; 2],
        }
    }
}

impl Ways {
    pub(super) fn of(&mut self, slot: Untyped) -> &mut May<bool> {
        match slot {
            Untyped::Keyring => &mut self.keyring,
            Untyped::Hardware => &mut self.hardware,
        }
    }

    fn both(&mut self) -> [&mut May<bool>; 2] {
        [&mut self.keyring, &mut self.hardware]
    }

    /// A request may end them.
    pub(super) fn may_go(&mut self, ticket: u64) {
        for way in self.both() {
            way.may_become(ticket, false);
        }
    }

    /// It did.
    pub(super) fn went(&mut self, ticket: u64) {
        for way in self.both() {
            way.became(ticket, false);
        }
    }

    /// It didn't.
    pub(super) fn stayed(&mut self, ticket: u64) {
        for way in self.both() {
            way.stayed(ticket);
        }
    }

    /// After a start: one that is there opens the vault.
    pub(super) fn look(&mut self, life: &Life) {
        for slot in [Untyped::Keyring, Untyped::Hardware] {
            let is_there = life.has(&slot.name());
            assert!(!is_there || life.opens_by(slot), "{slot:?} opens nothing");
            self.of(slot).is(is_there);
        }
    }
}

impl Model {
    pub(super) fn add_untyped(&mut self, life: &mut Life, slot: Untyped) {
        let Some(by) = self.any_secret() else {
            return;
        };
        let root = if cfg!(windows) { "C:\\" } else { "/" };
        let plugin = PluginSlot {
            program: format!("{root}age-plugin-paper"),
            identity: Secret::copy_of("AGE-PLUGIN-PAPER-1QQQ"),
            recipient: None,
        };
        let request = Request::SlotsAdd(SlotsAdd {
            slot: slot.name().as_str().to_owned(),
            passphrase: Secret::copy_of(&by),
            plugin: (slot == Untyped::Hardware).then_some(plugin),
        });
        let ticket = self.ask(life, Asked::AddSlot(slot), request);
        if slot == Untyped::Keyring {
            // One that was there gives way first.
            self.ways.of(slot).may_become(ticket, false);
        }
        self.ways.of(slot).may_become(ticket, true);
    }

    pub(super) fn remove_untyped(&mut self, life: &mut Life, numbers: &mut Numbers) {
        let (slot, Some(by)) = (Untyped::any(numbers), self.any_secret()) else {
            return;
        };
        let request = Request::SlotsRemove(SlotsRemove {
            slot: slot.name().as_str().to_owned(),
            passphrase: Secret::copy_of(&by),
        });
        let ticket = self.ask(life, Asked::RemoveUntyped(slot), request);
        self.ways.of(slot).may_become(ticket, false);
    }

    /// One that is there opens the vault, but for a locked screen, as neither asks a person, and one
    /// that isn't doesn't.
    pub(super) fn unlock_untyped(&mut self, life: &mut Life, numbers: &mut Numbers) {
        let slot = Untyped::any(numbers);
        if life.is_open || !life.is_idle() {
            return;
        }
        let request = match slot {
            Untyped::Keyring => Request::UnlockAuto(UnlockAuto::default()),
            Untyped::Hardware => Request::UnlockSlot(UnlockSlot {
                slot: slot.name().as_str().to_owned(),
                interactive: false,
                desktop: None,
            }),
        };
        let answer = life.call(request);
        assert_eq!(answer.is_ok(), life.is_open, "{answer:?}");
        if let Some(is_there) = self.ways.of(slot).sure() {
            assert_eq!(
                life.is_open,
                *is_there && !life.is_told,
                "{slot:?}: {answer:?}"
            );
        }
        if life.is_open {
            self.ways.unlocks[usize::from(slot == Untyped::Hardware)] += 1;
        }
    }
}
