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
    Request::RestoreBackupCommit(RestoreBackupCommit {
        passphrase: Some(driver::secret(PASSPHRASE)),
        from: None,
        dry_run,
    })
}

/// Takes an automatic backup.
fn commit_kept(passphrase: Option<&str>, from: &str, dry_run: bool) -> Request {
    Request::RestoreBackupCommit(RestoreBackupCommit {
        passphrase: passphrase.map(driver::secret),
        from: Some(from.into()),
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

#[test]
fn an_automatic_backup_of_the_open_vault_needs_no_passphrase_and_one_of_another_does() {
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1)]);
    driver.disk.backup = driver.disk.text();
    driver.add(&uri("totp", "c:d", 2)).unwrap();
    assert_eq!(
        driver.refusal(commit_kept(None, "other", true)),
        ErrorKind::NotFound
    );
    let dry = restored(driver.call(commit_kept(None, "kept", true)));
    assert_eq!((dry.entries, dry.missing.len()), (1, 1));
    assert_eq!(driver.list().len(), 2);
    restored(driver.call(commit_kept(None, "kept", false)));
    assert_eq!(driver.list().len(), 1);
    // A text is another matter, whatever it is of.
    let text = driver.disk.backup.clone();
    hand_over(&mut driver, 1, &text);
    let bare = RestoreBackupCommit::default();
    assert_eq!(
        driver.refusal(Request::RestoreBackupCommit(bare)),
        ErrorKind::Denied
    );
    // Nothing was typed that could be wrong: nobody waits for the refusal, nor for the next one.
    let identity = driver.disk.identity.replace(driver::secret("another"));
    for _ in 0..3 {
        let asked = commit_kept(None, "kept", true);
        assert_eq!(driver.refusal(asked), ErrorKind::Denied);
    }
    driver.disk.identity = identity;
    restored(driver.call(commit_kept(Some(PASSPHRASE), "kept", false)));
}

#[test]
fn an_automatic_backup_that_comes_back_gives_no_counter_again() {
    let mut driver = Driver::with(&[&uri("hotp", "a:b", 1)]);
    driver.disk.backup = driver.disk.text();
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(driver.get("a:b").unwrap().code);
        let dry = restored(driver.call(commit_kept(None, "kept", true)));
        assert!(dry.changed.is_empty(), "{:?}", dry.changed);
        restored(driver.call(commit_kept(None, "kept", false)));
    }
    assert_eq!(driver.list()[0].counter, Some(3));
    assert!(codes[0] != codes[1] && codes[1] != codes[2] && codes[0] != codes[2]);
}

#[test]
fn a_preview_names_what_differs_in_an_entry_and_never_its_key() {
    let mut driver = Driver::with(&[
        &uri("totp", "a:b", 1),
        &uri("totp", "c:d", 2),
        &uri("hotp", "e:f", 3),
    ]);
    driver.disk.backup = driver.disk.text();
    let edit = Edit {
        query: "a:b".into(),
        issuer: Some("other".into()),
        digits: Some(Digits::new(8).unwrap()),
        tags: Some(vec!["work".into()]),
        note: Some("a note".into()),
        ..Edit::default()
    };
    driver.call(Request::Edit(edit)).unwrap();
    driver.get("e:f").unwrap();
    let codes = RecoveryCodesAdd {
        query: "c:d".into(),
        codes: vec![driver::secret("one-code")],
        replace: false,
    };
    driver.call(Request::RecoveryCodesAdd(codes)).unwrap();
    let dry = restored(driver.call(commit_kept(None, "kept", true)));
    assert!(dry.missing.is_empty() && dry.returning.is_empty());
    let told: Vec<_> = dry.changed.iter().map(|changed| &changed.fields).collect();
    assert_eq!(
        told,
        [
            &vec!["recovery_codes".to_owned()],
            &["issuer", "digits", "tags", "note"]
                .map(str::to_owned)
                .to_vec(),
        ]
    );
    let renamed = &dry.changed[1];
    assert_eq!(
        (
            renamed.before.issuer.as_str(),
            renamed.after.issuer.as_str()
        ),
        ("other", "a")
    );
    let (backup, present) = (dry.backup.unwrap(), dry.present.unwrap());
    assert!(backup.generation < present.generation);
    // The control: of what is there already nothing is said.
    driver.disk.backup = driver.disk.text();
    let dry = restored(driver.call(commit_kept(None, "kept", true)));
    assert!(dry.changed.is_empty() && dry.missing.is_empty() && dry.returning.is_empty());
}

#[test]
fn a_vault_that_was_made_anew_is_compared_by_its_keys() {
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1), &uri("totp", "c:d", 2)]);
    driver.disk.backup = driver.disk.text();
    for name in ["a:b", "c:d"] {
        let query = name.into();
        let purge = true;
        driver
            .call(Request::Remove(Remove { query, purge }))
            .unwrap();
    }
    driver.add(&uri("totp", "a:b", 1)).unwrap();
    driver.add(&uri("totp", "c:renamed", 2)).unwrap();
    let dry = restored(driver.call(commit_kept(None, "kept", true)));
    assert!(dry.missing.is_empty() && dry.returning.is_empty());
    assert_eq!(dry.changed.len(), 1);
    assert_eq!(dry.changed[0].fields, ["account"]);
}

#[test]
fn the_automatic_backups_are_listed_while_the_vault_is_locked_and_where_there_is_none_not() {
    let mut driver = Driver::with(&[GITHUB]);
    driver.lock();
    match driver.call(Request::BackupsList(BackupsList {})) {
        Ok(Response::Backups(answer)) => assert_eq!(answer.backups[0].name, "kept"),
        other => panic!("{other:?}"),
    }
    let kept = commit_kept(Some(PASSPHRASE), "kept", false);
    assert_eq!(driver.refusal(kept), ErrorKind::Locked);
    let mut driver = Driver::new();
    let list = Request::BackupsList(BackupsList {});
    assert_eq!(driver.refusal(list), ErrorKind::NoVault);
}
