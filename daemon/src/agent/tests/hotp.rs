//! Counters: on disk before the code is seen, and never twice.

use super::*;

const NAME: &str = "counted";

fn counted() -> Driver {
    Driver::with(&[&format!("otpauth://hotp/{NAME}?secret={RFC}")])
}

fn get() -> Request {
    Request::Get(driver::get(NAME))
}

#[test]
fn codes_follow_rfc_4226_and_the_counter_is_kept() {
    let mut driver = counted();
    for code in ["755224", "287082"] {
        assert_eq!(driver.get(NAME).unwrap().code.expose(), code);
    }
    let mut driver = driver.restart();
    driver.unlock();
    assert_eq!(driver.get(NAME).unwrap().code.expose(), "359152");
    assert_eq!(driver.list()[0].counter, Some(3));
}

#[test]
fn a_code_is_not_seen_before_its_counter_is_stored() {
    let mut driver = counted();
    driver.habits.stores = false;
    let ticket = driver.ask(1, get());
    assert!(!driver.is_answered(ticket));
    assert_eq!(driver.list()[0].counter, Some(0), "nor is the counter");
    driver.finish_store(Ok(()));
    assert!(driver.answer(ticket).is_ok());
    assert_eq!(driver.list()[0].counter, Some(1));
    assert_eq!(
        driver.disk.open().unwrap().document.entries[0].kind,
        Kind::Hotp(1)
    );
}

#[test]
fn a_store_that_fails_gives_no_code_and_takes_the_counter_back() {
    let mut driver = counted();
    driver.habits.stores = false;
    let ticket = driver.ask(1, get());
    driver.finish_store(Err(driver::failure()));
    let error = driver.answer(ticket).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert_eq!(driver.list()[0].counter, Some(0));
    driver.habits.stores = true;
    assert_eq!(driver.get(NAME).unwrap().code.expose(), "755224");
}

#[test]
fn a_lock_while_the_counter_is_stored_drops_the_code_and_keeps_the_counter() {
    let mut driver = counted();
    driver.habits.stores = false;
    let ticket = driver.ask(1, get());
    let behind = driver.ask(2, get());
    driver.input(Input::Lock(LockSource::Signal));
    for ticket in [ticket, behind] {
        assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Locked);
    }
    driver.finish_store(Ok(()));
    assert!(!driver.is_answered(ticket));
    driver.habits.stores = true;
    driver.unlock();
    assert_eq!(driver.get(NAME).unwrap().code.expose(), "287082");
}

#[test]
fn an_unlock_waits_for_the_store_that_a_lock_left_behind() {
    let mut driver = counted();
    driver.habits.stores = false;
    driver.ask(1, get());
    driver.lock();
    let unlock = Unlock {
        passphrase: driver::secret(PASSPHRASE),
    };
    let ticket = driver.ask(1, Request::Unlock(unlock));
    assert!(!driver.is_answered(ticket), "it would read the old vault");
    driver.finish_store(Ok(()));
    assert!(driver.answer(ticket).is_ok());
    assert_eq!(driver.list()[0].counter, Some(1));
}

#[test]
fn callers_queue_behind_the_store_and_get_one_counter_each() {
    let mut driver = counted();
    driver.habits.stores = false;
    let tickets: Vec<u64> = (0..65).map(|_| driver.ask(1, get())).collect();
    assert_eq!(driver.refusal(get()), ErrorKind::Busy);
    let mut codes = std::collections::BTreeSet::new();
    for ticket in tickets {
        driver.finish_store(Ok(()));
        codes.insert(
            driver::code(driver.answer(ticket).unwrap())
                .code
                .expose()
                .to_owned(),
        );
    }
    assert_eq!(codes.len(), 65);
    assert_eq!(driver.list()[0].counter, Some(65));
}

#[test]
fn a_caller_who_leaves_the_queue_costs_no_counter() {
    let mut driver = counted();
    driver.habits.stores = false;
    driver.ask(1, get());
    let gone = driver.ask(2, get());
    driver.input(Input::Gone(Ticket(gone)));
    driver.finish_store(Ok(()));
    assert!(driver.store.is_none());
    assert_eq!(driver.list()[0].counter, Some(1));
}

