//! The services' own one-use codes: handed out once, and seen by nobody else.

use super::driver::secret;
use super::*;

const CODES: [&str; 3] = ["k3t7q-2m5nv", "1234 5678", "ZZZZ"];

fn add(codes: &[&str], replace: bool) -> Request {
    Request::RecoveryCodesAdd(RecoveryCodesAdd {
        query: "github".into(),
        codes: codes.iter().map(|code| secret(code)).collect(),
        replace,
    })
}

fn take() -> Request {
    Request::RecoveryCodesUse(RecoveryCodesUse {
        query: "github".into(),
    })
}

fn list(passphrase: Option<&str>) -> Request {
    Request::RecoveryCodesList(RecoveryCodesList {
        query: "github".into(),
        passphrase: passphrase.map(secret),
    })
}

fn stocked() -> Driver {
    let mut driver = Driver::with(&[GITHUB]);
    let answer = counted(driver.call(add(&CODES, false)));
    assert_eq!((answer.added, answer.left, answer.total), (Some(3), 3, 3));
    driver
}

fn counted(answer: Result<Response, RpcError>) -> RecoveryCodesAnswer {
    match answer {
        Ok(Response::RecoveryCodes(answer)) => answer,
        other => panic!("{other:?}"),
    }
}

fn next(driver: &mut Driver) -> Option<String> {
    let code = counted(driver.call(take())).code;
    code.map(|code| code.expose().to_owned())
}

/// All codes that are left.
fn left(driver: &mut Driver) -> Vec<String> {
    let codes = counted(driver.call(list(Some(PASSPHRASE)))).codes;
    let left = codes.unwrap().into_iter().filter(|code| !code.used);
    left.map(|code| code.code.expose().to_owned()).collect()
}

fn keys(driver: &Driver) -> usize {
    driver.agent.open.as_ref().unwrap().arena.len()
}

#[test]
fn codes_are_handed_out_in_their_order_and_once() {
    let mut driver = stocked();
    assert_eq!(next(&mut driver).as_deref(), Some(CODES[0]));
    let mut driver = driver.restart();
    driver.unlock();
    for code in &CODES[1..] {
        assert_eq!(next(&mut driver).as_deref(), Some(*code));
    }
    let stores = driver.disk.stores;
    let answer = counted(driver.call(take()));
    assert_eq!((answer.code, answer.left, answer.total), (None, 0, 3));
    assert_eq!(driver.disk.stores, stores, "nothing changed");
}

#[test]
fn a_code_is_not_seen_before_its_use_is_stored() {
    let mut driver = stocked();
    driver.habits.stores = false;
    let ticket = driver.ask(1, take());
    assert!(!driver.is_answered(ticket));
    assert_eq!(counted(driver.call(list(None))).left, 3);
    driver.finish_store(Ok(()));
    assert_eq!(counted(driver.answer(ticket)).left, 2);
    let disk = driver.disk.open().unwrap();
    let slot = disk.document.entries[0].codes().unwrap();
    let codes = RecoveryCodes::copy_of(disk.arena.key(slot));
    assert_eq!(codes.iter().next(), Some((CODES[0], true)));
}

#[test]
fn a_store_that_fails_gives_no_code_and_leaves_nothing_behind() {
    let mut driver = stocked();
    let before = keys(&driver);
    driver.habits.stores = false;
    for request in [take(), add(&["new-code"], false), add(&["new-code"], true)] {
        let ticket = driver.ask(1, request);
        driver.finish_store(Err(driver::failure()));
        let error = driver.answer(ticket).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Storage);
        assert_eq!(keys(&driver), before);
    }
    driver.habits.stores = true;
    assert_eq!(left(&mut driver), CODES);
}

#[test]
fn a_lock_while_the_use_is_stored_drops_the_code_and_keeps_it_used() {
    let mut driver = stocked();
    driver.habits.stores = false;
    let ticket = driver.ask(1, take());
    driver.input(Input::Lock(LockSource::Signal));
    assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Locked);
    driver.finish_store(Ok(()));
    driver.habits.stores = true;
    driver.unlock();
    assert_eq!(next(&mut driver).as_deref(), Some(CODES[1]));
}

#[test]
fn callers_at_once_get_different_codes() {
    let mut driver = stocked();
    driver.habits.stores = false;
    let tickets = [1, 2].map(|conn| driver.ask(conn, take()));
    driver.finish_store(Ok(()));
    driver.finish_store(Ok(()));
    let codes = tickets.map(|ticket| counted(driver.answer(ticket)).code.unwrap());
    assert_eq!(codes.each_ref().map(Code::expose), [CODES[0], CODES[1]]);
}

