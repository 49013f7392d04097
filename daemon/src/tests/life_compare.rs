//! What is there at the end of a life, against what a person was told.

use std::collections::BTreeSet;
use std::time::Duration;

use otp_proto::*;

use super::life::Life;
use super::life_model::{Model, bytes, secret};
use crate::otp;

impl Model {
    /// A code came.
    pub(super) fn coded(&mut self, key: usize, code: &str, wall: Duration) {
        self.codes += 1;
        if !key.is_multiple_of(2) {
            assert!(
                self.counted.insert((key, code.to_owned())),
                "a counter of key {key} twice"
            );
            return;
        }
        let kind = Kind::Totp(Period::new(30).expect("a period"));
        let digits = Digits::new(9).expect("nine digits");
        let right = otp::code(kind, Algorithm::Sha1, digits, &bytes(key), wall);
        assert_eq!(right.expect("TOTP").expose(), code, "another key's code");
    }

    /// After another start the ways in are as they were told, and one is there.
    pub(super) fn restarted(&mut self, life: &Life) {
        self.asked.clear();
        // What was shown and not kept opens nothing.
        self.ended.extend(self.seen.take().map(|(_, key)| key));
        let ways = [self.passphrase.try_all(life), self.recovery.try_all(life)];
        assert!(ways.contains(&true), "nothing opens the vault");
        self.ways.look(life);
        self.forget_what_opens();
    }

    /// What opens the vault has not ended, whatever was before.
    pub(super) fn forget_what_opens(&mut self) {
        let now: Vec<&String> = self
            .passphrase
            .texts()
            .chain(self.recovery.texts())
            .collect();
        self.ended.retain(|text| !now.contains(&text));
    }

    /// Every key that was added is there, with its codes, and none that was purged, not in a backup
    /// either. Returns how many there were of keys, codes, unlocks by passphrase and by recovery
    /// key, refusals, unlocks by keyring and by hardware, purges and backups put back.
    pub(super) fn compare(&mut self, life: &mut Life) -> [usize; 9] {
        let by = self.any_secret().expect("a way in");
        let unlocked = life.call(Request::Unlock(Unlock {
            passphrase: secret(&by),
        }));
        assert!(unlocked.is_ok(), "{unlocked:?}");
        let mut names = [false, true].map(|trash| {
            let list = List {
                trash,
                ..List::default()
            };
            match life.call(Request::List(list)) {
                Ok(Response::List(answer)) => {
                    let entries = answer.entries.into_iter();
                    entries
                        .map(|entry| entry.account)
                        .collect::<BTreeSet<String>>()
                }
                other => panic!("{other:?}"),
            }
        });
        let [living, trash] = &mut names;
        for (key, _) in self
            .keys
            .iter()
            .enumerate()
            .filter(|(_, is_sure)| **is_sure)
        {
            let name = format!("{key:03}");
            let is_there = living.contains(&name)
                || (self.removed.contains(&key) && trash.contains(&name))
                || self.purging.contains(&key);
            assert!(is_there, "key {key} was lost");
        }
        let kept = names_in_backups(life);
        for key in &self.purged {
            let name = format!("{key:03}");
            let places = [&*living, &*trash, &kept].map(|names| names.contains(&name));
            assert_eq!(places, [false; 3], "key {key} was purged");
        }
        for name in living.iter() {
            let key: usize = name.parse().expect("a number");
            let query = format!("s:{name}");
            let (wall, answer) = life.call_at(Request::Get(Get {
                query,
                ..Get::default()
            }));
            let Ok(Response::Code(answer)) = answer else {
                panic!("{answer:?}");
            };
            self.coded(key, answer.code.expose(), wall);
        }
        [
            living.len(),
            self.codes,
            self.unlocks[0],
            self.unlocks[1],
            self.refusals,
            self.ways.unlocks[0],
            self.ways.unlocks[1],
            self.done[0],
            self.done[1],
        ]
    }
}

/// The entries that any automatic backup has and the vault hasn't.
fn names_in_backups(life: &mut Life) -> BTreeSet<String> {
    let Ok(Response::Backups(list)) = life.call(Request::BackupsList(BackupsList {})) else {
        panic!("no list");
    };
    let mut names = BTreeSet::new();
    for backup in list.backups {
        let commit = RestoreBackupCommit {
            passphrase: None,
            from: Some(backup.name),
            dry_run: true,
        };
        // One of an identity before needs what was typed then.
        if let Ok(Response::RestoreBackup(answer)) = life.call(Request::RestoreBackupCommit(commit))
        {
            names.extend(answer.returning.into_iter().map(|entry| entry.account));
        }
    }
    names
}
