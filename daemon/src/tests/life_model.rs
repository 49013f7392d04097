//! What a person knows about a vault, by what was answered.

use std::collections::{BTreeMap, BTreeSet};

use otp_proto::*;

use super::life::Life;
use super::numbers::Numbers;
use crate::otp;

/// What may open a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Secrecy {
    /// This text.
    Is(String),
    /// Something that nobody has seen.
    Unseen,
    /// Nothing: there is no such slot.
    Nothing,
}

impl Secrecy {
    fn text(&self) -> Option<&String> {
        match self {
            Self::Is(text) => Some(text),
            Self::Unseen | Self::Nothing => None,
        }
    }

    fn into_text(self) -> Option<String> {
        match self {
            Self::Is(text) => Some(text),
            Self::Unseen | Self::Nothing => None,
        }
    }
}

/// What may open a slot after the requests so far. One possibility if all were answered.
#[derive(Debug)]
struct Way(Vec<(u64, Secrecy)>);

impl Way {
    /// A request may have changed it.
    fn may_become(&mut self, ticket: u64, secrecy: Secrecy) {
        self.0.push((ticket, secrecy));
    }

    /// A request did: whatever was before it is no more. Returns the texts that ended.
    fn became(&mut self, ticket: u64, secrecy: Secrecy) -> Vec<String> {
        let before = self.0.extract_if(.., |(at, _)| *at <= ticket);
        let ended = before.filter(|(_, was)| *was != secrecy);
        let ended = ended.filter_map(|(_, was)| was.into_text()).collect();
        self.0.insert(0, (ticket, secrecy));
        ended
    }

    /// A request didn't.
    fn stayed(&mut self, ticket: u64) {
        if self.0.len() > 1 {
            self.0.retain(|(at, _)| *at != ticket);
        }
    }

    fn texts(&self) -> impl DoubleEndedIterator<Item = &String> {
        self.0.iter().filter_map(|(_, secrecy)| secrecy.text())
    }

    /// What a person would type.
    fn newest(&self) -> Option<String> {
        self.texts().next_back().cloned()
    }

    /// After a start each possibility is tried; one is true.
    fn try_all(&mut self, life: &Life) -> bool {
        let mut opening: Vec<String> = self.texts().cloned().collect();
        opening.dedup();
        opening.retain(|text| life.opens(text));
        assert!(
            opening.len() <= 1,
            "a replaced secret still opens the vault"
        );
        let must = self
            .0
            .iter()
            .all(|(_, secrecy)| matches!(secrecy, Secrecy::Is(_)));
        assert!(!must || !opening.is_empty(), "a way in is lost: {self:?}");
        let is_open = !opening.is_empty();
        let rest = if self
            .0
            .iter()
            .any(|(_, secrecy)| *secrecy == Secrecy::Unseen)
        {
            Secrecy::Unseen
        } else {
            Secrecy::Nothing
        };
        let secrecy = opening.pop().map_or(rest, Secrecy::Is);
        self.0 = vec![(0, secrecy)];
        is_open
    }
}

#[derive(Debug)]
enum Asked {
    Get(usize),
    Add(usize),
    Remove,
    UnlockByPassphrase,
    UnlockByRecoveryKey,
    Passwd(String),
    Renew,
    Keep(String),
    Rekey,
    RemoveSlot { is_passphrase: bool },
    Lock,
}

/// What was asked and what was answered.
pub(super) struct Model {
    asked: BTreeMap<u64, Asked>,
    passphrase: Way,
    recovery: Way,
    /// What must not open the vault any more.
    ended: Vec<String>,
    /// The keys, by number; whether one was added for sure.
    keys: Vec<bool>,
    /// Keys that may be in the trash.
    removed: BTreeSet<usize>,
    /// Codes of counters, each handed out once.
    counted: BTreeSet<(usize, String)>,
    /// The connection on which a recovery key was shown that opens nothing yet.
    seen: Option<(u64, String)>,
    passphrases: u64,
    codes: usize,
    unlocks: [usize; 2],
    refusals: usize,
}

