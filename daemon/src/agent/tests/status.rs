//! Status, list and show.

use super::*;

#[test]
fn status_counts_entries_and_seconds() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.pass(7.0);
    let status = driver.status();
    assert_eq!((status.entries, status.since), (Some(1), 7));
    assert_eq!(status.locks_in, Some(4 * 3600 - 7));
    assert_eq!((status.protocol, status.rollback), (VERSION, false));
    driver.pass(3.0);
    driver.lock();
    driver.pass(2.0);
    let status = driver.status();
    assert_eq!(
        (status.entries, status.since, status.locks_in),
        (None, 2, None)
    );
    assert_eq!(status.memory, Memory::Locked, "what the probe said");
}

#[test]
fn memory_that_is_less_than_what_was_asked_for_is_warned_about() {
    for (asked, had, warns) in [
        (MemoryMode::Secret, Memory::Locked, 1),
        (MemoryMode::Secret, Memory::Unlocked, 2),
        (MemoryMode::Secret, Memory::Secret, 0),
        (MemoryMode::Auto, Memory::Locked, 0),
        (MemoryMode::Mlock, Memory::Locked, 0),
    ] {
        let config = Config {
            memory: asked,
            ..Config::default()
        };
        let mut driver = Driver::new();
        driver.agent = Agent::new(config, |_| {}, false, had);
        let warnings = driver.status().warnings;
        assert_eq!(warnings.len(), warns, "{asked:?} {had:?}: {warnings:?}");
    }
}

#[test]
fn a_clock_before_2020_and_an_older_vault_are_warned_about() {
    let mut driver = Driver::with(&[GITHUB]);
    let old = driver.disk.vault.clone();
    driver.add(&uri("totp", "a:b", 1)).unwrap();
    driver.disk.vault = old;
    let mut driver = driver.restart();
    assert_eq!(driver.status().warnings, [""; 0]);
    let answer = driver.unlock();
    assert!(
        answer.warnings[0].contains("older"),
        "{:?}",
        answer.warnings
    );
    assert!(driver.status().rollback);
    driver.wall = Duration::from_secs(1_000_000);
    let warnings = driver.status().warnings;
    assert!(
        warnings.iter().any(|line| line.contains("2020")),
        "{warnings:?}"
    );
}

#[test]
fn lists_are_sorted_as_people_sort_and_filtered() {
    let mut driver = Driver::with(&[
        &uri("totp", "b:x", 1),
        &uri("totp", "A:z", 2),
        &uri("totp", "a:y", 3),
        &uri("totp", "%EF%BC%A1:a", 4),
    ]);
    let names = |entries: &[EntryInfo]| {
        let name = |entry: &EntryInfo| format!("{}:{}", entry.issuer, entry.account);
        entries.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(names(&driver.list()), ["Ａ:a", "a:y", "A:z", "b:x"]);
    let query = Some("A".to_owned());
    let found = driver.list_of(List {
        query,
        ..List::default()
    });
    assert_eq!(found.len(), 3, "parts of names, however exact another is");
}

#[test]
fn show_tells_everything_but_the_key() {
    let mut driver = Driver::with(&[
        "otpauth://totp/a:b?secret=ABCDEFGHIJKL2345&issuer=a&icon=x&x-otpd-tag=work&x-otpd-note=hi",
    ]);
    match driver.call(Request::Show(Show { query: "a".into() })) {
        Ok(Response::Details(details)) => {
            assert_eq!((details.key_bits, details.note.as_str()), (80, "hi"));
            assert_eq!(
                (details.entry.tags, details.extra),
                (vec!["work".into()], vec!["icon".into()])
            );
            assert_eq!(details.created, 1_700_000_015);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn subscribing_is_always_possible() {
    let mut driver = Driver::new();
    assert_eq!(
        driver.call(Request::Subscribe(Subscribe {})),
        Ok(Response::Done(Done {}))
    );
}

#[test]
fn a_configuration_that_could_not_be_read_again_is_a_warning_until_one_can() {
    let mut driver = Driver::unlocked();
    let about = |driver: &mut Driver| {
        let warnings = driver.status().warnings;
        let about = |line: &String| line.contains("configuration");
        warnings.into_iter().find(about)
    };
    assert_eq!(about(&mut driver), None);
    driver.input(Input::NotReloaded("otpd.toml, line 3: x".into()));
    assert_eq!(
        about(&mut driver).as_deref(),
        Some("the configuration stays as it was: otpd.toml, line 3: x")
    );
    driver.input(Input::Reload(Config::default()));
    assert_eq!(about(&mut driver), None);
}

#[test]
fn what_was_wrong_and_is_right_again_is_said_no_more() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.lock();
    driver.disk.no_state = Some("there is no state".into());
    let told = |driver: &mut Driver| driver.status().warnings.join("|");
    driver.habits.keeps = false;
    assert_eq!(driver.unlock().warnings, ["there is no state"]);
    driver.disk.no_state = None;
    let fresh = Get {
        fresh: true,
        ..driver::get("GitHub")
    };
    driver.ask(1, Request::Get(fresh));
    driver.finish_keep(Err(driver::failure()));
    assert!(told(&mut driver).contains("there is no state"), "not yet");
    driver.habits.keeps = true;
    driver.add(&uri("totp", "a:b", 1)).unwrap();
    assert_eq!(told(&mut driver), "");

    driver.input(Input::Copied(Err(driver::failure())));
    driver.input(Input::Damaged(Some("files set aside are kept".into())));
    let said = told(&mut driver);
    assert!(said.contains("no copy of the vault for today") && said.contains("are kept"));
    driver.input(Input::Copied(Ok(())));
    driver.input(Input::Damaged(None));
    assert_eq!(told(&mut driver), "");
    // A locked vault is told nothing of its files.
    driver.lock();
    driver.input(Input::Damaged(Some("files set aside are kept".into())));
    assert_eq!(told(&mut driver), "");
}
