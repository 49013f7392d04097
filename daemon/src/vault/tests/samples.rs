//! Documents and folders that the other tests share.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use otp_proto::{Dirs, EntryId, Secret, parse_uri};

use crate::config::MemoryMode;
use crate::platform::{self, arena::Arena};
use crate::vault::store::Store;
use crate::vault::{Document, Entry, More, Sealer, Stamp, Trash, document};

pub(super) const MODE: MemoryMode = MemoryMode::Mlock;

/// Real URIs, one of each kind of trouble.
pub(super) const URIS: [&str; 9] = [
    "otpauth://totp/GitHub:octocat?secret=JBSWY3DPEHPK3PXP&issuer=GitHub",
    "otpauth://totp/abc****?secret=ABCDEFGHIJKL2345&issuer=Trend%20Micro%20SaaS%20Account",
    "otpauth://hotp/Bank:me?secret=GEZDGNBVGY3TQOJQ&issuer=Bank&counter=41&digits=8",
    "otpauth://steam/Steam:gabe?secret=JRZCL47CMXVOQMNPZR2F7J4RGI&issuer=Steam",
    "otpauth://totp/%E3%83%88%E3%83%AC%E3%83%B3%E3%83%89:%E5%B1%B1%E7%94%B0?secret=AA&algorithm=SHA512&digits=9&period=86400",
    "otpauth://totp/a%3Ab%3Ac?secret=ABCDEFGHIJKLMNOP&issuer=a%3Ab&algorithm=SHA256",
    "otpauth://totp/:b%3Ac?secret=ABCDEFGHIJKLMNOQ",
    "otpauth://totp/x:y?secret=MFRGG&x-otpd-tag=%E4%BB%95%E4%BA%8B&x-otpd-tag=b&x-otpd-note=1%2B1%3D2&icon=x%26y&empty=",
    "motp://motp:username?secret=30EDCC8EDAE50A60",
];

pub(super) fn id(number: u64) -> EntryId {
    EntryId::from_random(number)
}

/// Makes an entry of a URI, its key in the arena.
pub(super) fn entry(uri: &str, number: u64, arena: &mut Arena) -> Entry {
    let new = parse_uri(uri).unwrap();
    let recovery = new.recovery;
    let more = More {
        tags: new.tags,
        note: new.note,
        codes: (!recovery.is_empty()).then(|| arena.put(recovery.expose())),
        extra: new.extra,
        origin: None,
        foreign: None,
    };
    Entry {
        id: id(number),
        issuer: new.issuer.into(),
        account: new.account.into(),
        kind: new.kind,
        algorithm: new.algorithm,
        digits: new.digits,
        key: arena.put(new.key.expose()),
        created: 1_795_000_000 + number,
        stamp: Stamp {
            lamport: number,
            device: id(7),
        },
        more: (more != More::default()).then(|| Box::new(more)),
        trash: None,
    }
}

/// Makes a document with something of everything.
pub(super) fn document(arena: &mut Arena) -> Document {
    let mut entries = Vec::new();
    for (number, uri) in (1..).zip(URIS) {
        entries.push(Arc::new(entry(uri, number, arena)));
    }
    let mut removed = entry("otpauth://totp/old:me?secret=GEZDGNBVGY3TQOJR", 100, arena);
    removed.trash = Some(Trash {
        number: 3,
        since: 1_795_000_500,
    });
    Document {
        device: id(7),
        generation: 12,
        entries,
        trash: vec![Arc::new(removed)],
        tombs: vec![(
            id(200),
            Stamp {
                lamport: 9,
                device: id(7),
            },
        )],
        counters: BTreeMap::from([([0x0f; 8], 17)]),
        sources: Vec::new(),
    }
}

/// What an entry is, its key included, in a form that can be compared across arenas.
pub(super) fn uris(document: &Document, arena: &Arena) -> Vec<String> {
    document
        .entries
        .iter()
        .chain(&document.trash)
        .map(|entry| {
            format!(
                "{} {} {:?} {:?} {}",
                entry.id,
                entry.created,
                entry.stamp,
                entry.trash,
                document::entry_uri(entry, arena).expose()
            )
        })
        .collect()
}

/// An arena with a sealer in it.
pub(super) fn arena() -> (Arena, Sealer) {
    let mut arena = Arena::new(MODE, 4096);
    let sealer = Sealer::generate(&mut arena);
    (arena, sealer)
}

pub(super) fn secret(text: &str) -> Secret {
    Secret::copy_of(text)
}

/// A folder of its own that goes away.
pub(crate) struct Folder(pub(in crate::vault) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        // Hundreds of syncs cost nothing in memory.
        let memory = PathBuf::from("/dev/shm");
        let base = if memory.is_dir() {
            memory
        } else {
            std::env::temp_dir()
        };
        Self::below(&base)
    }

    /// Below another folder.
    pub(super) fn below(base: &Path) -> Self {
        let mut bits = [0; 8];
        platform::random(&mut bits);
        let path = base.join(format!("otpd-vault-{:x}", u64::from_le_bytes(bits)));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    pub(super) fn dirs(&self) -> Dirs {
        Dirs {
            data: self.data(),
            config: self.0.join("config"),
            state: self.0.join("state"),
        }
    }

    /// A store whose key derivations cost nothing.
    pub(crate) fn store(&self) -> Store {
        Store::new(&self.dirs()).cheap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// The repository's samples.
pub(super) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/data/vault")
        .join(name)
}
