//! Every slot opens the vault without the others, and the work on them keeps it so.

use otp_proto::Secret;

use super::jobs::{A, B, WALL, add, backups, create, open, unsealed};
use super::samples::{Folder, MODE, secret, uris};
use crate::agent::{Job, JobDone, Rekeyed, SlotDone, SlotJob};
use crate::vault::disk::fault::{self, Lasting};
use crate::vault::job::perform;
use crate::vault::slot::SlotName;
use crate::vault::store::Store;
use crate::vault::{OpenError, Opened, StoreError};

const PASSPHRASE: &str = "correct horse";

fn work(store: &Store, job: SlotJob) -> Result<SlotDone, OpenError> {
    let JobDone::Slots(done) = perform(store, MODE, Job::Slots(job), WALL) else {
        panic!("another answer");
    };
    done
}

fn slot(name: &str) -> SlotName {
    SlotName::new(name).unwrap()
}

fn test(store: &Store, name: &str, by: &str) -> Result<(), OpenError> {
    let (slot, secret) = (slot(name), Some(secret(by)));
    work(store, SlotJob::Test { slot, secret }).map(drop)
}

fn remove(store: &Store, name: &str, by: &str) -> Result<(), OpenError> {
    let (slot, secret) = (slot(name), secret(by));
    work(store, SlotJob::Remove { slot, secret }).map(drop)
}

pub(super) fn renew(store: &Store, by: &str) -> Result<Secret, OpenError> {
    let secret = secret(by);
    let SlotDone::RecoveryKey { key, wrapped } = work(store, SlotJob::Renew { secret })? else {
        panic!("another answer");
    };
    work(store, SlotJob::KeepRecovery { wrapped })?;
    Ok(key)
}

fn names(store: &Store) -> Vec<String> {
    let Ok(SlotDone::Slots(slots)) = work(store, SlotJob::List) else {
        panic!("another answer");
    };
    slots.into_iter().map(|slot| slot.name).collect()
}

pub(super) fn rekey(store: &Store, by: &str, drops_backups: bool) -> Result<Rekeyed, OpenError> {
    let job = Job::Rekey {
        passphrase: secret(by),
        drops_backups,
    };
    let JobDone::Rekey(done) = perform(store, MODE, job, WALL) else {
        panic!("another answer");
    };
    done
}

/// A vault with two entries, and its recovery key.
fn ready(folder: &Folder) -> (Store, Box<Opened>, Secret) {
    let store = folder.store();
    let (mut made, recovery) = create(&store);
    add(&store, &mut made, A, 1);
    add(&store, &mut made, B, 2);
    (store, made, recovery)
}

#[test]
fn a_slot_is_tested_alone() {
    let folder = Folder::new();
    let (store, _, recovery) = ready(&folder);
    assert_eq!(names(&store), ["passphrase", "recovery"]);
    test(&store, "passphrase", PASSPHRASE).unwrap();
    test(&store, "recovery", recovery.expose()).unwrap();
    // What opens the other one opens nothing here.
    for (name, by) in [("passphrase", recovery.expose()), ("recovery", PASSPHRASE)] {
        assert!(matches!(
            test(&store, name, by),
            Err(OpenError::WrongSecret)
        ));
    }
    assert!(matches!(
        test(&store, "keyring", "x"),
        Err(OpenError::NoSlot)
    ));
}

#[test]
fn a_slot_of_another_vault_is_told_from_a_wrong_secret() {
    let (folder, other) = (Folder::new(), Folder::new());
    let (store, _, _) = ready(&folder);
    ready(&other);
    std::fs::copy(
        other.data().join("identity.age"),
        folder.data().join("identity.age"),
    )
    .unwrap();
    assert!(matches!(
        test(&store, "passphrase", PASSPHRASE),
        Err(OpenError::ForeignSlot)
    ));
    // It must not become the one that stays, nor what a recovery key is made of.
    assert!(matches!(
        remove(&store, "recovery", PASSPHRASE),
        Err(OpenError::ForeignSlot)
    ));
    assert!(matches!(
        renew(&store, PASSPHRASE),
        Err(OpenError::ForeignSlot)
    ));
}

