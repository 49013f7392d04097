//! The disk thread: what it writes, in which order, and when it makes copies.

use super::*;
use crate::vault::Opened;
use crate::vault::seal::seal;
use crate::vault::tests::samples::Folder;

const WALL: Duration = Duration::from_secs(1_795_000_000);

fn made(store: &Store) -> Box<Opened> {
    let job = Job::Create {
        passphrase: Secret::copy_of("correct horse"),
    };
    let JobDone::Create(Ok((opened, _))) = perform(store, MemoryMode::Mlock, job, WALL) else {
        panic!("not made");
    };
    opened
}

fn next(opened: &mut Opened) -> Write {
    opened.document.generation += 1;
    Write::Vault(seal(&opened.document, &opened.arena, &opened.sealer).unwrap())
}

/// Writes all of it, as if it had come without a pause before the end; what came of each.
fn written(store: &Store, writes: Vec<Write>) -> Vec<&'static str> {
    let (queue, waiting) = sync_channel(writes.len());
    for write in writes {
        queue.send(write).unwrap();
    }
    drop(queue);
    let (done, mut results) = mpsc::channel(200);
    write_all(store, &waiting, &done);
    drop(done);
    let mut told = Vec::new();
    while let Some(result) = results.blocking_recv() {
        if matches!(result, Done::Damaged(None)) {
            continue;
        }
        let words = [
            (matches!(result, Done::Stored(Ok(()))), "stored"),
            (matches!(result, Done::Stored(Err(_))), "not stored"),
            (matches!(result, Done::Kept(Ok(()))), "kept"),
            (matches!(result, Done::Copied(Ok(()))), "copied"),
            (matches!(result, Done::Damaged(Some(_))), "damaged"),
        ];
        let word = words.iter().find(|(is_it, _)| *is_it);
        told.push(word.unwrap_or_else(|| panic!("{result:?}")).1);
    }
    told
}

fn has_copy(store: &Store, generation: u64) -> bool {
    let name = format!("-{generation:010}-");
    let JobDone::Backups(Ok(list)) = perform(store, MemoryMode::Mlock, Job::Backups, WALL) else {
        panic!("no list");
    };
    list.iter().any(|backup| backup.name.contains(&name))
}

#[test]
fn writes_come_in_their_order_and_the_last_vault_is_copied_once_before_the_end() {
    let folder = Folder::new();
    let store = folder.store();
    let mut opened = made(&store);
    let writes = vec![
        next(&mut opened),
        Write::State(State::default()),
        next(&mut opened),
    ];
    assert_eq!(
        written(&store, writes),
        ["stored", "kept", "stored", "copied"]
    );
    assert!(has_copy(&store, 3) && !has_copy(&store, 2));
    // The control: without a vault there is nothing to copy.
    let state = vec![Write::State(State::default())];
    assert_eq!(written(&store, state), ["kept"]);
}

#[test]
fn a_stream_of_writes_without_a_rest_is_copied_now_and_then() {
    let folder = Folder::new();
    let store = folder.store();
    let mut opened = made(&store);
    let writes = (0..PATIENCE + 3).map(|_| next(&mut opened)).collect();
    let told = written(&store, writes);
    let copies: Vec<usize> = told
        .iter()
        .enumerate()
        .filter_map(|(place, told)| (*told == "copied").then_some(place))
        .collect();
    assert_eq!(copies, [PATIENCE, PATIENCE + 4]);
}

#[test]
fn damaged_files_are_told_after_each_copy_until_they_are_gone() {
    let folder = Folder::new();
    let store = folder.store();
    let mut opened = made(&store);
    let damaged = folder.data().join("damaged");
    std::fs::create_dir(&damaged).unwrap();
    std::fs::write(damaged.join("x.age"), "spoilt").unwrap();
    let told = written(&store, vec![next(&mut opened)]);
    assert_eq!(told, ["stored", "copied", "damaged"]);
    std::fs::remove_dir_all(&damaged).unwrap();
    let told = written(&store, vec![next(&mut opened)]);
    assert_eq!(told, ["stored", "copied"]);
}

#[test]
fn a_vault_that_was_not_written_is_not_copied() {
    let folder = Folder::new();
    let store = folder.store();
    let mut opened = made(&store);
    let Write::Vault(sealed) = next(&mut opened) else {
        panic!("no vault");
    };
    // Another device's file, where a folder stands.
    let device = otp_proto::EntryId::from_random(9);
    let path = folder.data().join(format!("vault/{device}.age/full"));
    std::fs::create_dir_all(path).unwrap();
    let sealed = Sealed { device, ..sealed };
    assert_eq!(written(&store, vec![Write::Vault(sealed)]), ["not stored"]);
    assert!(!has_copy(&store, 2));
}
