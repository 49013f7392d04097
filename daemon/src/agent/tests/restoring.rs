//! Backups, made and put back.

use super::*;

fn backup(driver: &mut Driver) -> BackupAnswer {
    match driver.call(Request::Backup(Backup {})) {
        Ok(Response::Backup(answer)) => answer,
        other => panic!("{other:?}"),
    }
}

fn hand_over(driver: &mut Driver, conn: u64, text: &str) {
    let ticket = driver.ask(conn, Request::RestoreBackupBegin(RestoreBackupBegin {}));
    driver.answer(ticket).unwrap();
    for piece in text.as_bytes().chunks(1000) {
        let text = String::from_utf8(piece.to_vec()).unwrap();
        let ticket = driver.ask(conn, Request::RestoreBackupAdd(RestoreBackupAdd { text }));
        driver.answer(ticket).unwrap();
    }
}

fn commit(dry_run: bool) -> Request {
    let passphrase = driver::secret(PASSPHRASE);
    Request::RestoreBackupCommit(RestoreBackupCommit {
        passphrase,
        dry_run,
    })
}

fn restored(answer: Result<Response, RpcError>) -> RestoreBackupAnswer {
    match answer {
        Ok(Response::RestoreBackup(answer)) => answer,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_backup_comes_back_and_says_what_goes_and_comes() {
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1), &uri("totp", "c:d", 2)]);
    let text = backup(&mut driver);
    assert!(text.generation.is_some());
    driver
        .call(Request::Remove(Remove {
            query: "a:b".into(),
            purge: false,
        }))
        .unwrap();
    driver.add(&uri("totp", "e:f", 3)).unwrap();
    hand_over(&mut driver, 1, &text.text);
    let dry = restored(driver.call(commit(true)));
    assert_eq!(driver.list().len(), 2);
    let answer = restored(driver.call(commit(false)));
    assert_eq!(answer, dry);
    assert_eq!(answer.entries, 2);
    assert_eq!(answer.missing[0].account, "f");
    assert_eq!(
        (answer.missing.len(), answer.returning[0].account.as_str()),
        (1, "b")
    );
    driver.get("a:b").unwrap();
    assert_eq!(driver.get("e:f").unwrap_err().kind(), ErrorKind::NotFound);
    assert!(!driver.status().rollback);
    driver.lock();
    driver.unlock();
    assert!(!driver.status().rollback);
}

#[test]
fn an_entry_that_would_go_is_named_though_another_has_its_key() {
    let mut driver = Driver::with(&[GITHUB]);
    let text = backup(&mut driver);
    driver
        .add(&format!("otpauth://hotp/x:y?secret={RFC}"))
        .unwrap();
    hand_over(&mut driver, 1, &text.text);
    let answer = restored(driver.call(commit(true)));
    assert_eq!(answer.missing.len(), 1);
    assert_eq!(answer.missing[0].account, "y");
}

#[test]
fn a_backup_that_comes_back_gives_no_counter_again() {
    let mut driver = Driver::with(&[&uri("hotp", "a:b", 1)]);
    let text = backup(&mut driver).text;
    for _ in 0..3 {
        driver.get("a:b").unwrap();
    }
    hand_over(&mut driver, 1, &text);
    driver.call(commit(false)).unwrap();
    assert_eq!(driver.list()[0].counter, Some(3));
}

#[test]
fn where_a_vault_exists_it_must_be_unlocked_and_where_none_is_nothing_is_needed() {
    let mut driver = Driver::with(&[GITHUB]);
    let text = backup(&mut driver).text;
    driver.lock();
    assert_eq!(backup(&mut driver).generation, None);
    hand_over(&mut driver, 1, &text);
    assert_eq!(driver.refusal(commit(false)), ErrorKind::Locked);

    driver.disk.vault = None;
    let mut driver = driver.restart();
    hand_over(&mut driver, 1, &text);
    assert_eq!(restored(driver.call(commit(false))).entries, 1);
    assert!(!driver.status().locked);
    driver.get("GitHub").unwrap();
}