/// Time-based for even numbers, counter-based for odd ones; nine digits against chance.
fn uri(key: usize) -> String {
    let kind = if key.is_multiple_of(2) {
        "totp"
    } else {
        "hotp"
    };
    let mut base32 = String::new();
    base32_encode(&bytes(key), &mut base32);
    let name = name(key);
    format!("otpauth://{kind}/{name}?secret={base32}&issuer=s&digits=9")
}

/// No name is a part of another, which a query would find where its own entry is missing.
fn name(key: usize) -> String {
    format!("s:{key:03}")
}

fn bytes(key: usize) -> Vec<u8> {
    [b"a key of 20.".as_slice(), &key.to_be_bytes()].concat()
}

fn secret(text: &str) -> Secret {
    Secret::copy_of(text)
}

impl Model {
    /// Makes the vault.
    pub(super) fn new(life: &mut Life) -> Self {
        let passphrase = secret("passphrase 0");
        let answer = life.call(Request::Init(Init { passphrase }));
        let Ok(Response::Init(made)) = answer else {
            panic!("{answer:?}");
        };
        let recovery_key = made.recovery_key.expose().to_owned();
        Self {
            asked: BTreeMap::new(),
            passphrase: Way(vec![(0, Secrecy::Is("passphrase 0".into()))]),
            recovery: Way(vec![(0, Secrecy::Is(recovery_key))]),
            ended: vec![
                "wrong".into(),
                String::from("E6N39-AAAAA-BBBBB-CCCCC-DDDDD-EEEEE-FFFFF"),
            ],
            keys: Vec::new(),
            removed: BTreeSet::new(),
            counted: BTreeSet::new(),
            seen: None,
            passphrases: 0,
            codes: 0,
            unlocks: [0; 2],
            refusals: 0,
        }
    }

    fn ask(&mut self, life: &mut Life, asked: Asked, request: Request) -> u64 {
        let ticket = life.ask(request);
        self.asked.insert(ticket, asked);
        ticket
    }

    pub(super) fn add(&mut self, life: &mut Life) {
        let key = self.keys.len();
        self.keys.push(false);
        let uri = secret(&uri(key));
        self.ask(life, Asked::Add(key), Request::Add(Add { uri }));
    }

    pub(super) fn get(&mut self, life: &mut Life, numbers: &mut Numbers) {
        if self.keys.is_empty() {
            return;
        }
        let key = numbers.index(self.keys.len());
        let query = name(key);
        let get = Get {
            query,
            ..Get::default()
        };
        self.ask(life, Asked::Get(key), Request::Get(get));
    }

    pub(super) fn remove(&mut self, life: &mut Life, numbers: &mut Numbers) {
        if self.keys.is_empty() {
            return;
        }
        let key = numbers.index(self.keys.len());
        let query = name(key);
        self.removed.insert(key);
        let remove = Remove {
            query,
            purge: false,
        };
        self.ask(life, Asked::Remove, Request::Remove(remove));
    }

    pub(super) fn lock(&mut self, life: &mut Life) {
        self.ask(life, Asked::Lock, Request::Lock(Lock::default()));
    }

    fn unlock(&mut self, life: &mut Life, asked: Asked, by: Option<String>) {
        if let Some(by) = by.filter(|_| !life.is_open) {
            let passphrase = secret(&by);
            self.ask(life, asked, Request::Unlock(Unlock { passphrase }));
        }
    }

    pub(super) fn unlock_by_passphrase(&mut self, life: &mut Life) {
        self.unlock(life, Asked::UnlockByPassphrase, self.passphrase.newest());
    }

    pub(super) fn unlock_by_recovery_key(&mut self, life: &mut Life) {
        self.unlock(life, Asked::UnlockByRecoveryKey, self.recovery.newest());
    }

    /// What opened it once, or never, doesn't now.
    pub(super) fn unlock_by_something_else(&mut self, life: &mut Life, numbers: &mut Numbers) {
        if life.is_open || !life.is_idle() {
            return;
        }
        let which = numbers.index(self.ended.len());
        let passphrase = secret(&self.ended[which]);
        let answer = life.call(Request::Unlock(Unlock { passphrase }));
        assert!(
            answer.is_err() && !life.is_open,
            "{:?} opens",
            self.ended[which]
        );
        self.refusals += 1;
    }

