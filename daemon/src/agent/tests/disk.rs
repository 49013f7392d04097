//! What the disk and the thread may do to the agent.

use super::*;

#[test]
fn results_that_nobody_waits_for_are_ignored() {
    let mut driver = Driver::with(&[GITHUB]);
    for input in [
        Input::Stored(Ok(())),
        Input::Stored(Err(driver::failure())),
        Input::Kept(Ok(())),
        Input::Kept(Err(driver::failure())),
        Input::JobDone(JobDone::Check(Ok(()))),
        Input::JobDone(JobDone::Purge(Ok(()))),
        Input::Gone(Ticket(12345)),
        Input::Closed(Conn(12345)),
        Input::Tick,
    ] {
        driver.input(input);
    }
    assert!(driver.answers.is_empty());
    driver.get("GitHub").unwrap();
}

#[test]
fn the_state_is_kept_after_each_store_and_a_lock_loses_nothing_of_it() {
    let mut driver = Driver::with(&[&uri("hotp", "a:b", 1)]);
    driver.habits.stores = false;
    driver.ask(1, Request::Get(driver::get("a:b")));
    driver.lock();
    driver.finish_store(Ok(()));
    let document = driver.disk.open().unwrap().document;
    assert_eq!(driver.disk.state.marks.generation, document.generation);
    assert_eq!(
        driver
            .disk
            .state
            .marks
            .counters
            .values()
            .collect::<Vec<_>>(),
        [&1]
    );
}

#[test]
fn a_vault_that_vanished_is_reported_and_known() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.lock();
    driver.disk.vault = None;
    let unlock = Unlock {
        passphrase: driver::secret(PASSPHRASE),
    };
    assert_eq!(driver.refusal(Request::Unlock(unlock)), ErrorKind::NoVault);
    assert!(!driver.status().vault);
}

#[test]
fn a_vault_that_is_damaged_is_a_failure_of_storage_and_not_of_the_passphrase() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.lock();
    driver.disk.vault.as_mut().unwrap().truncate(300);
    let unlock = Unlock {
        passphrase: driver::secret(PASSPHRASE),
    };
    assert_eq!(driver.refusal(Request::Unlock(unlock)), ErrorKind::Storage);
    assert!(driver.status().locked);
}
