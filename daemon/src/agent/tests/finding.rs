//! One entry, none, or candidates.

use super::*;

fn found(driver: &mut Driver, query: &str) -> Result<String, ErrorKind> {
    match driver.call(Request::Show(Show {
        query: query.into(),
    })) {
        Ok(Response::Details(details)) => Ok(details.entry.account),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.kind()),
    }
}

#[test]
fn each_stage_of_a_query_decides_before_the_next() {
    let mut driver = Driver::with(&[
        &uri("totp", "GitHub:alice", 1),
        &uri("totp", "GitHub:bob", 2),
        &uri("totp", "GitHub Enterprise:carol", 3),
        &uri("totp", "alice:dave", 4),
        &uri("totp", "AWS:alice%40example.com", 5),
        &uri(
            "totp",
            "%E3%83%88%E3%83%AC%E3%83%B3%E3%83%89:%E5%B1%B1%E7%94%B0",
            6,
        ),
    ]);
    let ambiguous = Err(ErrorKind::Ambiguous);
    for (query, expected) in [
        ("GitHub:alice", Ok("alice")),
        ("GitHub:bob", Ok("bob")),
        ("GitHub", ambiguous),
        ("bob", Ok("bob")),
        // An exact account and an exact issuer are of one stage.
        ("alice", ambiguous),
        ("GitHub Enterprise", Ok("carol")),
        ("enterprise", Ok("carol")),
        ("github:b", Ok("bob")),
        ("ａｗｓ", Ok("alice@example.com")),
        ("ﾄﾚﾝﾄﾞ", Ok("山田")),
        ("トレ", Ok("山田")),
        ("山田", Ok("山田")),
        ("ghec", Ok("carol")),
        ("gec", Ok("carol")),
        // Two letters, or letters that begin in the middle of a word, are nobody's.
        ("gc", Err(ErrorKind::NotFound)),
        ("hec", Err(ErrorKind::NotFound)),
        ("zzz", Err(ErrorKind::NotFound)),
        ("", Err(ErrorKind::Params)),
        (" ", Err(ErrorKind::Params)),
    ] {
        let expected = expected.map(str::to_owned);
        assert_eq!(found(&mut driver, query), expected, "{query:?}");
    }
    let id = driver.list()[0].id.to_string();
    assert!(found(&mut driver, &id).is_ok());
    assert_eq!(
        found(&mut driver, &"x".repeat(60_000)),
        Err(ErrorKind::NotFound)
    );
}

#[test]
fn letters_of_a_name_are_enough_to_look_at_an_entry_but_not_to_change_it() {
    let mut driver = Driver::with(&[&uri("totp", "Cloudflare:prod", 1)]);
    assert_eq!(found(&mut driver, "cfp"), Ok("prod".into()));
    for purge in [false, true] {
        let query = "cfp".to_owned();
        let error = driver
            .call(Request::Remove(Remove { query, purge }))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Ambiguous);
        assert_eq!(error.candidates()[0].account, "prod");
    }
    let edit = Edit {
        query: "cfp".into(),
        issuer: Some("x".into()),
        ..Edit::default()
    };
    assert_eq!(
        driver.call(Request::Edit(edit)).unwrap_err().kind(),
        ErrorKind::Ambiguous
    );
    // The control: a part of the name will do.
    let query = "flare".to_owned();
    driver
        .call(Request::Remove(Remove {
            query,
            purge: false,
        }))
        .unwrap();
}

#[test]
fn an_id_comes_before_a_name_that_looks_like_one() {
    let mut driver = Driver::with(&[&uri("totp", "facebook:a", 1)]);
    assert_eq!(found(&mut driver, "facebook"), Ok("a".into()));
    let id = driver.list()[0].id;
    driver.add(&uri("totp", &format!("{id}:b"), 2)).unwrap();
    assert_eq!(found(&mut driver, &id.to_string()), Ok("a".into()));
}

#[test]
fn tags_are_found_and_equal_names_stay_ambiguous() {
    let mut driver = Driver::with(&[
        "otpauth://totp/a:b?secret=AAAAAAAA&issuer=a&x-otpd-tag=Bank",
        &uri("totp", "c:d", 1),
    ]);
    assert_eq!(found(&mut driver, "bank"), Ok("b".into()));
}

#[test]
fn candidates_are_named_and_never_more_than_fifty() {
    let uris: Vec<String> = (0..60)
        .map(|n| uri("totp", &format!("same:{n}"), n))
        .collect();
    let uris: Vec<&str> = uris.iter().map(String::as_str).collect();
    let mut driver = Driver::with(&uris);
    let error = driver.get("same").unwrap_err();
    assert_eq!(
        (error.kind(), error.candidates().len()),
        (ErrorKind::Ambiguous, 50)
    );
    assert_eq!(error.candidates()[0].issuer, "same");
}

#[test]
fn a_list_says_how_often_a_code_was_handed_out_also_after_a_lock() {
    let mut driver = Driver::with(&[&uri("totp", "A:a", 1), &uri("totp", "B:b", 2)]);
    let used = |driver: &mut Driver| -> Vec<u32> {
        driver.list().iter().map(|entry| entry.used).collect()
    };
    assert_eq!(used(&mut driver), [0, 0]);
    driver.get("B").unwrap();
    driver.get("B").unwrap();
    assert!(driver.get("C").is_err());
    assert_eq!(used(&mut driver), [0, 2]);
    driver.lock();
    driver.unlock();
    let ticket = driver.ask(
        1,
        Request::Notify(Notify {
            query: "A".into(),
            ..Notify::default()
        }),
    );
    driver.shown(Ok(()));
    driver.answer(ticket).unwrap();
    assert_eq!(used(&mut driver), [1, 2]);
}
