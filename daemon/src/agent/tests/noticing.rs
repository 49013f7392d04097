//! Codes that are shown in a notification.

use super::*;

fn notify(query: &str) -> Request {
    Request::Notify(Notify {
        query: query.into(),
        ..Notify::default()
    })
}

/// A lock of the screen locks no vault.
fn leave_open_with_the_screen(driver: &mut Driver) {
    driver.input(Input::Reload(Config {
        lock_screen: false,
        ..Config::default()
    }));
}

/// Asks for a notification that the server takes.
fn show(driver: &mut Driver, query: &str) -> NotifyAnswer {
    let ticket = driver.ask(1, notify(query));
    driver.shown(Ok(()));
    let Response::Notify(answer) = driver.answer(ticket).unwrap() else {
        panic!("another answer");
    };
    answer
}

#[test]
fn the_code_goes_to_the_server_and_not_to_the_caller() {
    let mut driver = Driver::with(&[GITHUB]);
    let code = driver.get("GitHub").unwrap();
    let ticket = driver.ask(1, notify("GitHub"));
    assert!(!driver.is_answered(ticket), "it isn't shown yet");
    let notice = driver.notices().pop().unwrap().unwrap();
    assert_eq!(notice.code, Some(code.code));
    assert_eq!(notice.valid_for, code.valid_for.unwrap());
    assert_eq!(notice.issuer, "GitHub");
    driver.shown(Ok(()));
    assert!(matches!(driver.answer(ticket), Ok(Response::Notify(it)) if it.id == code.id));
}

#[test]
fn it_is_taken_away_when_the_code_dies_and_not_before() {
    let mut driver = Driver::with(&[GITHUB]);
    let left = show(&mut driver, "GitHub").valid_for;
    assert_eq!(driver.notices().len(), 1);
    driver.pass(f64::from(left) - 1.0);
    assert!(driver.notices().is_empty());
    driver.pass(1.0);
    assert!(matches!(driver.notices().as_slice(), [None]));
    driver.pass(60.0);
    assert!(driver.notices().is_empty(), "once is enough");
}

#[test]
fn a_lock_takes_it_away_also_while_it_is_on_its_way() {
    let mut driver = Driver::with(&[GITHUB]);
    show(&mut driver, "GitHub");
    driver.notices();
    driver.lock();
    assert!(matches!(driver.notices().as_slice(), [None]));

    driver.unlock();
    let ticket = driver.ask(1, notify("GitHub"));
    driver.lock();
    assert!(matches!(driver.notices().as_slice(), [Some(_), None]));
    driver.shown(Ok(()));
    assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Locked);
}

#[test]
fn a_locked_screen_shows_nothing_also_where_it_locks_nothing() {
    let mut driver = Driver::with(&[GITHUB]);
    leave_open_with_the_screen(&mut driver);
    show(&mut driver, "GitHub");
    driver.notices();
    let saver = Absence::Saver("org.example");
    driver.input(Input::Absence(saver, Sign::Begun));
    assert!(matches!(driver.notices().as_slice(), [None]));
    assert_eq!(driver.refusal(notify("GitHub")), ErrorKind::Denied);
    assert!(driver.get("GitHub").is_ok(), "the vault is open");
    driver.input(Input::Absence(saver, Sign::Over));
    show(&mut driver, "GitHub");
}

#[test]
fn a_counted_code_is_on_disk_before_it_is_shown_and_goes_after_thirty_seconds() {
    let counted = uri("hotp", "Bank:me", 7) + "&counter=5";
    let mut driver = Driver::with(&[&counted]);
    let answer = show(&mut driver, "Bank");
    assert_eq!(answer.valid_for, 30);
    assert_eq!(driver.list()[0].counter, Some(6));
    driver.notices();
    driver.pass(29.0);
    assert!(driver.notices().is_empty());
    driver.pass(1.5);
    assert!(matches!(driver.notices().as_slice(), [None]));
}

#[test]
fn a_server_that_fails_is_an_error_and_the_configuration_hides_the_code() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.input(Input::Reload(Config {
        notice_code: crate::config::Shows::Nothing,
        ..Config::default()
    }));
    let ticket = driver.ask(1, notify("GitHub"));
    let notice = driver.notices().pop().unwrap().unwrap();
    assert_eq!(notice.code, None);
    driver.shown(Err("the session bus cannot be reached"));
    let error = driver.answer(ticket).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(error.message.contains("the session bus"), "{error:?}");
    assert!(
        matches!(driver.notices().as_slice(), [None]),
        "and nothing stays"
    );
}

