//! Backups that a person takes in a life and puts back later: what is there afterwards is what was
//! there then, but for counters, which never go back.

use std::collections::BTreeSet;

use otp_proto::*;

use super::life::Life;
use super::life_may::Secrecy;
use super::life_model::{Asked, Model};
use super::life_untyped::Untyped;
use super::numbers::Numbers;

/// A backup, and what was known when it was taken.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    text: String,
    epoch: u64,
    passphrase: Secrecy,
    recovery: Secrecy,
    keys: Vec<bool>,
    removed: BTreeSet<usize>,
}

/// A backup that is being put back.
#[derive(Debug)]
pub(super) struct Restore {
    snapshot: Snapshot,
    /// Keys that are there for sure if it isn't, and not if it is.
    lost: Vec<usize>,
    is_same_identity: bool,
}

impl Model {
    /// Takes a backup, where everything is known.
    pub(super) fn take_backup(&mut self, life: &mut Life) {
        let ways = (self.passphrase.sure(), self.recovery.sure());
        let (Some(passphrase), Some(recovery), true) = (ways.0, ways.1, life.is_idle()) else {
            return;
        };
        let (passphrase, recovery) = (passphrase.clone(), recovery.clone());
        if passphrase == Secrecy::Unseen || recovery == Secrecy::Unseen {
            return;
        }
        let Ok(Response::Backup(answer)) = life.call(Request::Backup(Backup {})) else {
            panic!("no backup");
        };
        self.snapshots.push(Snapshot {
            text: answer.text,
            epoch: self.epoch,
            passphrase,
            recovery,
            keys: self.keys.clone(),
            removed: self.removed.clone(),
        });
    }

    /// Puts one back.
    pub(super) fn restore(&mut self, life: &mut Life, numbers: &mut Numbers) {
        // What is on its way would be there for nobody knows how long.
        if self.snapshots.is_empty() || !life.is_open || !life.is_idle() {
            return;
        }
        let snapshot = self.snapshots[numbers.index(self.snapshots.len())].clone();
        let by = [&snapshot.passphrase, &snapshot.recovery];
        let by = by.into_iter().find_map(|way| way.clone().into_text());
        let conn = life.next_conn();
        life.ask_on(conn, Request::RestoreBackupBegin(RestoreBackupBegin {}));
        for piece in snapshot.text.as_bytes().chunks(32 * 1024) {
            let text = String::from_utf8(piece.to_vec()).expect("ASCII");
            life.ask_on(conn, Request::RestoreBackupAdd(RestoreBackupAdd { text }));
        }
        let commit = RestoreBackupCommit {
            passphrase: by.map(|by| Secret::copy_of(&by)),
            from: None,
            dry_run: false,
        };
        let ticket = life.next_ticket();
        let is_same_identity = snapshot.epoch == self.epoch;
        self.passphrase
            .may_become(ticket, snapshot.passphrase.clone());
        self.recovery.may_become(ticket, snapshot.recovery.clone());
        if !is_same_identity {
            self.ways.may_go(ticket);
        }
        let was_sure = |key: &usize| snapshot.keys.get(*key) == Some(&true);
        let sure = |key: &usize| self.keys[*key];
        let lost = (0..self.keys.len())
            .filter(sure)
            .filter(|key| !was_sure(key));
        let lost: Vec<usize> = lost.collect();
        for key in &lost {
            self.keys[*key] = false;
        }
        self.removed.extend(&snapshot.removed);
        // It brings back what was purged since.
        self.purged.clear();
        let asked = Asked::Restore(Restore {
            snapshot,
            lost,
            is_same_identity,
        });
        self.expect(ticket, asked);
        life.ask_on(conn, Request::RestoreBackupCommit(commit));
    }

    /// It is there. Returns what opens the vault no more.
    pub(super) fn restored(&mut self, ticket: u64, restore: Restore) -> Vec<Secrecy> {
        self.done[1] += 1;
        let Snapshot {
            passphrase,
            recovery,
            ..
        } = restore.snapshot;
        let mut ended = self.passphrase.became(ticket, passphrase);
        ended.extend(self.recovery.became(ticket, recovery));
        self.forget_what_opens();
        let now: Vec<String> = self
            .passphrase
            .texts()
            .chain(self.recovery.texts())
            .cloned()
            .collect();
        ended.retain(|was| {
            was.clone()
                .into_text()
                .is_none_or(|text| !now.contains(&text))
        });
        ended
    }

    /// It isn't.
    pub(super) fn not_restored(&mut self, ticket: u64, restore: Restore) {
        self.passphrase.stayed(ticket);
        self.recovery.stayed(ticket);
        if !restore.is_same_identity {
            for slot in [Untyped::Keyring, Untyped::Hardware] {
                self.ways.of(slot).stayed(ticket);
            }
        }
        for key in restore.lost {
            self.keys[key] = true;
        }
    }
}
