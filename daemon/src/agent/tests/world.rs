//! What survives a restart, and the key-derivation thread that works on it.

use std::fmt::Write as _;

use super::driver::{RECOVERY, secret};
use super::*;
use crate::platform::arena::Arena;
use crate::vault::slot::{KeyringError, SlotName};
use crate::vault::{Document, Opened, Sealer, seal};

/// What survives a restart.
#[derive(Debug, Default)]
pub(super) struct Disk {
    pub vault: Option<Vec<u8>>,
    pub identity: Option<Secret>,
    /// A slot of hardware.
    pub hardware: Option<SlotName>,
    pub passphrase: String,
    pub state: State,
    /// Until when no unlock is possible.
    pub shut: Option<ShutUntil>,
    /// A slot that nobody types opens the vault.
    pub has_keyring: bool,
    /// Why it doesn't.
    pub auto_failure: Option<KeyringError>,
    /// How often a vault was written.
    pub stores: usize,
    /// The slots of recovery keys that were seen.
    pub kept: Vec<Vec<u8>>,
    /// An automatic backup, in the form of a backup's text.
    pub backup: String,
    /// The vault is a backup that has taken a damaged one's place.
    pub is_mended: bool,
    /// What is said of the state file.
    pub no_state: Option<String>,
    /// The ids of every purge.
    pub purged: Vec<Vec<EntryId>>,
}

impl Disk {
    pub(super) fn perform(&mut self, job: Job) -> JobDone {
        match job {
            Job::Create { passphrase } => JobDone::Create(self.create(&passphrase)),
            Job::Discard { device } => {
                assert_eq!(self.open().unwrap().document.device, device);
                self.vault = None;
                JobDone::Discard(Ok(()))
            }
            Job::Open { secret } => JobDone::Open(self.check(&secret).and_then(|()| self.open())),
            Job::Choose { vault, secret } => {
                let opened = self.check(&secret).and_then(|()| self.open());
                JobDone::Open(opened.and_then(|opened| {
                    if opened.document.device == vault {
                        Ok(opened)
                    } else {
                        Err(OpenError::NoSuchVault)
                    }
                }))
            }
            Job::OpenAuto if self.has_keyring => JobDone::Open(self.open()),
            Job::OpenAuto => JobDone::Open(Err(match self.auto_failure.take() {
                Some(failure) => failure.into(),
                None => OpenError::NoSlot,
            })),
            Job::OpenWith { identity } => JobDone::Open(if self.has(&identity) {
                self.open()
            } else {
                Err(OpenError::ForeignSlot)
            }),
            Job::Rewrap { current, new } => JobDone::Rewrap(self.check(&current).map(|()| {
                self.passphrase = new.expose().to_owned();
            })),
            Job::Check { secret } => JobDone::Check(self.check(&secret)),
            Job::BackupCheck { .. } => {
                JobDone::BackupCheck(Err(OpenError::BadBackup("is damaged")))
            }
            Job::Backup => JobDone::Backup(Ok(self.text())),
            Job::Backups => JobDone::Backups(Ok(vec![BackupInfo {
                name: "kept".into(),
                generation: 1,
                written: None,
                bytes: 1,
                current: false,
            }])),
            Job::RestoreBackup(job) => {
                let restored = self.restore(&job);
                if let (Ok(Restored { opened, .. }), false) = (&restored, job.dry_run) {
                    let sealed = seal::seal(&opened.document, &opened.arena, &opened.sealer);
                    self.vault = Some(sealed.unwrap().bytes);
                }
                JobDone::RestoreBackup(restored)
            }
            Job::Purge { identity, ids } => {
                assert_eq!(
                    Some(identity.expose()),
                    self.identity.as_ref().map(Secret::expose)
                );
                self.purged.push(ids);
                JobDone::Purge(Ok(()))
            }
            Job::Slots(job) => JobDone::Slots(self.slots(job)),
            Job::Rekey { passphrase, .. } => JobDone::Rekey(self.rekey(&passphrase)),
        }
    }

    fn slots(&mut self, job: SlotJob) -> Result<SlotDone, OpenError> {
        match job {
            SlotJob::List => Ok(SlotDone::Slots(vec![SlotInfo {
                name: "passphrase".into(),
                kind: SlotKind::Passphrase,
            }])),
            SlotJob::Test { secret: typed, .. } => {
                let typed = typed.ok_or(OpenError::NoSlot)?;
                self.check(&typed).map(|()| SlotDone::Done)
            }
            SlotJob::Remove { slot, .. } if slot.as_str() == "passphrase" => {
                Err(OpenError::LastSlot)
            }
            SlotJob::Remove { secret: typed, .. } => {
                self.check(&typed)?;
                Ok(SlotDone::Removed(vec!["a warning".into()]))
            }
            SlotJob::AddKeyring { secret: typed } => {
                self.check(&typed)?;
                self.has_keyring = true;
                Ok(SlotDone::Done)
            }
            SlotJob::Reveal {
                slot,
                secret: typed,
            } => {
                if self.hardware.as_ref() == Some(&slot) {
                    return Err(OpenError::SlotExists);
                }
                self.check(&typed)?;
                let identity = self.identity.as_ref().ok_or(OpenError::NoVault)?;
                Ok(SlotDone::Identity(secret(identity.expose())))
            }
            SlotJob::AddPlugin { identity, .. } if !self.has(&identity) => Err(OpenError::Rekeyed),
            SlotJob::AddPlugin { slot, .. } => {
                self.hardware = Some(slot);
                Ok(SlotDone::Done)
            }
            SlotJob::Opens { identity } if self.has(&identity) => Ok(SlotDone::Done),
            SlotJob::Opens { .. } => Err(OpenError::ForeignSlot),
            SlotJob::Renew { secret: typed } => {
                self.check(&typed)?;
                Ok(SlotDone::RecoveryKey {
                    key: secret(RECOVERY),
                    wrapped: b"wrapped".to_vec(),
                })
            }
            SlotJob::KeepRecovery { wrapped } => {
                self.kept.push(wrapped);
                Ok(SlotDone::Done)
            }
        }
    }

