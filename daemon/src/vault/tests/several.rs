//! More than one vault file in the folder of one.

use std::path::PathBuf;

use otp_proto::EntryId;

use super::jobs::{A, B, WALL, add, create, open, vault_path};
use super::samples::{Folder, MODE, secret};
use crate::agent::{Job, JobDone};
use crate::vault::job::perform;
use crate::vault::seal::seal;
use crate::vault::store::Store;
use crate::vault::{OpenError, Opened};

const PASSPHRASE: &str = "correct horse";

fn choose(store: &Store, vault: EntryId) -> Result<Box<Opened>, OpenError> {
    let secret = secret(PASSPHRASE);
    let JobDone::Open(done) = perform(store, MODE, Job::Choose { vault, secret }, WALL) else {
        panic!("another answer");
    };
    done
}

fn aside(folder: &Folder) -> Vec<Vec<u8>> {
    let files = std::fs::read_dir(folder.data().join("damaged"));
    let files = files.into_iter().flatten();
    let mut found: Vec<_> = files
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    found.sort_unstable();
    found
}

/// Our vault, and the same identity's of another device, which is newer, and a foreign one.
fn ready(folder: &Folder) -> (Box<Opened>, [PathBuf; 2]) {
    let store = folder.store();
    let (mut made, _) = create(&store);
    add(&store, &mut made, A, 1);
    let other = EntryId::from_random(5);
    let place = |device: EntryId| vault_path(folder).with_file_name(format!("{device}.age"));
    let mut document = made.document.clone();
    document.device = other;
    document.generation = 40;
    let sealed = seal(&document, &made.arena, &made.sealer).unwrap();
    let foreign = Folder::new();
    create(&foreign.store());
    let paths = [place(other), place(EntryId::from_random(6))];
    std::fs::write(&paths[0], sealed.bytes).unwrap();
    std::fs::copy(vault_path(&foreign), &paths[1]).unwrap();
    (made, paths)
}

#[test]
fn each_file_is_told_with_what_it_is_and_none_is_touched() {
    let folder = Folder::new();
    let (made, paths) = ready(&folder);
    let refused = open(&folder.store(), PASSPHRASE).unwrap_err();
    assert!(refused.is_damage());
    let told = refused.to_string();
    let name = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let (own, newer, foreign) = (made.document.device, name(&paths[0]), name(&paths[1]));
    let newest = format!("{newer} (generation 40 of ");
    let older = format!(", 1 entries), {own} (generation 2 of ");
    let other = format!("{foreign} (damaged, or of another identity)");
    let way = format!("(otpctl unlock --vault {newer})");
    for words in [newest, older, other] {
        assert!(told.contains(&words), "{words}: {told}");
    }
    assert!(told.ends_with(&way), "{told}");
    assert!(paths.iter().all(|path| path.exists()) && aside(&folder).is_empty());
    // Who doesn't know the passphrase learns nothing of it.
    let refused = open(&folder.store(), "wrong").unwrap_err();
    assert!(matches!(refused, OpenError::WrongSecret));
}

#[test]
fn the_one_that_is_named_opens_and_the_others_are_kept_as_they_were() {
    for takes_own in [true, false] {
        let folder = Folder::new();
        let (made, paths) = ready(&folder);
        let own = folder
            .data()
            .join(format!("vault/{}.age", made.document.device));
        let (device, stays, goes) = if takes_own {
            (made.document.device, &own, [&paths[0], &paths[1]])
        } else {
            (EntryId::from_random(5), &paths[0], [&own, &paths[1]])
        };
        let read = |path: &PathBuf| std::fs::read(path).unwrap();
        let whole = read(stays);
        let mut others: Vec<_> = goes.iter().map(|path| read(path)).collect();
        others.sort_unstable();
        let store = folder.store();
        let mut opened = choose(&store, device).unwrap();
        assert_eq!(opened.document.device, device);
        let kept = |line: &&String| line.starts_with("another vault is kept as ");
        assert_eq!(opened.warnings.iter().filter(kept).count(), 2);
        assert_eq!(read(stays), whole);
        assert!(!goes.iter().any(|path| path.exists()));
        assert_eq!(aside(&folder), others);
        // From then on it is the vault.
        add(&store, &mut opened, B, 2);
        let opened = open(&folder.store(), PASSPHRASE).unwrap();
        assert_eq!(opened.document.entries.len(), 2);
    }
}

#[test]
fn one_that_does_not_open_or_is_not_there_moves_nothing() {
    let folder = Folder::new();
    let (made, paths) = ready(&folder);
    let own = format!("{}.age", made.document.device);
    let store = folder.store();
    let is_untouched = || {
        let vaults = std::fs::read_dir(folder.data().join("vault")).unwrap();
        vaults.count() == 3 && aside(&folder).is_empty()
    };
    for (device, is_there) in [(6, true), (7, false)] {
        let refused = choose(&store, EntryId::from_random(device)).unwrap_err();
        assert_eq!(!matches!(refused, OpenError::NoSuchVault), is_there);
        assert!(is_untouched(), "{refused}");
    }
    // A copy of ours under another name.
    std::fs::copy(folder.data().join("vault").join(own), &paths[1]).unwrap();
    let refused = choose(&store, EntryId::from_random(6)).unwrap_err();
    assert!(matches!(refused, OpenError::Renamed { .. }) && is_untouched());
}
