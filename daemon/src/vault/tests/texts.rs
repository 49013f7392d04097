//! A person's own backups, there and back.

use super::jobs::{A, B, WALL, add, backup, create, open, present, restore, vault_path, write};
use super::samples::{Folder, MODE, secret, uris};
use crate::agent::{Job, JobDone};
use crate::vault::document::fingerprint;
use crate::vault::job::perform;
use crate::vault::{Marks, OpenError};

#[test]
fn a_backup_brings_entries_back_and_neither_generation_nor_counters_go_back() {
    let folder = Folder::new();
    let store = folder.store();
    let (mut made, recovery) = create(&store);
    add(&store, &mut made, A, 1);
    add(&store, &mut made, B, 2);
    let text = backup(&store);
    let before = uris(&made.document, &made.arena);

    let print = fingerprint(
        made.arena.key(made.document.entries[1].key),
        made.arena.key(made.sealer.mac_key),
    );
    made.document.entries.clear();
    for _ in 0..5 {
        write(&store, &mut made);
    }
    let present = || {
        let marks = Marks {
            generation: made.document.generation,
            counters: [(print, 30)].into(),
        };
        present(&made, marks)
    };
    let now = std::fs::read(vault_path(&folder)).unwrap();
    let dry = restore(&store, &text, "correct horse", true, Some(present())).unwrap();
    assert_eq!(dry.document.entries.len(), 2);
    assert_eq!(std::fs::read(vault_path(&folder)).unwrap(), now);

    let by = recovery.expose();
    let restored = restore(&store, &text, by, false, Some(present())).unwrap();
    assert_eq!(restored.document.generation, 9);
    let opened = open(&store, "correct horse").unwrap();
    let expected: Vec<String> = before
        .iter()
        .map(|uri| uri.replace("counter=5", "counter=30"))
        .collect();
    assert_eq!(uris(&opened.document, &opened.arena), expected);
    assert_eq!(opened.document.generation, 9);
    // What was there is among the backups, with its slots.
    let kept = folder.data().join("backups");
    let names: Vec<String> = std::fs::read_dir(kept)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("0000000008-"))
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
}

#[test]
fn a_backup_restores_where_there_is_nothing_and_replaces_another_vault_wholly() {
    let (one, two) = (Folder::new(), Folder::new());
    let store = one.store();
    let (mut made, _) = create(&store);
    add(&store, &mut made, A, 1);
    let text = backup(&store);
    for is_there in [false, true] {
        let store = two.store();
        drop(std::fs::remove_dir_all(&two.0));
        if is_there {
            let job = Job::Create {
                passphrase: secret("other"),
            };
            assert!(matches!(
                perform(&store, MODE, job, WALL),
                JobDone::Create(Ok(_))
            ));
        }
        assert!(matches!(
            restore(&store, &text, "other", false, None),
            Err(OpenError::WrongSecret)
        ));
        restore(&store, &text, "correct horse", false, None).unwrap();
        let opened = open(&store, "correct horse").unwrap();
        assert_eq!(opened.document.entries.len(), 1);
        assert!(!opened.rollback);
    }
}

#[test]
fn a_backup_of_another_vault_gives_no_counter_again_that_the_present_one_has_used() {
    let (one, two) = (Folder::new(), Folder::new());
    let store = one.store();
    let (mut made, _) = create(&store);
    add(&store, &mut made, A, 1);
    add(&store, &mut made, B, 2);
    let text = backup(&store);
    let store = two.store();
    let (mut used, _) = create(&store);
    add(&store, &mut used, B, 3);
    let print = fingerprint(
        used.arena.key(used.document.entries[0].key),
        used.arena.key(used.sealer.mac_key),
    );
    let marks = Marks {
        generation: 40,
        counters: [(print, 30), ([7; 8], 9)].into(),
    };
    let by = "correct horse";
    restore(&store, &text, by, false, Some(present(&used, marks))).unwrap();
    let opened = open(&store, by).unwrap();
    let kinds = opened.document.entries.iter().map(|entry| entry.kind);
    let counters: Vec<Option<u64>> = kinds.map(otp_proto::Kind::counter).collect();
    assert_eq!(counters, [None, Some(30)]);
    assert_eq!(opened.document.generation, 41);
    assert_eq!(
        opened.document.counters.len(),
        1,
        "no marks of another identity"
    );
}

#[test]
fn a_forged_or_damaged_backup_changes_nothing() {
    let folder = Folder::new();
    let store = folder.store();
    let (mut made, _) = create(&store);
    add(&store, &mut made, A, 1);
    let text = backup(&store);
    let vault = std::fs::read(vault_path(&folder)).unwrap();
    let (head, _) = text.split_once("== vault.age ==").unwrap();
    let other = Folder::new();
    let foreign = other.store();
    create(&foreign);
    let foreign = backup(&foreign);
    let (_, tail) = foreign.split_once("== vault.age ==").unwrap();
    let mixed = format!("{head}== vault.age =={tail}");
    for text in ["", head, &mixed] {
        let error = restore(&store, text, "correct horse", false, None).unwrap_err();
        let is_told = matches!(error, OpenError::NotABackup(_) | OpenError::BadBackup(_));
        assert!(is_told, "the present vault is fine: {error}");
        assert_eq!(std::fs::read(vault_path(&folder)).unwrap(), vault);
    }
}
