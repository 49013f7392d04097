//! The slot whose secret the session's keyring keeps.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use otp_proto::{EntryId, Secret};

use super::jobs::{A, WALL, add, backup, create, open, present, restore};
use super::samples::{Folder, MODE, secret, uris};
use super::slots::rekey;
use crate::agent::{Job, JobDone, SlotDone, SlotJob};
use crate::vault::job::perform;
use crate::vault::slot::{Keyring, KeyringError, SlotName};
use crate::vault::store::Store;
use crate::vault::{OpenError, Opened};

/// A keyring in memory, which can be locked.
#[derive(Debug, Default)]
struct Fake {
    items: Mutex<BTreeMap<EntryId, String>>,
    is_locked: Mutex<bool>,
}

impl Fake {
    fn items(&self) -> Result<std::sync::MutexGuard<'_, BTreeMap<EntryId, String>>, KeyringError> {
        if *self.is_locked.lock().unwrap() {
            return Err(KeyringError::Locked);
        }
        Ok(self.items.lock().unwrap())
    }
}

impl Keyring for Fake {
    fn read(&self, device: EntryId) -> Result<Secret, KeyringError> {
        let items = self.items()?;
        let item = items.get(&device).ok_or(KeyringError::Missing)?;
        Ok(Secret::copy_of(item))
    }

    fn write(&self, device: EntryId, secret: Secret) -> Result<(), KeyringError> {
        self.items()?.insert(device, secret.expose().to_owned());
        Ok(())
    }

    fn remove(&self, device: EntryId) -> Result<(), KeyringError> {
        self.items()?.remove(&device);
        Ok(())
    }
}

fn auto(store: &Store) -> Result<Box<Opened>, OpenError> {
    let JobDone::Open(done) = perform(store, MODE, Job::OpenAuto, WALL) else {
        panic!("another answer");
    };
    done
}

fn done(store: &Store, job: SlotJob) -> Result<SlotDone, OpenError> {
    let JobDone::Slots(done) = perform(store, MODE, Job::Slots(job), WALL) else {
        panic!("another answer");
    };
    done
}

fn work(store: &Store, job: SlotJob) -> Result<(), OpenError> {
    done(store, job).map(drop)
}

fn add_keyring(store: &Store, by: &str) -> Result<(), OpenError> {
    work(store, SlotJob::AddKeyring { secret: secret(by) })
}

fn slot() -> SlotName {
    SlotName::new("keyring").unwrap()
}

/// A vault with an entry and the keyring's slot.
fn ready(folder: &Folder) -> (Store, Arc<Fake>, Box<Opened>) {
    let keyring = Arc::new(Fake::default());
    let store = folder.store().with_keyring(keyring.clone());
    let (mut made, _) = create(&store);
    add(&store, &mut made, A, 1);
    assert!(matches!(auto(&store), Err(OpenError::NoSlot)));
    assert!(matches!(
        add_keyring(&store, "wrong"),
        Err(OpenError::WrongSecret)
    ));
    add_keyring(&store, "correct horse").unwrap();
    (store, keyring, made)
}

#[test]
fn the_keyring_opens_the_vault_and_so_does_the_passphrase_without_it() {
    let folder = Folder::new();
    let (store, keyring, made) = ready(&folder);
    let opened = auto(&store).unwrap();
    assert_eq!(
        uris(&opened.document, &opened.arena),
        uris(&made.document, &made.arena)
    );
    let test = || {
        work(
            &store,
            SlotJob::Test {
                slot: slot(),
                secret: None,
            },
        )
    };
    test().unwrap();
    // Also without what a person types.
    std::fs::remove_file(folder.data().join("identity.age")).unwrap();
    std::fs::rename(
        folder.data().join("recovery.age"),
        folder.data().join("kept"),
    )
    .unwrap();
    assert!(auto(&store).is_ok());
    std::fs::rename(
        folder.data().join("kept"),
        folder.data().join("recovery.age"),
    )
    .unwrap();
    // The item gone, another's in its place, and the keyring locked.
    let device = made.document.device;
    let kept = keyring.items.lock().unwrap().remove(&device).unwrap();
    for _ in 0..2 {
        let failed = auto(&store).unwrap_err();
        assert!(matches!(failed, OpenError::Keyring(KeyringError::Missing)));
        let mut items = keyring.items.lock().unwrap();
        items.insert(device, "another's".into());
    }
    keyring.items.lock().unwrap().insert(device, kept);
    *keyring.is_locked.lock().unwrap() = true;
    assert!(matches!(
        test(),
        Err(OpenError::Keyring(KeyringError::Locked))
    ));
    *keyring.is_locked.lock().unwrap() = false;
    assert!(auto(&store).is_ok());
}

