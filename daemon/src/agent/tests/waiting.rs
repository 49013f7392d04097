//! `min_left`: a code that lives long enough.

use super::*;

fn least(query: &str, seconds: u32) -> Request {
    Request::Get(Get {
        min_left: Some(seconds),
        ..driver::get(query)
    })
}

#[test]
fn a_code_that_lives_long_enough_is_answered_at_once_and_another_is_waited_for() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.call(least("GitHub", 25)).unwrap();
    let ticket = driver.ask(1, least("GitHub", 26));
    driver.pass(24.9);
    assert!(!driver.is_answered(ticket));
    driver.pass(0.1);
    assert_eq!(
        driver::code(driver.answer(ticket).unwrap()).valid_for,
        Some(30)
    );
}

#[test]
fn the_second_that_has_begun_does_not_count() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.pass(0.5);
    let ticket = driver.ask(1, least("GitHub", 25));
    assert!(!driver.is_answered(ticket));
    driver.call(least("GitHub", 24)).unwrap();
}

#[test]
fn a_whole_period_can_be_asked_for() {
    let mut driver = Driver::with(&[GITHUB]);
    let ticket = driver.ask(1, least("GitHub", 30));
    driver.pass(25.3);
    assert!(driver.answer(ticket).is_ok());
}

#[test]
fn more_than_the_period_none_and_hotp_are_wrong_parameters() {
    let mut driver = Driver::with(&[GITHUB, &uri("hotp", "a:b", 1)]);
    for (query, seconds) in [("GitHub", 31), ("GitHub", 0), ("a:b", 1)] {
        let error = driver.call(least(query, seconds)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Params, "{query} {seconds}");
    }
    assert_eq!(driver.list()[0].counter, Some(0));
}

#[test]
fn while_someone_waits_the_clock_is_looked_at_each_second_and_else_never() {
    let mut driver = Driver::with(&[GITHUB]);
    let idle = driver.agent.deadline();
    let ticket = driver.ask(1, least("GitHub", 30));
    let next = driver.agent.deadline().unwrap();
    assert!(next.saturating_sub(driver.boot) <= Duration::from_secs(1));
    driver.input(Input::Gone(Ticket(ticket)));
    assert!(driver.agent.deadline() >= idle);
    let ticket = driver.ask(1, least("GitHub", 30));
    driver.set_wall(-10);
    // Five seconds before the end of the period before.
    driver.pass(4.9);
    assert!(!driver.is_answered(ticket));
    driver.pass(0.1);
    assert!(driver.answer(ticket).is_ok());
}

#[test]
fn fresh_and_long_enough_go_together() {
    let mut driver = Driver::with(&[GITHUB]);
    let both = || {
        Request::Get(Get {
            fresh: true,
            min_left: Some(20),
            ..driver::get("GitHub")
        })
    };
    driver.call(both()).unwrap();
    driver.pass(20.0);
    let ticket = driver.ask(1, both());
    driver.pass(5.0);
    assert_eq!(
        driver::code(driver.answer(ticket).unwrap()).valid_for,
        Some(30)
    );
}

#[test]
fn a_wait_ends_when_the_period_is_changed_to_less() {
    let mut driver = Driver::with(&[GITHUB]);
    let ticket = driver.ask(1, least("GitHub", 30));
    let period = Some(Period::new(15).unwrap());
    let edit = Edit {
        query: "GitHub".into(),
        period,
        ..Edit::default()
    };
    driver.call(Request::Edit(edit)).unwrap();
    assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Params);
}

#[test]
fn a_lock_ends_the_wait() {
    let mut driver = Driver::with(&[GITHUB]);
    let ticket = driver.ask(1, least("GitHub", 30));
    driver.input(Input::Lock(LockSource::Signal));
    assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Locked);
}