#[test]
fn other_codes_do_not_wait_for_the_store() {
    let mut driver = Driver::with(&[GITHUB, &uri("hotp", "a:b", 1)]);
    driver.habits.stores = false;
    driver.ask(1, Request::Get(driver::get("a:b")));
    driver.get("GitHub").unwrap();
}

#[test]
fn an_older_vault_never_gives_a_counter_again() {
    let mut driver = counted();
    let old = driver.disk.vault.clone();
    for _ in 0..3 {
        driver.get(NAME).unwrap();
    }
    driver.disk.vault = old;
    let mut driver = driver.restart();
    driver.unlock();
    assert!(driver.status().rollback);
    assert_eq!(
        driver.get(NAME).unwrap().code.expose(),
        "969429",
        "counter 3"
    );
}

#[test]
fn a_removed_and_purged_key_that_comes_back_goes_on_where_it_was() {
    let mut driver = counted();
    driver.get(NAME).unwrap();
    driver.get(NAME).unwrap();
    let remove = Remove {
        query: NAME.into(),
        purge: true,
    };
    driver.call(Request::Remove(remove)).unwrap();
    let again = format!("otpauth://hotp/again?secret={RFC}");
    assert_eq!(driver.add(&again).unwrap().entry.counter, Some(2));
    let ahead = "otpauth://hotp/ahead?secret=ABCDEFGHIJKL2345&counter=9";
    assert_eq!(driver.add(ahead).unwrap().entry.counter, Some(9));
}

#[test]
fn the_last_counter_is_not_used_up() {
    let last = u64::MAX;
    let mut driver = Driver::with(&[&format!(
        "otpauth://hotp/{NAME}?secret={RFC}&counter={last}"
    )]);
    assert_eq!(driver.get(NAME).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(driver.list()[0].counter, Some(last));
}

#[test]
fn a_counters_step_is_no_event() {
    let mut driver = counted();
    driver.get(NAME).unwrap();
    assert!(driver.events.is_empty());
}

#[test]
fn two_entries_of_one_key_have_one_counter() {
    let mut driver = Driver::with(&[
        &format!("otpauth://hotp/a:b?secret={RFC}&counter=3"),
        &format!("otpauth://hotp/c:d?secret={RFC}&digits=8"),
    ]);
    for (name, next) in [("a:b", 4), ("c:d", 5), ("c:d", 6), ("a:b", 7)] {
        let id = driver.get(name).unwrap().id;
        let list = driver.list();
        let entry = list.iter().find(|entry| entry.id == id).unwrap();
        assert_eq!(entry.counter, Some(next), "{name}");
    }
    let marks = &driver.disk.open().unwrap().document.counters;
    assert_eq!(marks.values().copied().collect::<Vec<_>>(), [7]);
}

#[test]
fn the_code_of_a_preview_is_not_the_first_code_of_the_entry_though_the_key_was_there_before() {
    let mut driver = counted();
    let uri = |counter| format!("otpauth://hotp/{NAME}?secret={RFC}&counter={counter}");
    for _ in 0..5 {
        driver.get(NAME).unwrap();
    }
    driver
        .call(Request::Remove(Remove {
            query: NAME.into(),
            purge: true,
        }))
        .unwrap();
    let preview = Request::Preview(Preview {
        uri: driver::secret(&uri(0)),
    });
    let Ok(Response::Preview(preview)) = driver.call(preview) else {
        panic!("another answer");
    };
    assert_eq!(preview.counter, Some(5));
    assert_eq!(preview.code.unwrap().expose(), "254676");
    driver.add(&uri(preview.counter.unwrap() + 1)).unwrap();
    assert_eq!(driver.get(NAME).unwrap().code.expose(), "287922");
}

#[test]
fn a_counter_that_the_state_file_never_got_is_remembered_by_the_agent() {
    let mut driver = Driver::with(&[&uri("hotp", "a:b", 1)]);
    let older = driver.disk.vault.clone();
    driver.habits.keeps = false;
    for _ in 0..3 {
        driver.get("a:b").unwrap();
        if driver.keep.is_some() {
            driver.finish_keep(Err(driver::failure()));
        }
    }
    driver.habits.keeps = true;
    driver.lock();
    // A backup from before takes the place of a damaged vault, and the state on disk is as old.
    driver.disk.vault = older;
    driver.disk.state = State::default();
    driver.unlock();
    assert_eq!(driver.list()[0].counter, Some(3));
    assert!(driver.status().rollback);
}
