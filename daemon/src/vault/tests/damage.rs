//! Damaged vault files: a backup takes their place, people are told, and nothing is lost.

use std::path::Path;

use super::jobs::{A, B, WALL, add, backup, backups, create, on_disk, open, restore, vault_path};
use super::samples::{Folder, MODE, entry, secret, uris};
use crate::agent::{Job, JobDone};
use crate::platform::arena::Arena;
use crate::vault::disk::fault::{self, Lasting};
use crate::vault::job::perform;
use crate::vault::seal::seal;
use crate::vault::store::{Name, Store};
use crate::vault::{OpenError, Opened, Sealer};

pub(super) const PASSPHRASE: &str = "correct horse";

/// A vault with two entries and its dated copy, as the agent leaves it.
pub(super) fn ready(folder: &Folder) -> (Store, Box<Opened>) {
    let store = folder.store();
    let (mut made, _) = create(&store);
    add(&store, &mut made, A, 1);
    add(&store, &mut made, B, 2);
    store.copy(&on_disk(folder, &made), WALL).unwrap();
    made.state.marks.generation = made.document.generation;
    store.write_state(&made.state).unwrap();
    (store, made)
}

pub(super) fn damaged(folder: &Folder) -> Vec<(String, Vec<u8>)> {
    let Ok(files) = std::fs::read_dir(folder.data().join("damaged")) else {
        return Vec::new();
    };
    let mut found: Vec<(String, Vec<u8>)> = files
        .map(|file| file.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    found.sort_unstable();
    found
}

/// The entries of a vault that was damaged like this, and what was said.
pub(super) fn recovered(folder: &Folder, made: &Opened) -> String {
    let before = backups(&folder.store());
    let opened = open(&folder.store(), PASSPHRASE).unwrap();
    assert_eq!(
        uris(&opened.document, &opened.arena),
        uris(&made.document, &made.arena)
    );
    assert_eq!(backups(&folder.store()), before, "no backup goes for it");
    opened.told().join("|")
}

#[test]
fn each_flipped_byte_of_the_vault_costs_nothing_and_is_told() {
    let folder = Folder::new();
    let (_, made) = ready(&folder);
    let path = vault_path(&folder);
    let whole = std::fs::read(&path).unwrap();
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 1 << (place % 8);
        std::fs::write(&path, &bytes).unwrap();
        let said = recovered(&folder, &made);
        let name = format!("2026-11-18-{}", path.file_name().unwrap().to_str().unwrap());
        assert!(said.starts_with("the vault is damaged: the backup 2026-11-18-0000000003-"));
        assert!(said.contains("; no change is missing; the damaged file is "));
        assert!(said.contains(&name), "{said}");
        assert_eq!(damaged(&folder), [(name, bytes)], "byte {place}");
        assert_eq!(std::fs::read(&path).unwrap(), whole);
        std::fs::remove_dir_all(folder.data().join("damaged")).unwrap();
        // The control: it is a whole vault again.
        assert_eq!(recovered(&folder, &made), "", "byte {place}");
    }
}

#[test]
fn each_flipped_byte_of_the_identity_is_told_and_the_recovery_key_makes_it_anew() {
    let folder = Folder::new();
    let store = folder.store();
    let (mut made, recovery) = create(&store);
    add(&store, &mut made, A, 1);
    let path = folder.data().join("identity.age");
    let whole = std::fs::read(&path).unwrap();
    let told = |typed: &str| open(&store, typed).unwrap_err().to_string();
    assert_eq!(told("wrong"), "wrong passphrase", "the control");
    let mut wrongs = 0;
    for place in 0..=whole.len() {
        let mut bytes = whole.clone();
        match bytes.get_mut(place) {
            Some(byte) => *byte ^= 1 << (place % 8),
            None => bytes.truncate(place / 2),
        }
        std::fs::write(&path, &bytes).unwrap();
        let said = told(PASSPHRASE);
        wrongs += usize::from(said.starts_with("wrong passphrase, or identity.age is damaged"));
        assert!(said.contains("identity.age"), "byte {place}: {said}");
        let way = "type the recovery key instead, then otpctl passwd";
        assert!(said.contains(way), "byte {place}: {said}");
        let opened = open(&store, recovery.expose()).unwrap();
        assert_eq!(opened.document.entries.len(), 1);
        let job = Job::Rewrap {
            current: secret(recovery.expose()),
            new: secret("another"),
        };
        assert!(matches!(
            perform(&store, MODE, job, WALL),
            JobDone::Rewrap(Ok(()))
        ));
        assert_eq!(damaged(&folder)[0].1, bytes, "it is kept");
        std::fs::remove_dir_all(folder.data().join("damaged")).unwrap();
        open(&store, "another").unwrap();
        assert_eq!(
            told(PASSPHRASE),
            "wrong passphrase",
            "and no more than that"
        );
        std::fs::write(&path, &whole).unwrap();
        open(&store, PASSPHRASE).unwrap();
    }
    assert!(wrongs > 30, "{wrongs} look like a wrong passphrase");
}

