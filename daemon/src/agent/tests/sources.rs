//! Entries that live elsewhere: beside our own, and never in their way.

use super::*;

const FILE: &str = if cfg!(windows) {
    r"C:\me\a.kdbx"
} else {
    "/home/me/a.kdbx"
};

fn add(password: Option<&str>, remember: bool) -> Request {
    add_as("mine", password, remember)
}

fn add_as(name: &str, password: Option<&str>, remember: bool) -> Request {
    Request::SourceAdd(SourceAdd {
        name: name.into(),
        kind: SourceKind::Kdbx,
        file: Some(FILE.into()),
        password: password.map(driver::secret),
        remember,
        ..SourceAdd::default()
    })
}

pub(super) fn sync(name: Option<&str>, password: Option<&str>) -> Request {
    Request::SourceSync(SourceSync {
        name: name.map(str::to_owned),
        password: password.map(driver::secret),
    })
}

#[expect(clippy::unnecessary_wraps, reason = "it stands beside failures")]
fn read(names: &[&str]) -> Result<Vec<Found>, FetchError> {
    let found = names.iter().zip(100..).map(|(name, key)| Found {
        id: format!("uuid of {name}"),
        holds: Holds::Uri(driver::secret(&uri("totp", name, key))),
    });
    Ok(found.collect())
}

pub(super) fn finish(driver: &mut Driver, result: Result<Vec<Found>, FetchError>) {
    let fetch = driver.fetches.remove(0);
    driver.input(Input::Fetched(fetch.number, result));
}

/// A vault with this entry of its own and a source with these.
fn with_source(own: &[&str], names: &[&str], remember: bool) -> Driver {
    let mut driver = Driver::with(own);
    let ticket = driver.ask(1, add(Some("secret"), remember));
    finish(&mut driver, read(names));
    let Ok(Response::Sources(answer)) = driver.answer(ticket) else {
        panic!("not added");
    };
    assert_eq!(answer.sources[0].state, SourceState::Ready);
    driver
}

fn state(driver: &mut Driver) -> (SourceState, u64) {
    let source = &driver.status().sources[0];
    (source.state, source.entries)
}

#[test]
fn entries_of_a_source_are_listed_and_asked_for_with_their_origin_and_are_not_ours() {
    let mut driver = with_source(&[GITHUB], &["Bank:me", "Shop:me"], true);
    let listed = driver.list();
    let origins: Vec<_> = listed
        .iter()
        .map(|entry| (entry.issuer.as_str(), entry.source.as_deref()))
        .collect();
    assert_eq!(
        origins,
        [
            ("Bank", Some("mine")),
            ("GitHub", None),
            ("Shop", Some("mine"))
        ]
    );
    let code = driver::code(driver.call(Request::Get(driver::get("bank"))).unwrap());
    assert_eq!(code.source.as_deref(), Some("mine"));
    let own = driver::code(driver.call(Request::Get(driver::get("github"))).unwrap());
    assert_eq!(own.source, None);
    assert_eq!(driver.status().entries, Some(1));
    let change = [
        Request::Remove(Remove {
            query: "bank".into(),
            purge: false,
        }),
        Request::Edit(Edit {
            query: code.id.to_string(),
            issuer: Some("x".into()),
            ..Edit::default()
        }),
    ];
    for request in change {
        let refused = driver.call(request).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Denied);
        assert!(refused.message.contains("source mine"), "{refused}");
    }
}

#[test]
fn a_source_that_is_slow_delays_nobody_and_is_ended() {
    let mut driver = Driver::with(&[GITHUB]);
    let ticket = driver.ask(1, add(Some("secret"), true));
    assert!(driver.call(Request::Get(driver::get("github"))).is_ok());
    driver.pass(29.0);
    assert_eq!(driver.fetches.len(), 1);
    driver.pass(2.0);
    assert!(driver.fetches.is_empty());
    let error = driver.answer(ticket).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message.contains("30 s"), "{error}");
    assert!(driver.status().sources.is_empty());
}

