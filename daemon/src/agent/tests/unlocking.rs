//! Making, opening, re-wrapping; patience.

use super::driver::{RECOVERY, secret};
use super::*;

fn unlock(passphrase: &str) -> Request {
    Request::Unlock(Unlock {
        passphrase: secret(passphrase),
    })
}

fn kind(answer: Result<Response, RpcError>) -> ErrorKind {
    answer.unwrap_err().kind()
}

#[test]
fn status_names_the_slot_that_opened_the_vault() {
    let mut driver = Driver::unlocked();
    assert_eq!(driver.status().unlocked_by.as_deref(), Some("passphrase"));
    // A real one: what has the form of a recovery key and isn't one is tried as a passphrase.
    let recovery = RecoveryKey::from_random(&[7; 16]).into_secret();
    driver.disk.passphrase = recovery.expose().to_owned();
    for (typed, slot) in [(recovery.expose(), "recovery"), (RECOVERY, "passphrase")] {
        driver.lock();
        assert_eq!(driver.status().unlocked_by, None);
        let passphrase = secret(typed);
        driver.call(Request::Unlock(Unlock { passphrase })).unwrap();
        assert_eq!(driver.status().unlocked_by.as_deref(), Some(slot));
    }
}

#[test]
fn init_makes_a_vault_shows_the_recovery_key_and_leaves_it_unlocked() {
    let mut driver = Driver::new();
    assert_eq!(driver.refusal(unlock("x")), ErrorKind::NoVault);
    let answer = driver.call(Request::Init(Init {
        passphrase: secret(PASSPHRASE),
    }));
    match answer {
        Ok(Response::Init(init)) => assert_eq!(init.recovery_key.expose(), RECOVERY),
        other => panic!("{other:?}"),
    }
    assert!(!driver.status().locked);
    assert_eq!(driver.events, [Event::Unlocked]);
    let again = Request::Init(Init {
        passphrase: secret("other"),
    });
    assert_eq!(driver.refusal(again), ErrorKind::Exists);
}

#[test]
fn an_empty_passphrase_is_refused() {
    let mut driver = Driver::new();
    let init = Request::Init(Init {
        passphrase: secret(""),
    });
    assert_eq!(driver.refusal(init), ErrorKind::Params);
    let mut driver = Driver::unlocked();
    let passwd = Passwd {
        current: secret(PASSPHRASE),
        new: secret(""),
    };
    assert_eq!(driver.refusal(Request::Passwd(passwd)), ErrorKind::Params);
}

#[test]
fn unlock_opens_with_either_secret_and_says_when_it_was_open() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.lock();
    assert!(driver.unlock().opened);
    assert!(!driver.unlock().opened);
    driver.lock();
    driver.call(unlock(RECOVERY)).unwrap();
    assert_eq!(driver.list().len(), 1);
}

#[test]
fn each_failure_of_a_connection_is_answered_later_than_the_one_before() {
    let mut driver = Driver::unlocked();
    driver.lock();
    for (failure, seconds) in [(1, 0.1), (2, 0.4), (3, 0.9), (4, 1.6), (5, 2.5)] {
        let ticket = driver.ask(1, unlock("wrong"));
        driver.pass(seconds - 0.01);
        assert!(!driver.is_answered(ticket), "failure {failure}");
        driver.pass(0.01);
        assert_eq!(kind(driver.answer(ticket)), ErrorKind::Denied);
    }
    for _ in 6..14 {
        let ticket = driver.ask(1, unlock("wrong"));
        driver.pass(10.0);
        driver.answer(ticket).unwrap_err();
    }
}

#[test]
fn a_failure_delays_its_own_connection_only() {
    let mut driver = Driver::unlocked();
    driver.lock();
    for _ in 0..5 {
        driver.ask(1, unlock("wrong"));
    }
    let late = driver.ask(1, unlock("wrong"));
    let other = driver.ask(2, unlock(PASSPHRASE));
    assert!(driver.answer(other).is_ok());
    assert!(!driver.is_answered(late));
}

#[test]
fn success_and_a_new_connection_forget_the_failures() {
    let mut driver = Driver::unlocked();
    driver.lock();
    let fail_within = |driver: &mut Driver, seconds: f64| {
        let ticket = driver.ask(1, unlock("wrong"));
        driver.pass(seconds);
        driver.is_answered(ticket)
    };
    assert!(fail_within(&mut driver, 0.1));
    assert!(!fail_within(&mut driver, 0.1));
    driver.pass(10.0);
    driver.unlock();
    driver.lock();
    assert!(fail_within(&mut driver, 0.1));
    driver.input(Input::Closed(Conn(1)));
    assert!(fail_within(&mut driver, 0.1));
}

#[test]
fn export_passwd_and_restore_backup_are_as_patient_as_unlock() {
    let requests: [fn() -> Request; 3] = [
        || {
            Request::Export(Export {
                passphrase: secret("wrong"),
                query: None,
            })
        },
        || {
            Request::Passwd(Passwd {
                current: secret("wrong"),
                new: secret("new"),
            })
        },
        || {
            let passphrase = Some(secret("wrong"));
            Request::RestoreBackupCommit(RestoreBackupCommit {
                passphrase,
                from: None,
                dry_run: true,
            })
        },
    ];
    for make in requests {
        let mut driver = Driver::unlocked();
        driver
            .call(Request::RestoreBackupBegin(RestoreBackupBegin {}))
            .unwrap();
        for seconds in [0.1, 0.4] {
            let ticket = driver.ask(1, make());
            driver.pass(seconds - 0.01);
            assert!(!driver.is_answered(ticket));
            driver.pass(0.01);
            assert_eq!(kind(driver.answer(ticket)), ErrorKind::Denied);
        }
    }
}

