//! What a person knows about a vault, by what was answered.

use std::collections::{BTreeMap, BTreeSet};

use otp_proto::*;

use super::life::Life;
use super::life_may::{May, Secrecy};
use super::life_restore::{Restore, Snapshot};
use super::life_untyped::{Untyped, Ways};
use super::numbers::Numbers;

#[derive(Debug)]
pub(super) enum Asked {
    Get(usize),
    Add(usize),
    Remove,
    Purge(usize),
    AddSlot(Untyped),
    RemoveUntyped(Untyped),
    Restore(Restore),
    UnlockByPassphrase,
    UnlockByRecoveryKey,
    Passwd(String),
    Renew,
    Keep(String),
    Rekey,
    RemoveSlot { is_passphrase: bool },
    Lock,
}

/// What was asked and what was answered.
pub(super) struct Model {
    pub(super) asked: BTreeMap<u64, Asked>,
    pub(super) passphrase: May<Secrecy>,
    pub(super) recovery: May<Secrecy>,
    /// The slots that nobody types.
    pub(super) ways: Ways,
    /// Backups that a person has taken.
    pub(super) snapshots: Vec<Snapshot>,
    /// How often the identity may have changed.
    pub(super) epoch: u64,
    /// What must not open the vault any more.
    pub(super) ended: Vec<String>,
    /// The keys, by number; whether one was added for sure.
    pub(super) keys: Vec<bool>,
    /// Keys that may be in the trash.
    pub(super) removed: BTreeSet<usize>,
    /// Keys that may be nowhere any more, and those that must not.
    pub(super) purging: BTreeSet<usize>,
    pub(super) purged: BTreeSet<usize>,
    /// Codes of counters, each handed out once.
    pub(super) counted: BTreeSet<(usize, String)>,
    /// The connection on which a recovery key was shown that opens nothing yet.
    pub(super) seen: Option<(u64, String)>,
    passphrases: u64,
    pub(super) codes: usize,
    pub(super) unlocks: [usize; 2],
    pub(super) refusals: usize,
    /// How many keys were purged, and how many backups put back.
    pub(super) done: [usize; 2],
}

/// Time-based for even numbers, counter-based for odd ones; nine digits against chance.
fn uri(key: usize) -> String {
    let kind = if key.is_multiple_of(2) {
        "totp"
    } else {
        "hotp"
    };
    let mut base32 = String::new();
    base32_encode(&bytes(key), &mut base32);
    let name = name(key);
    format!("otpauth://{kind}/{name}?secret={base32}&issuer=s&digits=9")
}

/// No name is a part of another, which a query would find where its own entry is missing.
pub(super) fn name(key: usize) -> String {
    format!("s:{key:03}")
}

pub(super) fn bytes(key: usize) -> Vec<u8> {
    [b"a key of 20.".as_slice(), &key.to_be_bytes()].concat()
}

pub(super) fn secret(text: &str) -> Secret {
    Secret::copy_of(text)
}

impl Model {
    /// Makes the vault.
    pub(super) fn new(life: &mut Life) -> Self {
        let passphrase = secret("passphrase 0");
        let answer = life.call(Request::Init(Init { passphrase }));
        let Ok(Response::Init(made)) = answer else {
            panic!("{answer:?}");
        };
        let recovery_key = made.recovery_key.expose().to_owned();
        Self {
            asked: BTreeMap::new(),
            passphrase: May::new(Secrecy::Is("passphrase 0".into())),
            recovery: May::new(Secrecy::Is(recovery_key)),
            ways: Ways::default(),
            snapshots: Vec::new(),
            epoch: 0,
            ended: vec![
                "wrong".into(),
                String::from("E6N39-AAAAA-BBBBB-CCCCC-DDDDD-EEEEE-FFFFF"),
            ],
            keys: Vec::new(),
            removed: BTreeSet::new(),
            purging: BTreeSet::new(),
            purged: BTreeSet::new(),
            counted: BTreeSet::new(),
            seen: None,
            passphrases: 0,
            codes: 0,
            unlocks: [0; 2],
            refusals: 0,
            done: [0; 2],
        }
    }

    pub(super) fn ask(&mut self, life: &mut Life, asked: Asked, request: Request) -> u64 {
        let ticket = life.ask(request);
        self.asked.insert(ticket, asked);
        ticket
    }

    /// Waits for the answer of a request that is about to be made.
    pub(super) fn expect(&mut self, ticket: u64, asked: Asked) {
        self.asked.insert(ticket, asked);
    }

