//! A person is asked by a dialog, once for all who wait.

use super::driver::{code, get};
use super::*;

pub(super) fn ask_get(query: &str) -> Request {
    Request::Get(Get {
        interactive: true,
        ..get(query)
    })
}

pub(super) fn ask_unlock(display: &str) -> Request {
    Request::UnlockAuto(UnlockAuto {
        interactive: true,
        desktop: Some(Box::new(Desktop {
            display: Some(display.into()),
            ..Desktop::default()
        })),
    })
}

pub(super) fn locked() -> Driver {
    let mut driver = Driver::with(&[GITHUB]);
    driver.lock();
    driver.events.clear();
    driver
}

pub(super) fn kind(answer: Result<Response, RpcError>) -> ErrorKind {
    answer.unwrap_err().kind()
}

pub(super) fn quiet() -> Request {
    Request::UnlockAuto(UnlockAuto::default())
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
