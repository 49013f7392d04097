//! The lines, the MAC and the encryption.

use super::samples::{MODE, arena, document, id, secret, uris};
use crate::platform::arena::Arena;
use crate::vault::document::{self as lines, fingerprint, raise};
use crate::vault::seal::{self, Sealer, seal};
use crate::vault::{Document, Marks, OpenError, StoreError};
use otp_proto::Kind;
use std::sync::Arc;

const MAC_KEY: &[u8] = &[7; 32];

fn written(document: &Document, arena: &Arena) -> Vec<u8> {
    let mut out = Vec::new();
    lines::write(document, arena, MAC_KEY, &mut out).unwrap();
    out
}

fn read(plain: &[u8]) -> Result<(Document, Arena), OpenError> {
    let mut arena = Arena::new(MODE, 64);
    let document = lines::read(plain, MAC_KEY, &mut arena)?;
    Ok((document, arena))
}

/// Puts a right MAC under lines that otpd wouldn't write.
fn with_mac(body: &str) -> Vec<u8> {
    use hmac::Mac as _;
    let tag = lines::mac(MAC_KEY)
        .chain_update(body)
        .finalize()
        .into_bytes();
    format!("{body}# mac {}\n", lines::Hex(&tag)).into_bytes()
}

#[test]
fn a_document_comes_back_from_its_lines_with_every_field() {
    let (mut arena, _) = arena();
    let document = document(&mut arena);
    let plain = written(&document, &arena);
    let (again, other) = read(&plain).unwrap();
    assert_eq!(uris(&again, &other), uris(&document, &arena));
    assert_eq!(
        (
            again.device,
            again.generation,
            &again.tombs,
            &again.counters
        ),
        (document.device, 12, &document.tombs, &document.counters)
    );
    assert_eq!(written(&again, &other), plain);
}

#[test]
fn every_line_is_ascii_and_only_living_entries_begin_with_otpauth() {
    let (mut arena, _) = arena();
    let document = document(&mut arena);
    let plain = String::from_utf8(written(&document, &arena)).unwrap();
    assert!(plain.is_ascii());
    assert!(
        plain
            .lines()
            .all(|line| line.starts_with("# ") || line.starts_with("otpauth://"))
    );
    let living = plain
        .lines()
        .filter(|line| line.starts_with("otpauth"))
        .count();
    assert_eq!(living, document.entries.len());
    // Any authenticator's parser reads the lines: ours for strangers' URIs stands for it.
    for (line, entry) in plain.lines().skip(1).zip(&document.entries) {
        let foreign = otp_proto::parse_uri(line).unwrap();
        assert_eq!(foreign.key.expose(), arena.key(entry.key));
        assert_eq!(*foreign.account, *entry.account);
    }
}

fn lines_without(text: &str, word: &str) -> String {
    text.split_inclusive('\n')
        .filter(|line| !line.contains(word))
        .collect()
}

#[test]
fn a_changed_cut_or_missing_line_is_a_forgery() {
    let (mut arena, _) = arena();
    let plain = written(&document(&mut arena), &arena);
    assert!(read(&plain).is_ok());
    for place in 0..plain.len() {
        let mut changed = plain.clone();
        changed[place] ^= 1;
        assert!(read(&changed).is_err(), "byte {place}");
        assert!(read(&plain[..place]).is_err(), "cut at {place}");
    }
    let text = String::from_utf8(plain.clone()).unwrap();
    let without = lines_without(&text, "octocat");
    assert!(matches!(read(without.as_bytes()), Err(OpenError::Forged)));
    let headless = lines_without(&text, "# mac");
    assert!(matches!(read(headless.as_bytes()), Err(OpenError::Forged)));
    let mut longer = plain.clone();
    longer.push(b'\n');
    assert!(read(&longer).is_err());
    assert!(matches!(read(b""), Err(OpenError::Forged)));
}

const HEADER: &str = "# otpd vault 1 device=aaaaaaah generation=3\n";
const ENTRY: &str = "otpauth://totp/a:b?secret=ME&issuer=a&algorithm=SHA1&digits=6&period=30\
                     &x-otpd-id=aaaaaaab&x-otpd-created=1&x-otpd-stamp=1.aaaaaaah\n";

