//! Every operation on files fails once, or is the last one before the process dies.

use super::jobs::{
    A, B, WALL, add, backups, create, open_whole as open, restore, unsealed, vault_path,
};
use super::samples::{Folder, MODE, entry, secret, uris};
use super::slots::{rekey, renew};
use crate::agent::{Job, JobDone};
use crate::vault::disk::fault::{self, Lasting};
use crate::vault::job::perform;
use crate::vault::seal::seal;
use crate::vault::store::Store;
use crate::vault::{OpenError, Opened, Sealed};

/// Runs `work` anew with its first, second, … operation failing until it needs no more of them;
/// returns how many there are.
fn each(lasting: Lasting, mut work: impl FnMut(usize) -> bool) -> usize {
    (0..1000)
        .find(|&number| !work(number))
        .inspect(|&steps| {
            assert!(steps > 3, "{lasting:?}: too few operations to be true");
        })
        .expect("an end")
}

/// A vault with one entry, and the sealed one that is to follow it.
fn ready(folder: &Folder) -> (Store, Box<Opened>, Sealed) {
    let store = folder.store();
    let (mut made, _) = create(&store);
    add(&store, &mut made, A, 1);
    let more = entry(B, 2, &mut made.arena);
    made.document.entries.push(more.into());
    made.document.generation += 1;
    let next = seal(&made.document, &made.arena, &made.sealer).unwrap();
    (store, made, next)
}

fn leftovers(folder: &Folder) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.0.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path.clone());
            }
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if name.starts_with('.') {
                found.push(name);
            }
        }
    }
    found
}

#[test]
fn a_failed_write_leaves_the_old_vault_and_nothing_else() {
    let mut failures = 0;
    each(Lasting::Once, |number| {
        let folder = Folder::new();
        let (store, _, next) = ready(&folder);
        let path = vault_path(&folder);
        let old = std::fs::read(&path).unwrap();
        let (written, reached) =
            fault::at(number, Lasting::Once, || store.write_vault(&next, WALL));
        let now = std::fs::read(&path).unwrap();
        if written.is_ok() {
            assert_eq!(now, next.bytes);
        } else {
            failures += 1;
            assert_eq!(now, old, "operation {number}");
        }
        assert_eq!(leftovers(&folder), [""; 0], "operation {number}");
        // And the next write works.
        store.write_vault(&next, WALL).unwrap();
        reached
    });
    assert!(failures >= 6);
}

#[test]
fn a_crash_during_a_write_leaves_the_old_vault_or_the_new_one() {
    let (mut old, mut new) = (0, 0);
    each(Lasting::Crash, |number| {
        let folder = Folder::new();
        let (store, _, next) = ready(&folder);
        let (_, reached) = fault::at(number, Lasting::Crash, || store.write_vault(&next, WALL));
        let opened = open(&folder.store(), "correct horse").unwrap();
        match opened.document.entries.len() {
            1 => old += 1,
            2 => new += 1,
            other => panic!("{other} entries"),
        }
        assert_eq!(leftovers(&folder), [""; 0]);
        reached
    });
    assert!(old > 3 && new > 1);
}

#[test]
fn a_vault_that_could_not_be_made_is_not_there_and_can_be_made_again() {
    for lasting in [Lasting::Once, Lasting::Crash] {
        each(lasting, |number| {
            let folder = Folder::new();
            let job = || Job::Create {
                passphrase: secret("correct horse"),
            };
            let (done, reached) = fault::at(number, lasting, || {
                perform(&folder.store(), MODE, job(), WALL)
            });
            let JobDone::Create(done) = done else {
                panic!("another answer");
            };
            let store = folder.store();
            store.tidy().unwrap();
            assert_eq!(leftovers(&folder), [""; 0]);
            if lasting == Lasting::Once {
                assert_eq!(store.exists(), done.is_ok(), "operation {number}");
            }
            if !store.exists() {
                create(&store);
            }
            assert!(open(&store, "correct horse").is_ok(), "operation {number}");
            reached
        });
    }
}

#[test]
fn a_restore_is_whole_or_has_not_happened() {
    let source = Folder::new();
    let store = source.store();
    let job = Job::Create {
        passphrase: secret("other"),
    };
    let JobDone::Create(Ok((mut made, _))) = perform(&store, MODE, job, WALL) else {
        panic!("not made");
    };
    for number in 1..4 {
        add(&store, &mut made, A, number);
    }
    let JobDone::Backup(Ok(text)) = perform(&store, MODE, Job::Backup, WALL) else {
        panic!("no backup");
    };
    for lasting in [Lasting::Once, Lasting::Crash] {
        let (mut before, mut after, mut unfinished) = (0, 0, 0);
        each(lasting, |number| {
            let folder = Folder::new();
            let (store, present, _) = ready(&folder);
            let (done, reached) = fault::at(number, lasting, || {
                restore(&store, &text, "other", false, None)
            });
            let store = folder.store();
            store.tidy().unwrap();
            assert_eq!(leftovers(&folder), [""; 0]);
            let is_decided = matches!(done, Ok(_) | Err(OpenError::Unfinished(_)));
            unfinished += usize::from(is_decided && done.is_err());
            assert_eq!(
                open(&store, "other").is_ok(),
                is_decided,
                "operation {number}: {done:?}"
            );
            match (open(&store, "correct horse"), open(&store, "other")) {
                (Ok(opened), Err(_)) => {
                    before += 1;
                    assert_eq!(opened.document.entries.len(), 1);
                }
                (Err(_), Ok(opened)) => {
                    after += 1;
                    assert_eq!(
                        uris(&opened.document, &opened.arena),
                        uris(&made.document, &made.arena)
                    );
                }
                (one, other) => panic!("operation {number}: {one:?} {other:?}"),
            }
            drop(present);
            reached
        });
        assert!(
            before > 5 && after > 1 && unfinished > 1,
            "{before} {after} {unfinished}"
        );
    }
}

