//! Batches and exports.

use std::collections::BTreeSet;

use super::*;

fn begin(driver: &mut Driver, conn: u64) -> Result<Response, RpcError> {
    let ticket = driver.ask(conn, Request::ImportBegin(ImportBegin {}));
    driver.answer(ticket)
}

fn put(driver: &mut Driver, conn: u64, uri: &str) -> Result<Response, RpcError> {
    let ticket = driver.ask(
        conn,
        Request::ImportAdd(ImportAdd {
            uri: driver::secret(uri),
        }),
    );
    driver.answer(ticket)
}

fn commit(driver: &mut Driver, conn: u64, dry_run: bool) -> Result<ImportAnswer, RpcError> {
    let ticket = driver.ask(conn, Request::ImportCommit(ImportCommit { dry_run }));
    let answer = driver.answer(ticket)?;
    let Response::Import(answer) = answer else {
        panic!("{answer:?}");
    };
    Ok(answer)
}

fn arena_size(driver: &Driver) -> usize {
    driver.agent.open.as_ref().unwrap().arena.len()
}

#[test]
fn a_batch_is_stored_in_one_write_without_what_is_there() {
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1)]);
    let (stores, keys) = (driver.disk.stores, arena_size(&driver));
    begin(&mut driver, 1).unwrap();
    // One that is there, one twice in the batch, two of one name.
    for (name, key) in [("x:y", 1), ("c:d", 2), ("e:f", 2), ("a:b", 3), ("a:b", 4)] {
        put(&mut driver, 1, &uri("totp", name, key)).unwrap();
    }
    assert_eq!(driver.list().len(), 1);
    let dry = commit(&mut driver, 1, true).unwrap();
    assert_eq!((driver.disk.stores, driver.list().len()), (stores, 1));
    let answer = commit(&mut driver, 1, false).unwrap();
    assert_eq!((answer.added.len(), answer.duplicates.len()), (3, 2));
    let names = |entries: &[EntryInfo]| {
        let account = |entry: &EntryInfo| entry.account.clone();
        entries.iter().map(account).collect::<Vec<_>>()
    };
    assert_eq!(names(&dry.added), names(&answer.added));
    assert_eq!(names(&dry.duplicates), names(&answer.duplicates));
    assert_eq!(driver.disk.stores, stores + 1);
    assert_eq!((driver.list().len(), driver.trash().len()), (4, 0));
    assert_eq!(
        arena_size(&driver),
        keys + 3,
        "keys that aren't used are wiped"
    );
    assert_eq!(
        commit(&mut driver, 1, false).unwrap_err().kind(),
        ErrorKind::Params
    );
}

#[test]
fn a_counted_and_a_timed_entry_of_one_key_are_both_imported() {
    let mut driver = Driver::unlocked();
    begin(&mut driver, 1).unwrap();
    let key = format!("secret={RFC}&issuer=pi");
    for uri in [
        format!("otpauth://totp/pi:a?{key}"),
        format!("otpauth://hotp/pi:a?{key}&counter=4"),
        format!("otpauth://totp/pi:a?{key}&digits=8"),
        // Twice: the name and the counter don't count.
        format!("otpauth://totp/b?{key}"),
        format!("otpauth://hotp/pi:a?{key}&counter=2"),
    ] {
        put(&mut driver, 1, &uri).unwrap();
    }
    let dry = commit(&mut driver, 1, true).unwrap();
    let answer = commit(&mut driver, 1, false).unwrap();
    assert_eq!((answer.added.len(), answer.duplicates.len()), (3, 2));
    assert_eq!(answer.same_key, answer.added[1..]);
    assert_eq!(dry.same_key.len(), 2);
    let list = driver.list();
    let shapes = list
        .iter()
        .map(|entry| (entry.digits.value(), entry.counter))
        .collect::<BTreeSet<_>>();
    let wanted = [(6, None), (6, Some(4)), (8, None)];
    assert_eq!(shapes, BTreeSet::from(wanted));
    // Again: each is there.
    begin(&mut driver, 1).unwrap();
    put(&mut driver, 1, &format!("otpauth://totp/pi:a?{key}")).unwrap();
    put(&mut driver, 1, &format!("otpauth://hotp/pi:a?{key}")).unwrap();
    let again = commit(&mut driver, 1, false).unwrap();
    assert_eq!((again.added.len(), again.duplicates.len()), (0, 2));
}

#[test]
fn a_batch_ends_with_its_connection_and_leaves_nothing() {
    let mut driver = Driver::unlocked();
    let keys = arena_size(&driver);
    begin(&mut driver, 1).unwrap();
    put(&mut driver, 1, GITHUB).unwrap();
    assert_eq!(arena_size(&driver), keys + 1);
    driver.input(Input::Closed(Conn(1)));
    assert_eq!(arena_size(&driver), keys);
    assert_eq!(
        commit(&mut driver, 1, false).unwrap_err().kind(),
        ErrorKind::Params
    );
    assert!(driver.list().is_empty());
}

#[test]
fn a_batch_belongs_to_its_connection_and_begin_drops_the_one_before() {
    let mut driver = Driver::unlocked();
    let keys = arena_size(&driver);
    assert_eq!(
        put(&mut driver, 1, GITHUB).unwrap_err().kind(),
        ErrorKind::Params
    );
    begin(&mut driver, 1).unwrap();
    put(&mut driver, 1, GITHUB).unwrap();
    assert_eq!(
        commit(&mut driver, 2, false).unwrap_err().kind(),
        ErrorKind::Params
    );
    begin(&mut driver, 1).unwrap();
    assert_eq!(arena_size(&driver), keys);
    assert_eq!(
        commit(&mut driver, 1, false).unwrap(),
        ImportAnswer::default()
    );
}