#[test]
fn a_slot_goes_once_the_other_was_seen_to_open_the_vault_and_the_last_stays() {
    let folder = Folder::new();
    let (store, _, recovery) = ready(&folder);
    for by in [PASSPHRASE, "wrong"] {
        assert!(matches!(
            remove(&store, "passphrase", by),
            Err(OpenError::WrongSecret)
        ));
    }
    remove(&store, "passphrase", recovery.expose()).unwrap();
    assert_eq!(names(&store), ["recovery"]);
    assert!(matches!(
        remove(&store, "recovery", recovery.expose()),
        Err(OpenError::LastSlot)
    ));
    let refused = open(&store, PASSPHRASE).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("identity.age is missing; type the recovery key")
    );
    assert!(open(&store, recovery.expose()).is_ok());
    // A backup has what there is, and comes back with it.
    let JobDone::Backup(Ok(text)) = perform(&store, MODE, Job::Backup, WALL) else {
        panic!("no backup");
    };
    super::jobs::restore(&store, &text, recovery.expose(), false, None).unwrap();
    assert_eq!(names(&store), ["recovery"]);
    // And a new passphrase makes its slot again.
    let job = Job::Rewrap {
        current: secret(recovery.expose()),
        new: secret("new"),
    };
    let done = perform(&store, MODE, job, WALL);
    assert!(matches!(done, JobDone::Rewrap(Ok(()))), "{done:?}");
    remove(&store, "recovery", "new").unwrap();
    assert_eq!(names(&store), ["passphrase"]);
    assert!(open(&store, "new").is_ok());
    assert!(open(&store, recovery.expose()).is_err());
}

#[test]
fn a_new_recovery_key_takes_the_place_of_the_old_one_which_may_have_made_it() {
    let folder = Folder::new();
    let (store, _, first) = ready(&folder);
    let second = renew(&store, PASSPHRASE).unwrap();
    assert!(matches!(
        open(&store, first.expose()),
        Err(OpenError::WrongSecret)
    ));
    let third = renew(&store, second.expose()).unwrap();
    assert!(open(&store, third.expose()).is_ok());
    assert!(open(&store, PASSPHRASE).is_ok());
    assert!(matches!(
        renew(&store, "wrong"),
        Err(OpenError::WrongSecret)
    ));
}

#[test]
fn a_rekeyed_vault_has_the_same_entries_and_nothing_old_opens_it() {
    let folder = Folder::new();
    let (store, made, old_recovery) = ready(&folder);
    let old = made.sealer.identity(&made.arena);
    let foreign = folder.data().join("mine.age");
    std::fs::write(&foreign, "x").unwrap();
    std::fs::write(folder.data().join("keyring.age"), "x").unwrap();
    assert_eq!(names(&store), ["passphrase", "recovery", "keyring"]);
    assert!(matches!(
        rekey(&store, old_recovery.expose(), false),
        Err(OpenError::WrongSecret)
    ));
    let rekeyed = rekey(&store, PASSPHRASE, false).unwrap();
    assert_eq!(rekeyed.removed, ["keyring"]);
    assert_eq!(names(&store), ["passphrase", "recovery"]);
    assert!(foreign.exists());
    let opened = rekeyed.opened;
    assert!(opened.sealer.identity(&opened.arena) != old);
    for by in [PASSPHRASE, rekeyed.recovery_key.expose()] {
        let again = open(&store, by).unwrap();
        assert!(!again.rollback);
        assert_eq!(
            uris(&again.document, &again.arena),
            uris(&made.document, &made.arena)
        );
        assert_eq!(again.document.generation, made.document.generation + 1);
    }
    assert!(open(&store, old_recovery.expose()).is_err());
    let (file, _, length) = store.open_vault().unwrap();
    assert!(crate::vault::seal::open(file, length, &old, MODE).is_err());
}