#[test]
fn the_secret_is_no_identity_and_goes_with_its_slot() {
    let folder = Folder::new();
    let (store, keyring, made) = ready(&folder);
    let identity = made.sealer.identity(&made.arena);
    let kept = || keyring.items.lock().unwrap().values().next().cloned();
    let secret_of = kept().unwrap();
    assert_eq!(secret_of.len(), 43);
    assert!(!identity.expose().contains(&secret_of) && !secret_of.contains("AGE"));
    work(
        &store,
        SlotJob::Remove {
            slot: slot(),
            secret: secret("correct horse"),
        },
    )
    .unwrap();
    assert_eq!(kept(), None);
    assert!(matches!(auto(&store), Err(OpenError::NoSlot)));
    assert!(open(&store, "correct horse").is_ok());
    // Added anew it is another one.
    add_keyring(&store, "correct horse").unwrap();
    assert_ne!(kept().unwrap(), secret_of);
    // And a rekey ends it.
    rekey(&store, "correct horse", false).unwrap();
    assert_eq!(kept(), None);
    assert!(matches!(auto(&store), Err(OpenError::NoSlot)));
}

#[test]
fn a_keyring_that_is_locked_gets_no_slot() {
    let folder = Folder::new();
    let keyring = Arc::new(Fake::default());
    *keyring.is_locked.lock().unwrap() = true;
    let store = folder.store().with_keyring(keyring.clone());
    create(&store);
    assert!(matches!(
        add_keyring(&store, "correct horse"),
        Err(OpenError::Keyring(KeyringError::Locked))
    ));
    assert!(!folder.data().join("keyring.age").exists());
    // The control: it is the lock.
    *keyring.is_locked.lock().unwrap() = false;
    add_keyring(&store, "correct horse").unwrap();
}

#[test]
fn a_secret_that_stays_in_the_keyring_is_told() {
    const TOLD: &str = "opens nothing any more: the keyring is locked";
    let has_told = |lines: &[String]| lines.iter().any(|line| line.ends_with(TOLD));
    for is_locked in [true, false] {
        let folder = Folder::new();
        let (store, keyring, _) = ready(&folder);
        *keyring.is_locked.lock().unwrap() = is_locked;
        let removal = SlotJob::Remove {
            slot: slot(),
            secret: secret("correct horse"),
        };
        let Ok(SlotDone::Removed(lines)) = done(&store, removal) else {
            panic!("it isn't removed");
        };
        assert_eq!(has_told(&lines), is_locked);
        let folder = Folder::new();
        let (store, keyring, _) = ready(&folder);
        *keyring.is_locked.lock().unwrap() = is_locked;
        let rekeyed = rekey(&store, "correct horse", false).unwrap();
        assert_eq!(has_told(&rekeyed.opened.warnings), is_locked);
    }
}

#[test]
fn a_backup_of_another_identity_takes_the_secret_of_the_one_before_out_of_the_keyring() {
    let other = Folder::new();
    create(&other.store());
    let foreign = backup(&other.store());
    for is_locked in [false, true] {
        let folder = Folder::new();
        let (store, keyring, made) = ready(&folder);
        let put = |text: &str| {
            let present = present(&made, made.state.marks.clone());
            restore(&store, text, "correct horse", false, Some(present)).unwrap()
        };
        // Of the same identity it is of use still.
        put(&backup(&store));
        assert!(auto(&store).is_ok());
        *keyring.is_locked.lock().unwrap() = is_locked;
        let warnings = put(&foreign).warnings.join("\n");
        assert_eq!(warnings.contains("opens nothing any more"), is_locked);
        assert_eq!(keyring.items.lock().unwrap().len(), usize::from(is_locked));
        assert!(matches!(auto(&store), Err(OpenError::NoSlot)));
    }
}