#[test]
fn a_lock_drops_what_is_read_and_what_was_typed_and_keeps_what_is_remembered() {
    for remember in [true, false] {
        let mut driver = with_source(&[GITHUB], &["Bank:me"], remember);
        assert_eq!(driver.watched, [FILE]);
        let ticket = driver.ask(1, sync(Some("mine"), None));
        assert_eq!(driver.fetches.len(), 1);
        driver.lock();
        assert!(driver.fetches.is_empty() && driver.watched.is_empty());
        assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Locked);
        driver.unlock();
        let expected = if remember {
            SourceState::Loading
        } else {
            SourceState::Locked
        };
        assert_eq!(state(&mut driver), (expected, 0));
        if remember {
            let password = driver.fetches[0].origin.password.as_ref();
            assert_eq!(password.unwrap().expose(), "secret");
        } else {
            let refused = driver.call(sync(Some("mine"), None)).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Denied);
            driver.ask(2, sync(Some("mine"), Some("secret")));
        }
        finish(&mut driver, read(&["Bank:me"]));
        assert_eq!(state(&mut driver), (SourceState::Ready, 1));
    }
}

#[test]
fn what_was_read_stays_until_something_better_is_and_keeps_its_ids() {
    let mut driver = with_source(&[], &["Bank:me"], true);
    let id = driver.list()[0].id;
    driver.input(Input::FileChanged(FILE.into()));
    finish(&mut driver, Err(FetchError::Failed("gone".into())));
    assert_eq!(state(&mut driver), (SourceState::Stale, 1));
    assert_eq!(driver.status().sources[0].cause.as_deref(), Some("gone"));
    assert!(driver.call(Request::Get(driver::get("bank"))).is_ok());
    driver.input(Input::FileChanged("/another".into()));
    assert!(driver.fetches.is_empty());
    driver.input(Input::FileChanged(FILE.into()));
    // Once more while it is being read: then it is read again.
    driver.input(Input::FileChanged(FILE.into()));
    finish(&mut driver, read(&["Bank:me"]));
    finish(&mut driver, read(&["Shop:me", "Bank:me"]));
    assert!(driver.fetches.is_empty());
    assert_eq!(state(&mut driver), (SourceState::Ready, 2));
    assert_eq!(driver.list()[0].id, id);
}

#[test]
fn our_own_entry_wins_over_one_of_the_same_name_and_others_are_ambiguous() {
    let mut driver = with_source(&[GITHUB], &["GitHub:alice", "GitHub:bob"], true);
    let own = driver::code(
        driver
            .call(Request::Get(driver::get("GitHub:alice")))
            .unwrap(),
    );
    assert_eq!(own.source, None);
    let error = driver
        .call(Request::Get(driver::get("github")))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    let sources: Vec<_> = error
        .candidates()
        .iter()
        .map(|candidate| candidate.source.as_deref())
        .collect();
    assert_eq!(sources, [None, Some("mine")]);
    // The hidden one is there by its id.
    let listed = driver.list();
    let is_hidden = |entry: &&EntryInfo| entry.account == "alice" && entry.source.is_some();
    let hidden = listed.iter().find(is_hidden).unwrap();
    let code = driver::code(
        driver
            .call(Request::Get(driver::get(&hidden.id.to_string())))
            .unwrap(),
    );
    assert_eq!(code.source.as_deref(), Some("mine"));
}

#[test]
fn a_counter_that_is_not_ours_is_shown_and_not_moved() {
    let mut driver = Driver::unlocked();
    driver.ask(1, add(None, false));
    let found = Found {
        id: "a".into(),
        holds: Holds::Uri(driver::secret(&uri("hotp", "Bank:me", 1))),
    };
    finish(&mut driver, Ok(vec![found]));
    assert_eq!(driver.list()[0].kind, "hotp");
    let refused = driver.call(Request::Get(driver::get("bank"))).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Denied);
}