#[test]
fn what_is_no_backup_changes_nothing() {
    let mut driver = Driver::with(&[GITHUB]);
    assert_eq!(
        driver.refusal(commit(false)),
        ErrorKind::Params,
        "none was begun"
    );
    hand_over(&mut driver, 1, "nonsense");
    assert_eq!(driver.refusal(commit(false)), ErrorKind::Invalid);
    driver.get("GitHub").unwrap();
    assert_eq!(
        driver.refusal(commit(false)),
        ErrorKind::Params,
        "the text is gone"
    );
}

#[test]
fn a_text_ends_with_its_connection_and_has_a_limit() {
    let mut driver = Driver::unlocked();
    hand_over(&mut driver, 1, "aa");
    driver.input(Input::Closed(Conn(1)));
    assert_eq!(driver.refusal(commit(true)), ErrorKind::Params);
    hand_over(&mut driver, 1, "");
    let piece = "a".repeat(1024 * 1024);
    let mut add = || {
        driver.call(Request::RestoreBackupAdd(RestoreBackupAdd {
            text: piece.clone(),
        }))
    };
    for _ in 0..64 {
        add().unwrap();
    }
    assert_eq!(add().unwrap_err().kind(), ErrorKind::Invalid);
}

#[test]
fn the_third_text_at_once_is_told_to_come_again() {
    let mut driver = Driver::unlocked();
    hand_over(&mut driver, 1, "");
    hand_over(&mut driver, 2, "");
    let ticket = driver.ask(3, Request::RestoreBackupBegin(RestoreBackupBegin {}));
    assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Busy);
    hand_over(&mut driver, 2, "");
}

#[test]
fn no_change_is_written_while_a_backup_is_put_back() {
    let mut driver = Driver::with(&[GITHUB]);
    let text = backup(&mut driver).text;
    hand_over(&mut driver, 1, &text);
    driver.habits.jobs = false;
    let restore = driver.ask(1, commit(false));
    let add = driver.ask(
        2,
        Request::Add(Add {
            uri: driver::secret(&uri("totp", "a:b", 1)),
        }),
    );
    assert!(driver.store.is_none());
    driver.finish_job();
    assert!(driver.answer(restore).is_ok() && driver.answer(add).is_ok());
    assert_eq!(driver.list().len(), 2);
}

#[test]
fn a_backup_is_put_back_after_the_store_that_is_out() {
    let mut driver = Driver::with(&[GITHUB]);
    let text = backup(&mut driver).text;
    hand_over(&mut driver, 1, &text);
    driver.habits.stores = false;
    driver.ask(
        2,
        Request::Add(Add {
            uri: driver::secret(&uri("totp", "a:b", 1)),
        }),
    );
    let restore = driver.ask(1, commit(false));
    assert!(!driver.is_answered(restore));
    driver.finish_store(Ok(()));
    assert_eq!(restored(driver.answer(restore)).missing.len(), 1);
}

#[test]
fn a_lock_while_a_backup_is_put_back_leaves_it_locked() {
    let mut driver = Driver::with(&[GITHUB]);
    let text = backup(&mut driver).text;
    hand_over(&mut driver, 1, &text);
    driver.habits.jobs = false;
    let restore = driver.ask(1, commit(false));
    driver.lock();
    driver.finish_job();
    assert_eq!(restored(driver.answer(restore)).entries, 1);
    assert!(driver.status().locked);
}

#[test]
fn a_step_that_was_handed_out_while_a_backup_is_put_back_is_not_handed_out_again() {
    let mut driver = Driver::with(&[GITHUB]);
    let text = backup(&mut driver).text;
    hand_over(&mut driver, 1, &text);
    let fresh = || {
        Request::Get(Get {
            fresh: true,
            ..driver::get("GitHub")
        })
    };
    driver.habits.jobs = false;
    let restore = driver.ask(1, commit(false));
    let first = driver.ask(2, fresh());
    driver.finish_job();
    restored(driver.answer(restore));
    let first = driver::code(driver.answer(first).unwrap());
    assert_eq!(driver.disk.state.steps.len(), 1, "durable before visible");
    let second = driver.ask(2, fresh());
    assert!(!driver.is_answered(second), "the step is taken");
    driver.pass(30.0);
    let second = driver::code(driver.answer(second).unwrap());
    assert_eq!(first.id, second.id);
    assert!(first.code != second.code);
}
