//! Copies in the user's folder.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::jobs::{A, B, WALL, add, create, open, restore};
use super::samples::{Folder, MODE, uris};
use crate::agent::{Job, JobDone};
use crate::vault::disk::fault::{self, Lasting};
use crate::vault::job::perform;
use crate::vault::store::Store;
use crate::vault::{OpenError, Opened};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn ready(folder: &Folder) -> (Store, Box<Opened>, PathBuf) {
    let store = folder.store();
    let (mut made, _) = create(&store);
    add(&store, &mut made, A, 1);
    let stick = folder.0.join("stick");
    std::fs::create_dir(&stick).unwrap();
    (store, made, stick)
}

fn names(stick: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(stick)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn what_goes_to_the_folder_restores_on_a_new_machine() {
    let (folder, other) = (Folder::new(), Folder::new());
    let (store, made, stick) = ready(&folder);
    // The folder of a test is on the vault's own disk.
    assert_eq!(store.copy_to(&stick, 0, WALL).unwrap(), Some(false));
    let file = format!("otpd-2026-11-18-0000000002-{}.txt", made.document.device);
    assert_eq!(names(&stick), [file.as_str()]);
    let text = std::fs::read_to_string(stick.join(file)).unwrap();
    restore(&other.store(), &text, "correct horse", false, None).unwrap();
    let opened = open(&other.store(), "correct horse").unwrap();
    assert_eq!(
        uris(&opened.document, &opened.arena),
        uris(&made.document, &made.arena)
    );
}

#[test]
fn a_folder_that_is_not_there_is_not_made_and_is_told() {
    let folder = Folder::new();
    let (store, _, stick) = ready(&folder);
    let away = stick.join("away/otpd");
    let told = store.copy_to(&away, 0, WALL).unwrap_err().to_string();
    let (path, cause) = told.split_once(": ").unwrap();
    assert_eq!(path, format!("cannot open {}", away.display()));
    assert!(!cause.is_empty());
    assert_eq!(names(&stick), [""; 0]);
    let file = folder.0.join("file");
    std::fs::write(&file, "x").unwrap();
    let told = store.copy_to(&file, 0, WALL).unwrap_err();
    assert!(told.to_string().ends_with("not a directory"), "{told}");
}

#[test]
fn of_each_day_of_a_month_one_text_stays_and_foreign_files_do_too() {
    let folder = Folder::new();
    let (store, mut made, stick) = ready(&folder);
    let foreign = [
        "holiday.jpg",
        "otpd-2020-01-01-0000000001-aaaaaaab.txt",
        "otpd.txt",
    ];
    for name in foreign {
        std::fs::write(stick.join(name), "x").unwrap();
    }
    let mut wall = WALL;
    for number in 2..50 {
        for twice in 0..2 {
            add(&store, &mut made, B, 2 * number + twice);
            store.copy_to(&stick, 0, wall).unwrap();
        }
        wall += DAY;
    }
    let (others, ours): (Vec<String>, Vec<String>) = names(&stick)
        .into_iter()
        .partition(|name| foreign.contains(&name.as_str()));
    assert_eq!(others.len(), foreign.len());
    assert_eq!(ours.len(), 35, "{ours:?}");
    let last = format!("{:010}", made.document.generation);
    assert!(ours.last().unwrap().contains(&last));
}

#[test]
fn texts_from_before_a_purge_go_when_the_folder_is_there() {
    let folder = Folder::new();
    let (store, mut made, stick) = ready(&folder);
    store.copy_to(&stick, 0, WALL).unwrap();
    add(&store, &mut made, B, 2);
    store.copy_to(&stick, 0, WALL + DAY).unwrap();
    assert_eq!(names(&stick).len(), 2);
    // The control: no purge, and nothing goes.
    store.copy_to(&stick, 0, WALL + DAY).unwrap();
    assert_eq!(names(&stick).len(), 2);
    let generation = made.document.generation;
    store.copy_to(&stick, generation, WALL + DAY).unwrap();
    let left = names(&stick);
    assert_eq!(left.len(), 1);
    assert!(left[0].contains(&format!("{generation:010}")));
}

#[test]
fn nothing_is_copied_before_the_vault_was_opened_or_while_it_is_damaged() {
    let folder = Folder::new();
    let (_, _, stick) = ready(&folder);
    let store = folder.store();
    assert_eq!(store.copy_to(&stick, 0, WALL).unwrap(), None);
    assert_eq!(names(&stick), [""; 0]);
    open(&store, "correct horse").unwrap();
    assert_eq!(store.copy_to(&stick, 0, WALL).unwrap(), Some(false));
    store.saw_damage(2);
    assert_eq!(store.copy_to(&stick, 0, WALL + DAY).unwrap(), None);
    assert_eq!(names(&stick).len(), 1);
}

#[test]
fn a_stick_that_is_pulled_out_leaves_whole_texts_and_its_half_one_goes_later() {
    for lasting in [Lasting::Once, Lasting::Crash] {
        for number in 0.. {
            let folder = Folder::new();
            let (store, mut made, stick) = ready(&folder);
            store.copy_to(&stick, 0, WALL).unwrap();
            add(&store, &mut made, B, 2);
            let copy = || store.copy_to(&stick, 0, WALL + DAY);
            let (_, reached) = fault::at(number, lasting, copy);
            for name in names(&stick) {
                let text = std::fs::read_to_string(stick.join(&name)).unwrap();
                let is_whole = restore(&store, &text, "correct horse", true, None).is_ok();
                assert!(is_whole || name.starts_with(".new-"), "{name}");
            }
            store.copy_to(&stick, 0, WALL + DAY + DAY).unwrap();
            assert!(names(&stick).iter().all(|name| !name.starts_with('.')));
            if !reached {
                break;
            }
        }
    }
}

#[test]
fn a_vault_that_is_not_as_it_was_is_copied_nowhere_until_somebody_has_opened_it() {
    let folder = Folder::new();
    let store = folder.store();
    let (mut made, _) = create(&store);
    add(&store, &mut made, A, 1);
    let stick = folder.0.join("stick");
    std::fs::create_dir(&stick).unwrap();
    assert!(
        store.copy_to(&stick, 0, WALL).unwrap().is_some(),
        "the control"
    );
    let path = super::jobs::vault_path(&folder);
    let whole = std::fs::read(&path).unwrap();
    let mut bytes = whole.clone();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let before = std::fs::read_dir(&stick).unwrap().count();
    let refused = store.copy_to(&stick, 0, WALL + DAY).unwrap_err();
    assert!(matches!(refused, OpenError::NotAsItWas(_)), "{refused}");
    assert!(store.uncopied().is_none());
    let JobDone::Backup(refused) = perform(&store, MODE, Job::Backup, WALL) else {
        panic!("another answer");
    };
    assert!(matches!(refused, Err(OpenError::NotAsItWas(_))));
    assert_eq!(std::fs::read_dir(&stick).unwrap().count(), before);
    // What somebody puts there is the vault once it was opened.
    std::fs::write(&path, whole).unwrap();
    open(&store, "correct horse").unwrap();
    assert!(store.copy_to(&stick, 0, WALL + DAY).unwrap().is_some());
}
