//! Where files are, who may read them, and what happens when they can't be written.

use super::jobs::{WALL, create, open, vault_path, write};
use super::samples::Folder;
use crate::vault::store::BACKUPS;
use crate::vault::{OpenError, Opened, ShutUntil, StoreError};

/// The names of the last ten, without dated copies.
fn ten(folder: &std::path::Path) -> Vec<String> {
    let mut names = names(folder);
    names.retain(|name| name.matches('-').count() == 1);
    names
}

fn names(folder: &std::path::Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn the_last_ten_vault_files_are_kept_each_under_its_generation() {
    let folder = Folder::new();
    let store = folder.store();
    let (mut made, _) = create(&store);
    let device = made.document.device;
    let backups = folder.data().join("backups");
    for generation in 2..=15 {
        let before = std::fs::read(vault_path(&folder)).unwrap();
        write(&store, &mut made);
        assert_eq!(made.document.generation, generation);
        let name = format!("{:010}-{device}.age", generation - 1);
        assert_eq!(std::fs::read(backups.join(name)).unwrap(), before);
    }
    let expected: Vec<String> = (5..15).map(|n| format!("{n:010}-{device}.age")).collect();
    assert_eq!(ten(&backups), expected);
    assert_eq!(expected.len(), BACKUPS);
    // A store that was just started goes on where the last one ended.
    let store = folder.store();
    let mut opened = open(&store, "correct horse").unwrap();
    write(&store, &mut opened);
    assert_eq!(ten(&backups)[9], format!("0000000015-{device}.age"));
}

#[test]
fn the_file_before_is_kept_even_when_generations_began_anew() {
    let folder = Folder::new();
    let store = folder.store();
    let (mut made, _) = create(&store);
    let early = std::fs::read(vault_path(&folder)).unwrap();
    for _ in 0..15 {
        write(&store, &mut made);
    }
    std::fs::write(vault_path(&folder), &early).unwrap();
    std::fs::remove_file(folder.0.join("state/state")).unwrap();
    let mut opened = open(&store, "correct horse").unwrap();
    write(&store, &mut opened);
    let backups = folder.data().join("backups");
    let name = format!("0000000001-{}.age", made.document.device);
    assert_eq!(std::fs::read(backups.join(name)).unwrap(), early);
    assert_eq!(ten(&backups).len(), BACKUPS);
}

#[test]
fn foreign_files_among_the_backups_are_left_alone() {
    let folder = Folder::new();
    let store = folder.store();
    let (mut made, _) = create(&store);
    write(&store, &mut made);
    let mine = folder.data().join("backups/holiday.jpg");
    std::fs::write(&mine, "x").unwrap();
    for _ in 0..15 {
        write(&store, &mut made);
    }
    assert!(mine.exists());
}

#[test]
fn more_than_one_vault_and_a_vault_under_another_name_are_refused() {
    let folder = Folder::new();
    let store = folder.store();
    create(&store);
    let path = vault_path(&folder);
    let other = path.with_file_name("aaaaaaab.age");
    std::fs::copy(&path, &other).unwrap();
    assert!(matches!(
        open(&store, "correct horse"),
        Err(OpenError::SeveralVaults { .. })
    ));
    std::fs::remove_file(&path).unwrap();
    let refused = open(&store, "correct horse").unwrap_err();
    let device = path.file_stem().unwrap().to_str().unwrap();
    let told = format!(
        "{} is the vault of {device}: give it back its name, {device}.age",
        other.display()
    );
    assert_eq!(refused.to_string(), told);
    std::fs::rename(&other, &path).unwrap();
    // What a synchroniser leaves beside it isn't a vault.
    std::fs::write(path.with_file_name("aaaaaaab (conflict).age"), "x").unwrap();
    assert!(open(&store, "correct horse").is_ok());
}

#[test]
fn a_missing_file_is_named() {
    for file in ["identity.age", "recovery.age", "vault"] {
        let folder = Folder::new();
        let store = folder.store();
        let (_, recovery) = create(&store);
        let path = folder.data().join(file);
        if path.is_dir() {
            std::fs::remove_dir_all(&path).unwrap();
            std::fs::remove_dir_all(folder.data().join("backups")).unwrap();
        } else {
            std::fs::remove_file(&path).unwrap();
        }
        let by = if file == "recovery.age" {
            recovery.expose()
        } else {
            "correct horse"
        };
        let refused = open(&store, by).unwrap_err();
        let told = if file == "vault" {
            format!("there is no vault in {}", path.display())
        } else {
            format!("{} is missing", path.display())
        };
        assert!(refused.to_string().starts_with(&told), "{refused}");
    }
}

#[test]
fn files_beyond_their_limits_are_refused_unread() {
    let folder = Folder::new();
    let store = folder.store();
    create(&store);
    let grow = |path: &std::path::Path| {
        let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(1 << 30).unwrap();
    };
    grow(&vault_path(&folder));
    std::fs::remove_dir_all(folder.data().join("backups")).unwrap();
    let refused = open(&store, "correct horse").unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("is larger than 67108864 bytes"),
        "{refused}"
    );
    grow(&folder.data().join("identity.age"));
    let refused = open(&store, "correct horse").unwrap_err();
    assert!(
        refused.to_string().contains("is larger than 65536 bytes"),
        "{refused}"
    );
    grow(&folder.0.join("state/state"));
    assert!(store.read_state().1.unwrap().contains("is larger than"));
}

