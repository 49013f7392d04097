//! The samples of `tests/data/vault/`: what was written once is read for ever.

use std::fs;
use std::time::Duration;

use otp_proto::RecoveryKey;

use super::samples::{MODE, arena, data, document, id, secret, uris};
use crate::platform::arena::Arena;
use crate::vault::seal::{self, Sealer, seal};
use crate::vault::slot::{Passphrase, Recovery, Slot as _};
use crate::vault::{State, backup, state};

/// Named in docs/vault-format.md.
const PASSPHRASE: &str = "correct horse battery staple";

fn text(name: &str) -> String {
    fs::read_to_string(data(name)).unwrap()
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(data(name)).unwrap()
}

#[test]
fn the_sample_vault_is_read_and_its_lines_are_written_as_they_stand() {
    let file = bytes("vault.age");
    let identity = secret(text("identity.txt").trim_end());
    let length = file.len().try_into().unwrap();
    let opened = seal::open(file.as_slice(), length, &identity, MODE).unwrap();
    let mut plain = Vec::new();
    let mac_key = opened.arena.key(opened.sealer.mac_key);
    crate::vault::document::write(&opened.document, &opened.arena, mac_key, &mut plain).unwrap();
    assert_eq!(String::from_utf8(plain).unwrap(), text("plain.txt"));
    let (mut arena, _) = arena();
    let expected = document(&mut arena);
    assert_eq!(
        uris(&opened.document, &opened.arena),
        uris(&expected, &arena)
    );
}

#[test]
fn the_sample_slots_open_with_passphrase_and_recovery_key() {
    let identity = text("identity.txt");
    let passphrase = secret(PASSPHRASE);
    let by_passphrase = Passphrase::new(&passphrase).unwrap(&bytes("identity.age"));
    assert_eq!(by_passphrase.unwrap().expose(), identity.trim_end());
    let key = RecoveryKey::parse(&text("recovery.txt")).unwrap();
    let by_recovery = Recovery::new(key).unwrap(&bytes("recovery.age"));
    assert_eq!(by_recovery.unwrap().expose(), identity.trim_end());
    // The promised cost stands in the files.
    for name in ["identity.age", "recovery.age"] {
        let header = String::from_utf8_lossy(&bytes(name)[..80]).into_owned();
        let stanza = header.lines().nth(1).unwrap();
        assert!(stanza.starts_with("-> scrypt ") && stanza.ends_with(" 18"));
    }
}

#[test]
fn the_sample_backup_holds_the_sample_files() {
    let files = backup::parse(&text("backup.txt")).unwrap();
    let expected = backup::Files {
        slots: [Some(bytes("identity.age")), Some(bytes("recovery.age"))],
        vault: bytes("vault.age"),
    };
    assert_eq!(files, expected);
    let made = Duration::from_secs(1_795_348_800);
    assert_eq!(backup::print(&files, made), text("backup.txt"));
}

#[test]
fn the_sample_state_is_read_and_written_as_it_stands() {
    let state = state::parse(&text("state")).unwrap();
    assert_eq!(state, sample_state());
    assert_eq!(state::print(&state), text("state"));
}

fn sample_state() -> State {
    let mut state = State::default();
    state.marks.generation = 12;
    state.marks.counters.insert([0x0f; 8], 17);
    state.steps.insert(id(1), 59_845_000);
    state
}

#[test]
#[ignore = "writes the samples of a new version; those that are there are never edited"]
fn write_the_samples() {
    let folder = data("");
    fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        assert!(!path.exists(), "{name} is there");
        fs::write(path, bytes).unwrap();
    };
    let mut keys = Arena::new(MODE, 4096);
    let sealer = Sealer::generate(&mut keys);
    let document = document(&mut keys);
    let identity = sealer.identity(&keys);
    let mut plain = Vec::new();
    let mac_key = keys.key(sealer.mac_key);
    crate::vault::document::write(&document, &keys, mac_key, &mut plain).unwrap();
    let mut bits = [0; 16];
    crate::platform::random(&mut bits);
    let key = RecoveryKey::from_random(&bits);
    write("recovery.txt", format!("{}\n", key.expose()).as_bytes());
    write(
        "identity.txt",
        format!("{}\n", identity.expose()).as_bytes(),
    );
    write("plain.txt", &plain);
    write("state", state::print(&sample_state()).as_bytes());
    let files = [
        Passphrase::new(&secret(PASSPHRASE))
            .wrap(&identity)
            .unwrap(),
        Recovery::new(key).wrap(&identity).unwrap(),
        seal(&document, &keys, &sealer).unwrap().bytes,
    ];
    for (name, file) in ["identity.age", "recovery.age", "vault.age"]
        .iter()
        .zip(&files)
    {
        write(name, file);
    }
    let made = Duration::from_secs(1_795_348_800);
    let [identity, recovery, vault] = files;
    let slots = [Some(identity), Some(recovery)];
    let files = backup::Files { slots, vault };
    write("backup.txt", backup::print(&files, made).as_bytes());
}