    pub(super) fn add(&mut self, life: &mut Life) {
        let key = self.keys.len();
        self.keys.push(false);
        let uri = secret(&uri(key));
        self.ask(life, Asked::Add(key), Request::Add(Add { uri }));
    }

    pub(super) fn get(&mut self, life: &mut Life, numbers: &mut Numbers) {
        if self.keys.is_empty() {
            return;
        }
        let key = numbers.index(self.keys.len());
        let query = name(key);
        let get = Get {
            query,
            ..Get::default()
        };
        self.ask(life, Asked::Get(key), Request::Get(get));
    }

    pub(super) fn remove(&mut self, life: &mut Life, numbers: &mut Numbers) {
        if self.keys.is_empty() {
            return;
        }
        let key = numbers.index(self.keys.len());
        let query = name(key);
        self.removed.insert(key);
        let purge = numbers.below(4) > 0;
        let asked = if purge {
            self.purging.insert(key);
            Asked::Purge(key)
        } else {
            Asked::Remove
        };
        self.ask(life, asked, Request::Remove(Remove { query, purge }));
    }

    pub(super) fn lock(&mut self, life: &mut Life) {
        self.ask(life, Asked::Lock, Request::Lock(Lock::default()));
    }

    fn unlock(&mut self, life: &mut Life, asked: Asked, by: Option<String>) {
        if let Some(by) = by.filter(|_| !life.is_open) {
            let passphrase = secret(&by);
            self.ask(life, asked, Request::Unlock(Unlock { passphrase }));
        }
    }

    pub(super) fn unlock_by_passphrase(&mut self, life: &mut Life) {
        self.unlock(life, Asked::UnlockByPassphrase, self.passphrase.newest());
    }

    pub(super) fn unlock_by_recovery_key(&mut self, life: &mut Life) {
        self.unlock(life, Asked::UnlockByRecoveryKey, self.recovery.newest());
    }

    /// What opened it once, or never, doesn't now.
    pub(super) fn unlock_by_something_else(&mut self, life: &mut Life, numbers: &mut Numbers) {
        if life.is_open || !life.is_idle() {
            return;
        }
        let which = numbers.index(self.ended.len());
        let passphrase = secret(&self.ended[which]);
        let answer = life.call(Request::Unlock(Unlock { passphrase }));
        assert!(
            answer.is_err() && !life.is_open,
            "{:?} opens",
            self.ended[which]
        );
        self.refusals += 1;
    }

    /// Whichever a person has.
    pub(super) fn any_secret(&self) -> Option<String> {
        self.passphrase.newest().or_else(|| self.recovery.newest())
    }

    pub(super) fn passwd(&mut self, life: &mut Life) {
        let Some(current) = self.any_secret() else {
            return;
        };
        self.passphrases += 1;
        let new = format!("passphrase {}", self.passphrases);
        let request = Request::Passwd(Passwd {
            current: secret(&current),
            new: secret(&new),
        });
        let ticket = self.ask(life, Asked::Passwd(new.clone()), request);
        self.passphrase.may_become(ticket, Secrecy::Is(new));
    }

    /// The first half of a renewal, or the second.
    pub(super) fn renew(&mut self, life: &mut Life) {
        if let Some((conn, key)) = self.seen.take() {
            let ticket = life.ask_on(conn, Request::RecoveryKeyKeep(RecoveryKeyKeep {}));
            self.asked.insert(ticket, Asked::Keep(key.clone()));
            self.recovery.may_become(ticket, Secrecy::Is(key));
            return;
        }
        if let Some(by) = self.any_secret() {
            let passphrase = secret(&by);
            let request = Request::RecoveryKeyRenew(RecoveryKeyRenew { passphrase });
            self.ask(life, Asked::Renew, request);
        }
    }

    pub(super) fn rekey(&mut self, life: &mut Life, drop_backups: bool) {
        if let Some(by) = self.passphrase.newest() {
            let request = Request::Rekey(Rekey {
                passphrase: secret(&by),
                drop_backups,
            });
            let ticket = self.ask(life, Asked::Rekey, request);
            self.recovery.may_become(ticket, Secrecy::Unseen);
            self.ways.may_go(ticket);
            self.epoch += 1;
            if !self.snapshots.is_empty() {
                // Counters of keys that a restore left out are not known to another identity.
                self.counted.clear();
            }
        }
    }

