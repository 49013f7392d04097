//! A vault file that is away, can't be read at the moment, or is on another disk.

use std::path::Path;

use super::damage::{PASSPHRASE, damaged, ready, recovered};
#[cfg(unix)]
use super::jobs::{backup, restore};
use super::jobs::{backups, open, restored, vault_path};
use super::samples::{Folder, secret};
use crate::agent::{RestoreJob, Source};
use crate::vault::OpenError;

#[test]
fn a_vault_file_that_is_gone_is_replaced_by_a_persons_word_alone() {
    let folder = Folder::new();
    let (_, made) = ready(&folder);
    let path = vault_path(&folder);
    let (vaults, away) = (folder.data().join("vault"), folder.0.join("away"));
    let kept = backups(&folder.store());
    let refused = |folder: &Folder| {
        let refused = open(&folder.store(), PASSPHRASE).unwrap_err();
        assert!(refused.is_damage(), "a backup may take its place");
        assert!(!path.exists() && damaged(folder).is_empty());
        assert_eq!(backups(&folder.store()), kept);
        refused.to_string()
    };
    let newest = kept.last().unwrap().file_name().unwrap().to_str().unwrap();
    let way = format!("(otpctl restore-backup --from {newest})");
    std::fs::rename(&path, &away).unwrap();
    assert!(refused(&folder).ends_with(&way), "the file alone");
    std::fs::remove_dir(&vaults).unwrap();
    assert!(refused(&folder).ends_with(&way), "its folder, too");
    // A disk that is away: the folder is a link to nowhere.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.0.join("disk"), &vaults).unwrap();
        assert!(refused(&folder).ends_with(&way), "a link");
        // Nothing can be put there, and nothing is decided that would be done once it is back.
        let job = RestoreJob {
            source: Source::Kept(newest.into()),
            secret: Some(secret(PASSPHRASE)),
            dry_run: false,
            present: None,
        };
        assert!(matches!(
            restored(&folder.store(), job),
            Err(OpenError::Store(_))
        ));
        std::fs::create_dir(folder.0.join("disk")).unwrap();
        std::fs::rename(&away, folder.0.join("disk").join(path.file_name().unwrap())).unwrap();
        assert_eq!(recovered(&folder, &made), "", "it is back");
        std::fs::remove_file(&path).unwrap();
    }
    let job = RestoreJob {
        source: Source::Kept(newest.into()),
        secret: Some(secret(PASSPHRASE)),
        dry_run: false,
        present: None,
    };
    restored(&folder.store(), job).unwrap();
    let opened = open(&folder.store(), PASSPHRASE).unwrap();
    assert_eq!(opened.document.entries.len(), made.document.entries.len());
}

#[test]
fn what_cannot_be_read_at_the_moment_is_not_damaged() {
    let folder = Folder::new();
    let (store, made) = ready(&folder);
    let (path, away) = (vault_path(&folder), folder.0.join("away"));
    // A folder in a file's place opens and can't be read.
    let hide = |path: &Path| {
        std::fs::rename(path, &away).unwrap();
        std::fs::create_dir(path).unwrap();
    };
    let show = |path: &Path| {
        std::fs::remove_dir(path).unwrap();
        std::fs::rename(&away, path).unwrap();
    };
    hide(&path);
    let refused = open(&store, PASSPHRASE).unwrap_err();
    assert!(!refused.is_damage(), "{refused}");
    assert!(path.is_dir() && damaged(&folder).is_empty());
    show(&path);
    assert_eq!(recovered(&folder, &made), "");

    // Nor is it a reason to take an older backup.
    std::fs::write(&path, "spoilt").unwrap();
    let newest = backups(&store).pop().unwrap();
    hide(&newest);
    let refused = open(&store, PASSPHRASE).unwrap_err();
    assert!(matches!(refused, OpenError::NotNow(..)), "{refused}");
    assert!(refused.is_damage() && refused.to_string().ends_with("(otpctl backups list)"));
    assert_eq!(std::fs::read(&path).unwrap(), b"spoilt");
    show(&newest);
    assert!(recovered(&folder, &made).contains("no change is missing"));
}

/// A folder on another file system than the tests' own; `None`, said aloud, without one.
#[cfg(unix)]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn another_disk(folder: &Folder) -> Option<Folder> {
    use std::os::unix::fs::MetadataExt as _;
    let other = Folder::below(&std::env::temp_dir());
    let device = |path: &Path| std::fs::metadata(path).unwrap().dev();
    if device(&other.0) == device(&folder.0) {
        eprintln!("SKIPPED: there is one file system only");
        return None;
    }
    Some(other)
}

#[cfg(unix)]
#[test]
fn a_vault_on_another_file_system_is_mended_and_replaced_as_any_other() {
    let folder = Folder::new();
    let Some(disk) = another_disk(&folder) else {
        return;
    };
    let (store, made) = ready(&folder);
    let (vaults, there) = (folder.data().join("vault"), disk.0.join("vault"));
    let path = vault_path(&folder);
    std::fs::create_dir(&there).unwrap();
    std::fs::copy(&path, there.join(path.file_name().unwrap())).unwrap();
    std::fs::remove_dir_all(&vaults).unwrap();
    std::os::unix::fs::symlink(&there, &vaults).unwrap();
    assert_eq!(recovered(&folder, &made), "", "the control");
    std::fs::write(&path, "spoilt").unwrap();
    let said = recovered(&folder, &made);
    assert!(said.contains("took its place") && !said.contains("may not last"));
    assert_eq!(damaged(&folder)[0].1, b"spoilt");
    std::fs::remove_dir_all(folder.data().join("damaged")).unwrap();
    // A whole vault moves there, too.
    let text = backup(&store);
    let store = folder.store();
    open(&store, PASSPHRASE).unwrap();
    restore(&store, &text, PASSPHRASE, false, None).unwrap();
    assert!(vaults.is_symlink());
    assert_eq!(
        open(&folder.store(), PASSPHRASE)
            .unwrap()
            .document
            .entries
            .len(),
        2
    );
}