#[test]
fn a_line_outside_the_grammar_is_named_by_its_number_alone() {
    assert!(read(&with_mac(&format!("{HEADER}{ENTRY}"))).is_ok());
    let wrong = [
        ENTRY.replace("totp", "TOTP"),
        ENTRY.replace("secret=ME", "secret=M"),
        ENTRY.replace("secret=ME", "secret=MF"),
        ENTRY.replace("secret=ME", "secret="),
        ENTRY.replace("secret=ME", "secret=me"),
        ENTRY.replace("&issuer=a", "&issuer=b"),
        ENTRY.replace("&issuer=a", ""),
        ENTRY.replace("/a:b", "/a:b%2"),
        ENTRY.replace("/a:b", "/a:b c"),
        ENTRY.replace("/a:b", "/a:%ff"),
        ENTRY.replace("/a:b", "/a:%FF"),
        ENTRY.replace("digits=6", "digits=10"),
        ENTRY.replace("digits=6", "digits=06"),
        ENTRY.replace("period=30", "period=0"),
        ENTRY.replace("period=30", "counter=1"),
        ENTRY.replace("SHA1", "MD5"),
        ENTRY.replace("created=1", "created=-1"),
        ENTRY.replace("stamp=1.", "stamp=1"),
        ENTRY.replace("aaaaaaab", "AAAAAAAB"),
        ENTRY.replace("&x-otpd-id", "&noise&x-otpd-id"),
        "# comment\n".into(),
        "#\n".into(),
        "\n".into(),
        "# tomb aaaaaaab\n".into(),
        "# tomb aaaaaaab 1.aaaaaaab \n".into(),
        "# hotp 0011 1\n".into(),
        "# hotp 00112233445566AA 1\n".into(),
        "# hotp 0011223344556677 1\n# hotp 0011223344556677 2\n".into(),
        format!("# trash 0 {ENTRY}"),
        format!("# trash 4294967296 1 {ENTRY}"),
        HEADER.into(),
    ];
    for line in wrong {
        let error = read(&with_mac(&format!("{HEADER}{line}"))).unwrap_err();
        let OpenError::Damaged { line: Some(at), .. } = error else {
            panic!("{line}: {error:?}");
        };
        assert!(
            at == 2 || at == 3 && line.lines().count() == 2,
            "{line}: {at}"
        );
        assert!(!error.to_string().contains("ME"));
    }
    let error = read(&with_mac("otpauth://totp/\n")).unwrap_err();
    assert_eq!(error.to_string(), "the vault is damaged in line 1");
}

#[test]
fn two_entries_with_one_id_are_refused_in_the_trash_too() {
    let other = ENTRY.replace("/a:b", "/a:c");
    for twice in [
        format!("{ENTRY}{other}"),
        format!("{ENTRY}# trash 1 2 {other}"),
    ] {
        let error = read(&with_mac(&format!("{HEADER}{twice}"))).unwrap_err();
        assert!(
            matches!(error, OpenError::Damaged { line: Some(3), .. }),
            "{error:?}"
        );
    }
}

#[test]
fn another_version_is_named() {
    let newer = HEADER.replace("vault 1", "vault 2");
    let error = read(&with_mac(&newer)).unwrap_err();
    assert!(matches!(error, OpenError::TooNew(2)), "{error:?}");
}

#[test]
fn the_last_three_parameters_are_ours_whatever_came_with_the_uri() {
    let foreign = ENTRY.replace(
        "&x-otpd-id=",
        "&x-otpd-id=zzzzzzzz&x-otpd-stamp=0&x-otpd-id=",
    );
    let (document, _) = read(&with_mac(&format!("{HEADER}{foreign}"))).unwrap();
    let entry = &document.entries[0];
    assert_eq!(entry.id, id(1));
    assert_eq!(entry.more.as_ref().unwrap().extra.len(), 2);
}

