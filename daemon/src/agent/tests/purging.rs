//! The end of a key, in the vault and its backups, whatever comes in between.

use super::removing::{arena_size, last, remove};
use super::*;

#[test]
fn a_purge_destroys_the_key_here_and_then_in_the_backups() {
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1), GITHUB]);
    let (id, keys) = (driver.get("a:b").unwrap().id, arena_size(&driver));
    driver.habits.jobs = false;
    let ticket = driver.ask(1, remove("a:b", true));
    assert!(!driver.is_answered(ticket), "the backups still hold it");
    assert_eq!(driver.list().len(), 1);
    assert_eq!(arena_size(&driver), keys - 1);
    let behind = driver.ask(
        1,
        Request::Add(Add {
            uri: driver::secret(&uri("totp", "x:y", 9)),
        }),
    );
    assert!(
        driver.store.is_none(),
        "no backup is made while they are rewritten"
    );
    driver.finish_job();
    match driver.answer(ticket) {
        Ok(Response::Remove(answer)) => {
            assert!(answer.purged);
            assert_eq!((answer.entry.id, answer.entry.trash), (id, None));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(driver.disk.purged, [vec![id]]);
    assert!(driver.answer(behind).is_ok());
    assert_eq!(driver.disk.open().unwrap().document.tombs.len(), 1);
}

#[test]
fn a_purge_takes_trash_too_by_number_and_with_the_same_key() {
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1), &uri("totp", "Matrix-1:c", 2)]);
    driver.call(remove("a:b", false)).unwrap();
    let number = last(&mut driver);
    driver.call(remove(&number, true)).unwrap();
    assert!(driver.trash().is_empty());
    assert_eq!(driver.disk.purged.len(), 1);
    assert_eq!(driver.refusal(remove(&number, true)), ErrorKind::NotFound);
}

#[test]
fn a_key_that_another_living_entry_has_is_not_purged() {
    let mut driver = Driver::with(&[GITHUB, &format!("otpauth://hotp/x:y?secret={RFC}")]);
    assert_eq!(driver.refusal(remove("github", true)), ErrorKind::Denied);
    assert_eq!(driver.list().len(), 2);
    driver.call(remove("x:y", false)).unwrap();
    assert_eq!(driver.list().len(), 1);
    driver.call(remove("github", true)).unwrap();
    assert!(driver.list().is_empty() && driver.trash().is_empty());
}

#[test]
fn a_purge_that_fails_in_the_backups_says_so_and_is_tried_again_at_the_next_unlock() {
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1)]);
    driver.habits.jobs = false;
    let ticket = driver.ask(1, remove("a:b", true));
    driver.job = None;
    driver.input(Input::JobDone(JobDone::Purge(
        Err(driver::failure().into()),
    )));
    let error = driver.answer(ticket).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Incomplete);
    assert!(error.message.contains("backup"), "{}", error.message);
    driver.habits.jobs = true;
    driver.lock();
    driver.unlock();
    assert_eq!(driver.disk.purged.len(), 1);
}

#[test]
fn a_purge_that_a_lock_cut_short_is_finished_at_the_next_unlock() {
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1)]);
    driver.habits.jobs = false;
    let export = Export {
        passphrase: driver::secret(PASSPHRASE),
        query: None,
    };
    driver.ask(2, Request::Export(export));
    let ticket = driver.ask(1, remove("a:b", true));
    driver.lock();
    assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Locked);
    driver.habits.jobs = true;
    driver.finish_job();
    assert!(driver.disk.purged.is_empty());
    driver.unlock();
    assert_eq!(driver.disk.purged.len(), 1);
    driver.add(GITHUB).unwrap();
}

#[test]
fn a_purge_that_the_process_did_not_live_to_finish_is_finished_after_the_next_start() {
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1), GITHUB]);
    let id = driver.get("a:b").unwrap().id;
    driver.habits.jobs = false;
    driver.ask(1, remove("a:b", true));
    assert!(driver.job.is_some(), "the backups are being rewritten");
    let mut driver = driver.kill(false);
    driver.unlock();
    assert_eq!(driver.disk.purged, [vec![id]]);
    assert!(driver.disk.state.purges.is_empty());
    // And once is enough.
    let mut driver = driver.restart();
    driver.unlock();
    assert_eq!((driver.disk.purged.len(), driver.list().len()), (1, 1));
}

#[test]
fn a_purge_is_intended_before_the_vault_is_written_and_counts_only_after() {
    for is_written in [false, true] {
        let mut driver = Driver::with(&[&uri("totp", "a:b", 1)]);
        driver.habits.stores = false;
        driver.ask(1, remove("a:b", true));
        assert_eq!(driver.disk.state.purges.len(), 1);
        let mut driver = driver.kill(is_written);
        driver.unlock();
        assert_eq!(driver.list().is_empty(), is_written);
        assert_eq!(driver.disk.purged.is_empty(), !is_written);
        assert!(driver.disk.state.purges.is_empty());
    }
}

