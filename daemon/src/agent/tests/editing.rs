//! Editing: what goes with which type.

use super::*;

fn edit(change: impl FnOnce(&mut Edit)) -> Request {
    let mut edit = Edit {
        query: "a:b".into(),
        ..Edit::default()
    };
    change(&mut edit);
    Request::Edit(edit)
}

fn edited(driver: &mut Driver, change: impl FnOnce(&mut Edit)) -> Details {
    match driver.call(edit(change)) {
        Ok(Response::Details(details)) => details,
        other => panic!("{other:?}"),
    }
}

fn kind(word: &str) -> String {
    word.to_owned()
}

#[test]
fn fields_that_are_not_named_stay() {
    let mut driver = Driver::with(&[
        "otpauth://totp/a:b?secret=AAAAAAAA&issuer=a&digits=8&period=60&x-otpd-note=n",
    ]);
    let before = driver.list().remove(0);
    let details = edited(&mut driver, |edit| {
        edit.tags = Some(vec![" x ".into(), "x".into(), String::new()]);
    });
    assert_eq!(details.note, "n");
    assert_eq!(
        details.entry,
        EntryInfo {
            tags: vec!["x".into()],
            ..before
        }
    );
    let details = edited(&mut driver, |edit| edit.note = Some(String::new()));
    assert_eq!(details.note, "");
    driver.lock();
    driver.unlock();
    assert_eq!(driver.list()[0], details.entry);
}

#[test]
fn an_edit_that_changes_nothing_stores_nothing() {
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1)]);
    let stores = driver.disk.stores;
    edited(&mut driver, |_| {});
    edited(&mut driver, |edit| edit.issuer = Some("a".into()));
    assert_eq!(driver.disk.stores, stores);
}

#[test]
fn names_are_cleaned_and_bounded() {
    let mut driver = Driver::with(&[&uri("totp", "a:b", 1)]);
    let long = "x".repeat(1025);
    for change in [
        Edit {
            issuer: Some(long.clone()),
            ..Edit::default()
        },
        Edit {
            account: Some(long.clone()),
            ..Edit::default()
        },
        Edit {
            note: Some(long.clone()),
            ..Edit::default()
        },
        Edit {
            tags: Some(vec![long]),
            ..Edit::default()
        },
        Edit {
            tags: Some(vec![String::new(); 65]),
            ..Edit::default()
        },
    ] {
        let request = Request::Edit(Edit {
            query: "a:b".into(),
            ..change
        });
        assert_eq!(driver.refusal(request), ErrorKind::Invalid);
    }
    let details = edited(&mut driver, |edit| {
        edit.issuer = Some(" \u{1b}[1m山\u{202e} ".into());
    });
    assert_eq!(details.entry.issuer, "[1m山");
}

#[test]
fn totp_and_steam_keep_the_period_and_hotp_starts_at_zero() {
    let mut driver =
        Driver::with(&["otpauth://totp/a:b?secret=AAAAAAAA&issuer=a&period=45&digits=8"]);
    let entry = edited(&mut driver, |edit| edit.kind = Some(kind("steam"))).entry;
    assert_eq!(
        (entry.period.unwrap().seconds(), entry.digits.value()),
        (45, 5)
    );
    let entry = edited(&mut driver, |edit| edit.kind = Some(kind("totp"))).entry;
    assert_eq!(
        (entry.period.unwrap().seconds(), entry.digits.value()),
        (45, 6)
    );
    let entry = edited(&mut driver, |edit| edit.kind = Some(kind("hotp"))).entry;
    assert_eq!((entry.period, entry.counter), (None, Some(0)));
    let entry = edited(&mut driver, |edit| {
        edit.kind = Some(kind("totp"));
        edit.period = Some(Period::new(60).unwrap());
    });
    assert_eq!(entry.entry.period.unwrap().seconds(), 60);
}

#[test]
fn what_does_not_go_with_the_type_is_a_wrong_parameter() {
    let wrong = |uri: &str, change: fn(&mut Edit)| {
        let mut driver = Driver::with(&[uri]);
        assert_eq!(driver.refusal(edit(change)), ErrorKind::Params);
    };
    let (totp, hotp, steam) = (
        uri("totp", "a:b", 1),
        uri("hotp", "a:b", 1),
        uri("steam", "a:b", 1),
    );
    wrong(&totp, |edit| edit.counter = Some(1));
    wrong(&hotp, |edit| edit.period = Some(Period::THIRTY));
    wrong(&totp, |edit| {
        edit.kind = Some(kind("hotp"));
        edit.period = Some(Period::THIRTY);
    });
    wrong(&steam, |edit| edit.digits = Some(Digits::SIX));
    wrong(&steam, |edit| edit.algorithm = Some(Algorithm::Sha256));
    wrong(&totp, |edit| edit.kind = Some(kind("yandex")));
    wrong(&totp, |edit| edit.kind = Some(kind("TOTP")));
}

#[test]
fn a_counter_can_be_put_right_and_stays_so() {
    let mut driver = Driver::with(&[&uri("hotp", "a:b", 1)]);
    edited(&mut driver, |edit| edit.counter = Some(1000));
    edited(&mut driver, |edit| edit.counter = Some(5));
    let mut driver = driver.restart();
    driver.unlock();
    assert_eq!(driver.list()[0].counter, Some(5));
}

#[test]
fn a_type_that_becomes_hotp_again_goes_on_where_it_was() {
    let mut driver = Driver::with(&[&uri("hotp", "a:b", 1)]);
    driver.get("a:b").unwrap();
    edited(&mut driver, |edit| edit.kind = Some(kind("totp")));
    let entry = edited(&mut driver, |edit| edit.kind = Some(kind("hotp"))).entry;
    assert_eq!(entry.counter, Some(1));
}
