//! Random requests against a model that knows what must never happen.

use std::collections::BTreeSet;

use super::*;
use crate::tests::numbers::Numbers;

/// Where `OTPT_LIVES` says nothing: `make test` asks for more.
const SEQUENCES: u64 = 200;
const STEPS: u64 = 50;

/// What a ticket asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Hotp(u64),
    Fresh(u64),
    Add(u64),
    Remove(u64),
    Purge(u64),
    Backup,
    RestoreBackup,
    Other,
}

/// What was seen from outside.
#[derive(Default)]
struct Model {
    asked: BTreeMap<u64, Asked>,
    /// Codes of counters by key: each is handed out once.
    counted: BTreeSet<(u64, String)>,
    /// Codes of `fresh` by key and entry: one that a backup brings back beside it counts anew.
    stepped: BTreeSet<(u64, EntryId, String)>,
    /// The last ticket by which a key was added for sure.
    added: BTreeMap<u64, u64>,
    /// The last ticket by which a key may have been removed, answered or not.
    removed: BTreeMap<u64, u64>,
    /// The last backup's text.
    backup: Option<String>,
    /// The backup that is being put back: until it is answered, nobody knows what is there.
    restoring: Option<u64>,
    restored: usize,
}

impl Model {
    fn ask(&mut self, ticket: u64, asked: Asked) {
        if let Asked::Remove(key) | Asked::Purge(key) = asked {
            self.removed.insert(key, ticket);
        }
        if let Asked::Purge(key) = asked {
            // If it comes back it is another entry, whose steps count anew.
            self.stepped.retain(|(other, ..)| *other != key);
        }
        if asked == Asked::RestoreBackup {
            self.restoring = Some(ticket);
            self.added.clear();
        }
        self.asked.insert(ticket, asked);
    }

    /// Looks at every answer that has come.
    fn look(&mut self, driver: &mut Driver) {
        let answers = std::mem::take(&mut driver.answers);
        let is_restored = self
            .restoring
            .is_some_and(|ticket| answers.contains_key(&ticket));
        for (ticket, answer) in answers {
            let Some(asked) = self.asked.remove(&ticket) else {
                panic!("an answer to nobody");
            };
            match (asked, answer) {
                (Asked::Hotp(key), Ok(Response::Code(code))) => {
                    let is_new = self.counted.insert((key, code.code.expose().to_owned()));
                    assert!(is_new, "a counter of key {key} twice");
                }
                (Asked::Fresh(key), Ok(Response::Code(code))) => {
                    let text = code.code.expose().to_owned();
                    let is_new = self.stepped.insert((key, code.id, text));
                    assert!(is_new, "a step of key {key} twice");
                }
                (Asked::Add(key), Ok(_)) if self.restoring.is_none() => {
                    self.added.insert(key, ticket);
                }
                (Asked::Backup, Ok(Response::Backup(backup))) => {
                    self.backup = Some(backup.text);
                }
                (Asked::RestoreBackup, Ok(_)) => self.restored += 1,
                (_, _) => {}
            }
        }
        if is_restored {
            self.restoring = None;
            self.added.clear();
        }
    }

    /// What was answered to be stored is on disk.
    fn compare(&self, driver: &Driver) {
        let document = driver.disk.open().unwrap().document;
        let entries = document.entries.iter();
        let there: Vec<u64> = entries
            .map(|entry| entry.account.parse().unwrap())
            .collect();
        for (key, ticket) in &self.added {
            if self.removed.get(key) < Some(ticket) {
                assert!(there.contains(key), "key {key} was lost");
            }
        }
        let once: BTreeSet<&u64> = there.iter().collect();
        assert_eq!(once.len(), there.len(), "a key is there twice");
    }
}

/// Once all is at rest, every entry that is gone for good is out of the backups, too.
fn compare_purged(driver: &mut Driver) -> usize {
    driver.habits = driver::Habits {
        jobs: true,
        stores: true,
        keeps: true,
    };
    driver.input(Input::Tick);
    driver.lock();
    driver.unlock();
    let purged: BTreeSet<&EntryId> = driver.disk.purged.iter().flatten().collect();
    let document = driver.disk.open().unwrap().document;
    for (id, _) in &document.tombs {
        assert!(purged.contains(id), "{id} was not purged from the backups");
    }
    assert!(driver.disk.state.purges.is_empty());
    document.tombs.len()
}

/// Time-based for even numbers, counter-based for odd ones, eight digits against chance.
fn uri_of(key: u64) -> String {
    let kind = if key.is_multiple_of(2) {
        "totp"
    } else {
        "hotp"
    };
    uri(kind, &format!("s:{key}"), key) + "&digits=9"
}