    fn has(&self, identity: &Secret) -> bool {
        self.identity.as_ref() == Some(identity)
    }

    fn rekey(&mut self, passphrase: &Secret) -> Result<Rekeyed, OpenError> {
        self.check(passphrase)?;
        let mut opened = self.open()?;
        opened.sealer = Sealer::generate(&mut opened.arena);
        opened.document.counters.clear();
        opened.document.generation += 1;
        opened.rollback = false;
        let sealed = seal::seal(&opened.document, &opened.arena, &opened.sealer)?;
        self.vault = Some(sealed.bytes);
        self.identity = Some(opened.sealer.identity(&opened.arena));
        Ok(Rekeyed {
            opened,
            recovery_key: secret(RECOVERY),
            removed: vec!["keyring".into()],
        })
    }

    fn create(&mut self, passphrase: &Secret) -> Result<(Box<Opened>, Secret), OpenError> {
        let mut arena = Arena::new(MemoryMode::Auto, 256);
        let sealer = Sealer::generate(&mut arena);
        let document = Document {
            device: EntryId::from_random(77),
            generation: 1,
            entries: Vec::new(),
            trash: Vec::new(),
            tombs: Vec::new(),
            counters: BTreeMap::new(),
            sources: Vec::new(),
        };
        self.vault = Some(seal::seal(&document, &arena, &sealer)?.bytes);
        self.identity = Some(sealer.identity(&arena));
        self.passphrase = passphrase.expose().to_owned();
        self.state = State::default();
        self.state.marks.generation = 1;
        Ok((self.open()?, secret(RECOVERY)))
    }

    fn check(&self, secret: &Secret) -> Result<(), OpenError> {
        match &self.vault {
            None => Err(OpenError::NoVault),
            Some(_) if secret.expose() == self.passphrase || secret.expose() == RECOVERY => Ok(()),
            Some(_) => Err(OpenError::WrongSecret),
        }
    }

    pub(super) fn open(&self) -> Result<Box<Opened>, OpenError> {
        let bytes = self.vault.as_deref().ok_or(OpenError::NoVault)?;
        let identity = self.identity.as_ref().ok_or(OpenError::NoVault)?;
        let length = u64::try_from(bytes.len()).unwrap();
        let unsealed = seal::open(bytes, length, identity, MemoryMode::Auto)?;
        let mut document = unsealed.document;
        let rollback = document.generation < self.state.marks.generation;
        let mac_key = unsealed.arena.key(unsealed.sealer.mac_key);
        crate::vault::document::raise(&mut document, &unsealed.arena, mac_key, &self.state.marks);
        Ok(Box::new(Opened {
            document,
            arena: unsealed.arena,
            sealer: unsealed.sealer,
            state: self.state.clone(),
            rollback,
            mended: self.is_mended,
            warnings: rollback
                .then(|| "the vault is older".to_owned())
                .into_iter()
                .collect(),
            passing: Passing {
                no_state: self.no_state.clone(),
                ..Passing::default()
            },
        }))
    }

    /// The vault's bytes in hexadecimal digits stand for a backup's text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for byte in self.vault.iter().flatten() {
            write!(text, "{byte:02x}").unwrap();
        }
        text
    }

    fn restore(&self, job: &RestoreJob) -> Result<Restored, OpenError> {
        match (&job.source, &job.secret, &job.present) {
            (Source::Kept(_), None, Some(present)) if self.has(&present.identity) => {}
            (_, None, _) => return Err(OpenError::NeedsSecret),
            (_, Some(typed), _) if typed.expose() == PASSPHRASE => {}
            (_, Some(_), _) => return Err(OpenError::WrongSecret),
        }
        let text = match &job.source {
            Source::Text(text) => text,
            Source::Kept(name) if name == "kept" => &self.backup,
            Source::Kept(_) => return Err(OpenError::NoSuchBackup),
        };
        let bytes = (0..text.len() / 2).map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16));
        let bytes: Result<Vec<u8>, _> = bytes.collect();
        let marks = job.present.as_ref().map(|present| present.marks.clone());
        let other = Self {
            vault: Some(bytes.map_err(|_| OpenError::NotABackup("no hexadecimal digits"))?),
            identity: self
                .identity
                .as_ref()
                .map(|text| Secret::copy_of(text.expose())),
            state: State {
                marks: marks.unwrap_or_default(),
                ..self.state.clone()
            },
            ..Self::default()
        };
        let mut opened = other.open()?;
        let bare = Self {
            state: State::default(),
            ..other
        };
        let backup = Edition {
            generation: bare.open()?.document.generation,
            written: None,
        };
        opened.document.generation += 1;
        opened.rollback = false;
        Ok(Restored {
            opened,
            backup,
            present_written: None,
            from: None,
            replaced: None,
        })
    }
}
