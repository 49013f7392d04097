//! A lock for a time.

use super::*;

#[test]
fn a_lock_for_a_time_refuses_every_unlock_until_then_whatever_the_wall_clock_shows() {
    let mut driver = Driver::with(&[GITHUB]);
    let lock = |seconds| {
        Request::Lock(Lock {
            seconds: Some(seconds),
        })
    };
    let unlock = || {
        Request::Unlock(Unlock {
            passphrase: driver::secret(PASSPHRASE),
        })
    };
    driver.call(lock(1800)).unwrap();
    assert_eq!(driver.status().unlock_in, Some(1800));
    driver.set_wall(7200);
    driver.pass(1799.5);
    let refused = driver.call(unlock()).unwrap_err();
    assert_eq!(
        (refused.kind(), refused.message.as_str()),
        (ErrorKind::Refused, "locked for another 1 s")
    );
    // Nobody is asked either.
    let interactive = Request::Get(Get {
        interactive: true,
        ..driver::get("GitHub")
    });
    assert_eq!(driver.refusal(interactive), ErrorKind::Refused);
    let auto = Request::UnlockAuto(UnlockAuto::default());
    assert_eq!(driver.refusal(auto), ErrorKind::Refused);
    assert_eq!(driver.get("GitHub").unwrap_err().kind(), ErrorKind::Locked);
    // A lock without a time leaves it as it is.
    driver.lock();
    assert_eq!(driver.status().unlock_in, Some(1));
    driver.pass(1.0);
    assert_eq!(driver.status().unlock_in, None);
    driver.unlock();

    // The time begins anew with each, and none at all ends it.
    driver.call(lock(MAX_REFUSAL)).unwrap();
    assert!(driver.status().locked);
    driver.call(lock(60)).unwrap();
    assert_eq!(driver.status().unlock_in, Some(60));
    driver.call(lock(0)).unwrap();
    assert_eq!(driver.status().unlock_in, None);
    driver.unlock();
    assert_eq!(driver.refusal(lock(MAX_REFUSAL + 1)), ErrorKind::Params);
    assert!(!driver.status().locked);
}

#[test]
fn a_lock_for_a_time_keeps_a_new_vault_shut_too() {
    let mut driver = Driver::new();
    let init = || {
        Request::Init(Init {
            passphrase: driver::secret(PASSPHRASE),
        })
    };
    let lock = |seconds| {
        Request::Lock(Lock {
            seconds: Some(seconds),
        })
    };
    driver.call(lock(60)).unwrap();
    assert_eq!(driver.refusal(init()), ErrorKind::Refused);
    driver.call(lock(0)).unwrap();
    driver.habits.jobs = false;
    let ticket = driver.ask(1, init());
    driver.call(lock(60)).unwrap();
    driver.finish_job();
    assert!(driver.answer(ticket).is_ok(), "the recovery key is shown");
    assert!(driver.status().locked);
}

fn lock_for(seconds: u64) -> Request {
    Request::Lock(Lock {
        seconds: Some(seconds),
    })
}

fn unlock() -> Request {
    Request::Unlock(Unlock {
        passphrase: driver::secret(PASSPHRASE),
    })
}

#[test]
fn a_lock_for_a_time_outlives_the_agent_and_a_clock_that_is_set() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.disk.has_keyring = true;
    driver.call(lock_for(3600)).unwrap();
    for jump in [0, 7200, -7200] {
        driver = driver.restart();
        driver.set_wall(jump);
        driver.input(Input::Begin);
        driver.see_everything();
        driver.pass(600.0);
        let auto = Request::UnlockAuto(UnlockAuto::default());
        assert_eq!(driver.refusal(auto), ErrorKind::Refused, "{jump}");
        assert_eq!(driver.refusal(unlock()), ErrorKind::Refused, "{jump}");
    }
    assert_eq!(driver.status().unlock_in, Some(1800));
    // By the wall clock after a reboot, and for no longer.
    driver.set_wall(600);
    driver = driver.reboot();
    assert_eq!(driver.status().unlock_in, Some(1200));
    driver.set_wall(-90_000);
    driver = driver.restart();
    assert_eq!(driver.status().unlock_in, Some(1200), "of this boot now");
    driver = driver.reboot();
    assert_eq!(driver.status().unlock_in, Some(1200));
    driver.pass(1200.0);
    driver.unlock();
    // Whoever takes it back is believed after the next start, too.
    driver.call(lock_for(60)).unwrap();
    driver.call(lock_for(0)).unwrap();
    assert_eq!(driver.disk.shut, None);
    driver.restart().unlock();
}

#[test]
fn a_time_is_answered_for_once_it_is_on_disk_and_the_vault_is_locked_before() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.habits.keeps = false;
    let first = driver.ask(1, lock_for(60));
    let second = driver.ask(2, lock_for(600));
    assert!(driver.status().locked && !driver.is_answered(first));
    assert_eq!(driver.refusal(unlock()), ErrorKind::Refused);
    driver.finish_shut(Ok(()));
    assert!(driver.answer(first).is_ok() && !driver.is_answered(second));
    // Killed now, it is the first time that counts; on disk, the second.
    driver.finish_shut(Err(driver::failure()));
    let refusal = driver.answer(second).unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::Incomplete);
    assert_eq!(driver.status().unlock_in, Some(600), "it counts until then");
    let late = driver.ask(3, lock_for(600));
    driver.input(Input::Stop);
    assert!(!driver.has_quit, "it is being written");
    driver.finish_shut(Ok(()));
    assert!(driver.answer(late).is_ok() && driver.has_quit);
    assert_eq!(driver.restart().status().unlock_in, Some(600));
}

#[test]
fn a_time_that_is_over_leaves_the_disk_and_no_lost_date_brings_it_back() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.call(lock_for(60)).unwrap();
    assert!(driver.disk.shut.is_some());
    driver.pass(59.0);
    assert!(driver.disk.shut.is_some());
    driver.pass(1.0);
    assert_eq!(driver.disk.shut, None);
    driver.set_wall(-90_000_000);
    driver = driver.reboot();
    driver.unlock();
}

#[test]
fn a_time_that_was_lost_is_told_until_somebody_locks_again() {
    let mut driver = Driver::with(&[GITHUB]);
    let facts = Facts {
        shut_lost: Some("/state/shut is damaged".into()),
        ..Facts::default()
    };
    driver.agent = driver.agent.with_facts(facts);
    let told = |driver: &mut Driver| {
        let warnings = driver.status().warnings;
        warnings
            .iter()
            .any(|line| line.ends_with("not known: /state/shut is damaged"))
    };
    assert!(told(&mut driver));
    driver.call(lock_for(0)).unwrap();
    assert!(!told(&mut driver));
}
