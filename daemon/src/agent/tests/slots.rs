//! The ways to open the vault, and another identity for it.

use super::driver::{RECOVERY, failure, secret};
use super::*;

fn renew(by: &str) -> Request {
    Request::RecoveryKeyRenew(RecoveryKeyRenew {
        passphrase: secret(by),
    })
}

fn rekey(by: &str) -> Request {
    Request::Rekey(Rekey {
        passphrase: secret(by),
        drop_backups: false,
    })
}

fn test(slot: &str, by: Option<&str>) -> Request {
    Request::SlotsTest(SlotsTest {
        slot: slot.into(),
        passphrase: by.map(secret),
    })
}

fn remove(slot: &str) -> Request {
    Request::SlotsRemove(SlotsRemove {
        slot: slot.into(),
        passphrase: secret(PASSPHRASE),
    })
}

#[test]
fn slots_are_listed_tested_and_renewed_while_the_vault_is_locked_and_stay_locked() {
    let mut driver = Driver::new();
    for request in [
        Request::SlotsList(SlotsList {}),
        renew(PASSPHRASE),
        rekey(PASSPHRASE),
        remove("recovery"),
        test("keyring", None),
    ] {
        assert_eq!(driver.refusal(request), ErrorKind::NoVault);
    }
    let mut driver = Driver::unlocked();
    driver.lock();
    let listed = driver.call(Request::SlotsList(SlotsList {}));
    assert!(matches!(listed, Ok(Response::Slots(answer)) if answer.slots.len() == 1));
    driver.call(test("passphrase", Some(PASSPHRASE))).unwrap();
    let renewed = driver.call(renew(PASSPHRASE));
    assert!(
        matches!(&renewed, Ok(Response::Renew(answer)) if answer.recovery_key.expose() == RECOVERY),
        "{renewed:?}"
    );
    assert!(matches!(
        driver.call(rekey(PASSPHRASE)),
        Ok(Response::Rekey(_))
    ));
    assert!(driver.status().locked);
    driver.unlock();
}

#[test]
fn a_new_recovery_key_is_kept_when_its_own_connection_says_so_and_not_after_a_rekey() {
    let keep = || Request::RecoveryKeyKeep(RecoveryKeyKeep {});
    let mut driver = Driver::unlocked();
    assert_eq!(driver.refusal(keep()), ErrorKind::Params);
    driver.call(renew(PASSPHRASE)).unwrap();
    assert!(driver.disk.kept.is_empty());
    let ticket = driver.ask(2, keep());
    assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Params);
    driver.call(keep()).unwrap();
    assert_eq!(driver.disk.kept, [b"wrapped"]);
    // What it wraps is the identity of before.
    driver.call(rekey(PASSPHRASE)).unwrap();
    assert_eq!(driver.refusal(keep()), ErrorKind::Params);
    // Also where the rekey is only before it in the queue.
    driver.call(renew(PASSPHRASE)).unwrap();
    driver.habits.jobs = false;
    let rekeyed = driver.ask(2, rekey(PASSPHRASE));
    let kept = driver.ask(1, keep());
    driver.finish_job();
    driver.answer(rekeyed).unwrap();
    assert_eq!(driver.answer(kept).unwrap_err().kind(), ErrorKind::Params);
    driver.habits.jobs = true;
    // And a connection that ends takes its key with it.
    driver.call(renew(PASSPHRASE)).unwrap();
    driver.input(Input::Closed(Conn(1)));
    assert_eq!(driver.refusal(keep()), ErrorKind::Params);
    assert_eq!(driver.disk.kept.len(), 1);
}

#[test]
fn a_slot_is_named_and_its_secret_is_there_where_one_is_typed() {
    let mut driver = Driver::unlocked();
    for (request, kind) in [
        (test("no such/slot", None), ErrorKind::NotFound),
        (test("passphrase", None), ErrorKind::Params),
        (test("keyring", Some(PASSPHRASE)), ErrorKind::Params),
        (test("keyring", None), ErrorKind::NotFound),
        (remove("identity"), ErrorKind::NotFound),
    ] {
        assert_eq!(driver.refusal(request), kind);
    }
}

#[test]
fn a_wrong_secret_is_answered_late_and_a_slot_that_must_stay_at_once() {
    let tested = |by: &str| test("passphrase", Some(by));
    let makes: [&dyn Fn(&str) -> Request; 3] = [&renew, &rekey, &tested];
    for make in makes {
        let mut driver = Driver::unlocked();
        for seconds in [0.1, 0.4] {
            let ticket = driver.ask(1, make("wrong"));
            driver.pass(seconds - 0.01);
            assert!(!driver.is_answered(ticket));
            driver.pass(0.01);
            let refusal = driver.answer(ticket).unwrap_err();
            assert_eq!(refusal.kind(), ErrorKind::Denied);
        }
    }
    let mut driver = Driver::unlocked();
    assert_eq!(driver.refusal(remove("passphrase")), ErrorKind::Denied);
}

#[test]
fn after_a_rekey_of_an_open_vault_changes_are_written_under_the_new_identity() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.call(rekey(PASSPHRASE)).unwrap();
    driver.add(&uri("totp", "a:b", 1)).unwrap();
    driver.lock();
    driver.unlock();
    assert_eq!(driver.list().len(), 2);
    assert!(!driver.status().rollback);
}

#[test]
fn a_change_waits_for_a_rekey_and_is_written_under_the_new_identity() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.habits.jobs = false;
    let rekeyed = driver.ask(1, rekey(PASSPHRASE));
    let added = driver.ask(
        2,
        Request::Add(Add {
            uri: secret(&uri("totp", "a:b", 1)),
        }),
    );
    assert!(driver.store.is_none() && !driver.is_answered(added));
    driver.finish_job();
    assert!(driver.answer(rekeyed).is_ok() && driver.answer(added).is_ok());
    driver.habits.jobs = true;
    driver.lock();
    driver.unlock();
    assert_eq!(driver.list().len(), 2);
}

#[test]
fn a_lock_during_a_rekey_leaves_the_vault_locked_and_still_shows_the_recovery_key() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.habits.jobs = false;
    let ticket = driver.ask(1, rekey(PASSPHRASE));
    driver.input(Input::Lock(LockSource::Signal));
    driver.finish_job();
    assert!(matches!(driver.answer(ticket), Ok(Response::Rekey(_))));
    assert!(driver.status().locked);
    driver.habits.jobs = true;
    driver.unlock();
    assert_eq!(driver.list().len(), 1);
}

#[test]
fn an_agent_that_is_told_to_stop_ends_after_the_rekey_that_is_out() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.habits.jobs = false;
    driver.ask(1, rekey(PASSPHRASE));
    driver.input(Input::Stop);
    assert!(!driver.has_quit);
    driver.finish_job();
    assert!(driver.has_quit);
    let mut driver = driver.restart();
    driver.unlock();
    assert_eq!(driver.list().len(), 1);
}

#[test]
fn a_rekey_whose_files_are_not_in_place_locks_so_that_nothing_is_written_over_them() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.habits.jobs = false;
    let ticket = driver.ask(1, rekey(PASSPHRASE));
    assert!(!driver.is_answered(ticket) && !driver.status().locked);
    driver.job.take().unwrap();
    let half = Err(OpenError::HalfRekeyed(failure()));
    driver.input(Input::JobDone(JobDone::Rekey(half)));
    let refusal = driver.answer(ticket).unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::Incomplete);
    assert!(driver.status().locked);
    assert_eq!(driver.agent.locked_by(), Some(LockSource::Files));
}
