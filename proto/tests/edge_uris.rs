//! URIs as real services and exports write them, each with what becomes of it.

#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use otp_proto::{Algorithm, Kind, NewEntry, Period, UriError, parse_text};

fn names(entry: &NewEntry) -> (&str, &str) {
    (&entry.issuer, &entry.account)
}

fn ok(text: &str) -> NewEntry {
    parse_text(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn names_come_out_as_the_service_meant_them() {
    for (uri, expected) in [
        (
            "otpauth://totp/A%20Co:j@example.com?secret=AAAAAAAA&issuer=A%20Co",
            ("A Co", "j@example.com"),
        ),
        (
            "otpauth://totp/A%3Aj%40example.com?secret=aaaaaaaa&issuer=A",
            ("A", "j@example.com"),
        ),
        (
            "otpauth://totp/Cloud:%20j@example.com?secret=AAAAAAAA&issuer=Cloud",
            ("Cloud", "j@example.com"),
        ),
        (
            "otpauth://totp/Big%20Company%3Aname%40test?secret=AAAAAAAA",
            ("Big Company", "name@test"),
        ),
        (
            "otpauth://totp/Atlas:Acc !@#444?secret=AAAAAAAA&issuer=Atlas",
            ("Atlas", "Acc !@#444"),
        ),
        (
            "otpauth://totp/Air:Ben?secret=AAAAAAAA&issuer=Air+Canada",
            ("Air Canada", "Ben"),
        ),
        (
            "otpauth://totp/Ex:foo+tag@bar.com?secret=AAAAAAAA&issuer=Ex",
            ("Ex", "foo+tag@bar.com"),
        ),
        ("otpauth://totp/a:b:c?secret=AAAAAAAA", ("a", "b:c")),
        ("otpauth://totp/:name?secret=AAAAAAAA", ("", "name")),
        ("otpauth://totp/?secret=AAAAAAAA&issuer=X", ("X", "")),
        (
            "otpauth://totp/%E6%A9%A1?secret=AAAAAAAA&issuer=ente.io",
            ("ente.io", "橡"),
        ),
        (
            "otpauth://totp/E:a?secret=AAAAAAAA&issuer=არა",
            ("არა", "a"),
        ),
        ("otpauth://totp/a%00b?secret=AAAAAAAA", ("", "ab")),
        (
            "otpauth://totp/%1B%5B31mred?secret=AAAAAAAA",
            ("", "[31mred"),
        ),
    ] {
        assert_eq!(names(&ok(uri)), expected, "{uri}");
    }
}

#[test]
fn every_spelling_of_a_secret_gives_its_bytes() {
    for secret in [
        "MZXW6YTB",
        "mzxw6ytb",
        "mzxw%206ytb",
        "MZXW-6YTB",
        "MZXW6YTB%3D%3D",
        "MZXW6YTB=",
    ] {
        let entry = ok(&format!("otpauth://totp/x?secret={secret}"));
        assert_eq!(entry.key.expose(), b"fooba", "{secret}");
    }
    assert_eq!(
        ok("OTPAUTH://TOTP/x?SECRET=MZXW6YTB").key.expose(),
        b"fooba"
    );
}

#[test]
fn types_and_numbers_are_read() {
    let kind = |uri: &str| {
        let entry = ok(uri);
        (
            entry.kind.word(),
            entry.digits.value(),
            entry.kind.period().map(Period::seconds),
        )
    };
    for (rest, expected) in [
        (
            "totp/x?secret=AAAAAAAA&digits=9&period=90",
            ("totp", 9, Some(90)),
        ),
        (
            "totp/x?secret=AAAAAAAA&issuer=Acmeperiod=60",
            ("totp", 6, Some(60)),
        ),
        ("hotp/x?secret=AAAAAAAA&counter=15", ("hotp", 6, None)),
        ("hotp/x?secret=AAAAAAAA", ("hotp", 6, None)),
        ("steam/B:S?secret=AAAAAAAA&issuer=B", ("steam", 5, Some(30))),
        (
            "totp/M:S?secret=AAAAAAAA&digits=5&encoder=steam",
            ("steam", 5, Some(30)),
        ),
        ("totp/M:S?secret=AAAAAAAA&steam", ("steam", 5, Some(30))),
        (
            "totp/Steam:u?secret=AAAAAAAA&issuer=Steam",
            ("steam", 5, Some(30)),
        ),
        (
            "totp/Steam:u?secret=AAAAAAAA&issuer=Steam&digits=6",
            ("totp", 6, Some(30)),
        ),
        (
            "yaotp/u@ya.ru?secret=AAAAAAAA&pin_length=4",
            ("yandex", 8, Some(30)),
        ),
    ] {
        assert_eq!(kind(&format!("otpauth://{rest}")), expected, "{rest}");
    }
    let entry = ok("otpauth://totp/x?secret=AAAAAAAA&algorithm=HmacSHA256");
    assert_eq!(entry.algorithm, Algorithm::Sha256);
    assert_eq!(ok("otpauth://hotp/x?secret=AAAAAAAA").kind, Kind::Hotp(0));
}

#[test]
fn what_is_wrong_is_refused_without_quoting_it() {
    for uri in [
        "otpauth://totp/x?secret=AAAAAAAA&digits=0",
        "otpauth://totp/x?secret=AAAAAAAA&digits=10",
        "otpauth://totp/x?secret=AAAAAAAA&digits=-6",
        "otpauth://totp/x?secret=AAAAAAAA&period=0",
        "otpauth://totp/x?secret=AAAAAAAA&period=99999999999999999999",
        "otpauth://totp/x?secret=AAAAAAAA&algorithm=MD5",
        "otpauth://hotp/x?secret=AAAAAAAA&counter=-1",
        "otpauth://totp/x?issuer=Name",
        "otpauth://totp/x?secret=",
        "otpauth://totp/x?secret=00000000",
        "otpauth://push/x?secret=AAAAAAAA",
        "otpauth:totp/x?secret=AAAAAAAA",
        "https://example.com/?x=otpauth://totp/a?secret=AAAAAAAA",
        "0123456789abcdef0123456789abcdef",
    ] {
        let error = parse_text(uri).expect_err(uri);
        assert!(!error.to_string().contains("AAAA"), "{error}");
    }
    let hint = parse_text("otpauth://totp/x?secret=00000000").unwrap_err();
    assert_eq!(hint, UriError::Base32(1));
    assert!(hint.to_string().contains("no 0, 1, 8 or 9"));
}

#[test]
fn the_collected_uris_of_real_life_behave_as_their_table_says() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/vectors/edge_uris.tsv"
    );
    let Ok(table) = std::fs::read_to_string(path) else {
        eprintln!("SKIPPED: the table of real URIs is not beside this checkout");
        return;
    };
    let mut rows = 0;
    for row in table.lines().skip(1) {
        let mut columns = row.split('\t');
        let (Some(id), Some(uri), Some(expect)) = (columns.next(), columns.next(), columns.next())
        else {
            continue;
        };
        if uri.starts_with("otpauth-migration:") {
            continue; // read by otp-helper
        }
        let got = parse_text(uri);
        let accepts = expect.starts_with("ok") || id == "dup_param" && got.is_ok();
        assert_eq!(got.is_ok(), accepts, "{id}: expected {expect}, got {got:?}");
        rows += 1;
    }
    assert!(rows > 50, "only {rows} rows were read");
}
