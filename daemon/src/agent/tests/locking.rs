//! Locking, by whom and when.

use super::*;

const HOUR: f64 = 3600.0;

#[test]
fn a_locked_vault_gives_no_code_no_name_and_no_key() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.lock();
    assert_eq!(driver.get("GitHub").unwrap_err().kind(), ErrorKind::Locked);
    let answer = driver.call(Request::List(List::default()));
    assert_eq!(
        answer,
        Ok(Response::List(ListAnswer {
            locked: true,
            entries: Vec::new()
        }))
    );
    let status = driver.status();
    assert!(status.locked && status.vault && status.entries.is_none());
}

#[test]
fn every_method_that_needs_keys_is_refused_while_locked_and_without_a_vault() {
    let methods = [
        ("unlock.auto", "{}"),
        ("get", r#"{"query":"x"}"#),
        ("notify", r#"{"query":"x"}"#),
        ("show", r#"{"query":"x"}"#),
        ("preview", r#"{"uri":"x"}"#),
        ("add", r#"{"uri":"x"}"#),
        ("edit", r#"{"query":"x"}"#),
        ("remove", r#"{"query":"x"}"#),
        ("restore", r#"{"id":"x"}"#),
        ("export", r#"{"passphrase":"x"}"#),
        ("recovery_codes.add", r#"{"query":"x","codes":["x"]}"#),
        ("recovery_codes.list", r#"{"query":"x"}"#),
        ("recovery_codes.use", r#"{"query":"x"}"#),
        ("backup.check", "{}"),
        ("import.begin", "{}"),
        ("import.add", r#"{"uri":"x"}"#),
        ("import.commit", "{}"),
        ("source.add", r#"{"name":"a","kind":"kdbx","file":"/a"}"#),
        ("source.list", "{}"),
        ("source.remove", r#"{"name":"a"}"#),
        ("source.sync", "{}"),
    ];
    let request = |method, params: &str| {
        let params = serde_json::value::RawValue::from_string(params.to_owned()).unwrap();
        Request::decode(method, Some(&params)).unwrap()
    };
    let mut locked = Driver::unlocked();
    locked.lock();
    let mut empty = Driver::new();
    for (method, params) in methods {
        assert_eq!(
            locked.refusal(request(method, params)),
            ErrorKind::Locked,
            "{method}"
        );
        assert_eq!(
            empty.refusal(request(method, params)),
            ErrorKind::NoVault,
            "{method}"
        );
    }
    let restore = ("restore_backup.commit", r#"{"passphrase":"x"}"#);
    assert_eq!(
        locked.refusal(request(restore.0, restore.1)),
        ErrorKind::Locked
    );
    let allowed = [
        ("status", "{}"),
        ("list", "{}"),
        ("askpass", r#"{"prompt":"x"}"#),
        ("lock", "{}"),
        ("subscribe", "{}"),
        ("backup", "{}"),
        ("backup.copied", "{}"),
        ("backups.list", "{}"),
        ("restore_backup.begin", "{}"),
        ("restore_backup.add", r#"{"text":"x"}"#),
        ("slots.list", "{}"),
        (
            "slots.add",
            r#"{"slot":"keyring","passphrase":"correct horse"}"#,
        ),
        (
            "slots.test",
            r#"{"slot":"passphrase","passphrase":"correct horse"}"#,
        ),
        (
            "slots.remove",
            r#"{"slot":"recovery","passphrase":"correct horse"}"#,
        ),
        ("recovery_key.renew", r#"{"passphrase":"correct horse"}"#),
        ("recovery_key.keep", "{}"),
        ("rekey", r#"{"passphrase":"correct horse"}"#),
        ("passwd", r#"{"current":"correct horse","new":"x"}"#),
        ("unlock", r#"{"passphrase":"x"}"#),
        ("unlock.vault", r#"{"vault":"aaaaaaab","passphrase":"x"}"#),
        // Open by now, so that no plugin is asked.
        ("unlock.slot", r#"{"slot":"tpm"}"#),
        ("quit", "{}"),
    ];
    for (method, params) in allowed {
        locked
            .call(request(method, params))
            .unwrap_or_else(|error| panic!("{method}: {error}"));
    }
    assert_eq!(
        Request::METHODS.len(),
        methods.len() + 1 + allowed.len() + 2,
        "init and slots.reply are tested elsewhere"
    );
}

#[test]
fn it_locks_when_it_was_not_used_for_the_idle_time() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.pass(3.9 * HOUR);
    driver.get("GitHub").unwrap();
    driver.pass(3.9 * HOUR);
    // Looking isn't using.
    driver.status();
    driver.list();
    assert!(!driver.status().locked);
    driver.pass(0.1 * HOUR);
    assert!(driver.status().locked);
    assert_eq!(driver.agent.locked_by(), Some(LockSource::Idle));
    assert_eq!(driver.events, [Event::Locked]);
}

#[test]
fn it_locks_after_the_longest_time_however_much_it_is_used() {
    let mut driver = Driver::with(&[GITHUB]);
    for _ in 0..11 {
        driver.pass(HOUR);
        driver.get("GitHub").unwrap();
    }
    driver.pass(HOUR);
    assert_eq!(driver.agent.locked_by(), Some(LockSource::Max));
}

#[test]
fn after_a_suspend_that_outlived_a_timer_nothing_is_served() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.boot += Duration::from_secs(5 * 3600);
    driver.wall += Duration::from_secs(5 * 3600);
    // No tick came yet.
    assert_eq!(driver.get("GitHub").unwrap_err().kind(), ErrorKind::Locked);
}

#[test]
fn setting_the_wall_clock_moves_no_timer() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.set_wall(48 * 3600);
    driver.input(Input::Tick);
    assert!(!driver.status().locked);
    driver.set_wall(-96 * 3600);
    driver.pass(4.0 * HOUR);
    assert!(driver.status().locked);
}

#[test]
fn new_timers_of_the_configuration_count_at_once() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.pass(600.0);
    let config = |idle| Config {
        lock_idle: idle,
        lock_max: None,
        ..Config::default()
    };
    driver.input(Input::Reload(config(Some(Duration::from_secs(900)))));
    assert_eq!(driver.status().locks_in, Some(300));
    driver.input(Input::Reload(config(None)));
    assert_eq!(driver.status().locks_in, None);
    assert_eq!(driver.agent.deadline(), None);
    driver.input(Input::Reload(config(Some(Duration::from_secs(60)))));
    assert!(driver.status().locked);
}

#[test]
fn a_signal_locks_and_tells_subscribers_once() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.input(Input::Lock(LockSource::Signal));
    driver.input(Input::Lock(LockSource::Signal));
    assert_eq!(driver.events, [Event::Locked]);
    assert_eq!(driver.agent.locked_by(), Some(LockSource::Signal));
}

#[test]
fn stop_finishes_the_store_that_is_out_then_ends() {
    for stop in [true, false] {
        let mut driver = Driver::unlocked();
        driver.habits.stores = false;
        let ticket = driver.ask(
            1,
            Request::Add(Add {
                uri: driver::secret(GITHUB),
            }),
        );
        if stop {
            driver.input(Input::Stop);
        } else {
            driver.call(Request::Quit(Quit {})).unwrap();
        }
        assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Locked);
        assert!(!driver.has_quit, "a store is out");
        assert_eq!(
            driver.refusal(Request::Status(Status {})),
            ErrorKind::Locked
        );
        driver.finish_store(Ok(()));
        assert!(driver.has_quit);
        let mut driver = driver.restart();
        driver.unlock();
        assert_eq!(driver.list().len(), 1);
    }
}

#[test]
fn stop_waits_for_the_state_file_too_and_not_for_a_key_derivation() {
    let mut driver = Driver::unlocked();
    driver.habits.keeps = false;
    driver.add(GITHUB).unwrap();
    driver.input(Input::Stop);
    assert!(!driver.has_quit);
    driver.finish_keep(Err(driver::failure()));
    assert!(driver.has_quit);

    let mut driver = Driver::unlocked();
    driver.lock();
    driver.habits.jobs = false;
    let request = || {
        Request::Unlock(Unlock {
            passphrase: driver::secret(PASSPHRASE),
        })
    };
    let (running, waiting) = (driver.ask(1, request()), driver.ask(1, request()));
    driver.input(Input::Stop);
    assert!(driver.has_quit);
    assert_eq!(
        driver.answer(running).unwrap_err().kind(),
        ErrorKind::Locked
    );
    assert_eq!(
        driver.answer(waiting).unwrap_err().kind(),
        ErrorKind::Locked
    );
}

fn names() -> Config {
    Config {
        lock_list: LockedList::Names,
        ..Config::default()
    }
}

#[test]
fn a_locked_vault_lists_its_names_where_a_person_wants_that_and_gives_nothing_else() {
    let mut driver = Driver::with(&[&uri("totp", "Zoo:z", 1), GITHUB, &uri("hotp", "Old:o", 2)]);
    driver.input(Input::Reload(names()));
    let remove = Remove {
        query: "old".into(),
        purge: false,
    };
    driver.call(Request::Remove(remove)).unwrap();
    let open = driver.list();
    driver.input(Input::Lock(LockSource::Screen));
    assert_eq!((open.len(), driver.list()), (2, open));
    for (query, found) in [
        (Some("github:alice"), 1),
        (Some("zoo"), 1),
        (Some("old"), 0),
        (Some("nothing"), 0),
        (None, 2),
    ] {
        let query = query.map(str::to_owned);
        let list = List {
            query,
            ..List::default()
        };
        let said = format!("{list:?}");
        assert_eq!(driver.list_of(list).len(), found, "{said}");
    }
    assert_eq!(driver.trash(), []);
    assert_eq!(driver.get("github").unwrap_err().kind(), ErrorKind::Locked);
    let show = Request::Show(Show {
        query: "github".into(),
    });
    assert_eq!(driver.refusal(show), ErrorKind::Locked);
    assert_eq!(driver.status().entries, None);
}

#[test]
fn names_are_forgotten_with_the_setting_the_next_unlock_and_the_process() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.input(Input::Reload(names()));
    driver.lock();
    assert_eq!(driver.list().len(), 1);
    driver.input(Input::Reload(Config::default()));
    assert_eq!(driver.list(), []);
    driver.input(Input::Reload(names()));
    assert_eq!(driver.list(), [], "it was not wanted at the lock");
    // What changed meanwhile counts.
    driver.unlock();
    driver.add(&uri("totp", "Zoo:z", 1)).unwrap();
    driver.lock();
    assert_eq!(driver.list().len(), 2);
    let mut driver = driver.restart();
    driver.input(Input::Reload(names()));
    assert_eq!(driver.list(), []);
}
