//! The slots that nobody types.

use super::driver::get;
use super::prompting::{ask_get, ask_unlock, kind, locked, quiet};
use super::*;

#[test]
fn a_slot_that_nobody_types_opens_the_vault_before_anybody_is_asked() {
    for request in [quiet, || ask_get("github"), || ask_unlock(":0")] {
        let mut driver = locked();
        driver.disk.has_keyring = true;
        driver.call(request()).unwrap();
        assert_eq!((driver.prompts, driver.status().locked), (0, false));
    }
    // A `get` that asks nobody to open anything opens nothing.
    let mut driver = locked();
    driver.disk.has_keyring = true;
    assert_eq!(
        driver.refusal(Request::Get(get("github"))),
        ErrorKind::Locked
    );
}

#[test]
fn the_vault_opens_at_the_start_and_after_a_lock_only_when_asked() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.disk.has_keyring = true;
    let mut driver = driver.restart();
    driver.input(Input::Begin);
    driver.see_everything();
    driver.get("github").unwrap();
    driver.lock();
    driver.input(Input::Tick);
    assert!(driver.status().locked);
    assert_eq!(driver.status().unlocked_by, None);
    driver.call(quiet()).unwrap();
    assert_eq!(driver.status().unlocked_by.as_deref(), Some("keyring"));
}

#[test]
fn a_lock_while_the_keyring_is_asked_leaves_the_vault_locked() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.disk.has_keyring = true;
    let mut driver = driver.restart();
    driver.habits.jobs = false;
    driver.input(Input::Begin);
    driver.see_everything();
    assert!(driver.job.is_some());
    let waiting = driver.ask(1, quiet());
    driver.input(Input::Lock(LockSource::Signal));
    driver.finish_job();
    assert!(driver.status().locked);
    assert_eq!(kind(driver.answer(waiting)), ErrorKind::Locked);
}

#[test]
fn a_keyring_that_fails_is_told_and_falls_to_the_dialog_or_the_passphrase() {
    let mut driver = locked();
    driver.disk.auto_failure = Some(crate::vault::slot::KeyringError::NoAnswer);
    assert_eq!(driver.refusal(quiet()), ErrorKind::Locked);
    let warnings = driver.status().warnings;
    assert!(warnings.iter().any(|line| line.contains("does not answer")));
    let ticket = driver.ask(1, ask_get("github"));
    assert!(driver.prompt.is_some());
    // Who asks nobody doesn't wait for a person either.
    let other = driver.ask(2, quiet());
    assert_eq!(kind(driver.answer(other)), ErrorKind::Locked);
    driver.unlock();
    assert!(driver.answer(ticket).is_ok());
    // Where there is no such slot, nothing is said of it.
    driver.lock();
    assert_eq!(driver.refusal(quiet()), ErrorKind::Locked);
    assert!(driver.status().warnings.is_empty());
}

fn starting() -> Driver {
    let mut driver = Driver::with(&[GITHUB]);
    driver.disk.has_keyring = true;
    let mut driver = driver.restart();
    driver.input(Input::Begin);
    driver
}

#[test]
fn at_the_start_the_keyring_waits_to_know_whether_somebody_is_at_the_computer() {
    let mut driver = starting();
    let waiting = driver.ask(1, quiet());
    assert!(driver.status().locked && !driver.is_answered(waiting));
    driver.see_everything();
    assert!(driver.answer(waiting).is_ok());
    driver.get("github").unwrap();
    // Nobody is: the person asks when they come.
    let mut driver = starting();
    driver.input(Input::Absence(Absence::Hint, Sign::Begun));
    driver.see_everything();
    driver.input(Input::Absence(Absence::Hint, Sign::Over));
    assert!(driver.status().locked);
    driver.call(quiet()).unwrap();
    // A bus that never answers is waited for as long as it may take.
    let mut driver = starting();
    driver.pass(2.9);
    assert!(driver.status().locked);
    driver.pass(0.1);
    assert!(!driver.status().locked);
    // Who locks meanwhile wants it locked.
    let mut driver = starting();
    driver.lock();
    driver.see_everything();
    driver.pass(10.0);
    assert!(driver.status().locked);
}

#[test]
fn while_somebody_is_away_the_keyring_opens_nothing_and_a_dialog_asks_at_once() {
    for absence in [
        Absence::Saver("x"),
        Absence::Hint,
        Absence::Left,
        Absence::Sleep,
    ] {
        let mut driver = Driver::with(&[GITHUB]);
        driver.disk.has_keyring = true;
        driver.input(Input::Absence(absence, Sign::Begun));
        assert!(driver.status().locked, "{absence:?}");
        // What others say of themselves changes nothing.
        for other in [Absence::Saver("y"), Absence::Hint, Absence::Left] {
            if other != absence {
                driver.input(Input::Absence(other, Sign::Over));
            }
        }
        assert_eq!(driver.refusal(quiet()), ErrorKind::Locked, "{absence:?}");
        driver.habits.jobs = false;
        let typing = driver.ask(2, ask_get("github"));
        assert!(driver.prompt.is_some() && driver.job.is_none());
        driver.habits.jobs = true;
        driver.finish_prompt(Ok(PASSPHRASE));
        assert!(driver.answer(typing).is_ok());
        // It goes on: a passphrase says nothing of the screen.
        driver.lock();
        assert_eq!(driver.refusal(quiet()), ErrorKind::Locked, "{absence:?}");
        driver.input(Input::Absence(absence, Sign::Over));
        driver.pass(60.0);
        assert!(driver.status().locked, "nothing opens it by itself");
        driver.call(quiet()).unwrap();
    }
}

#[test]
fn a_lock_of_which_nobody_says_the_end_ends_with_a_person_or_a_screen_that_is_free() {
    let told = |driver: &mut Driver| {
        driver.disk.has_keyring = true;
        driver.input(Input::Lock(LockSource::Screen));
        assert_eq!(driver.refusal(quiet()), ErrorKind::Locked);
    };
    let mut driver = Driver::with(&[GITHUB]);
    told(&mut driver);
    driver.unlock();
    driver.lock();
    driver.call(quiet()).unwrap();
    // As GNOME does: told, and then seen.
    told(&mut driver);
    driver.input(Input::Absence(Absence::Hint, Sign::Begun));
    driver.input(Input::Absence(Absence::Hint, Sign::Over));
    driver.call(quiet()).unwrap();
    // A screen saver that goes while it shows itself may never say the end.
    driver.input(Input::Absence(Absence::Saver("x"), Sign::Begun));
    driver.input(Input::Absence(Absence::Saver("x"), Sign::Lost));
    assert_eq!(driver.refusal(quiet()), ErrorKind::Locked);
    driver.unlock();
    driver.lock();
    driver.call(quiet()).unwrap();
    // A signal, or a request, says nothing of who is there.
    driver.input(Input::Lock(LockSource::Signal));
    driver.call(quiet()).unwrap();
    // Nor does a source that is off.
    driver.input(Input::Reload(Config {
        lock_screen: false,
        ..Config::default()
    }));
    driver.input(Input::Absence(Absence::Hint, Sign::Begun));
    driver.lock();
    driver.call(quiet()).unwrap();
}