#[test]
fn a_batch_ends_with_a_lock() {
    let mut driver = Driver::unlocked();
    begin(&mut driver, 1).unwrap();
    put(&mut driver, 1, GITHUB).unwrap();
    driver.lock();
    driver.unlock();
    assert_eq!(
        commit(&mut driver, 1, false).unwrap_err().kind(),
        ErrorKind::Params
    );
}

#[test]
fn a_batch_that_could_not_be_stored_has_not_happened() {
    let mut driver = Driver::unlocked();
    let keys = arena_size(&driver);
    begin(&mut driver, 1).unwrap();
    put(&mut driver, 1, GITHUB).unwrap();
    driver.habits.stores = false;
    let ticket = driver.ask(1, Request::ImportCommit(ImportCommit { dry_run: false }));
    assert!(driver.list().is_empty());
    driver.finish_store(Err(driver::failure()));
    assert_eq!(
        driver.answer(ticket).unwrap_err().kind(),
        ErrorKind::Storage
    );
    assert!(driver.list().is_empty());
    assert_eq!(arena_size(&driver), keys);
}

#[test]
fn a_commit_whose_connection_ends_before_its_turn_leaves_nothing() {
    let mut driver = Driver::unlocked();
    driver.habits.stores = false;
    driver.ask(
        2,
        Request::Add(Add {
            uri: driver::secret(GITHUB),
        }),
    );
    begin(&mut driver, 1).unwrap();
    put(&mut driver, 1, &uri("totp", "a:b", 1)).unwrap();
    driver.ask(1, Request::ImportCommit(ImportCommit { dry_run: false }));
    driver.input(Input::Closed(Conn(1)));
    driver.finish_store(Ok(()));
    assert!(driver.store.is_none());
    assert_eq!(driver.list().len(), 1);
}

#[test]
fn a_bad_uri_leaves_the_batch_as_it_was() {
    let mut driver = Driver::unlocked();
    begin(&mut driver, 1).unwrap();
    put(&mut driver, 1, GITHUB).unwrap();
    assert_eq!(
        put(&mut driver, 1, "nonsense").unwrap_err().kind(),
        ErrorKind::Invalid
    );
    assert_eq!(commit(&mut driver, 1, false).unwrap().added.len(), 1);
}

#[test]
fn a_batch_has_a_limit_of_entries_and_of_bytes() {
    let mut driver = Driver::unlocked();
    begin(&mut driver, 1).unwrap();
    for key in 0..20_000 {
        put(&mut driver, 1, &uri("totp", "a:b", key)).unwrap();
    }
    let full = put(&mut driver, 1, &uri("totp", "a:b", 20_000)).unwrap_err();
    assert_eq!(full.kind(), ErrorKind::Invalid);
    assert_eq!(commit(&mut driver, 1, false).unwrap().added.len(), 20_000);

    begin(&mut driver, 1).unwrap();
    let long = format!("{}&note={}", uri("totp", "a:b", 1), "x".repeat(7000));
    let many = (0..3000)
        .take_while(|_| put(&mut driver, 1, &long).is_ok())
        .count();
    assert_eq!(many, 16 * 1024 * 1024 / long.len());
}

#[test]
fn a_key_in_the_trash_comes_back_by_an_import() {
    let mut driver = Driver::with(&[GITHUB]);
    driver
        .call(Request::Remove(Remove {
            query: "GitHub".into(),
            purge: false,
        }))
        .unwrap();
    begin(&mut driver, 1).unwrap();
    put(&mut driver, 1, GITHUB).unwrap();
    assert_eq!(commit(&mut driver, 1, false).unwrap().added.len(), 1);
    assert_eq!((driver.list().len(), driver.trash().len()), (1, 0));
}

#[test]
fn the_fifth_batch_at_once_is_told_to_come_again() {
    let mut driver = Driver::unlocked();
    for conn in 1..=4 {
        begin(&mut driver, conn).unwrap();
    }
    assert_eq!(begin(&mut driver, 5).unwrap_err().kind(), ErrorKind::Busy);
    begin(&mut driver, 4).unwrap();
}

#[test]
fn an_export_hands_out_what_an_import_reads_back() {
    let mut driver = Driver::with(&[
        GITHUB,
        &uri("hotp", "%E5%B1%B1:b", 2),
        &uri("steam", "c:d", 3),
    ]);
    driver
        .call(Request::Remove(Remove {
            query: "c:d".into(),
            purge: false,
        }))
        .unwrap();
    let export = |query: Option<&str>| {
        Request::Export(Export {
            passphrase: driver::secret(PASSPHRASE),
            query: query.map(str::to_owned),
        })
    };
    let uris = |answer| match answer {
        Ok(Response::Export(ExportAnswer { uris })) => uris,
        other => panic!("{other:?}"),
    };
    let all = uris(driver.call(export(None)));
    assert_eq!(all.len(), 2, "living entries");
    assert_eq!(uris(driver.call(export(Some("github")))).len(), 1);
    let mut other = Driver::unlocked();
    begin(&mut other, 1).unwrap();
    for uri in &all {
        put(&mut other, 1, uri.expose()).unwrap();
    }
    assert_eq!(commit(&mut other, 1, false).unwrap().added.len(), 2);
    assert_eq!(
        other.get("GitHub").unwrap().code,
        driver.get("GitHub").unwrap().code
    );
}

#[test]
fn a_lock_while_the_passphrase_is_checked_exports_nothing() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.habits.jobs = false;
    let export = Export {
        passphrase: driver::secret(PASSPHRASE),
        query: None,
    };
    let ticket = driver.ask(1, Request::Export(export));
    driver.lock();
    assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Locked);
    driver.finish_job();
    assert!(!driver.is_answered(ticket));
}
