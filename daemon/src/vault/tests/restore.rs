//! Automatic backups that come back by their names.

use std::path::Path;

use super::jobs::{
    A, B, WALL, add, backups, create, on_disk, open, present, restored, vault_path, write,
};
use super::samples::{Folder, MODE, secret, uris};
use crate::agent::{Job, JobDone, RestoreJob, Restored, Source};
use crate::vault::disk::fault::{self, Lasting};
use crate::vault::document::fingerprint;
use crate::vault::job::perform;
use crate::vault::store::Store;
use crate::vault::{Marks, OpenError, Opened};

const PASSPHRASE: &str = "correct horse";

/// What an open vault must not fall behind.
fn marks(opened: &Opened) -> Marks {
    Marks {
        generation: opened.document.generation,
        counters: opened.document.counters.clone(),
    }
}

/// Takes an automatic backup while this vault is open.
fn take(
    store: &Store,
    made: &Opened,
    name: &str,
    typed: Option<&str>,
) -> Result<Restored, OpenError> {
    let job = RestoreJob {
        source: Source::Kept(name.into()),
        secret: typed.map(secret),
        dry_run: false,
        present: Some(present(made, marks(made))),
    };
    restored(store, job)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn listed(store: &Store) -> Vec<(String, bool)> {
    let JobDone::Backups(Ok(list)) = perform(store, MODE, Job::Backups, WALL) else {
        panic!("no list");
    };
    let is_dated = |info: &otp_proto::BackupInfo| info.written.is_some() && info.bytes > 0;
    assert!(list.iter().all(is_dated));
    list.into_iter()
        .map(|info| (info.name, info.current))
        .collect()
}

#[test]
fn the_list_is_the_newest_first_and_knows_the_vault_as_it_is() {
    let folder = Folder::new();
    let store = folder.store();
    let (mut made, _) = create(&store);
    add(&store, &mut made, A, 1);
    store.copy(&on_disk(&folder, &made), WALL).unwrap();
    let device = made.document.device;
    let dated = |generation: u64| format!("2026-11-18-{generation:010}-{device}.age");
    let plain = |generation: u64| format!("{generation:010}-{device}.age");
    assert_eq!(
        listed(&store),
        [(dated(2), true), (plain(1), false)],
        "of a day the last copy"
    );
    // Nobody knows before the vault was opened.
    assert!(listed(&folder.store()).iter().all(|(_, current)| !current));
}

#[test]
fn the_last_write_is_undone_and_that_is_undone_in_its_turn() {
    let folder = Folder::new();
    let store = folder.store();
    let (mut made, recovery) = create(&store);
    add(&store, &mut made, A, 1);
    let before = uris(&made.document, &made.arena);
    add(&store, &mut made, B, 2);
    let after = uris(&made.document, &made.arena);
    let undone = take(&store, &made, "last", None).unwrap();
    assert_eq!(uris(&undone.opened.document, &undone.opened.arena), before);
    assert_eq!(
        (undone.backup.generation, undone.opened.document.generation),
        (2, 4)
    );
    let replaced = undone.replaced.unwrap();
    assert!(replaced.starts_with("0000000003-"), "{replaced}");
    // Each way in is as it was, and nothing was kept that opens a vault.
    for typed in [PASSPHRASE, recovery.expose()] {
        let opened = open(&folder.store(), typed).unwrap();
        assert_eq!(uris(&opened.document, &opened.arena), before);
        assert_eq!(opened.told(), [""; 0]);
    }
    let kept = std::fs::read_dir(folder.data().join("backups")).unwrap();
    let kept = kept.map(|file| name(&file.unwrap().path()));
    assert!(!kept.into_iter().any(|name| name.contains("identity")));

    let again = take(&store, &undone.opened, "last", None).unwrap();
    assert_eq!(again.from, Some(replaced));
    assert_eq!(uris(&again.opened.document, &again.opened.arena), after);
    assert_eq!(again.opened.document.generation, 5);
}

#[test]
fn a_backup_that_comes_back_by_its_name_gives_no_counter_again() {
    let folder = Folder::new();
    let store = folder.store();
    let (mut made, _) = create(&store);
    add(&store, &mut made, B, 1);
    let print = fingerprint(
        made.arena.key(made.document.entries[0].key),
        made.arena.key(made.sealer.mac_key),
    );
    // Used and removed since: what is left of the counter is the mark.
    made.document.entries.clear();
    made.document.counters.insert(print, 30);
    write(&store, &mut made);
    let came = take(&store, &made, "last", None).unwrap();
    let counter = |opened: &Opened| opened.document.entries[0].kind.counter();
    assert_eq!(counter(&came.opened), Some(30));
    assert_eq!(counter(&open(&store, PASSPHRASE).unwrap()), Some(30));
}

#[test]
fn a_backup_from_before_a_new_identity_comes_back_with_what_opened_it_then() {
    for by_recovery in [false, true] {
        let folder = Folder::new();
        let store = folder.store();
        let (mut made, recovery) = create(&store);
        add(&store, &mut made, A, 1);
        add(&store, &mut made, B, 2);
        let old = name(backups(&store).last().unwrap());
        let rekey = Job::Rekey {
            passphrase: secret(PASSPHRASE),
            drops_backups: false,
        };
        let JobDone::Rekey(Ok(rekeyed)) = perform(&store, MODE, rekey, WALL) else {
            panic!("not rekeyed");
        };
        let rewrap = Job::Rewrap {
            current: secret(PASSPHRASE),
            new: secret("new"),
        };
        assert!(matches!(
            perform(&store, MODE, rewrap, WALL),
            JobDone::Rewrap(Ok(()))
        ));
        let take = |typed| take(&store, &rekeyed.opened, &old, typed);
        let refused = take(None).unwrap_err();
        assert!(matches!(refused, OpenError::NeedsSecret), "{refused}");
        assert!(matches!(take(Some("wrong")), Err(OpenError::WrongSecret)));
        // It opens the vault of today, and not this backup.
        assert!(matches!(take(Some("new")), Err(OpenError::BadBackup(_))));
        let typed = if by_recovery {
            recovery.expose()
        } else {
            PASSPHRASE
        };
        let came = take(Some(typed)).unwrap();
        assert_eq!(came.opened.document.entries.len(), 1);
        assert_eq!(open(&store, typed).unwrap().document.entries.len(), 1);
        assert!(open(&store, "new").is_err());
        // And back again, with what opened that.
        let replaced = came.replaced.unwrap();
        let undo = super::restore::take(&store, &came.opened, &replaced, Some("new")).unwrap();
        assert_eq!(undo.opened.document.entries.len(), 2);
        assert!(open(&store, "new").is_ok());
    }
}

#[test]
fn a_vault_that_does_not_open_gives_way_to_a_backup_of_its_own() {
    let folder = Folder::new();
    let store = folder.store();
    let (mut made, _) = create(&store);
    add(&store, &mut made, A, 1);
    add(&store, &mut made, B, 2);
    std::fs::write(vault_path(&folder), "spoilt").unwrap();
    let store = folder.store();
    let take = |typed: Option<&str>| {
        let job = RestoreJob {
            source: Source::Kept("last".into()),
            secret: typed.map(secret),
            dry_run: false,
            present: None,
        };
        restored(&store, job)
    };
    assert!(matches!(take(None), Err(OpenError::NeedsSecret)));
    assert!(matches!(take(Some("wrong")), Err(OpenError::WrongSecret)));
    let came = take(Some(PASSPHRASE)).unwrap();
    assert_eq!(
        (came.replaced, came.opened.document.entries.len()),
        (None, 1)
    );
    let opened = open(&folder.store(), PASSPHRASE).unwrap();
    assert_eq!(opened.document.entries.len(), 1);
    let damaged = std::fs::read_dir(folder.data().join("damaged")).unwrap();
    let spoilt = damaged.filter(|file| {
        let path = file.as_ref().unwrap().path();
        std::fs::read(path).unwrap() == b"spoilt"
    });
    assert_eq!(spoilt.count(), 1);
}

#[test]
fn what_is_not_there_or_not_whole_changes_nothing() {
    let folder = Folder::new();
    let store = folder.store();
    let (mut made, _) = create(&store);
    assert!(matches!(
        take(&store, &made, "last", None),
        Err(OpenError::NoBackups)
    ));
    add(&store, &mut made, A, 1);
    let path = &backups(&store)[0];
    for wrong in ["", "x", "../identity.age", "0000000001.age"] {
        let refused = take(&store, &made, wrong, None);
        assert!(matches!(refused, Err(OpenError::NoSuchBackup)), "{wrong}");
    }
    let vault = std::fs::read(vault_path(&folder)).unwrap();
    let mut bytes = std::fs::read(path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(path, bytes).unwrap();
    let typed = Some(PASSPHRASE);
    assert!(matches!(
        take(&store, &made, &name(path), typed),
        Err(OpenError::BadBackup(_))
    ));
    assert_eq!(std::fs::read(vault_path(&folder)).unwrap(), vault);
}

#[test]
fn a_restore_by_name_is_whole_or_has_not_happened() {
    for lasting in [Lasting::Once, Lasting::Crash] {
        let (mut before, mut after) = (0, 0);
        for number in 0.. {
            let folder = Folder::new();
            let store = folder.store();
            let (mut made, recovery) = create(&store);
            add(&store, &mut made, A, 1);
            add(&store, &mut made, B, 2);
            let (done, reached) = fault::at(number, lasting, || take(&store, &made, "last", None));
            let store = folder.store();
            store.tidy().unwrap();
            let is_decided = matches!(done, Ok(_) | Err(OpenError::Unfinished(_)));
            for typed in [PASSPHRASE, recovery.expose()] {
                let opened = open(&store, typed).unwrap();
                let entries = opened.document.entries.len();
                assert_eq!(entries == 1, is_decided, "operation {number}: {done:?}");
            }
            if is_decided {
                after += 1;
            } else {
                before += 1;
            }
            if !reached {
                break;
            }
        }
        assert!(before > 5 && after > 1, "{before} {after}");
    }
}

#[test]
fn the_oldest_of_ten_is_there_until_it_is_back() {
    for lasting in [Lasting::Once, Lasting::Crash] {
        let mut kept = 0;
        for number in 0.. {
            let folder = Folder::new();
            let store = folder.store();
            let (mut made, _) = create(&store);
            add(&store, &mut made, A, 1);
            for _ in 0..11 {
                write(&store, &mut made);
            }
            // What a restore has put there has no backup of its own yet.
            let made = *take(&store, &made, "last", None).unwrap().opened;
            let oldest = listed(&store).pop().unwrap().0;
            let (done, reached) = fault::at(number, lasting, || take(&store, &made, &oldest, None));
            let store = folder.store();
            store.tidy().unwrap();
            let is_decided = matches!(done, Ok(_) | Err(OpenError::Unfinished(_)));
            if !is_decided {
                let is_there = listed(&store).iter().any(|(name, ..)| *name == oldest);
                assert!(is_there, "operation {number}: {done:?}");
                kept += 1;
            }
            if !reached {
                break;
            }
        }
        assert!(kept > 5, "{kept}");
    }
}

#[test]
fn what_is_kept_from_before_a_new_identity_opens_for_as_long_as_it_is_kept() {
    let folder = Folder::new();
    let store = folder.store();
    let (mut made, _) = create(&store);
    add(&store, &mut made, A, 1);
    store.copy(&on_disk(&folder, &made), WALL).unwrap();
    let rekey = Job::Rekey {
        passphrase: secret(PASSPHRASE),
        drops_backups: false,
    };
    let day = std::time::Duration::from_secs(24 * 3600);
    let JobDone::Rekey(Ok(rekeyed)) = perform(&store, MODE, rekey, WALL + day) else {
        panic!("not rekeyed");
    };
    let mut now = rekeyed.opened;
    let slots = || {
        let kept = std::fs::read_dir(folder.data().join("backups")).unwrap();
        let kept = kept.map(|file| name(&file.unwrap().path()));
        kept.filter(|name| name.contains("identity")).count()
    };
    // Far more writes than the last ten.
    for _ in 0..15 {
        write(&store, &mut now);
    }
    let old = listed(&store).pop().unwrap().0;
    assert!(old.starts_with("2026-11-18-"), "{old}");
    assert_eq!(slots(), 1);
    let refused = take(&store, &now, &old, None).unwrap_err();
    assert!(matches!(refused, OpenError::NeedsSecret));
    let dry = RestoreJob {
        source: Source::Kept(old),
        secret: Some(secret(PASSPHRASE)),
        dry_run: true,
        present: Some(present(&now, marks(&now))),
    };
    let came = restored(&store, dry).unwrap();
    assert_eq!(came.opened.document.entries.len(), 1);
    // And with the last of what they open they go.
    for number in 2..50 {
        write(&store, &mut now);
        store
            .copy(&on_disk(&folder, &now), WALL + day * number)
            .unwrap();
    }
    assert_eq!(slots(), 0);
}

#[test]
fn slots_of_a_vault_that_does_not_open_are_kept_for_its_backups() {
    let (folder, other) = (Folder::new(), Folder::new());
    let store = folder.store();
    let (mut made, _) = create(&store);
    add(&store, &mut made, A, 1);
    let foreign = other.store();
    let job = Job::Create {
        passphrase: secret("other"),
    };
    assert!(matches!(
        perform(&foreign, MODE, job, WALL),
        JobDone::Create(Ok(_))
    ));
    let text = super::jobs::backup(&foreign);
    std::fs::write(vault_path(&folder), "spoilt").unwrap();
    super::jobs::restore(&folder.store(), &text, "other", false, None).unwrap();
    let store = folder.store();
    let now = open(&store, "other").unwrap();
    let old = name(&backups(&store)[0]);
    let came = take(&store, &now, &old, Some(PASSPHRASE)).unwrap();
    assert_eq!(came.opened.document.device, made.document.device);
}
