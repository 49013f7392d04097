//! Adding one entry: duplicates, successors, and what comes back.

use super::*;

#[test]
fn an_entry_is_not_seen_before_it_is_stored() {
    let mut driver = Driver::unlocked();
    driver.habits.stores = false;
    let ticket = driver.ask(
        1,
        Request::Add(Add {
            uri: driver::secret(GITHUB),
        }),
    );
    assert!(!driver.is_answered(ticket));
    assert!(driver.list().is_empty() && driver.events.is_empty());
    driver.finish_store(Ok(()));
    assert!(driver.answer(ticket).is_ok());
    assert_eq!(driver.list().len(), 1);
    assert_eq!(driver.events, [Event::Changed]);
}

#[test]
fn a_store_that_fails_leaves_nothing_of_the_entry() {
    let mut driver = Driver::unlocked();
    let keys = driver.agent.open.as_ref().unwrap().arena.len();
    driver.habits.stores = false;
    let ticket = driver.ask(
        1,
        Request::Add(Add {
            uri: driver::secret(GITHUB),
        }),
    );
    driver.finish_store(Err(driver::failure()));
    assert_eq!(
        driver.answer(ticket).unwrap_err().kind(),
        ErrorKind::Storage
    );
    assert!(driver.list().is_empty() && driver.events.is_empty());
    assert_eq!(driver.agent.open.as_ref().unwrap().arena.len(), keys);
    driver.habits.stores = true;
    driver.add(GITHUB).unwrap();
}

#[test]
fn the_same_key_again_stores_nothing_and_names_the_entry() {
    let mut driver = Driver::with(&[GITHUB]);
    let stores = driver.disk.stores;
    let answer = driver
        .add(&format!("otpauth://totp/Other:bob?secret={RFC}"))
        .unwrap();
    assert!(answer.duplicate && answer.superseded.is_empty());
    assert_eq!(answer.entry, driver.list()[0]);
    assert_eq!(driver.disk.stores, stores);
}

#[test]
fn a_key_with_another_recipe_is_another_entry_and_names_the_one_that_has_the_key() {
    let key = format!("secret={RFC}");
    let mut driver = Driver::with(&[&format!("otpauth://totp/a:b?{key}&issuer=a")]);
    for (place, other) in [
        "hotp/c:d?counter=4",
        "totp/e:f?digits=8",
        "totp/g:h?period=60",
        "totp/i:j?algorithm=SHA256",
        "steam/k:l?x=y",
    ]
    .into_iter()
    .enumerate()
    {
        let uri = format!("otpauth://{other}&{key}");
        let request = Request::Preview(Preview {
            uri: driver::secret(&uri),
        });
        let Ok(Response::Preview(preview)) = driver.call(request) else {
            panic!("{other}");
        };
        assert_eq!(preview.duplicate_of, None, "{other}");
        let answer = driver.add(&uri).unwrap();
        assert!(!answer.duplicate && answer.superseded.is_empty(), "{other}");
        assert_eq!(answer.same_key.len(), place + 1, "{other}");
        assert_eq!(answer.same_key, preview.same_key, "{other}");
        assert!(driver.add(&uri).unwrap().duplicate, "{other}");
    }
    // A counter is no recipe: it moves on.
    let uri = format!("otpauth://hotp/x:y?counter=9&{key}");
    assert!(driver.add(&uri).unwrap().duplicate);
    assert_eq!(driver.list().len(), 6);
    let answer = driver.add(GITHUB).unwrap();
    assert!(answer.duplicate && answer.same_key.is_empty());
}

#[test]
fn an_entry_that_gives_way_is_not_named_again_for_its_key() {
    let mut driver = Driver::with(&[GITHUB]);
    let answer = driver.add(&format!("{GITHUB}&digits=8")).unwrap();
    assert_eq!((answer.superseded.len(), answer.same_key.len()), (1, 0));
}