#[test]
fn a_purge_whose_vault_is_being_written_while_it_is_locked_or_stopped_is_finished_later() {
    for lock in [Some(LockSource::Signal), Some(LockSource::Idle), None] {
        let stops = lock.is_none();
        for is_written in [false, true] {
            let mut driver = Driver::with(&[&uri("totp", "a:b", 1), GITHUB]);
            let id = driver.get("a:b").unwrap().id;
            driver.habits.stores = false;
            let ticket = driver.ask(1, remove("a:b", true));
            driver.input(lock.map_or(Input::Stop, Input::Lock));
            assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Locked);
            let result = if is_written {
                Ok(())
            } else {
                Err(driver::failure())
            };
            driver.finish_store(result);
            assert_eq!(driver.has_quit, stops);
            driver.habits.stores = true;
            let mut driver = if stops { driver.restart() } else { driver };
            driver.unlock();
            let purged = if is_written {
                vec![vec![id]]
            } else {
                Vec::new()
            };
            assert_eq!(driver.disk.purged, purged);
            assert_eq!(driver.list().len(), if is_written { 1 } else { 2 });
            assert!(driver.disk.state.purges.is_empty());
        }
    }
}

#[test]
fn a_purge_waits_for_the_state_that_is_being_written_so_that_its_own_is_written_before_it() {
    for locks in [false, true] {
        let mut driver = Driver::with(&[&uri("totp", "a:b", 1), GITHUB]);
        driver.habits = driver::Habits {
            jobs: true,
            stores: false,
            keeps: false,
        };
        let fresh = Get {
            fresh: true,
            ..driver::get("GitHub")
        };
        driver.ask(2, Request::Get(fresh));
        assert!(driver.keep.is_some());
        let ticket = driver.ask(1, remove("a:b", true));
        assert!(driver.store.is_none());
        if locks {
            driver.lock();
            assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Locked);
        }
        driver.finish_keep(Ok(()));
        let kept = driver.keep.as_ref().unwrap();
        assert_eq!(kept.purges.len(), usize::from(!locks));
        assert_eq!(driver.store.is_some(), !locks);
        driver.habits.keeps = true;
        driver.habits.stores = true;
        driver.input(Input::Tick);
        if locks {
            driver.unlock();
            driver.get("a:b").unwrap();
        } else {
            assert!(driver.answer(ticket).is_ok());
            assert_eq!(driver.list().len(), 1);
        }
        assert_eq!(driver.disk.purged.len(), usize::from(!locks));
    }
}

#[test]
fn a_purge_whose_backups_fail_until_the_process_ends_is_tried_again_by_the_next() {
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1)]);
    driver.habits.jobs = false;
    driver.ask(1, remove("a:b", true));
    driver.job = None;
    driver.input(Input::JobDone(JobDone::Purge(
        Err(driver::failure().into()),
    )));
    let mut driver = driver.restart();
    driver.unlock();
    assert_eq!(driver.disk.purged.len(), 1);
}

#[test]
fn a_purge_that_an_older_vault_undoes_before_it_was_complete_is_done_again() {
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1), GITHUB]);
    let id = driver.get("a:b").unwrap().id;
    let older = driver.disk.vault.clone();
    driver.habits.jobs = false;
    driver.ask(1, remove("a:b", true));
    assert!(driver.job.is_some(), "the backups are being rewritten");
    // The vault is damaged, and a backup that still has the entry takes its place.
    driver.disk.vault = older;
    driver.disk.is_mended = true;
    let mut driver = driver.kill(false);
    driver.unlock();
    assert_eq!(driver.list().len(), 1);
    assert!(driver.trash().is_empty());
    assert_eq!(driver.disk.purged, [vec![id]]);
    assert!(driver.disk.state.purges.is_empty());
    let document = driver.disk.open().unwrap().document;
    assert_eq!((document.entries.len(), document.tombs.len()), (1, 1));
    // The control: without the purge the older vault is what it is.
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1)]);
    let older = driver.disk.vault.clone();
    driver.add(GITHUB).unwrap();
    driver.disk.vault = older;
    driver.disk.is_mended = true;
    let mut driver = driver.restart();
    driver.unlock();
    assert_eq!((driver.list().len(), driver.disk.purged.len()), (1, 0));
}

#[test]
fn a_purge_that_is_done_again_and_fails_is_kept_for_the_next_unlock() {
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1), GITHUB]);
    let older = driver.disk.vault.clone();
    driver.habits.jobs = false;
    driver.ask(1, remove("a:b", true));
    driver.disk.vault = older;
    driver.disk.is_mended = true;
    let mut driver = driver.kill(false);
    driver.habits.stores = false;
    driver.unlock();
    driver.finish_store(Err(driver::failure()));
    assert_eq!(driver.list().len(), 2);
    assert_eq!(driver.disk.state.purges.len(), 1);
    driver.habits.stores = true;
    driver.lock();
    driver.unlock();
    assert_eq!((driver.list().len(), driver.disk.purged.len()), (1, 1));
}