#[test]
fn a_counted_code_whose_screen_was_locked_meanwhile_is_not_shown() {
    let counted = uri("hotp", "Bank:me", 7) + "&counter=5";
    let mut driver = Driver::with(&[&counted]);
    leave_open_with_the_screen(&mut driver);
    driver.habits.stores = false;
    let ticket = driver.ask(1, notify("Bank"));
    driver.input(Input::Absence(Absence::Hint, Sign::Begun));
    driver.finish_store(Ok(()));
    assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Denied);
    assert!(driver.notices().is_empty());
}

#[test]
fn each_notice_is_answered_by_its_own_number() {
    let mut driver = Driver::with(&[GITHUB]);
    let first = driver.ask(1, notify("GitHub"));
    let second = driver.ask(2, notify("GitHub"));
    let numbers: Vec<u64> = driver
        .notices()
        .into_iter()
        .map(|notice| notice.unwrap().number)
        .collect();
    driver.input(Input::Shown(numbers[1], Err("too many wait".into())));
    assert!(!driver.is_answered(first));
    assert_eq!(
        driver.answer(second).unwrap_err().kind(),
        ErrorKind::Internal
    );
    driver.input(Input::Shown(numbers[0], Ok(())));
    assert!(driver.answer(first).is_ok());
}

#[test]
fn a_lock_of_the_screen_whose_end_nobody_tells_counts_only_where_it_locks() {
    let mut driver = Driver::with(&[GITHUB]);
    leave_open_with_the_screen(&mut driver);
    show(&mut driver, "GitHub");
    driver.notices();
    driver.input(Input::Lock(LockSource::Screen));
    assert!(matches!(driver.notices().as_slice(), [None]));
    show(&mut driver, "GitHub");
}

#[test]
fn a_code_for_the_screen_is_denied_while_that_is_locked_also_to_who_waits_for_one() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.input(Input::Reload(Config {
        lock_screen: false,
        ..Config::default()
    }));
    let attended = |min_left| {
        Request::Get(Get {
            attended: true,
            min_left,
            ..driver::get("GitHub")
        })
    };
    assert!(driver.call(attended(None)).is_ok());
    driver.pass(20.0);
    let ticket = driver.ask(1, attended(Some(30)));
    let saver = Absence::Saver("org.example");
    driver.input(Input::Absence(saver, Sign::Begun));
    assert_eq!(driver.refusal(attended(None)), ErrorKind::Denied);
    assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Denied);
    assert!(
        driver.get("GitHub").is_ok(),
        "who can do without the screen"
    );
    driver.input(Input::Absence(saver, Sign::Over));
    assert!(driver.call(attended(None)).is_ok());
}

/// Shows a code; the number of the notice.
fn number(driver: &mut Driver, query: &str) -> u64 {
    show(driver, query);
    driver.notices().pop().unwrap().unwrap().number
}

#[test]
fn who_chooses_to_copy_or_type_has_otpctl_do_it_on_their_desktop() {
    let mut driver = Driver::with(&[GITHUB]);
    let desktop = Desktop {
        display: Some(":7".into()),
        ..Desktop::default()
    };
    let ticket = driver.ask(
        1,
        Request::Notify(Notify {
            query: "GitHub".into(),
            desktop: Some(Box::new(desktop.clone())),
            ..Notify::default()
        }),
    );
    driver.shown(Ok(()));
    driver.answer(ticket).unwrap();
    let notice = driver.notices().pop().unwrap().unwrap();
    let entry = driver.list()[0].id;
    for chosen in [Chosen::Copy, Chosen::Type] {
        driver.input(Input::Chosen(notice.number, chosen));
        let launch = driver.launches.pop().unwrap();
        let expected = Launch {
            chosen,
            entry,
            desktop: desktop.clone(),
        };
        assert_eq!(launch, expected);
    }
    assert!(notice.has_next);
}

#[test]
fn the_next_code_takes_the_place_of_the_first_and_stays_until_it_dies() {
    let mut driver = Driver::with(&[GITHUB]);
    let first = number(&mut driver, "GitHub");
    let now = driver.get("GitHub").unwrap();
    let left = now.valid_for.unwrap();
    driver.input(Input::Chosen(first, Chosen::Next));
    let next = driver.notices().pop().unwrap().unwrap();
    assert_eq!((next.starts_in, next.valid_for), (Some(left), left + 30));
    assert!(
        !next.has_next && !next.has_more,
        "there is no way on from there"
    );
    driver.shown(Ok(()));
    driver.input(Input::Chosen(next.number, Chosen::Type));
    assert_eq!(driver.launches, []);
    driver.pass(f64::from(left));
    assert!(driver.notices().is_empty(), "it has just begun");
    assert_eq!(driver.get("GitHub").unwrap().code, next.code.unwrap());
    driver.pass(30.0);
    assert!(matches!(driver.notices().as_slice(), [None]));
}

