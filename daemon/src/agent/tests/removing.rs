//! The trash.

use super::*;

const DAY: u64 = 24 * 60 * 60;

pub(super) fn remove(query: &str, purge: bool) -> Request {
    Request::Remove(Remove {
        query: query.into(),
        purge,
    })
}

fn restore(id: &str) -> Request {
    Request::Restore(Restore { id: id.into() })
}

pub(super) fn arena_size(driver: &Driver) -> usize {
    driver.agent.open.as_ref().unwrap().arena.len()
}

/// The number of the entry that went to the trash last.
pub(super) fn last(driver: &mut Driver) -> String {
    driver.trash().pop().unwrap().trash.unwrap()
}

#[test]
fn a_removed_entry_comes_back_by_number_or_id() {
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1), &uri("totp", "c:d", 2)]);
    let code = driver.get("a:b").unwrap();
    let number = match driver.call(remove("a:b", false)) {
        Ok(Response::Remove(answer)) => {
            assert!(!answer.purged);
            answer.entry.trash.unwrap()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(driver.get("a:b").unwrap_err().kind(), ErrorKind::NotFound);
    driver.call(remove("c:d", false)).unwrap();
    driver.call(restore(&number)).unwrap();
    assert_eq!(driver.get("a:b").unwrap().code, code.code);
    driver.call(remove("a:b", false)).unwrap();
    driver.call(restore(&code.id.to_string())).unwrap();
    for id in [number.as_str(), "tr-1", "tr-99", "tr-", "x", ""] {
        assert_eq!(driver.refusal(restore(id)), ErrorKind::NotFound, "{id}");
    }
}

#[test]
fn a_number_of_the_trash_is_never_given_twice() {
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1), &uri("totp", "c:d", 2)]);
    let mut seen = std::collections::BTreeSet::new();
    let mut is_new = |driver: &mut Driver, purges: bool| {
        for entry in driver.trash() {
            let number = entry.trash.unwrap();
            assert!(seen.insert(number.clone()), "{number} again");
            let out = if purges {
                remove(&number, true)
            } else {
                restore(&number)
            };
            driver.call(out).unwrap();
        }
    };
    for round in 0..4 {
        driver.call(remove("c:d", false)).unwrap();
        is_new(&mut driver, false);
        // A new key for one name sends all of that name there at once.
        driver.add(&uri("totp", "a:b", 10 + round)).unwrap();
        assert_eq!(driver.trash().len(), 1 + usize::try_from(round).unwrap());
        is_new(&mut driver, round == 3);
    }
    driver.call(remove("a:b", false)).unwrap();
    let expires = last(&mut driver);
    driver.lock();
    driver.wall += Duration::from_secs(31 * DAY);
    driver.unlock();
    assert!(driver.trash().is_empty());
    driver.call(remove("c:d", false)).unwrap();
    assert_ne!(last(&mut driver), expires);
    is_new(&mut driver, true);
}

#[test]
fn an_entry_comes_back_beside_the_one_that_superseded_it() {
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1), &uri("totp", "a:b", 2)]);
    let number = last(&mut driver);
    driver.call(restore(&number)).unwrap();
    let error = driver.get("a:b").unwrap_err();
    assert_eq!(
        (error.kind(), error.candidates().len()),
        (ErrorKind::Ambiguous, 2)
    );
}

#[test]
fn trash_lasts_thirty_days_and_leaves_a_tomb() {
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1), &uri("totp", "c:d", 2)]);
    driver.call(remove("a:b", false)).unwrap();
    driver.lock();
    driver.wall += Duration::from_secs(30 * DAY - 1);
    driver.unlock();
    assert_eq!(driver.trash().len(), 1);
    let keys = arena_size(&driver);
    driver.lock();
    driver.wall += Duration::from_secs(1);
    driver.unlock();
    assert!(driver.trash().is_empty());
    assert_eq!(arena_size(&driver), keys - 1);
    let document = driver.disk.open().unwrap().document;
    assert_eq!((document.trash.len(), document.tombs.len()), (0, 1));
}

#[test]
fn a_clock_that_is_not_synchronised_empties_no_trash() {
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1), GITHUB]);
    driver.call(remove("a:b", false)).unwrap();
    driver.wall += Duration::from_secs(30 * DAY);
    driver.is_synchronised = Some(false);
    driver.add(&uri("totp", "c:d", 2)).unwrap();
    driver.lock();
    driver.unlock();
    assert_eq!(driver.trash().len(), 1);
    driver.is_synchronised = Some(true);
    driver.lock();
    driver.unlock();
    assert!(driver.trash().is_empty());
}

#[test]
fn a_change_drops_what_has_expired_since_the_unlock() {
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1)]);
    driver.call(remove("a:b", false)).unwrap();
    driver.wall += Duration::from_secs(30 * DAY);
    assert_eq!(driver.trash().len(), 1);
    driver.add(&uri("totp", "c:d", 2)).unwrap();
    assert!(driver.trash().is_empty());
}

#[test]
fn a_removal_that_could_not_be_stored_has_not_happened() {
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1)]);
    driver.habits.stores = false;
    for purge in [false, true] {
        let ticket = driver.ask(1, remove("a:b", purge));
        driver.finish_store(Err(driver::failure()));
        assert_eq!(
            driver.answer(ticket).unwrap_err().kind(),
            ErrorKind::Storage
        );
        driver.get("a:b").unwrap();
    }
    assert!(driver.disk.purged.is_empty());
}