#[test]
fn recovery_codes_come_back_in_their_order_and_a_wrong_one_is_damage() {
    const CODES: &str = "&x-otpd-recovery-used=k3t7q-2m5nv&x-otpd-recovery=1234%205678";
    let with = |codes: &str| {
        let line = ENTRY.replace("&x-otpd-id=", &format!("{codes}&x-otpd-id="));
        read(&with_mac(&format!("{HEADER}{line}")))
    };
    let (document, arena) = with(CODES).unwrap();
    let slot = document.entries[0].codes().unwrap();
    let codes: Vec<_> = otp_proto::recovery_codes(arena.key(slot)).collect();
    assert_eq!(codes, [("k3t7q-2m5nv", true), ("1234 5678", false)]);
    assert!(document.entries[0].more.as_ref().unwrap().extra.is_empty());
    let again = String::from_utf8(written(&document, &arena)).unwrap();
    assert!(again.contains(CODES), "{again}");
    for wrong in [
        format!("{CODES}&x-otpd-recovery=k3t7q-2m5nv"),
        "&x-otpd-recovery=".to_owned(),
        "&x-otpd-recovery=a%0Ab".to_owned(),
        format!("&x-otpd-recovery={}", "x".repeat(65)),
    ] {
        assert!(with(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn sources_come_back_with_their_passwords_and_a_wrong_line_is_damage() {
    const LINES: &str = "# source a kdbx file=%2Fhome%2F%E5%B1%B1.kdbx&key-file=%2Fk&password=a%26%25\n\
         # source b-2 kdbx file=%2Fb&asks=password\n# source c kdbx file=%2Fc&key-file=%2Fk\n\
         # source d pass store=%2Fs&folder=otp\n# source e gopass store=%2Fs\n\
         # source f command list=ls%20-l&code=c%20%7Bid%7D\n# source g command list=l&uri=u\n\
         # source h command preset=rbw\n";
    let (document, arena) = read(&with_mac(&format!("{HEADER}{ENTRY}{LINES}"))).unwrap();
    let passwords: Vec<_> = document
        .sources
        .iter()
        .map(|source| source.slot().map(|slot| arena.key(slot)))
        .collect();
    assert_eq!(passwords[..3], [Some(&b"a&%"[..]), None, None]);
    let again = String::from_utf8(written(&document, &arena)).unwrap();
    assert!(again.contains(LINES), "{again}");
    for wrong in [
        "# source a kdbx file=/b\n",
        "# source A kdbx file=%2Fb\n",
        "# source a kdbx\n",
        "# source a kdbx file=%2Fb&asks=nothing\n",
        "# source a kdbx file=%2Fb&more=x\n",
        "# source a other file=%2Fb\n",
        "# source a pass folder=otp\n",
        "# source a command list=l\n",
        "# source a command list=l&code=c&uri=u\n",
        "# source a command preset=rbw&list=l\n",
        "# source a kdbx file=%2Fb\n# source a kdbx file=%2Fc\n",
    ] {
        let read = read(&with_mac(&format!("{HEADER}{wrong}")));
        assert!(matches!(read, Err(OpenError::Damaged { .. })), "{wrong}");
    }
}

#[test]
fn a_line_of_many_windows_comes_back_and_one_beyond_the_limit_is_not_written() {
    let (mut arena, _) = arena();
    let mut document = document(&mut arena);
    let more = &mut Arc::make_mut(&mut document.entries[0]).more;
    let mut long = crate::vault::More::default();
    long.extra.push(("data".into(), "山".repeat(25_000)));
    *more = Some(Box::new(long));
    let (again, other) = read(&written(&document, &arena)).unwrap();
    assert_eq!(uris(&again, &other), uris(&document, &arena));

    let long = &mut Arc::make_mut(&mut document.entries[0]).more;
    long.as_mut().unwrap().extra[0].1 = "山".repeat(30_000);
    let refused = lines::write(&document, &arena, MAC_KEY, &mut Vec::new()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "entry aaaaaaab is too large to be stored"
    );
}

#[test]
fn counters_rise_to_the_marks_of_document_and_state_and_never_fall() {
    let (mut arena, sealer) = arena();
    let mut document = document(&mut arena);
    let mac_key = arena.key(sealer.mac_key);
    let print = fingerprint(arena.key(document.entries[2].key), mac_key);
    let counter = |document: &Document| document.entries[2].kind;
    let seen = |next| Marks {
        generation: 0,
        counters: [(print, next)].into(),
    };
    assert_eq!(counter(&document), Kind::Hotp(41));
    raise(&mut document, &arena, mac_key, &seen(40));
    assert_eq!(counter(&document), Kind::Hotp(41));
    raise(&mut document, &arena, mac_key, &seen(50));
    assert_eq!(counter(&document), Kind::Hotp(50));
    document.counters.insert(print, 60);
    raise(&mut document, &arena, mac_key, &Marks::default());
    assert_eq!(counter(&document), Kind::Hotp(60));
    assert_eq!(document.generation, 12);
}

fn sealed() -> (Vec<u8>, otp_proto::Secret, Vec<String>) {
    let (mut arena, sealer) = arena();
    let mut document = document(&mut arena);
    document.entries.truncate(2);
    let file = seal(&document, &arena, &sealer).unwrap();
    assert_eq!((file.device, file.generation), (id(7), 12));
    (file.bytes, sealer.identity(&arena), uris(&document, &arena))
}

fn open(bytes: &[u8], identity: &otp_proto::Secret) -> Result<seal::Unsealed, OpenError> {
    seal::open(bytes, bytes.len().try_into().unwrap(), identity, MODE)
}

#[test]
fn a_sealed_vault_opens_with_its_identity_and_with_no_other() {
    let (bytes, identity, before) = sealed();
    let again = open(&bytes, &identity).unwrap();
    assert_eq!(uris(&again.document, &again.arena), before);
    let (arena, other) = arena();
    let refused = open(&bytes, &other.identity(&arena)).unwrap_err();
    assert!(matches!(refused, OpenError::Damaged { line: None, .. }));
}

#[test]
fn a_sealed_vault_with_any_byte_flipped_or_cut_off_or_added_is_refused() {
    let (bytes, identity, _) = sealed();
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1 << (place % 8);
        assert!(open(&changed, &identity).is_err(), "byte {place}");
        assert!(open(&bytes[..place], &identity).is_err(), "cut at {place}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(open(&longer, &identity).is_err());
    assert!(open(&bytes, &identity).is_ok());
}

/// Encrypts to a recipient, as `age -r` does.
fn age_r(plain: &[u8], identity: &otp_proto::Secret) -> Vec<u8> {
    let identity: age::x25519::Identity = identity.expose().parse().unwrap();
    age::encrypt(&identity.to_public(), plain).unwrap()
}

#[test]
fn a_vault_made_by_someone_who_knows_the_recipient_is_a_forgery() {
    let (_, identity, _) = sealed();
    for plain in [
        format!("{HEADER}{ENTRY}"),
        String::from_utf8(with_mac(&format!("{HEADER}{ENTRY}"))).unwrap(),
        ENTRY.into(),
    ] {
        let refused = open(&age_r(plain.as_bytes(), &identity), &identity).unwrap_err();
        assert!(matches!(refused, OpenError::Forged), "{refused:?}");
    }
    // The control: with the right key the same lines are a vault.
    let mut arena = Arena::new(MODE, 64);
    let sealer = Sealer::new(&identity, &mut arena).unwrap();
    let (document, keys) = read(&with_mac(&format!("{HEADER}{ENTRY}"))).unwrap();
    let mut plain = Vec::new();
    lines::write(&document, &keys, arena.key(sealer.mac_key), &mut plain).unwrap();
    assert!(open(&age_r(&plain, &identity), &identity).is_ok());
}

#[test]
fn an_age_header_without_end_is_refused_before_it_is_parsed() {
    let (_, identity, _) = sealed();
    let endless = [
        b"age-encryption.org/v1\n".as_slice(),
        &b"-> x\n\n".repeat(100_000),
    ]
    .concat();
    assert!(matches!(
        open(&endless, &identity),
        Err(OpenError::Damaged { .. })
    ));
}

#[test]
fn the_recipient_and_the_identity_are_in_no_debug_text() {
    let (arena, sealer) = arena();
    let identity = sealer.identity(&arena);
    let recipient = identity
        .expose()
        .parse::<age::x25519::Identity>()
        .unwrap()
        .to_public();
    let shown = format!("{sealer:?} {arena:?}");
    assert!(
        !shown.contains(&recipient.to_string()[4..]) && !shown.contains("SECRET"),
        "{shown}"
    );
}

#[test]
fn a_store_error_of_an_entry_names_its_id() {
    assert_eq!(
        StoreError::Entry(id(0)).to_string(),
        "entry aaaaaaaa is too large to be stored"
    );
    assert_eq!(secret("x").expose(), "x");
}