#[test]
fn each_flipped_byte_of_the_recovery_slot_is_told_and_the_passphrase_opens() {
    let folder = Folder::new();
    let store = folder.store();
    let (_, recovery) = create(&store);
    let path = folder.data().join("recovery.age");
    let whole = std::fs::read(&path).unwrap();
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 1 << (place % 8);
        std::fs::write(&path, &bytes).unwrap();
        let said = open(&store, recovery.expose()).unwrap_err().to_string();
        assert!(said.contains("recovery.age"), "byte {place}: {said}");
        assert!(said.contains("otpctl recovery-key renew"), "{said}");
    }
    open(&store, PASSPHRASE).unwrap();
    // With both gone only a backup is left, and that is said.
    for file in ["recovery.age", "identity.age"] {
        std::fs::remove_file(folder.data().join(file)).unwrap();
    }
    let said = open(&store, PASSPHRASE).unwrap_err().to_string();
    assert!(said.ends_with("(otpctl restore-backup FILE)"), "{said}");
}

#[test]
fn a_vault_cut_off_anywhere_or_empty_costs_nothing_and_is_told() {
    let folder = Folder::new();
    let (_, made) = ready(&folder);
    let path = vault_path(&folder);
    let whole = std::fs::read(&path).unwrap();
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let said = recovered(&folder, &made);
        assert!(said.contains("no change is missing"), "{length}: {said}");
        assert_eq!(damaged(&folder)[0].1.len(), length);
        std::fs::remove_dir_all(folder.data().join("damaged")).unwrap();
    }
}

#[test]
fn the_newest_backup_that_opens_is_taken_and_what_is_missing_is_told() {
    let folder = Folder::new();
    let (store, made) = ready(&folder);
    let spoil = |path: &Path, how: u64| std::fs::write(path, format!("spoilt {how}")).unwrap();
    let mut said = Vec::new();
    spoil(&vault_path(&folder), 4);
    for newest in [3, 2, 1] {
        let opened = open(&store, PASSPHRASE).unwrap();
        let count = opened.document.entries.len();
        said.push((count, opened.rollback, opened.told().join("|")));
        assert_eq!(opened.document.generation, made.document.generation);
        // What took the vault's place is spoilt in its turn, with every copy of it.
        for path in backups(&store) {
            if Name::of(&path).unwrap().generation == newest {
                spoil(&path, newest);
            }
        }
        spoil(&vault_path(&folder), newest);
    }
    let told: Vec<(usize, bool)> = said.iter().map(|said| (said.0, said.1)).collect();
    assert_eq!(told, [(2, false), (1, true), (0, true)]);
    assert!(said[1].2.contains("the last change is missing"));
    assert!(said[2].2.contains("the last 2 changes are missing"));
    // Each has a name of its own.
    assert_eq!(damaged(&folder).len(), 3);
    let refused = open(&store, PASSPHRASE).unwrap_err();
    assert!(refused.is_damage() && damaged(&folder).len() == 3);
    let told = "the vault is damaged, and none of the automatic backups opens: put one ";
    assert!(refused.to_string().starts_with(told), "{refused}");
}