#[test]
fn the_codes_are_shown_only_to_whoever_knows_the_passphrase() {
    let mut driver = stocked();
    assert!(counted(driver.call(list(None))).codes.is_none());
    let ticket = driver.ask(1, list(Some("wrong")));
    assert!(!driver.is_answered(ticket), "as patient as unlock");
    driver.pass(0.2);
    assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(left(&mut driver), CODES);

    let show = Request::Show(Show {
        query: "github".into(),
    });
    for request in [show, Request::List(List::default()), list(None)] {
        let answer = driver.call(request);
        let shown = encode_answer(None, &answer);
        let shown = String::from_utf8_lossy(&shown).into_owned() + &format!("{answer:?}");
        assert!(CODES.iter().all(|code| !shown.contains(code)), "{shown}");
    }
    let ticket = driver.ask(1, list(Some(PASSPHRASE)));
    assert!(!format!("{:?}", driver.answer(ticket)).contains(CODES[0]));
    driver.lock();
    for request in [
        take(),
        add(&["x"], false),
        list(None),
        list(Some(PASSPHRASE)),
    ] {
        assert_eq!(driver.refusal(request), ErrorKind::Locked);
    }
}

#[test]
fn codes_that_are_there_are_left_out_and_new_ones_take_the_place_of_all() {
    let mut driver = stocked();
    let before = keys(&driver);
    next(&mut driver).unwrap();
    let answer = counted(driver.call(add(&[CODES[0], "fourth"], false)));
    assert_eq!((answer.added, answer.left, answer.total), (Some(1), 3, 4));
    assert_eq!(driver.refusal(add(&CODES, false)), ErrorKind::Invalid);
    let answer = counted(driver.call(add(&["new-code"], true)));
    assert_eq!((answer.added, answer.left, answer.total), (Some(1), 1, 1));
    assert_eq!(keys(&driver), before, "the older codes are wiped");
}

#[test]
fn what_is_no_code_or_too_many_is_refused_and_nothing_is_stored() {
    let mut driver = stocked();
    let (stores, before) = (driver.disk.stores, keys(&driver));
    let many: Vec<String> = (0..62).map(|number| format!("code-{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let long = "x".repeat(65);
    for codes in [&many[..], &[""], &[long.as_str()], &["a\nb"], &["ü"], &[]] {
        assert_eq!(driver.refusal(add(codes, false)), ErrorKind::Invalid);
    }
    assert_eq!((driver.disk.stores, keys(&driver)), (stores, before));
    assert_eq!(
        counted(driver.call(add(&many[..61], false))).total,
        64,
        "the last that fits"
    );
}

#[test]
fn codes_stay_through_edit_trash_export_and_import() {
    let mut driver = stocked();
    next(&mut driver).unwrap();
    driver
        .call(Request::Edit(Edit {
            query: "github".into(),
            tags: Some(vec!["work".into()]),
            note: Some("n".into()),
            ..Edit::default()
        }))
        .unwrap();
    let remove = |purge| {
        Request::Remove(Remove {
            query: "github".into(),
            purge,
        })
    };
    driver.call(remove(false)).unwrap();
    let id = driver.trash()[0].trash.clone().unwrap();
    driver.call(Request::Restore(Restore { id })).unwrap();
    let export = Export {
        passphrase: secret(PASSPHRASE),
        query: None,
    };
    let Ok(Response::Export(exported)) = driver.call(Request::Export(export)) else {
        panic!("no export");
    };
    driver.call(remove(true)).unwrap();
    assert_eq!(keys(&driver), keys(&Driver::unlocked()), "destroyed");

    let mut other = Driver::unlocked();
    other.call(Request::ImportBegin(ImportBegin {})).unwrap();
    for uri in exported.uris {
        other.call(Request::ImportAdd(ImportAdd { uri })).unwrap();
    }
    other
        .call(Request::ImportCommit(ImportCommit::default()))
        .unwrap();
    assert_eq!(left(&mut other), CODES[1..]);
    assert_eq!(counted(other.call(list(None))).total, 3);
}

#[test]
fn a_duplicate_that_brings_codes_leaves_none_behind() {
    let mut driver = stocked();
    let before = keys(&driver);
    let again = format!("{GITHUB}&x-otpd-recovery=other-code");
    assert!(driver.add(&again).unwrap().duplicate);
    driver.call(Request::ImportBegin(ImportBegin {})).unwrap();
    let uri = secret(&again);
    driver.call(Request::ImportAdd(ImportAdd { uri })).unwrap();
    driver
        .call(Request::ImportCommit(ImportCommit::default()))
        .unwrap();
    assert_eq!(keys(&driver), before);
    assert_eq!(left(&mut driver), CODES);
}

#[test]
fn codes_go_on_with_the_entry_of_the_same_name() {
    let mut driver = stocked();
    next(&mut driver).unwrap();
    driver.add(&uri("totp", "GitHub:alice", 7)).unwrap();
    assert_eq!(left(&mut driver), CODES[1..]);
    let stored = driver.disk.open().unwrap();
    assert_eq!(stored.document.trash[0].codes(), None);

    let own = uri("totp", "GitHub:alice", 8) + "&x-otpd-recovery=own-code";
    driver.add(&own).unwrap();
    assert_eq!(left(&mut driver), ["own-code"]);
    // The older key comes back with the codes that stayed with it.
    driver.add(&uri("totp", "GitHub:alice", 7)).unwrap();
    assert_eq!(left(&mut driver), CODES[1..]);
}
