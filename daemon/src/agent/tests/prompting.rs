//! A person is asked by a dialog, once for all who wait.

use super::driver::{code, get};
use super::*;

fn ask_get(query: &str) -> Request {
    Request::Get(Get {
        interactive: true,
        ..get(query)
    })
}

fn ask_unlock(display: &str) -> Request {
    Request::UnlockAuto(UnlockAuto {
        interactive: true,
        desktop: Some(Box::new(Desktop {
            display: Some(display.into()),
            ..Desktop::default()
        })),
    })
}

fn locked() -> Driver {
    let mut driver = Driver::with(&[GITHUB]);
    driver.lock();
    driver.events.clear();
    driver
}

fn kind(answer: Result<Response, RpcError>) -> ErrorKind {
    answer.unwrap_err().kind()
}

#[test]
fn nobody_is_asked_unless_the_request_says_so() {
    let mut driver = locked();
    let quiet = Request::UnlockAuto(UnlockAuto::default());
    for request in [Request::Get(get("github")), quiet] {
        assert_eq!(driver.refusal(request), ErrorKind::Locked);
    }
    assert_eq!(driver.prompts, 0);
    driver.unlock();
    let answer = driver.call(ask_unlock(":0"));
    assert!(matches!(answer, Ok(Response::Unlock(answer)) if !answer.opened));
    driver.call(ask_get("github")).unwrap();
    assert_eq!(driver.prompts, 0);
    let mut driver = Driver::new();
    assert_eq!(driver.refusal(ask_unlock(":0")), ErrorKind::NoVault);
}

#[test]
fn one_dialog_on_the_first_one_s_desktop_serves_everybody() {
    let mut driver = locked();
    let unlock = driver.ask(1, ask_unlock(":7"));
    let get = driver.ask(2, ask_get("github"));
    let other = driver.ask(3, ask_unlock(":8"));
    let prompt = driver.prompt.as_ref().unwrap();
    assert_eq!(prompt.desktop.display.as_deref(), Some(":7"));
    assert_eq!(
        (prompt.program.as_str(), prompt.mistake),
        ("pinentry", None)
    );
    assert_eq!(driver.list().len(), 0);
    driver.finish_prompt(Ok(PASSPHRASE));
    for ticket in [unlock, other] {
        let answer = driver.answer(ticket);
        assert!(matches!(answer, Ok(Response::Unlock(answer)) if answer.opened));
    }
    code(driver.answer(get).unwrap());
    assert_eq!(
        (driver.prompts, &driver.events[..]),
        (1, &[Event::Unlocked][..])
    );
    driver.lock();
    assert_eq!(
        driver.refusal(Request::Get(driver::get("github"))),
        ErrorKind::Locked
    );
}

#[test]
fn a_dialog_that_is_cancelled_or_breaks_refuses_everybody_and_the_next_asks_anew() {
    for (failure, expected) in [
        (PromptError::Cancelled, ErrorKind::Denied),
        (PromptError::TimedOut, ErrorKind::Denied),
        (
            PromptError::Failed("pinentry".into(), "no such file".into()),
            ErrorKind::Internal,
        ),
    ] {
        let mut driver = locked();
        let tickets = [
            driver.ask(1, ask_get("github")),
            driver.ask(2, ask_unlock(":0")),
        ];
        driver.finish_prompt(Err(failure));
        for ticket in tickets {
            assert_eq!(kind(driver.answer(ticket)), expected);
        }
        assert!(driver.prompt.is_none() && driver.status().locked);
        driver.ask(1, ask_get("github"));
        assert_eq!(driver.prompts, 2);
    }
}

#[test]
fn a_mistake_is_told_in_the_next_dialog_and_the_third_refuses_everybody() {
    let mut driver = locked();
    let ticket = driver.ask(1, ask_get("github"));
    for mistake in [None, Some(Mistake::Wrong), Some(Mistake::Wrong)] {
        assert_eq!(driver.prompt.as_ref().unwrap().mistake, mistake);
        assert!(!driver.is_answered(ticket));
        driver.finish_prompt(Ok("wrong"));
    }
    assert_eq!(kind(driver.answer(ticket)), ErrorKind::Denied);
    assert!(driver.prompt.is_none());
    // Whoever comes next begins anew.
    let ticket = driver.ask(1, ask_get("github"));
    assert_eq!(driver.prompt.as_ref().unwrap().mistake, None);
    driver.finish_prompt(Ok("wrong"));
    driver.finish_prompt(Ok(PASSPHRASE));
    code(driver.answer(ticket).unwrap());
}

#[test]
fn the_dialog_ends_when_nobody_waits_any_more() {
    let mut driver = locked();
    let (one, other) = (
        driver.ask(1, ask_get("github")),
        driver.ask(2, ask_unlock(":0")),
    );
    driver.input(Input::Gone(Ticket(one)));
    assert!(!driver.is_prompt_ended);
    driver.input(Input::Closed(Conn(2)));
    assert!(driver.is_prompt_ended && !driver.is_answered(other));
    // Who comes before it has ended gets a dialog of their own.
    let late = driver.ask(3, ask_unlock(":9"));
    assert_eq!(driver.prompts, 1);
    driver.finish_prompt(Err(PromptError::Cancelled));
    assert!(!driver.is_answered(late));
    let desktop = &driver.prompt.as_ref().unwrap().desktop;
    assert_eq!(desktop.display.as_deref(), Some(":9"));
    driver.finish_prompt(Ok(PASSPHRASE));
    assert!(driver.answer(late).is_ok());
}

