//! The jobs, from files to files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use otp_proto::{EntryId, Key, Secret};

use super::samples::{Folder, MODE, entry, secret, uris};
use crate::agent::{Job, JobDone, Present, RestoreJob, Restored, Source};
use crate::vault::job::perform;
use crate::vault::seal::{Unsealed, seal};
use crate::vault::store::Store;
use crate::vault::{Marks, OpenError, Opened, Sealed};

pub(super) const WALL: Duration = Duration::from_secs(1_795_000_000);

pub(super) fn create(store: &Store) -> (Box<Opened>, Secret) {
    let job = Job::Create {
        passphrase: secret("correct horse"),
    };
    let JobDone::Create(Ok(made)) = perform(store, MODE, job, WALL) else {
        panic!("another answer");
    };
    made
}

pub(super) fn open(store: &Store, text: &str) -> Result<Box<Opened>, OpenError> {
    let secret = secret(text);
    let JobDone::Open(done) = perform(store, MODE, Job::Open { secret }, WALL) else {
        panic!("another answer");
    };
    done
}

/// Opens what a crash has left, which needs no mending.
pub(super) fn open_whole(store: &Store, text: &str) -> Result<Box<Opened>, OpenError> {
    let opened = open(store, text)?;
    let mended = |line: &String| line.contains("took its place");
    assert!(!opened.warnings.iter().any(mended), "{:?}", opened.warnings);
    Ok(opened)
}

/// Adds an entry and writes the vault, as the agent does.
pub(super) fn add(store: &Store, opened: &mut Opened, uri: &str, number: u64) {
    let entry = entry(uri, number, &mut opened.arena);
    opened.document.entries.push(entry.into());
    write(store, opened);
}

/// The vault files among the backups.
pub(super) fn backups(store: &Store) -> Vec<PathBuf> {
    let kept = store.kept().unwrap().into_iter();
    kept.map(|kept| kept.path).collect()
}

/// Opens a kept file.
pub(super) fn unsealed(path: &Path, identity: &Secret) -> Unsealed {
    let bytes = std::fs::read(path).unwrap();
    let length = bytes.len().try_into().unwrap();
    crate::vault::seal::open(bytes.as_slice(), length, identity, MODE).unwrap()
}

pub(super) fn write(store: &Store, opened: &mut Opened) {
    opened.document.generation += 1;
    let sealed = seal(&opened.document, &opened.arena, &opened.sealer).unwrap();
    store.write_vault(&sealed, WALL).unwrap();
}

pub(super) fn backup(store: &Store) -> String {
    let JobDone::Backup(Ok(text)) = perform(store, MODE, Job::Backup, WALL) else {
        panic!("another answer");
    };
    text
}

pub(super) fn restore(
    store: &Store,
    text: &str,
    by: &str,
    dry_run: bool,
    present: Option<Present>,
) -> Result<Box<Opened>, OpenError> {
    let job = RestoreJob {
        source: Source::Text(text.into()),
        secret: Some(secret(by)),
        dry_run,
        present,
    };
    restored(store, job).map(|restored| restored.opened)
}

pub(super) fn restored(store: &Store, job: RestoreJob) -> Result<Restored, OpenError> {
    let JobDone::RestoreBackup(done) = perform(store, MODE, Job::RestoreBackup(job), WALL) else {
        panic!("another answer");
    };
    done
}

pub(super) fn present(opened: &Opened, marks: Marks) -> Present {
    let mac_key = Key::new(opened.arena.key(opened.sealer.mac_key).to_vec());
    let identity = opened.sealer.identity(&opened.arena);
    Present {
        identity,
        marks,
        mac_key,
    }
}

pub(super) fn purge(store: &Store, opened: &Opened, ids: Vec<EntryId>) -> Result<(), OpenError> {
    let identity = opened.sealer.identity(&opened.arena);
    let JobDone::Purge(done) = perform(store, MODE, Job::Purge { identity, ids }, WALL) else {
        panic!("another answer");
    };
    done
}

pub(super) const A: &str = "otpauth://totp/A:a?secret=JBSWY3DPEHPK3PXP&issuer=A";
pub(super) const B: &str = "otpauth://hotp/B:b?secret=GEZDGNBVGY3TQOJQ&issuer=B&counter=5";

#[test]
fn a_new_vault_opens_with_its_passphrase_and_with_its_recovery_key_however_typed() {
    let folder = Folder::new();
    let store = folder.store();
    assert!(!store.exists());
    assert!(matches!(open(&store, "x"), Err(OpenError::NoVault)));
    let (mut made, recovery) = create(&store);
    assert!(store.exists());
    add(&store, &mut made, A, 1);
    let sloppy = recovery.expose().to_lowercase().replace('-', " ");
    for text in ["correct horse", recovery.expose(), &sloppy] {
        let opened = open(&store, text).unwrap();
        assert_eq!(
            uris(&opened.document, &opened.arena),
            uris(&made.document, &made.arena)
        );
        assert!(!opened.rollback);
        assert_eq!(opened.told(), [""; 0]);
    }
}