#[test]
fn a_rekey_keeps_the_backups_with_their_slots_or_drops_them_all() {
    for drops in [false, true] {
        let folder = Folder::new();
        let (store, made, _) = ready(&folder);
        let before = backups(&store).len();
        assert!(before > 1);
        rekey(&store, PASSPHRASE, drops).unwrap();
        let mut kept = backups(&store);
        // Today's copy is the new vault's.
        let opened = open(&store, PASSPHRASE).unwrap();
        let copy = kept.pop().unwrap();
        unsealed(&copy, &opened.sealer.identity(&opened.arena));
        if drops {
            let left = std::fs::read_dir(folder.data().join("backups")).unwrap();
            assert_eq!((left.count(), kept.len()), (1, 0));
            continue;
        }
        assert_eq!(kept.len(), before);
        // The newest has its slot beside it, which opens the others, too.
        let slot = kept.last().unwrap().with_extension("identity.age");
        let wrapped = std::fs::read(slot).unwrap();
        let passphrase = secret(PASSPHRASE);
        let identity =
            crate::vault::slot::unwrap_typed("identity.age", &passphrase, |_| Ok(wrapped.clone()))
                .unwrap();
        assert!(identity == made.sealer.identity(&made.arena));
        for path in kept {
            unsealed(&path, &identity);
        }
    }
}

#[test]
fn a_rekeyed_vault_never_reissues_a_counter() {
    let folder = Folder::new();
    let (store, mut made, _) = ready(&folder);
    let mac_key = made.arena.key(made.sealer.mac_key).to_vec();
    let hotp = made.document.entries[1].clone();
    let print = crate::vault::document::fingerprint(made.arena.key(hotp.key), &mac_key);
    made.document.counters.insert(print, 40);
    super::jobs::write(&store, &mut made);
    let opened = rekey(&store, PASSPHRASE, true).unwrap().opened;
    let counter = opened.document.entries[1].kind;
    assert_eq!(counter, otp_proto::Kind::Hotp(40));
    assert_eq!(opened.document.counters.len(), 1);
    let again = open(&store, PASSPHRASE).unwrap();
    assert_eq!(again.document.entries[1].kind, counter);
    assert_eq!(again.document.counters, opened.document.counters);
}

#[test]
fn a_recovery_key_that_is_the_only_way_in_is_not_replaced_by_one_that_nobody_may_see() {
    let folder = Folder::new();
    let (store, _, recovery) = ready(&folder);
    remove(&store, "passphrase", recovery.expose()).unwrap();
    assert!(matches!(
        renew(&store, recovery.expose()),
        Err(OpenError::OnlyRecovery)
    ));
    assert!(open(&store, recovery.expose()).is_ok());
}

/// Does something in which one operation on files after another fails; returns how often that
/// could not be undone.
fn failing(
    work: impl Fn(&Store) -> Result<(), OpenError>,
    is_done: impl Fn(&Store) -> bool,
) -> usize {
    let mut unsure = 0;
    for number in 0.. {
        let folder = Folder::new();
        let (store, _, _) = ready(&folder);
        let (result, is_reached) = fault::at(number, Lasting::Once, || work(&store));
        let what = format!("{number}: {result:?}");
        let is_unsure = matches!(result, Err(OpenError::Store(StoreError::Unsure(_))));
        unsure += usize::from(is_unsure);
        assert_eq!(is_done(&store), result.is_ok() || is_unsure, "{what}");
        if !is_reached {
            assert!(result.is_ok(), "{what}");
            break;
        }
    }
    unsure
}

#[test]
fn whatever_fails_the_answer_says_whether_a_slot_was_changed() {
    let passwd = |store: &Store| {
        let job = Job::Rewrap {
            current: secret(PASSPHRASE),
            new: secret("another one"),
        };
        let JobDone::Rewrap(done) = perform(store, MODE, job, WALL) else {
            panic!("another answer");
        };
        done
    };
    let unsure = failing(passwd, |store| {
        let is_new = open(store, "another one").is_ok();
        assert_ne!(is_new, open(store, PASSPHRASE).is_ok());
        is_new
    });
    assert_eq!(unsure, 1);
    let gone = |store: &Store| names(store) == ["passphrase"];
    let unsure = failing(|store| remove(store, "recovery", PASSPHRASE), gone);
    assert_eq!(unsure, 1);
}
