//! `fresh`: no step of an entry is handed out twice.

use super::*;

fn fresh(query: &str) -> Request {
    Request::Get(Get {
        fresh: true,
        ..driver::get(query)
    })
}

fn code(driver: &mut Driver, ticket: u64) -> String {
    driver::code(driver.answer(ticket).unwrap())
        .code
        .expose()
        .to_owned()
}

#[test]
fn two_callers_get_two_steps_in_order() {
    let mut driver = Driver::with(&[GITHUB]);
    let (first, second, third) = (
        driver.ask(1, fresh("GitHub")),
        driver.ask(2, fresh("GitHub")),
        driver.ask(3, fresh("GitHub")),
    );
    let one = code(&mut driver, first);
    driver.pass(24.9);
    assert!(!driver.is_answered(second));
    driver.pass(0.1);
    let two = code(&mut driver, second);
    assert_eq!(two, driver.get("GitHub").unwrap().code.expose());
    assert!(!driver.is_answered(third));
    driver.pass(30.0);
    assert!(one != two && code(&mut driver, third) != two);
}

#[test]
fn a_fresh_code_leaves_only_when_its_step_is_on_disk() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.habits.keeps = false;
    let ticket = driver.ask(1, fresh("GitHub"));
    assert!(!driver.is_answered(ticket));
    assert_eq!(driver.keep.as_ref().unwrap().steps.len(), 1);
    driver.finish_keep(Ok(()));
    assert!(driver.answer(ticket).is_ok());
}

#[test]
fn a_step_that_could_not_be_noted_is_not_handed_out_and_can_be_asked_for_again() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.habits.keeps = false;
    let ticket = driver.ask(1, fresh("GitHub"));
    driver.finish_keep(Err(driver::failure()));
    assert_eq!(
        driver.answer(ticket).unwrap_err().kind(),
        ErrorKind::Storage
    );
    assert!(driver.status().warnings[0].contains("state file"));
    let ticket = driver.ask(1, fresh("GitHub"));
    driver.finish_keep(Ok(()));
    assert!(driver.answer(ticket).is_ok());
    assert!(driver.status().warnings.is_empty());
}

#[test]
fn a_step_stays_used_over_lock_and_restart() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.call(fresh("GitHub")).unwrap();
    driver.lock();
    driver.unlock();
    let ticket = driver.ask(1, fresh("GitHub"));
    assert!(!driver.is_answered(ticket));
    let mut driver = driver.restart();
    driver.unlock();
    let ticket = driver.ask(1, fresh("GitHub"));
    assert!(!driver.is_answered(ticket));
    driver.pass(25.0);
    assert!(driver.answer(ticket).is_ok());
}

#[test]
fn each_entry_has_its_own_steps() {
    let mut driver = Driver::with(&[GITHUB, &uri("totp", "a:b", 1)]);
    driver.call(fresh("GitHub")).unwrap();
    driver.call(fresh("a:b")).unwrap();
}

#[test]
fn a_clock_set_back_a_little_waits_and_set_back_far_is_refused() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.call(fresh("GitHub")).unwrap();
    driver.set_wall(-20);
    let ticket = driver.ask(1, fresh("GitHub"));
    driver.pass(44.9);
    assert!(!driver.is_answered(ticket));
    driver.pass(0.1);
    assert!(driver.answer(ticket).is_ok());
    driver.set_wall(-3600);
    let error = driver.call(fresh("GitHub")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.message.contains("clock"), "{}", error.message);
    driver.set_wall(3600);
    driver.pass(30.0);
    driver.call(fresh("GitHub")).unwrap();
}

#[test]
fn a_clock_set_while_someone_waits_is_noticed_within_a_second() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.call(fresh("GitHub")).unwrap();
    let ticket = driver.ask(1, fresh("GitHub"));
    driver.set_wall(3600);
    driver.pass(1.0);
    assert!(driver.answer(ticket).is_ok());
    let ticket = driver.ask(1, fresh("GitHub"));
    driver.set_wall(-3600);
    driver.pass(1.0);
    assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Denied);
}

