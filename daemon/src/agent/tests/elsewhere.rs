//! Entries whose keys are elsewhere, and asked for each time.

use super::sources::{finish, sync};
use super::*;

fn add_store() -> Request {
    let store = if cfg!(windows) {
        r"C:\me\store"
    } else {
        "/home/me/store"
    };
    Request::SourceAdd(SourceAdd {
        name: "store".into(),
        kind: SourceKind::Pass,
        store: Some(store.into()),
        ..SourceAdd::default()
    })
}

fn add_command() -> Request {
    Request::SourceAdd(SourceAdd {
        name: "tool".into(),
        kind: SourceKind::Command,
        list: Some("tool list".into()),
        code: Some("tool code {id}".into()),
        ..SourceAdd::default()
    })
}

#[expect(clippy::unnecessary_wraps, reason = "it stands beside failures")]
fn named(names: &[&str]) -> Result<Vec<Found>, FetchError> {
    let found = names.iter().map(|name| Found {
        id: format!("id of {name}"),
        holds: Holds::Names((*name).into(), "me".into()),
    });
    Ok(found.collect())
}

#[expect(clippy::unnecessary_wraps, reason = "it stands beside failures")]
fn held(holds: Holds) -> Result<Vec<Found>, FetchError> {
    let id = String::new();
    Ok(vec![Found { id, holds }])
}

/// A vault with an entry of its own, and a source whose keys are asked for.
fn with_names(add: Request, names: &[&str]) -> Driver {
    let mut driver = Driver::with(&[GITHUB]);
    let ticket = driver.ask(1, add);
    finish(&mut driver, named(names));
    assert!(driver.answer(ticket).is_ok());
    driver
}

fn ask(driver: &mut Driver, query: &str) -> u64 {
    driver.ask(1, Request::Get(driver::get(query)))
}

#[test]
fn a_key_that_is_elsewhere_is_asked_for_each_time_and_is_gone_after_its_code() {
    let mut driver = with_names(add_store(), &["Bank", "Shop"]);
    let keys = |driver: &Driver| {
        let open = driver.agent.open.as_ref().unwrap();
        let views = open.all();
        let views = views.iter().filter(|entry| entry.origin().is_some());
        views
            .map(|view| open.arena.key(view.key).len())
            .sum::<usize>()
    };
    for _ in 0..2 {
        let ticket = ask(&mut driver, "bank");
        let asked = driver.fetches[0].origin.asked.as_ref().unwrap();
        assert_eq!(
            (asked.id.as_str(), asked.desktop.is_none()),
            ("id of Bank", true)
        );
        // Our own waits for nobody.
        assert!(driver.call(Request::Get(driver::get("github"))).is_ok());
        finish(
            &mut driver,
            held(Holds::Uri(driver::secret(&uri("totp", "x", 7)))),
        );
        let code = driver::code(driver.answer(ticket).unwrap());
        assert_eq!(code.source.as_deref(), Some("store"));
        assert_eq!(keys(&driver), 0);
    }
    let own = format!("{}&digits=8", uri("totp", "Mine:me", 7));
    driver
        .call(Request::Add(Add {
            uri: driver::secret(&own),
        }))
        .unwrap();
    let own = driver::code(driver.call(Request::Get(driver::get("mine"))).unwrap());
    let ticket = ask(&mut driver, "shop");
    finish(&mut driver, held(Holds::Uri(driver::secret(&own_uri()))));
    let shop = driver::code(driver.answer(ticket).unwrap());
    assert_eq!(own.code, shop.code);
}

fn own_uri() -> String {
    format!("{}&digits=8", uri("totp", "x", 7))
}

#[test]
fn a_key_that_is_elsewhere_stays_for_who_waits_for_the_next_code() {
    let mut driver = with_names(add_store(), &["Bank"]);
    let key = || held(Holds::Uri(driver::secret(&own_uri())));
    let fresh = || {
        Request::Get(Get {
            fresh: true,
            ..driver::get("bank")
        })
    };
    let first = driver.ask(1, fresh());
    finish(&mut driver, key());
    let first = driver::code(driver.answer(first).unwrap());
    let second = driver.ask(1, fresh());
    finish(&mut driver, key());
    assert!(driver.fetches.is_empty());
    driver.pass(31.0);
    let second = driver::code(driver.answer(second).unwrap());
    assert_ne!(first.code, second.code);
    let open = driver.agent.open.as_ref().unwrap();
    let view = open.find("bank").unwrap();
    assert!(open.arena.key(open.entry(view.id).unwrap().key).is_empty());
}

#[test]
fn a_source_that_is_read_anew_keeps_the_key_that_somebody_waits_with() {
    let mut driver = with_names(add_store(), &["Bank", "Mail"]);
    let ask = |driver: &mut Driver| {
        let fresh = Get {
            fresh: true,
            ..driver::get("bank")
        };
        let ticket = driver.ask(1, Request::Get(fresh));
        finish(driver, held(Holds::Uri(driver::secret(&own_uri()))));
        ticket
    };
    let first = ask(&mut driver);
    let first = driver::code(driver.answer(first).unwrap());
    let second = ask(&mut driver);
    driver.ask(1, sync(None, None));
    finish(&mut driver, named(&["Mail", "Bank"]));
    driver.pass(31.0);
    let second = driver::code(driver.answer(second).unwrap());
    assert_ne!(first.code, second.code);
    assert_eq!(second.code.expose().len(), 8);
    let open = driver.agent.open.as_ref().unwrap();
    let view = open.find("bank").unwrap();
    assert!(open.arena.key(open.entry(view.id).unwrap().key).is_empty());
}

