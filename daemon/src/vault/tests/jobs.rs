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

#[test]
fn a_backup_brings_entries_back_and_neither_generation_nor_counters_go_back() {
    let folder = Folder::new();
    let store = folder.store();
    let (mut made, recovery) = create(&store);
    add(&store, &mut made, A, 1);
    add(&store, &mut made, B, 2);
    let text = backup(&store);
    let before = uris(&made.document, &made.arena);

    let print = super::super::document::fingerprint(
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
    let print = super::super::document::fingerprint(
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

#[test]
fn a_purged_key_is_in_no_file_whatever_id_it_had() {
    let folder = Folder::new();
    let store = folder.store();
    let (mut made, _) = create(&store);
    let canary = "otpauth://totp/C:c?secret=MNQW4YLSPFRWC3TBOJ4WGYLOMFZHS&issuer=C";
    add(&store, &mut made, canary, 1);
    add(&store, &mut made, A, 2);
    // Removed for good and added again: the same key under another id.
    made.document.entries.remove(0);
    add(&store, &mut made, canary, 3);
    let holders = |folder: &Folder, made: &Opened| {
        let identity = made.sealer.identity(&made.arena);
        let identity: age::x25519::Identity = identity.expose().parse().unwrap();
        let mut paths = backups(&store);
        paths.push(vault_path(folder));
        let (mut with, mut without) = (0, 0);
        for path in paths {
            let plain = age::decrypt(&identity, &std::fs::read(path).unwrap()).unwrap();
            let plain = String::from_utf8(plain).unwrap();
            if plain.contains("MNQW4YLSPFRWC3TBOJ4WGYLOMFZHS") {
                with += 1;
            } else {
                without += 1;
            }
        }
        (with, without)
    };
    // With the dated copy, which has it too.
    store.copy(&on_disk(&folder, &made), WALL).unwrap();
    assert_eq!(holders(&folder, &made), (4, 1));
    made.document.entries.retain(|entry| &*entry.issuer != "C");
    write(&store, &mut made);
    // A backup that nobody can read.
    let broken = folder.data().join("backups/0000000000-aaaaaaab.age");
    std::fs::write(&broken, "x").unwrap();
    purge(&store, &made, vec![super::samples::id(3)]).unwrap();
    assert_eq!(holders(&folder, &made), (0, 6));
    assert!(!broken.exists());
    // The others' entries are where they were.
    let opened = open(&store, "correct horse").unwrap();
    assert_eq!(opened.document.entries.len(), 1);
}

#[test]
#[cfg(unix)]
fn a_backup_that_cannot_be_read_now_is_kept_and_purged_another_time() {
    let folder = Folder::new();
    let store = folder.store();
    let (mut made, _) = create(&store);
    add(&store, &mut made, A, 1);
    add(&store, &mut made, B, 2);
    made.document.entries.remove(0);
    write(&store, &mut made);
    let paths = backups(&store);
    let (away, there) = (folder.0.join("away"), &paths[1]);
    std::fs::rename(there, &away).unwrap();
    std::os::unix::fs::symlink(there, there).unwrap();
    let ids = vec![super::samples::id(1)];
    let error = purge(&store, &made, ids.clone()).unwrap_err();
    assert!(matches!(error, OpenError::Store(_)), "{error}");
    assert!(there.symlink_metadata().is_ok());

    std::fs::remove_file(there).unwrap();
    std::fs::rename(&away, there).unwrap();
    purge(&store, &made, ids).unwrap();
    assert_eq!(backups(&store), paths);
    let identity = made.sealer.identity(&made.arena);
    for path in &paths {
        let unsealed = unsealed(path, &identity);
        let mut entries = unsealed.document.entries.iter();
        assert!(entries.all(|entry| &*entry.issuer != "A"));
    }
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