    /// Whichever a person has.
    fn any_secret(&self) -> Option<String> {
        self.passphrase.newest().or_else(|| self.recovery.newest())
    }

    pub(super) fn passwd(&mut self, life: &mut Life) {
        let Some(current) = self.any_secret() else {
            return;
        };
        self.passphrases += 1;
        let new = format!("passphrase {}", self.passphrases);
        let request = Request::Passwd(Passwd {
            current: secret(&current),
            new: secret(&new),
        });
        let ticket = self.ask(life, Asked::Passwd(new.clone()), request);
        self.passphrase.may_become(ticket, Secrecy::Is(new));
    }

    /// The first half of a renewal, or the second.
    pub(super) fn renew(&mut self, life: &mut Life) {
        if let Some((conn, key)) = self.seen.take() {
            let ticket = life.ask_on(conn, Request::RecoveryKeyKeep(RecoveryKeyKeep {}));
            self.asked.insert(ticket, Asked::Keep(key.clone()));
            self.recovery.may_become(ticket, Secrecy::Is(key));
            return;
        }
        if let Some(by) = self.any_secret() {
            let passphrase = secret(&by);
            let request = Request::RecoveryKeyRenew(RecoveryKeyRenew { passphrase });
            self.ask(life, Asked::Renew, request);
        }
    }

    pub(super) fn rekey(&mut self, life: &mut Life, drop_backups: bool) {
        if let Some(by) = self.passphrase.newest() {
            let request = Request::Rekey(Rekey {
                passphrase: secret(&by),
                drop_backups,
            });
            let ticket = self.ask(life, Asked::Rekey, request);
            self.recovery.may_become(ticket, Secrecy::Unseen);
        }
    }

    pub(super) fn remove_slot(&mut self, life: &mut Life, is_passphrase: bool) {
        let (slot, by) = if is_passphrase {
            ("passphrase", self.recovery.newest())
        } else {
            ("recovery", self.passphrase.newest())
        };
        let Some(by) = by else {
            return;
        };
        let request = Request::SlotsRemove(SlotsRemove {
            slot: slot.into(),
            passphrase: secret(&by),
        });
        let ticket = self.ask(life, Asked::RemoveSlot { is_passphrase }, request);
        let way = self.way(is_passphrase);
        way.may_become(ticket, Secrecy::Nothing);
    }

    fn way(&mut self, is_passphrase: bool) -> &mut Way {
        if is_passphrase {
            &mut self.passphrase
        } else {
            &mut self.recovery
        }
    }

    /// Looks at every answer that has come.
    pub(super) fn look(&mut self, life: &mut Life) {
        self.look_at_the_last(life, false);
    }

    /// As [`Self::look`]. What a process that dies says no to may have been done all the same.
    pub(super) fn look_at_the_last(&mut self, life: &mut Life, is_dying: bool) {
        for (ticket, (wall, answer)) in std::mem::take(&mut life.answers) {
            let Some(asked) = self.asked.remove(&ticket) else {
                continue;
            };
            match answer {
                Ok(response) => self.granted(ticket, asked, response, wall),
                // Neither done nor not done, which it says, too.
                Err(error) if is_dying || error.kind() == ErrorKind::Incomplete => {}
                Err(_) => match asked {
                    Asked::Passwd(_) => self.passphrase.stayed(ticket),
                    Asked::Keep(_) | Asked::Rekey => self.recovery.stayed(ticket),
                    Asked::RemoveSlot { is_passphrase } => self.way(is_passphrase).stayed(ticket),
                    Asked::Get(_)
                    | Asked::Add(_)
                    | Asked::Remove
                    | Asked::Renew
                    | Asked::UnlockByPassphrase
                    | Asked::UnlockByRecoveryKey
                    | Asked::Lock => {}
                },
            }
        }
    }