#[test]
fn a_state_of_an_earlier_vault_does_not_call_a_new_one_old() {
    let folder = Folder::new();
    let store = folder.store();
    let (made, _) = create(&store);
    let mut state = made.state.clone();
    state.marks.generation = 42;
    store.write_state(&state).unwrap();
    std::fs::remove_dir_all(folder.data()).unwrap();
    create(&store);
    assert!(!open(&store, "correct horse").unwrap().rollback);
}

#[test]
fn a_folder_in_the_vaults_place_is_an_error_that_names_it() {
    let folder = Folder::new();
    let store = folder.store();
    let (mut made, _) = create(&store);
    let path = vault_path(&folder);
    let away = folder.0.join("away");
    std::fs::rename(&path, &away).unwrap();
    std::fs::create_dir_all(path.join("full")).unwrap();
    let sealed = sealed(&mut made);
    let refused = store.write_vault(&sealed, WALL).unwrap_err();
    // Windows calls it a lack of permission.
    assert!(matches!(
        refused,
        StoreError::Io { .. } | StoreError::ReadOnly { .. }
    ));
    assert!(
        refused.to_string().contains(path.to_str().unwrap()),
        "{refused}"
    );
    std::fs::remove_dir_all(&path).unwrap();
    std::fs::rename(&away, &path).unwrap();
    assert!(open(&store, "correct horse").is_ok());
}

fn sealed(opened: &mut Opened) -> crate::vault::Sealed {
    opened.document.generation += 1;
    crate::vault::seal::seal(&opened.document, &opened.arena, &opened.sealer).unwrap()
}

#[cfg(unix)]
#[test]
fn files_are_for_their_owner_alone_and_a_backup_is_a_link() {
    use std::os::unix::fs::MetadataExt as _;

    use crate::vault::tests::jobs::{A, add};

    let folder = Folder::new();
    let store = folder.store();
    let (mut made, _) = create(&store);
    let before = std::fs::metadata(vault_path(&folder)).unwrap().ino();
    add(&store, &mut made, A, 1);
    let backups = folder.data().join("backups");
    let backup = backups.join(&ten(&backups)[0]);
    assert_eq!(std::fs::metadata(&backup).unwrap().ino(), before);
    let data = folder.data();
    for path in [
        data.clone(),
        data.join("vault"),
        backups,
        folder.0.join("state"),
    ] {
        assert_eq!(std::fs::metadata(path).unwrap().mode() & 0o777, 0o700);
    }
    for path in [
        data.join("identity.age"),
        data.join("recovery.age"),
        vault_path(&folder),
        backup,
        folder.0.join("state/state"),
    ] {
        assert_eq!(std::fs::metadata(path).unwrap().mode() & 0o777, 0o600);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_may_not_be_written_leaves_the_old_vault() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let store = folder.store();
    let (mut made, _) = create(&store);
    let path = vault_path(&folder);
    let old = std::fs::read(&path).unwrap();
    let vaults = folder.data().join("vault");
    std::fs::set_permissions(&vaults, std::fs::Permissions::from_mode(0o500)).unwrap();
    let sealed = sealed(&mut made);
    // Root may write everywhere, so that thread gives the right to do so up.
    let refused = std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let none = rustix::thread::CapabilitySet::empty();
            let sets = rustix::thread::CapabilitySets {
                effective: none,
                permitted: none,
                inheritable: none,
            };
            rustix::thread::set_capabilities(None, sets).unwrap();
            store.write_vault(&sealed, WALL)
        });
        thread.join().unwrap().unwrap_err()
    });
    assert!(
        matches!(refused, StoreError::ReadOnly { .. }),
        "{refused:?}"
    );
    assert!(
        refused.to_string().ends_with(": permission denied"),
        "{refused}"
    );
    std::fs::set_permissions(&vaults, std::fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), old);
    assert_eq!(names(&vaults).len(), 1);
    store.write_vault(&sealed, WALL).unwrap();
}

#[test]
fn a_damaged_time_to_stay_locked_is_said_once_and_goes() {
    let folder = Folder::new();
    let store = folder.store();
    let now = crate::clock::now();
    let hour = std::time::Duration::from_secs(3600);
    store
        .write_shut(Some(&ShutUntil::new(hour, now.boot, now.wall)))
        .unwrap();
    assert!(store.shut_until(now).unwrap().is_some());
    let path = folder.dirs().state.join("shut");
    std::fs::write(&path, "# otpd shut 1\nleft").unwrap();
    let said = store.shut_until(now).unwrap_err().to_string();
    assert_eq!(said, format!("{} is damaged", path.display()));
    assert_eq!(store.shut_until(now).unwrap(), None);
}