#[test]
fn a_wrong_passphrase_is_never_told_ok_because_another_opened_the_vault() {
    let mut driver = Driver::unlocked();
    driver.lock();
    driver.habits.jobs = false;
    let right = driver.ask(1, unlock(PASSPHRASE));
    let wrong = driver.ask(2, unlock("wrong"));
    driver.finish_job();
    assert!(matches!(
        driver.answer(right),
        Ok(Response::Unlock(UnlockAnswer { opened: true, .. }))
    ));
    // Its turn came when the vault was open, which it is told, and nothing more.
    assert!(matches!(
        driver.answer(wrong),
        Ok(Response::Unlock(UnlockAnswer { opened: false, .. }))
    ));
    driver.lock();
    let wrong = driver.ask(2, unlock("wrong"));
    driver.finish_job();
    driver.pass(10.0);
    assert_eq!(kind(driver.answer(wrong)), ErrorKind::Denied);
}

#[test]
fn a_lock_during_an_unlock_leaves_it_locked() {
    let mut driver = Driver::unlocked();
    driver.lock();
    driver.habits.jobs = false;
    let running = driver.ask(1, unlock(PASSPHRASE));
    let waiting = driver.ask(2, unlock(PASSPHRASE));
    driver.input(Input::Lock(LockSource::Signal));
    assert_eq!(kind(driver.answer(running)), ErrorKind::Locked);
    assert_eq!(kind(driver.answer(waiting)), ErrorKind::Locked);
    driver.finish_job();
    assert!(driver.status().locked);
    assert_eq!(driver.events.last(), Some(&Event::Locked));
}

#[test]
fn a_caller_who_left_opens_nothing() {
    let mut driver = Driver::unlocked();
    driver.lock();
    driver.habits.jobs = false;
    let gone = driver.ask(1, unlock(PASSPHRASE));
    driver.input(Input::Gone(Ticket(gone)));
    driver.finish_job();
    assert!(driver.status().locked);
    assert!(!driver.is_answered(gone));
}

#[test]
fn a_lock_during_init_still_shows_the_recovery_key() {
    let mut driver = Driver::new();
    driver.habits.jobs = false;
    let ticket = driver.ask(
        1,
        Request::Init(Init {
            passphrase: secret(PASSPHRASE),
        }),
    );
    driver.input(Input::Lock(LockSource::Signal));
    driver.finish_job();
    assert!(matches!(driver.answer(ticket), Ok(Response::Init(_))));
    let status = driver.status();
    assert!(status.vault && status.locked);
}

#[test]
fn a_vault_whose_recovery_key_nobody_has_seen_is_removed_again() {
    let init = || {
        Request::Init(Init {
            passphrase: secret(PASSPHRASE),
        })
    };
    for stops in [false, true] {
        let mut driver = Driver::new();
        driver.habits.jobs = false;
        let gone = driver.ask(1, init());
        driver.input(Input::Gone(Ticket(gone)));
        let next = driver.ask(2, init());
        if stops {
            driver.input(Input::Stop);
        }
        driver.finish_job();
        assert!(matches!(driver.job, Some(Job::Discard { .. })));
        assert!(!driver.has_quit, "not before it is removed");
        driver.habits.jobs = true;
        driver.finish_job();
        assert_eq!(driver.has_quit, stops);
        if stops {
            let mut driver = driver.restart();
            assert!(!driver.status().vault);
        } else {
            assert!(matches!(driver.answer(next), Ok(Response::Init(_))));
            driver.lock();
            driver.unlock();
        }
    }
}

#[test]
fn a_vault_that_could_not_be_removed_again_is_there() {
    let mut driver = Driver::new();
    driver.habits.jobs = false;
    let gone = driver.ask(
        1,
        Request::Init(Init {
            passphrase: secret(PASSPHRASE),
        }),
    );
    driver.input(Input::Gone(Ticket(gone)));
    driver.finish_job();
    driver.job = None;
    driver.input(Input::JobDone(JobDone::Discard(Err(OpenError::Exists))));
    assert!(driver.status().vault);
    driver.habits.jobs = true;
    driver.unlock();
}

#[test]
fn passwd_changes_the_passphrase_locked_or_not() {
    let mut driver = Driver::unlocked();
    let passwd = |current: &str, new: &str| {
        Request::Passwd(Passwd {
            current: secret(current),
            new: secret(new),
        })
    };
    driver.call(passwd(PASSPHRASE, "second")).unwrap();
    driver.lock();
    driver.call(passwd("second", "third")).unwrap();
    assert!(driver.status().locked);
    driver.call(unlock("third")).unwrap();
}

#[test]
fn the_seventeenth_who_waits_for_a_key_derivation_is_told_to_come_again() {
    let mut driver = Driver::unlocked();
    driver.lock();
    driver.habits.jobs = false;
    let mut tickets: Vec<u64> = (0..17).map(|conn| driver.ask(conn, unlock("x"))).collect();
    let one_more = driver.ask(99, unlock("x"));
    assert_eq!(kind(driver.answer(one_more)), ErrorKind::Busy);
    tickets.retain(|&ticket| driver.is_answered(ticket));
    assert_eq!(tickets, [0_u64; 0], "one is out and sixteen wait");
}