#[test]
fn what_was_typed_for_somebody_who_left_opens_nothing() {
    let mut driver = locked();
    driver.habits.jobs = false;
    let ticket = driver.ask(1, ask_get("github"));
    driver.finish_job();
    driver.finish_prompt(Ok(PASSPHRASE));
    driver.input(Input::Gone(Ticket(ticket)));
    driver.finish_job();
    assert!(driver.status().locked);
    // Nor does it before its turn has come.
    let ticket = driver.ask(2, ask_get("github"));
    driver.finish_job();
    let busy = driver.ask(1, Request::Backup(Backup {}));
    driver.finish_prompt(Ok(PASSPHRASE));
    driver.input(Input::Gone(Ticket(ticket)));
    driver.finish_job();
    assert!(driver.answer(busy).is_ok() && driver.job.is_none());
    driver.ask(2, ask_get("github"));
    driver.finish_job();
    assert!(driver.prompt.is_some());
}

#[test]
fn an_unlock_at_a_terminal_serves_who_waits_for_the_dialog_and_ends_it() {
    let mut driver = locked();
    let ticket = driver.ask(1, ask_get("github"));
    driver.unlock();
    code(driver.answer(ticket).unwrap());
    assert!(driver.is_prompt_ended);
    driver.finish_prompt(Ok("typed too late"));
    assert!(driver.job.is_none() && driver.prompt.is_none());
}

#[test]
fn a_lock_and_a_stop_refuse_who_waits_and_end_the_dialog() {
    for input in [|| Input::Lock(LockSource::Signal), || Input::Stop] {
        let mut driver = locked();
        let ticket = driver.ask(1, ask_get("github"));
        driver.input(input());
        assert_eq!(kind(driver.answer(ticket)), ErrorKind::Locked);
        assert!(driver.is_prompt_ended);
    }
    // Also once something was typed.
    let mut driver = locked();
    driver.habits.jobs = false;
    let ticket = driver.ask(1, ask_get("github"));
    driver.finish_job();
    driver.finish_prompt(Ok(PASSPHRASE));
    driver.input(Input::Lock(LockSource::Signal));
    driver.finish_job();
    assert_eq!(kind(driver.answer(ticket)), ErrorKind::Locked);
    assert!(driver.status().locked);
}

#[test]
fn a_lock_drops_what_was_typed_and_waits_and_the_next_one_is_asked() {
    let mut driver = locked();
    let ticket = driver.ask(1, ask_get("github"));
    driver.habits.jobs = false;
    let busy = driver.ask(2, Request::Backup(Backup {}));
    driver.finish_prompt(Ok(PASSPHRASE));
    driver.input(Input::Lock(LockSource::Signal));
    assert_eq!(kind(driver.answer(ticket)), ErrorKind::Locked);
    driver.finish_job();
    assert!(driver.answer(busy).is_ok() && driver.job.is_none());
    driver.habits.jobs = true;
    let ticket = driver.ask(1, ask_get("github"));
    driver.finish_prompt(Ok(PASSPHRASE));
    assert!(driver.answer(ticket).is_ok());
}

#[test]
fn the_seventeenth_who_waits_and_an_odd_desktop_are_refused() {
    let mut driver = locked();
    for conn in 0..16 {
        driver.ask(conn, ask_unlock(":0"));
    }
    let one_more = driver.ask(99, ask_unlock(":0"));
    assert_eq!(kind(driver.answer(one_more)), ErrorKind::Busy);
    let mut driver = locked();
    assert_eq!(driver.refusal(ask_unlock("a\nOPTION x")), ErrorKind::Params);
}

#[test]
fn a_dialog_that_hangs_is_given_up_and_the_next_caller_is_asked() {
    let mut driver = locked();
    let ticket = driver.ask(1, ask_get("github"));
    driver.pass(149.0);
    assert!(!driver.is_answered(ticket) && !driver.is_prompt_ended);
    driver.pass(1.0);
    assert_eq!(kind(driver.answer(ticket)), ErrorKind::Denied);
    assert!(driver.is_prompt_ended);
    let next = driver.ask(2, ask_get("github"));
    driver.finish_prompt(Err(PromptError::Cancelled));
    assert_eq!(driver.prompts, 2);
    driver.finish_prompt(Ok(PASSPHRASE));
    code(driver.answer(next).unwrap());
}

fn quiet() -> Request {
    Request::UnlockAuto(UnlockAuto::default())
}

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

#[test]
fn what_is_typed_meanwhile_is_not_delayed_by_a_dialog_of_others() {
    let mut driver = locked();
    driver.habits.jobs = false;
    driver.ask(1, quiet());
    let typed = driver.ask(
        2,
        Request::Unlock(Unlock {
            passphrase: driver::secret(PASSPHRASE),
        }),
    );
    driver.finish_job();
    driver.finish_job();
    assert!(driver.answer(typed).is_ok());
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