#[test]
fn another_key_for_the_same_name_moves_the_older_entry_to_the_trash() {
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1), &uri("totp", "a:c", 2)]);
    let old = driver.get("a:b").unwrap().id;
    let stores = driver.disk.stores;
    let answer = driver.add(&uri("totp", "a:b", 3)).unwrap();
    assert!(!answer.duplicate);
    assert_eq!(answer.superseded[0].id, old);
    assert!(answer.superseded[0].trash.is_some());
    assert_eq!(driver.disk.stores, stores + 1, "in one store");
    assert_eq!((driver.list().len(), driver.trash().len()), (2, 1));
    driver.add(&uri("totp", "a:b", 4)).unwrap();
    assert_eq!(driver.trash().len(), 2);
}

#[test]
fn entries_without_an_issuer_or_account_supersede_nothing() {
    for name in ["b", "a:"] {
        let mut driver = Driver::with(&[&uri("totp", name, 1)]);
        let answer = driver.add(&uri("totp", name, 2)).unwrap();
        assert!(answer.superseded.is_empty());
        assert_eq!(driver.list().len(), 2);
    }
}

#[test]
fn a_key_in_the_trash_comes_back_under_its_id_with_the_new_name() {
    let mut driver = Driver::with(&[
        "otpauth://totp/a:b?secret=ABCDEFGHIJKL2345&issuer=a&x-otpd-tag=t&x-otpd-note=n",
    ]);
    let old = driver.list().remove(0);
    driver
        .call(Request::Remove(Remove {
            query: "a:b".into(),
            purge: false,
        }))
        .unwrap();
    let keys = driver.agent.open.as_ref().unwrap().arena.len();
    let answer = driver
        .add("otpauth://totp/c:d?secret=ABCDEFGHIJKL2345&issuer=c")
        .unwrap();
    assert!(!answer.duplicate);
    let entry = answer.entry;
    assert_eq!((entry.id, entry.issuer.as_str()), (old.id, "c"));
    assert_eq!((entry.tags, entry.trash), (vec!["t".to_owned()], None));
    assert!(driver.trash().is_empty());
    assert_eq!(
        driver.agent.open.as_ref().unwrap().arena.len(),
        keys,
        "the key is there once"
    );
    driver.get("c:d").unwrap();
}

#[test]
fn a_key_in_the_trash_with_another_recipe_stays_there() {
    let mut driver = Driver::with(&[GITHUB]);
    driver
        .call(Request::Remove(Remove {
            query: "GitHub".into(),
            purge: false,
        }))
        .unwrap();
    driver.add(&format!("{GITHUB}&digits=8")).unwrap();
    assert_eq!((driver.list().len(), driver.trash().len()), (1, 1));
    let id = driver.trash()[0].trash.clone().unwrap();
    driver.call(Request::Restore(Restore { id })).unwrap();
    assert_eq!(driver.list().len(), 2);
}

#[test]
fn each_change_has_a_later_stamp_and_generation() {
    let mut driver = Driver::unlocked();
    let mut last = (0, driver.disk.open().unwrap().document.generation);
    for key in 0..5 {
        driver.add(&uri("totp", "a:b", key)).unwrap();
        let document = driver.disk.open().unwrap().document;
        let next = (document.entries[0].stamp.lamport, document.generation);
        assert!(next.0 > last.0 && next.1 > last.1);
        assert_eq!(driver.disk.state.marks.generation, next.1);
        last = next;
    }
}

#[test]
fn parameters_that_look_like_ours_are_dropped_and_others_kept() {
    let mut driver = Driver::with(&[
        "otpauth://totp/a?secret=AAAAAAAA&x-otpd-id=aaaaaaaa&x-otpd-stamp=1.aaaaaaaa&icon=x",
    ]);
    driver.lock();
    driver.unlock();
    match driver.call(Request::Show(Show { query: "a".into() })) {
        Ok(Response::Details(details)) => assert_eq!(details.extra, ["icon"]),
        other => panic!("{other:?}"),
    }
}
