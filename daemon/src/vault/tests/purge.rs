//! A key that is to be in no file any more.

use super::jobs::{A, WALL, add, backups, create, on_disk, open, purge, vault_path, write};
#[cfg(unix)]
use super::jobs::{B, unsealed};
use super::samples::{Folder, id};
#[cfg(unix)]
use crate::vault::OpenError;
use crate::vault::Opened;

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
    purge(&store, &made, vec![id(3)]).unwrap();
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
    let ids = vec![id(1)];
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