fn step(driver: &mut Driver, model: &mut Model, numbers: &mut Numbers) {
    let key = numbers.below(6);
    let query = format!("s:{key}");
    let conn = numbers.below(3);
    let get = |fresh| {
        Request::Get(Get {
            fresh,
            ..driver::get(&query)
        })
    };
    let is_timed = key.is_multiple_of(2);
    let (asked, request) = match numbers.below(21) {
        0..=3 if is_timed => (Asked::Fresh(key), get(true)),
        4 if is_timed => (Asked::Other, get(false)),
        0..=4 => (Asked::Hotp(key), get(false)),
        5..=7 => (
            Asked::Add(key),
            Request::Add(Add {
                uri: driver::secret(&uri_of(key)),
            }),
        ),
        8 => (
            Asked::Remove(key),
            Request::Remove(Remove {
                query,
                purge: false,
            }),
        ),
        9 => (
            Asked::Purge(key),
            Request::Remove(Remove { query, purge: true }),
        ),
        10 => (Asked::Other, Request::Lock(Lock::default())),
        11 | 12 => {
            let passphrase = if numbers.below(4) == 0 {
                "wrong"
            } else {
                PASSPHRASE
            };
            (
                Asked::Other,
                Request::Unlock(Unlock {
                    passphrase: driver::secret(passphrase),
                }),
            )
        }
        13 => {
            return driver
                .pass([0.4, 7.0, 31.0, 3600.0][usize::try_from(numbers.below(4)).unwrap()]);
        }
        14 => return driver.set_wall([-40, -3, 3, 40][usize::try_from(numbers.below(4)).unwrap()]),
        15 => return finish(driver, numbers),
        16 => return driver.input(Input::Lock(LockSource::Signal)),
        17 => {
            if let Some((ticket, _)) = model.asked.pop_first() {
                driver.input(Input::Gone(Ticket(ticket)));
            }
            return;
        }
        18 => {
            let habits = &mut driver.habits;
            (habits.jobs, habits.stores, habits.keeps) = (
                numbers.below(2) == 0,
                numbers.below(2) == 0,
                numbers.below(2) == 0,
            );
            return driver.input(Input::Tick);
        }
        19 if numbers.below(2) == 0 => (Asked::Backup, Request::Backup(Backup {})),
        19 => return restore(driver, model, conn),
        _ => (Asked::Other, Request::List(List::default())),
    };
    model.ask(driver.next_ticket(), asked);
    driver.ask(conn, request);
}

/// Hands the last backup over, and has it put back.
fn restore(driver: &mut Driver, model: &mut Model, conn: u64) {
    let Some(text) = model.backup.clone() else {
        return;
    };
    let passphrase = Some(driver::secret(PASSPHRASE));
    let requests = [
        Request::RestoreBackupBegin(RestoreBackupBegin {}),
        Request::RestoreBackupAdd(RestoreBackupAdd { text }),
        Request::RestoreBackupCommit(RestoreBackupCommit {
            passphrase,
            from: None,
            dry_run: false,
        }),
    ];
    for request in requests {
        let asked = if matches!(request, Request::RestoreBackupCommit(_)) {
            Asked::RestoreBackup
        } else {
            Asked::Other
        };
        model.ask(driver.next_ticket(), asked);
        driver.ask(conn, request);
    }
}

/// Lets something that is out succeed or fail.
fn finish(driver: &mut Driver, numbers: &mut Numbers) {
    let mut result = || {
        if numbers.below(3) == 0 {
            Err(driver::failure())
        } else {
            Ok(())
        }
    };
    if driver.store.is_some() {
        let result = result();
        driver.finish_store(result);
    } else if driver.keep.is_some() {
        let result = result();
        driver.finish_keep(result);
    } else if matches!(driver.job, Some(Job::Purge { .. })) {
        match result() {
            Ok(()) => driver.finish_job(),
            Err(failure) => {
                driver.job = None;
                driver.input(Input::JobDone(JobDone::Purge(Err(failure.into()))));
            }
        }
    } else if driver.job.is_some() {
        driver.finish_job();
    }
}

#[test]
fn no_code_while_locked_no_counter_twice_and_no_entry_lost() {
    let (mut codes, mut stores, mut restored, mut purged) = (0, 0, 0, 0);
    let sequences = std::env::var("OTPT_LIVES").ok();
    let sequences = sequences.map_or(SEQUENCES, |text| text.parse().expect("a number"));
    for seed in 0..sequences {
        let mut numbers = Numbers(seed);
        let mut driver = Driver::unlocked();
        let mut model = Model::default();
        for key in 0..4 {
            let ticket = driver.next_ticket();
            model.ask(ticket, Asked::Add(key));
            driver.ask(
                1,
                Request::Add(Add {
                    uri: driver::secret(&uri_of(key)),
                }),
            );
        }
        model.look(&mut driver);
        for _ in 0..STEPS {
            step(&mut driver, &mut model, &mut numbers);
            model.look(&mut driver);
            if numbers.below(40) == 0 {
                model.asked.clear();
                model.restoring = None;
                if numbers.below(2) == 0 {
                    driver.input(Input::Stop);
                }
                driver = driver.kill(numbers.below(2) == 0);
                model.compare(&driver);
                driver.unlock();
            }
        }
        model.compare(&driver);
        codes += model.counted.len() + model.stepped.len();
        stores += driver.disk.stores;
        restored += model.restored;
        purged += compare_purged(&mut driver);
    }
    // The sequences do reach what they are to prove.
    let share = usize::try_from(sequences).expect("a number");
    assert!(
        codes > 2 * share && stores > 3 * share && 10 * restored > share && 10 * purged > 3 * share,
        "{codes} codes, {stores} stores, {restored} backups put back, {purged} entries purged"
    );
}