    pub(super) fn remove_slot(&mut self, life: &mut Life, is_passphrase: bool) {
        let (slot, by) = if is_passphrase {
            ("passphrase", self.recovery.newest())
        } else {
            ("recovery", self.passphrase.newest())
        };
        let Some(by) = by else {
            return;
        };
        let request = Request::SlotsRemove(SlotsRemove {
            slot: slot.into(),
            passphrase: secret(&by),
        });
        let ticket = self.ask(life, Asked::RemoveSlot { is_passphrase }, request);
        let way = self.way(is_passphrase);
        way.may_become(ticket, Secrecy::Nothing);
    }

    fn way(&mut self, is_passphrase: bool) -> &mut May<Secrecy> {
        if is_passphrase {
            &mut self.passphrase
        } else {
            &mut self.recovery
        }
    }

    /// Looks at every answer that has come.
    pub(super) fn look(&mut self, life: &mut Life) {
        self.look_at_the_last(life, false);
    }

    /// As [`Self::look`]. What a process that dies says no to may have been done all the same.
    pub(super) fn look_at_the_last(&mut self, life: &mut Life, is_dying: bool) {
        for (ticket, (wall, answer)) in std::mem::take(&mut life.answers) {
            let Some(asked) = self.asked.remove(&ticket) else {
                continue;
            };
            if answer.is_ok()
                && matches!(
                    asked,
                    Asked::UnlockByPassphrase | Asked::UnlockByRecoveryKey
                )
            {
                life.is_told = false;
            }
            match answer {
                Ok(response) => self.granted(ticket, asked, response, wall),
                // Neither done nor not done, which it says, too.
                Err(error) if is_dying || error.kind() == ErrorKind::Incomplete => {}
                Err(_) => match asked {
                    Asked::Passwd(_) => self.passphrase.stayed(ticket),
                    Asked::Keep(_) => self.recovery.stayed(ticket),
                    Asked::Rekey => {
                        self.recovery.stayed(ticket);
                        self.ways.stayed(ticket);
                    }
                    Asked::AddSlot(slot) | Asked::RemoveUntyped(slot) => {
                        self.ways.of(slot).stayed(ticket);
                    }
                    Asked::Restore(restore) => self.not_restored(ticket, restore),
                    Asked::RemoveSlot { is_passphrase } => self.way(is_passphrase).stayed(ticket),
                    Asked::Get(_)
                    | Asked::Add(_)
                    | Asked::Remove
                    | Asked::Purge(_)
                    | Asked::Renew
                    | Asked::UnlockByPassphrase
                    | Asked::UnlockByRecoveryKey
                    | Asked::Lock => {}
                },
            }
        }
    }

    fn granted(
        &mut self,
        ticket: u64,
        asked: Asked,
        response: Response,
        wall: std::time::Duration,
    ) {
        let ended = match (asked, response) {
            (Asked::Get(key), Response::Code(answer)) => {
                self.coded(key, answer.code.expose(), wall);
                Vec::new()
            }
            (Asked::Add(key), _) => {
                self.keys[key] = true;
                Vec::new()
            }
            (Asked::UnlockByPassphrase, _) => {
                self.unlocks[0] += 1;
                Vec::new()
            }
            (Asked::UnlockByRecoveryKey, _) => {
                self.unlocks[1] += 1;
                Vec::new()
            }
            (Asked::Purge(key), _) => {
                self.purged.insert(key);
                self.done[0] += 1;
                Vec::new()
            }
            (
                Asked::AddSlot(slot),
                Response::Step(StepAnswer { ask: None, .. }) | Response::Done(_),
            ) => {
                self.ways.of(slot).became(ticket, true);
                Vec::new()
            }
            (Asked::RemoveUntyped(slot), _) => {
                self.ways.of(slot).became(ticket, false);
                Vec::new()
            }
            (Asked::Restore(restore), _) => self.restored(ticket, restore),
            (Asked::Passwd(new), _) => self.passphrase.became(ticket, Secrecy::Is(new)),
            (Asked::Renew, Response::Renew(answer)) => {
                self.seen = Some((ticket, answer.recovery_key.expose().to_owned()));
                Vec::new()
            }
            (Asked::Keep(key), _) => self.recovery.became(ticket, Secrecy::Is(key)),
            (Asked::Rekey, Response::Rekey(answer)) => {
                let key = answer.recovery_key.expose().to_owned();
                self.ways.went(ticket);
                self.recovery.became(ticket, Secrecy::Is(key))
            }
            (Asked::RemoveSlot { is_passphrase }, _) => {
                self.way(is_passphrase).became(ticket, Secrecy::Nothing)
            }
            _ => Vec::new(),
        };
        self.ended
            .extend(ended.into_iter().filter_map(Secrecy::into_text));
    }
}