#[test]
fn a_passphrase_change_that_failed_leaves_one_of_the_two() {
    for lasting in [Lasting::Once, Lasting::Crash] {
        each(lasting, |number| {
            let folder = Folder::new();
            let store = folder.store();
            create(&store);
            let job = Job::Rewrap {
                current: secret("correct horse"),
                new: secret("new"),
            };
            let (_, reached) = fault::at(number, lasting, || perform(&store, MODE, job, WALL));
            let store = folder.store();
            let old = open(&store, "correct horse").is_ok();
            assert_ne!(old, open(&store, "new").is_ok(), "operation {number}");
            reached
        });
    }
}

#[test]
fn a_new_recovery_key_that_was_not_told_leaves_the_passphrase_and_one_recovery_key() {
    for lasting in [Lasting::Once, Lasting::Crash] {
        let mut kept = 0;
        each(lasting, |number| {
            let folder = Folder::new();
            let store = folder.store();
            let (_, old) = create(&store);
            let (renewed, reached) = fault::at(number, lasting, || renew(&store, "correct horse"));
            let store = folder.store();
            assert!(open(&store, "correct horse").is_ok());
            assert_eq!(leftovers(&folder), [""; 0], "operation {number}");
            let is_old = open(&store, old.expose()).is_ok();
            if let Ok(new) = renewed {
                assert!(!is_old && open(&store, new.expose()).is_ok());
            }
            kept += usize::from(is_old);
            reached
        });
        assert!(kept > 3);
    }
}

#[test]
fn a_rekey_is_whole_or_has_not_happened_and_loses_no_entry() {
    for lasting in [Lasting::Once, Lasting::Crash] {
        let (mut before, mut after, mut half) = (0, 0, 0);
        each(lasting, |number| {
            let folder = Folder::new();
            let (store, present, next) = ready(&folder);
            store.write_vault(&next, WALL).unwrap();
            std::fs::write(folder.data().join("keyring.age"), "x").unwrap();
            let old = present.sealer.identity(&present.arena);
            let drops = number % 2 == 0;
            let (done, reached) =
                fault::at(number, lasting, || rekey(&store, "correct horse", drops));
            half += usize::from(matches!(done, Err(OpenError::HalfRekeyed(_))));
            let is_decided = matches!(done, Ok(_) | Err(OpenError::HalfRekeyed(_)));
            let store = folder.store();
            store.tidy().unwrap();
            assert_eq!(leftovers(&folder), [""; 0]);
            let opened = open(&store, "correct horse").unwrap();
            assert_eq!(opened.document.entries.len(), 2, "operation {number}");
            assert!(!opened.rollback, "operation {number}");
            let is_new = opened.sealer.identity(&opened.arena) != old;
            if lasting == Lasting::Once {
                assert_eq!(is_new, is_decided, "operation {number}: {done:?}");
            }
            let has_keyring = folder.data().join("keyring.age").exists();
            assert_eq!(has_keyring, !is_new, "operation {number}");
            let has_backups = backups(&store).len() > 1;
            assert_eq!(has_backups, !(is_new && drops), "operation {number}");
            if is_new {
                after += 1;
            } else {
                before += 1;
            }
            reached
        });
        assert!(
            before > 5 && after > 1 && half > 1,
            "{before} {after} {half}"
        );
    }
}

#[test]
fn a_purge_that_failed_can_be_repeated_until_the_key_is_gone() {
    for lasting in [Lasting::Once, Lasting::Crash] {
        each(lasting, |number| {
            let folder = Folder::new();
            let (store, mut made, next) = ready(&folder);
            store.write_vault(&next, WALL).unwrap();
            made.document.entries.remove(0);
            super::jobs::write(&store, &mut made);
            let purge = || {
                let job = Job::Purge {
                    identity: made.sealer.identity(&made.arena),
                    ids: vec![super::samples::id(1)],
                };
                perform(&store, MODE, job, WALL)
            };
            let (_, reached) = fault::at(number, lasting, purge);
            assert!(matches!(purge(), JobDone::Purge(Ok(()))));
            let identity = made.sealer.identity(&made.arena);
            for path in backups(&store) {
                let opened = unsealed(&path, &identity);
                let ids = opened.document.entries.iter().map(|entry| entry.id);
                assert!(!ids.into_iter().any(|id| id == super::samples::id(1)));
            }
            reached
        });
    }
}

#[test]
fn a_state_that_could_not_be_written_is_as_before() {
    for lasting in [Lasting::Once, Lasting::Crash] {
        each(lasting, |number| {
            let folder = Folder::new();
            let (store, made, _) = ready(&folder);
            let mut state = made.state.clone();
            state.marks.generation = 77;
            let (written, reached) = fault::at(number, lasting, || store.write_state(&state));
            let (now, warning) = folder.store().read_state();
            assert_eq!(warning, None);
            let seen = now.marks.generation;
            assert!(
                seen == 77 || written.is_err() && seen == 1,
                "operation {number}"
            );
            reached
        });
    }
}

#[test]
fn an_unfinished_vault_is_not_overwritten_by_the_one_before_it() {
    let folder = Folder::new();
    let (store, _, next) = ready(&folder);
    std::fs::create_dir(folder.data().join(".install")).unwrap();
    let refused = store.write_vault(&next, WALL).unwrap_err();
    assert!(refused.to_string().contains("restart otpd"));
    store.tidy().unwrap();
    store.write_vault(&next, WALL).unwrap();
}