    fn granted(
        &mut self,
        ticket: u64,
        asked: Asked,
        response: Response,
        wall: std::time::Duration,
    ) {
        let ended = match (asked, response) {
            (Asked::Get(key), Response::Code(answer)) => {
                self.coded(key, answer.code.expose(), wall);
                Vec::new()
            }
            (Asked::Add(key), _) => {
                self.keys[key] = true;
                Vec::new()
            }
            (Asked::UnlockByPassphrase, _) => {
                self.unlocks[0] += 1;
                Vec::new()
            }
            (Asked::UnlockByRecoveryKey, _) => {
                self.unlocks[1] += 1;
                Vec::new()
            }
            (Asked::Passwd(new), _) => self.passphrase.became(ticket, Secrecy::Is(new)),
            (Asked::Renew, Response::Renew(answer)) => {
                self.seen = Some((ticket, answer.recovery_key.expose().to_owned()));
                Vec::new()
            }
            (Asked::Keep(key), _) => self.recovery.became(ticket, Secrecy::Is(key)),
            (Asked::Rekey, Response::Rekey(answer)) => {
                let key = answer.recovery_key.expose().to_owned();
                self.recovery.became(ticket, Secrecy::Is(key))
            }
            (Asked::RemoveSlot { is_passphrase }, _) => {
                self.way(is_passphrase).became(ticket, Secrecy::Nothing)
            }
            _ => Vec::new(),
        };
        self.ended.extend(ended);
    }

    fn coded(&mut self, key: usize, code: &str, wall: std::time::Duration) {
        self.codes += 1;
        if !key.is_multiple_of(2) {
            assert!(
                self.counted.insert((key, code.to_owned())),
                "a counter of key {key} twice"
            );
            return;
        }
        let kind = Kind::Totp(Period::new(30).expect("a period"));
        let digits = Digits::new(9).expect("nine digits");
        let right = otp::code(kind, Algorithm::Sha1, digits, &bytes(key), wall);
        assert_eq!(right.expect("TOTP").expose(), code, "another key's code");
    }

    /// After another start the ways in are as they were told, and one is there.
    pub(super) fn restarted(&mut self, life: &Life) {
        self.asked.clear();
        // What was shown and not kept opens nothing.
        self.ended.extend(self.seen.take().map(|(_, key)| key));
        let ways = [self.passphrase.try_all(life), self.recovery.try_all(life)];
        assert!(ways.contains(&true), "nothing opens the vault");
        let now: Vec<&String> = self
            .passphrase
            .texts()
            .chain(self.recovery.texts())
            .collect();
        self.ended.retain(|text| !now.contains(&text));
    }

    /// Every key that was added is there, with its codes. Returns how many there were of keys,
    /// codes, unlocks by passphrase and by recovery key, and refusals.
    pub(super) fn compare(&mut self, life: &mut Life) -> [usize; 5] {
        let by = self.any_secret().expect("a way in");
        let unlocked = life.call(Request::Unlock(Unlock {
            passphrase: secret(&by),
        }));
        assert!(unlocked.is_ok(), "{unlocked:?}");
        let mut names = [false, true].map(|trash| {
            let list = List {
                trash,
                ..List::default()
            };
            match life.call(Request::List(list)) {
                Ok(Response::List(answer)) => {
                    let entries = answer.entries.into_iter();
                    entries
                        .map(|entry| entry.account)
                        .collect::<BTreeSet<String>>()
                }
                other => panic!("{other:?}"),
            }
        });
        let [living, trash] = &mut names;
        for (key, _) in self
            .keys
            .iter()
            .enumerate()
            .filter(|(_, is_sure)| **is_sure)
        {
            let name = format!("{key:03}");
            let is_there =
                living.contains(&name) || (self.removed.contains(&key) && trash.contains(&name));
            assert!(is_there, "key {key} was lost");
        }
        for name in living.iter() {
            let key: usize = name.parse().expect("a number");
            let query = format!("s:{name}");
            let (wall, answer) = life.call_at(Request::Get(Get {
                query,
                ..Get::default()
            }));
            let Ok(Response::Code(answer)) = answer else {
                panic!("{answer:?}");
            };
            self.coded(key, answer.code.expose(), wall);
        }
        [
            living.len(),
            self.codes,
            self.unlocks[0],
            self.unlocks[1],
            self.refusals,
        ]
    }
}