#[test]
fn what_can_not_be_read_is_not_added_and_what_is_removed_is_not_shown() {
    let mut driver = Driver::unlocked();
    let stores = driver.disk.stores;
    let ticket = driver.ask(1, add(Some("wrong"), true));
    finish(
        &mut driver,
        Err(FetchError::Password("wrong password".into())),
    );
    assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Denied);
    // Nobody waits for it any more.
    driver.ask(7, add(Some("secret"), true));
    driver.input(Input::Closed(Conn(7)));
    assert!(driver.fetches.is_empty());
    assert_eq!(driver.disk.stores, stores);
    let mut driver = with_source(&[], &["Bank:me"], true);
    let again = driver.call(add(Some("secret"), true)).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Exists);
    let remove = |name: &str| Request::SourceRemove(SourceRemove { name: name.into() });
    assert_eq!(
        driver.call(remove("other")).unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert!(driver.call(remove("mine")).is_ok());
    assert!(driver.list().is_empty() && driver.watched.is_empty());
    driver.lock();
    driver.unlock();
    assert!(driver.status().sources.is_empty());
}

#[test]
fn a_password_that_is_tried_is_not_mixed_up_with_another() {
    let mut driver = with_source(&[], &["Bank:me"], false);
    let first = driver.ask(1, sync(Some("mine"), Some("wrong")));
    let other = driver.call(sync(Some("mine"), Some("secret"))).unwrap_err();
    assert_eq!(other.kind(), ErrorKind::Busy);
    finish(
        &mut driver,
        Err(FetchError::Password("wrong password".into())),
    );
    assert_eq!(driver.answer(first).unwrap_err().kind(), ErrorKind::Denied);
    assert!(driver.status().sources[0].needs_password);
    // The right one is still there.
    driver.input(Input::FileChanged(FILE.into()));
    let password = driver.fetches[0].origin.password.as_ref();
    assert_eq!(password.unwrap().expose(), "secret");
    finish(&mut driver, read(&["Bank:me"]));
    assert!(!driver.status().sources[0].needs_password);
    let again = driver.ask(1, sync(Some("mine"), Some("another")));
    finish(&mut driver, read(&["Bank:me"]));
    assert!(driver.answer(again).is_ok());
}

#[test]
fn one_is_read_at_a_time_and_one_that_is_added_is_no_exception() {
    let mut driver = with_source(&[], &["Bank:me"], true);
    driver.ask(1, add_as("other", Some("secret"), true));
    driver.input(Input::FileChanged(FILE.into()));
    let out: Vec<_> = driver.fetches.iter().map(|fetch| &*fetch.name).collect();
    assert_eq!(out, ["other"]);
    finish(&mut driver, read(&["Shop:me"]));
    assert_eq!(driver.fetches.len(), 1);
    finish(&mut driver, read(&["Bank:me"]));
    // What changed while it was being added is read again.
    assert_eq!(driver.fetches[0].name, "other");
    finish(&mut driver, read(&["Shop:me"]));
    assert!(driver.fetches.is_empty());
    assert_eq!(driver.list().len(), 2);
}

#[test]
fn what_is_damaged_is_bad_input_and_what_is_not_there_is_unavailable() {
    let mut driver = Driver::unlocked();
    for (failure, kind) in [
        (FetchError::Damaged("damaged".into()), ErrorKind::Invalid),
        (FetchError::Failed("gone".into()), ErrorKind::Unavailable),
    ] {
        let ticket = driver.ask(1, add(Some("secret"), true));
        assert_eq!(driver.watched, [FILE]);
        finish(&mut driver, Err(failure));
        assert_eq!(driver.answer(ticket).unwrap_err().kind(), kind);
        assert!(driver.watched.is_empty());
    }
}

#[test]
fn a_counter_of_our_own_moves_on_without_a_new_index_of_names() {
    let own = uri("hotp", "Own:me", 9);
    let mut driver = with_source(&[&own], &["Bank:me"], true);
    let ask = || Request::Get(driver::get("own"));
    let first = driver::code(driver.call(ask()).unwrap()).code;
    assert!(driver.agent.open.as_ref().unwrap().has_names());
    let second = driver::code(driver.call(ask()).unwrap()).code;
    assert_ne!(first, second);
    assert!(driver.agent.open.as_ref().unwrap().has_names());
    let entry = driver.agent.open.as_ref().unwrap().find("own").unwrap();
    assert_eq!(entry.kind.counter(), Some(2));
}