#[test]
fn a_backup_of_ones_own_takes_the_place_of_a_vault_that_does_not_open() {
    let folder = Folder::new();
    let (store, made) = ready(&folder);
    let text = backup(&store);
    for path in backups(&store) {
        std::fs::remove_file(path).unwrap();
    }
    std::fs::write(vault_path(&folder), "spoilt").unwrap();
    let identity = folder.data().join("identity.age");
    std::fs::write(&identity, "spoilt, too").unwrap();
    assert!(open(&store, PASSPHRASE).unwrap_err().is_damage());
    restore(&store, &text, PASSPHRASE, false, None).unwrap();
    assert!(recovered(&folder, &made).contains("files set aside are kept"));
    let kept: Vec<Vec<u8>> = damaged(&folder).into_iter().map(|file| file.1).collect();
    assert!(kept.contains(&b"spoilt".to_vec()) && kept.contains(&b"spoilt, too".to_vec()));
}

#[test]
fn a_counter_that_was_used_after_the_backup_is_not_used_again() {
    let folder = Folder::new();
    let (store, mut made) = ready(&folder);
    let print = crate::vault::document::fingerprint(
        made.arena.key(made.document.entries[1].key),
        made.arena.key(made.sealer.mac_key),
    );
    made.state.marks.generation = 9;
    made.state.marks.counters.insert(print, 30);
    store.write_state(&made.state).unwrap();
    std::fs::write(vault_path(&folder), "spoilt").unwrap();
    let opened = open(&store, PASSPHRASE).unwrap();
    let kind = opened.document.entries[1].kind;
    assert_eq!((kind.counter(), opened.rollback), (Some(30), true));
    assert!(opened.warnings[0].contains("the last 6 changes are missing"));
}

#[test]
fn a_file_that_somebody_made_is_refused_and_left() {
    let folder = Folder::new();
    let (store, mut made) = ready(&folder);
    // It decrypts, and its MAC is another's.
    let mut arena = Arena::new(MODE, 4096);
    let identity = made.sealer.identity(&made.arena);
    let mut forged = Sealer::new(&identity, &mut arena).unwrap();
    forged.mac_key = arena.put(&[7; 32]);
    made.document.entries = vec![entry(A, 9, &mut arena).into()];
    let bytes = seal(&made.document, &arena, &forged).unwrap().bytes;
    std::fs::write(vault_path(&folder), &bytes).unwrap();
    assert!(matches!(open(&store, PASSPHRASE), Err(OpenError::Forged)));
    assert_eq!(std::fs::read(vault_path(&folder)).unwrap(), bytes);
    assert_eq!(damaged(&folder), []);
}

#[test]
fn whatever_fails_while_a_backup_takes_its_place_loses_neither_vault_nor_damaged_file() {
    for lasting in [Lasting::Once, Lasting::Crash] {
        let (mut told, mut steps) = (0, 0..);
        loop {
            let number = steps.next().unwrap();
            let folder = Folder::new();
            let (store, made) = ready(&folder);
            std::fs::write(vault_path(&folder), "spoilt").unwrap();
            let (opened, reached) = fault::at(number, lasting, || open(&store, PASSPHRASE));
            if let Ok(mut opened) = opened {
                // It works on in memory, and what it writes then is no damaged file's backup.
                assert_eq!(opened.document.entries.len(), 2, "operation {number}");
                told += usize::from(opened.warnings[0].contains("that may not last: cannot "));
                add(&store, &mut opened, A, 3);
                let kept = backups(&store);
                let spoilt = |path| std::fs::read(path).unwrap() == b"spoilt";
                assert!(!kept.iter().any(spoilt), "operation {number}");
            }
            let opened = open(&folder.store(), PASSPHRASE).unwrap();
            assert!(opened.document.entries.len() >= 2, "operation {number}");
            let kept = damaged(&folder);
            assert!(!kept.is_empty(), "operation {number}");
            assert!(kept.iter().all(|(_, bytes)| bytes == b"spoilt"));
            drop(made);
            if !reached {
                break;
            }
        }
        assert!(told > 3, "{lasting:?}: {told}");
    }
}