#[test]
fn nothing_is_done_for_a_notice_that_is_gone_or_on_a_locked_screen_or_of_a_counter() {
    let counted = uri("hotp", "Bank:me", 7) + "&counter=5";
    let mut driver = Driver::with(&[GITHUB, &counted]);
    driver.input(Input::Reload(Config {
        lock_screen: false,
        ..Config::default()
    }));
    let first = number(&mut driver, "GitHub");
    let second = number(&mut driver, "GitHub");
    driver.input(Input::Chosen(first, Chosen::Copy));
    assert_eq!(driver.launches, []);
    driver.input(Input::Chosen(second, Chosen::Copy));
    assert_eq!(driver.launches.len(), 1);
    let saver = Absence::Saver("org.example");
    driver.input(Input::Absence(saver, Sign::Begun));
    driver.input(Input::Chosen(second, Chosen::Type));
    driver.input(Input::Absence(saver, Sign::Over));
    driver.input(Input::Chosen(second, Chosen::Type));
    driver.notices();
    let third = number(&mut driver, "GitHub");
    driver.pass(60.0);
    driver.input(Input::Chosen(third, Chosen::Copy));
    let bank = number(&mut driver, "Bank");
    // Asked once more, a counter gives another code, and so does a period whose next code is shown.
    driver.input(Input::Chosen(bank, Chosen::Copy));
    driver.input(Input::Chosen(bank, Chosen::Next));
    assert!(driver.notices().iter().all(Option::is_none));
    driver.lock();
    driver.input(Input::Chosen(bank, Chosen::Copy));
    assert_eq!(driver.launches.len(), 1);
}

#[test]
fn nobody_is_asked_for_the_passphrase_of_what_a_locked_screen_would_not_show() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.input(Input::Absence(Absence::Hint, Sign::Begun));
    let asked = |driver: &mut Driver| {
        driver.refusal(Request::Notify(Notify {
            query: "GitHub".into(),
            interactive: true,
            ..Notify::default()
        }))
    };
    assert_eq!(asked(&mut driver), ErrorKind::Denied);
    assert_eq!(driver.prompts, 0);
}

#[test]
fn a_counter_stays_where_it_is_unless_its_code_can_be_shown() {
    let counted = uri("hotp", "Bank:me", 7) + "&counter=5";
    let mut driver = Driver::with(&[&counted]);
    leave_open_with_the_screen(&mut driver);
    driver.server = driver::Server::Slow;
    let ticket = driver.ask(1, notify("Bank"));
    assert!(!driver.is_answered(ticket));
    driver.finish_probe(Err("no server"));
    let error = driver.answer(ticket).unwrap_err();
    assert!(error.message.contains("no server"), "{error:?}");
    // The screen is locked, the vault is, or whoever asked has gone before it is known.
    let ticket = driver.ask(1, notify("Bank"));
    driver.input(Input::Absence(Absence::Hint, Sign::Begun));
    driver.finish_probe(Ok(()));
    assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Denied);
    driver.input(Input::Absence(Absence::Hint, Sign::Over));
    let ticket = driver.ask(1, notify("Bank"));
    driver.lock();
    driver.finish_probe(Ok(()));
    assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Locked);
    driver.unlock();
    driver.ask(2, notify("Bank"));
    driver.input(Input::Closed(Conn(2)));
    driver.finish_probe(Ok(()));
    assert!(driver.notices().is_empty());
    assert_eq!(driver.list()[0].counter, Some(5));
    let ticket = driver.ask(1, notify("Bank"));
    driver.finish_probe(Ok(()));
    driver.shown(Ok(()));
    assert!(driver.answer(ticket).is_ok());
    assert_eq!(driver.list()[0].counter, Some(6));
}

#[test]
fn names_for_a_menu_are_denied_on_a_locked_screen_and_others_are_not() {
    let mut driver = Driver::with(&[GITHUB]);
    leave_open_with_the_screen(&mut driver);
    let menu = || {
        Request::List(List {
            attended: true,
            ..List::default()
        })
    };
    assert!(driver.call(menu()).is_ok());
    driver.input(Input::Absence(Absence::Hint, Sign::Begun));
    assert_eq!(driver.refusal(menu()), ErrorKind::Denied);
    assert_eq!(driver.list().len(), 1);
}

#[test]
fn a_counter_stays_where_it_is_where_the_configuration_hides_codes() {
    let counted = uri("hotp", "Bank:me", 7) + "&counter=5";
    let mut driver = Driver::with(&[&counted]);
    driver.input(Input::Reload(Config {
        notice_code: crate::config::Shows::Nothing,
        ..Config::default()
    }));
    assert_eq!(driver.refusal(notify("Bank")), ErrorKind::Denied);
    assert_eq!(driver.list()[0].counter, Some(5));
    driver.input(Input::Reload(Config::default()));
    show(&mut driver, "Bank");
    assert_eq!(driver.list()[0].counter, Some(6));
}
