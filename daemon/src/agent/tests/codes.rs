//! Codes that are answered at once.

use super::*;

#[test]
fn a_code_says_how_long_it_lives_and_shows_the_next_when_asked() {
    let mut driver = Driver::with(&[GITHUB]);
    let now = driver.get("GitHub").unwrap();
    assert_eq!(
        (now.valid_for, now.period),
        (Some(25), Some(Period::THIRTY))
    );
    assert_eq!(now.next, None);
    let both = Request::Get(Get {
        next: true,
        ..driver::get("GitHub")
    });
    let both = driver::code(driver.call(both).unwrap());
    assert_eq!(both.code, now.code);
    driver.pass(25.0);
    assert_eq!(driver.get("GitHub").unwrap().code, both.next.unwrap());
}

#[test]
fn a_code_is_the_one_of_the_published_vector() {
    let mut driver = Driver::with(&[&format!("otpauth://totp/x?secret={RFC}&digits=8")]);
    driver.wall = Duration::from_secs(1_111_111_109);
    assert_eq!(driver.get("x").unwrap().code.expose(), "07081804");
}

#[test]
fn a_clock_that_jumps_gives_the_code_of_what_it_says() {
    let mut driver = Driver::with(&[GITHUB]);
    let first = driver.get("GitHub").unwrap();
    driver.set_wall(3600);
    let later = driver.get("GitHub").unwrap();
    assert_ne!(later.code, first.code);
    driver.set_wall(-3600);
    assert_eq!(driver.get("GitHub").unwrap().code, first.code);
}

#[test]
fn yandex_and_motp_are_kept_and_their_codes_refused_plainly() {
    let mut driver = Driver::with(&[
        "otpauth://yaotp/ya?secret=ORSXG5DJNZTXIZLTORUW4ZZRGI",
        "motp://issuer:mo?secret=30EDCC8EDAE50A60",
    ]);
    for query in ["ya", "mo"] {
        assert_eq!(
            driver.get(query).unwrap_err().kind(),
            ErrorKind::Unsupported
        );
    }
    assert_eq!(driver.list().len(), 2);
}

#[test]
fn preview_computes_a_code_and_stores_nothing() {
    let mut driver = Driver::with(&[GITHUB]);
    let stores = driver.disk.stores;
    let mut preview = |uri: &str| match driver.call(Request::Preview(Preview {
        uri: driver::secret(uri),
    })) {
        Ok(Response::Preview(answer)) => answer,
        other => panic!("{other:?}"),
    };
    let same = preview(GITHUB);
    assert_eq!(same.duplicate_of.unwrap().issuer, "GitHub");
    assert!(same.supersedes.is_empty());
    let newer = preview(&uri("totp", "GitHub:alice", 1));
    assert_eq!(newer.duplicate_of, None);
    assert_eq!((newer.supersedes.len(), newer.valid_for), (1, Some(25)));
    let counted = preview("otpauth://hotp/x?secret=ABCDEFGHIJKL2345&counter=3");
    assert!(counted.code.is_some() && counted.valid_for.is_none());
    assert_eq!((counted.counter, newer.counter), (Some(3), None));
    let later = preview("motp://issuer:mo?secret=30EDCC8EDAE50A60");
    assert_eq!((later.code, later.valid_for), (None, None));
    assert_eq!(driver.disk.stores, stores);
    let code = driver.get("GitHub").unwrap().code;
    assert_eq!(same.code.unwrap(), code);
}

#[test]
fn a_text_that_is_no_uri_is_invalid_and_not_quoted() {
    let mut driver = Driver::unlocked();
    let error = driver.add("otpauth://totp/x?secret=HUNTER2!").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(!error.message.contains("HUNTER"), "{}", error.message);
}