#[test]
fn a_wrong_secret_is_told_apart_from_a_mistyped_recovery_key() {
    let folder = Folder::new();
    let store = folder.store();
    let (_, recovery) = create(&store);
    assert!(matches!(
        open(&store, "Correct horse"),
        Err(OpenError::WrongSecret)
    ));
    let mistyped = recovery
        .expose()
        .replacen(&recovery.expose()[12..13], "*", 1);
    let group = 1 + mistyped.find('*').unwrap() / 6;
    let error = open(&store, &mistyped).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("group {group} of the recovery key is mistyped")
    );
}

#[test]
fn seven_words_of_five_letters_are_a_passphrase() {
    let folder = Folder::new();
    let store = folder.store();
    let words = "apple tiger stone river cloud bread music";
    let job = Job::Create {
        passphrase: secret(words),
    };
    assert!(matches!(
        perform(&store, MODE, job, WALL),
        JobDone::Create(Ok(_))
    ));
    assert!(open(&store, words).is_ok());
}

#[test]
fn a_vault_is_made_only_where_none_of_its_files_is() {
    let folder = Folder::new();
    let store = folder.store();
    for there in ["identity.age", "recovery.age", "vault/aaaaaaab.age"] {
        let path = folder.data().join(there);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "").unwrap();
        let job = Job::Create {
            passphrase: secret("x"),
        };
        let done = perform(&store, MODE, job, WALL);
        assert!(
            matches!(done, JobDone::Create(Err(OpenError::Exists))),
            "{there}"
        );
        std::fs::remove_file(&path).unwrap();
    }
    create(&store);
}

#[test]
fn a_new_passphrase_opens_the_old_one_does_not_and_the_recovery_key_still_does() {
    let folder = Folder::new();
    let store = folder.store();
    let (_, recovery) = create(&store);
    let rewrap = |current: &str, new: &str| {
        let (current, new) = (secret(current), secret(new));
        let JobDone::Rewrap(done) = perform(&store, MODE, Job::Rewrap { current, new }, WALL)
        else {
            panic!("another answer");
        };
        done
    };
    assert!(matches!(rewrap("wrong", "y"), Err(OpenError::WrongSecret)));
    rewrap("correct horse", "新しい").unwrap();
    assert!(matches!(
        open(&store, "correct horse"),
        Err(OpenError::WrongSecret)
    ));
    assert!(open(&store, "新しい").is_ok());
    rewrap(recovery.expose(), "third").unwrap();
    assert!(open(&store, "third").is_ok());
    assert!(open(&store, recovery.expose()).is_ok());
    let check = |text| {
        perform(
            &store,
            MODE,
            Job::Check {
                secret: secret(text),
            },
            WALL,
        )
    };
    assert!(matches!(check("third"), JobDone::Check(Ok(()))));
    assert!(matches!(
        check("新しい"),
        JobDone::Check(Err(OpenError::WrongSecret))
    ));
}

#[test]
fn an_older_generation_opens_with_a_warning_and_the_next_write_goes_above_what_was_seen() {
    let folder = Folder::new();
    let store = folder.store();
    let (mut made, _) = create(&store);
    add(&store, &mut made, A, 1);
    let old = std::fs::read(vault_path(&folder)).unwrap();
    add(&store, &mut made, B, 2);
    made.state.marks.generation = made.document.generation;
    store.write_state(&made.state).unwrap();
    assert!(!open(&store, "correct horse").unwrap().rollback);

    std::fs::write(vault_path(&folder), old).unwrap();
    let mut opened = open(&store, "correct horse").unwrap();
    assert!(opened.rollback);
    assert_eq!(
        opened.warnings,
        ["the vault is older (generation 2) than the one seen last (3)"]
    );
    write(&store, &mut opened);
    let opened = open(&store, "correct horse").unwrap();
    assert!(!opened.rollback && opened.document.generation == 4);
}

#[test]
fn a_missing_or_damaged_state_costs_a_warning_only() {
    let folder = Folder::new();
    let store = folder.store();
    create(&store);
    let state = folder.0.join("state/state");
    std::fs::write(&state, "nonsense").unwrap();
    let warned = |store| {
        let opened: Box<Opened> = open(store, "correct horse").unwrap();
        assert!(!opened.rollback);
        opened.told().join("|")
    };
    assert!(warned(&store).contains("is damaged"));
    std::fs::remove_file(&state).unwrap();
    assert!(warned(&store).contains("there is no"));
}

/// The vault's file as it would be written again.
pub(super) fn on_disk(folder: &Folder, opened: &Opened) -> Sealed {
    Sealed {
        device: opened.document.device,
        generation: opened.document.generation,
        bytes: std::fs::read(vault_path(folder)).unwrap(),
    }
}

pub(super) fn vault_path(folder: &Folder) -> PathBuf {
    let entry = std::fs::read_dir(folder.data().join("vault"))
        .unwrap()
        .next();
    entry.unwrap().unwrap().path()
}