#[test]
fn an_entry_that_holds_no_key_is_left_out_until_its_source_is_read_anew() {
    let mut driver = with_names(add_store(), &["Bank", "Mail"]);
    let ticket = ask(&mut driver, "mail");
    finish(&mut driver, held(Holds::Nothing));
    assert_eq!(
        driver.answer(ticket).unwrap_err().kind(),
        ErrorKind::NotFound
    );
    let names = |driver: &mut Driver| driver.list().iter().filter(|e| e.source.is_some()).count();
    assert_eq!(names(&mut driver), 1);
    driver.ask(1, sync(None, None));
    finish(&mut driver, named(&["Bank", "Mail"]));
    assert_eq!(names(&mut driver), 2);
}

#[test]
fn a_source_that_needs_a_person_says_so_and_may_ask_one_where_that_is_allowed() {
    let mut driver = with_names(add_store(), &["Bank"]);
    let ticket = ask(&mut driver, "bank");
    finish(&mut driver, Err(FetchError::Person("closed".into())));
    let refused = driver.answer(ticket).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::SourceLocked);
    assert_eq!(refused.kind().exit_status(), 5);
    let attended = driver.ask(
        1,
        Request::Get(Get {
            interactive: true,
            desktop: Some(Box::new(Desktop {
                tty: Some("/dev/pts/7".into()),
                ..Desktop::default()
            })),
            ..driver::get("bank")
        }),
    );
    let asked = driver.fetches[0].origin.asked.as_ref().unwrap();
    let desktop = asked.desktop.as_ref().unwrap();
    assert_eq!(desktop.tty.as_deref(), Some("/dev/pts/7"));
    // A person takes longer than a program may.
    driver.pass(300.0);
    assert_eq!(driver.fetches.len(), 1);
    driver.pass(301.0);
    assert!(driver.fetches.is_empty());
    assert_eq!(
        driver.answer(attended).unwrap_err().kind(),
        ErrorKind::Unavailable
    );
}

#[test]
fn a_code_of_a_program_is_passed_on_and_there_is_no_other_than_that_of_now() {
    let mut driver = with_names(add_command(), &["Bank"]);
    let ticket = ask(&mut driver, "bank");
    finish(&mut driver, held(Holds::Code(Code::new("123456".into()))));
    let code = driver::code(driver.answer(ticket).unwrap());
    assert_eq!((code.code.expose(), code.valid_for), ("123456", None));
    for get in [
        Get {
            fresh: true,
            ..driver::get("bank")
        },
        Get {
            min_left: Some(5),
            ..driver::get("bank")
        },
    ] {
        let refused = driver.call(Request::Get(get)).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Params);
    }
    let counted = with_names(add_store(), &["Bank"]);
    let mut driver = counted;
    let ticket = ask(&mut driver, "bank");
    finish(
        &mut driver,
        held(Holds::Uri(driver::secret(&uri("hotp", "x", 7)))),
    );
    let refused = driver.answer(ticket).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Denied);
}

#[test]
fn a_lock_and_a_caller_who_leaves_end_what_is_asked_for() {
    let mut driver = with_names(add_store(), &["Bank"]);
    driver.ask(7, Request::Get(driver::get("bank")));
    assert_eq!(driver.fetches.len(), 1);
    driver.input(Input::Closed(Conn(7)));
    assert!(driver.fetches.is_empty());
    let ticket = ask(&mut driver, "bank");
    driver.lock();
    assert!(driver.fetches.is_empty());
    assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Locked);
}

#[test]
fn a_source_must_have_the_parts_of_its_kind_and_no_others() {
    let mut driver = Driver::unlocked();
    let Request::SourceAdd(store) = add_store() else {
        panic!("not an add");
    };
    let path = store.store;
    for wrong in [
        SourceAdd {
            kind: SourceKind::Pass,
            ..SourceAdd::default()
        },
        SourceAdd {
            kind: SourceKind::Pass,
            store: path.clone(),
            folder: Some("../x".into()),
            ..SourceAdd::default()
        },
        SourceAdd {
            kind: SourceKind::Gopass,
            store: path,
            password: Some(driver::secret("x")),
            ..SourceAdd::default()
        },
        SourceAdd {
            kind: SourceKind::Command,
            list: Some("a".into()),
            code: Some("b".into()),
            ..SourceAdd::default()
        },
        SourceAdd {
            kind: SourceKind::Command,
            list: Some("a\nb".into()),
            uri: Some("b {id}".into()),
            ..SourceAdd::default()
        },
        SourceAdd {
            kind: SourceKind::Command,
            preset: Some("--x".into()),
            ..SourceAdd::default()
        },
    ] {
        let wrong = SourceAdd {
            name: "wrong".into(),
            ..wrong
        };
        let refused = driver.call(Request::SourceAdd(wrong)).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Params);
    }
    assert!(driver.fetches.is_empty());
}