#[test]
fn a_suspend_while_someone_waits_ends_the_wait() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.call(fresh("GitHub")).unwrap();
    let ticket = driver.ask(1, fresh("GitHub"));
    driver.boot += Duration::from_secs(600);
    driver.wall += Duration::from_secs(600);
    driver.input(Input::Tick);
    assert!(driver.answer(ticket).is_ok());
}

#[test]
fn a_wait_ends_with_its_caller_with_a_lock_and_with_the_entry() {
    let mut driver = Driver::with(&[GITHUB, &uri("totp", "a:b", 1)]);
    for query in ["GitHub", "a:b"] {
        driver.call(fresh(query)).unwrap();
    }
    let gone = driver.ask(1, fresh("GitHub"));
    let closed = driver.ask(2, fresh("GitHub"));
    let removed = driver.ask(3, fresh("a:b"));
    let locked = driver.ask(3, fresh("GitHub"));
    driver.input(Input::Gone(Ticket(gone)));
    driver.input(Input::Closed(Conn(2)));
    driver
        .call(Request::Remove(Remove {
            query: "a:b".into(),
            purge: false,
        }))
        .unwrap();
    assert_eq!(
        driver.answer(removed).unwrap_err().kind(),
        ErrorKind::NotFound
    );
    driver.lock();
    assert_eq!(driver.answer(locked).unwrap_err().kind(), ErrorKind::Locked);
    driver.pass(60.0);
    assert!(!driver.is_answered(gone) && !driver.is_answered(closed));
}

#[test]
fn a_lock_while_the_step_is_written_answers_locked_and_gives_no_code() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.habits.keeps = false;
    let ticket = driver.ask(1, fresh("GitHub"));
    driver.lock();
    assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Locked);
    driver.finish_keep(Ok(()));
    assert!(!driver.is_answered(ticket));
}

#[test]
fn a_code_that_died_while_its_step_was_written_is_replaced_by_the_next() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.habits.keeps = false;
    let ticket = driver.ask(1, fresh("GitHub"));
    driver.boot += Duration::from_secs(26);
    driver.wall += Duration::from_secs(26);
    driver.finish_keep(Ok(()));
    assert!(!driver.is_answered(ticket));
    driver.finish_keep(Ok(()));
    let answer = driver::code(driver.answer(ticket).unwrap());
    assert_eq!(answer.valid_for, Some(29));
}

#[test]
fn another_period_hands_out_no_moment_twice() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.call(fresh("GitHub")).unwrap();
    let period = |seconds| {
        let period = Some(Period::new(seconds).unwrap());
        Request::Edit(Edit {
            query: "GitHub".into(),
            period,
            ..Edit::default()
        })
    };
    for seconds in [60, 30] {
        driver.call(period(seconds)).unwrap();
        let ticket = driver.ask(1, fresh("GitHub"));
        assert!(!driver.is_answered(ticket), "period {seconds}");
        driver.input(Input::Gone(Ticket(ticket)));
    }
    driver.pass(90.0);
    driver.call(fresh("GitHub")).unwrap();
}

#[test]
fn the_sixty_fifth_who_waits_is_told_to_come_again() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.call(fresh("GitHub")).unwrap();
    for _ in 0..64 {
        driver.ask(1, fresh("GitHub"));
    }
    assert_eq!(driver.refusal(fresh("GitHub")), ErrorKind::Busy);
}

#[test]
fn fresh_hotp_is_hotp() {
    let mut driver = Driver::with(&[&uri("hotp", "a:b", 1)]);
    driver.call(fresh("a:b")).unwrap();
    driver.call(fresh("a:b")).unwrap();
    assert_eq!(driver.list()[0].counter, Some(2));
}
