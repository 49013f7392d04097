use super::*;
use crate::print_uri;

fn ok(uri: &str) -> NewEntry {
    parse_uri(uri).unwrap_or_else(|error| panic!("{uri}: {error}"))
}

#[test]
fn the_manuals_uri_keeps_its_names_and_its_80_bits() {
    let entry =
        ok("otpauth://totp/abc****?secret=ABCDEFGHIJKL2345&issuer=Trend%20Micro%20SaaS%20Account");
    assert_eq!(entry.issuer, "Trend Micro SaaS Account");
    assert_eq!(entry.account, "abc****");
    assert_eq!(entry.key.len(), 10);
    assert_eq!(
        (entry.kind, entry.digits),
        (Kind::Totp(Period::THIRTY), Digits::SIX)
    );
}

#[test]
fn the_issuer_parameter_wins_and_the_prefix_is_kept() {
    let entry =
        ok("otpauth://totp/Some+Company%3ame%40x.net?secret=abcdefghijklmnop&issuer=Microsoft");
    assert_eq!(
        (entry.issuer.as_str(), entry.account.as_str()),
        ("Microsoft", "me@x.net")
    );
    assert_eq!(
        entry.extra,
        [("x-otpd-prefix".to_owned(), "Some+Company".to_owned())]
    );
}

#[test]
fn an_issuer_with_a_colon_survives_a_round_trip() {
    let entry = ok("otpauth://totp/a%3Ab%3Ac?secret=ABCDEFGHIJKLMNOP&issuer=a%3Ab");
    assert_eq!(
        (entry.issuer.as_str(), entry.account.as_str()),
        ("a:b", "c")
    );
    assert_eq!(ok(print_uri(&entry).expose()), entry);
}

#[test]
fn what_is_printed_reads_back_as_the_same_entry() {
    for uri in [
        "otpauth://totp/?secret=ABCDEFGHIJKLMNOP",
        "otpauth://hotp/GitHub:a?secret=ASKZNWOU6SVYAMVS&issuer=GitHub&counter=18446744073709551615",
        "otpauth://steam/Boeing:Sophia?secret=JRZCL47CMXVOQMNPZR2F7J4RGI&issuer=Boeing",
        "otpauth://totp/%E3%83%88:%E5%B1%B1?secret=AA&algorithm=SHA512&digits=9&period=86400",
        "otpauth://totp/a:b?secret=AA&x-otpd-tag=%E4%BB%95&x-otpd-tag=b&x-otpd-note=1%2B1&icon=x%26y",
        "otpauth://yaotp/user@ya.ru?secret=ORSXG5DJNZTXIZLTORUW4ZZRGI&pin_length=4",
        "steam://JRZCL47CMXVOQMNPZR2F7J4RGI",
        "otpauth://totp/:b%3Ac?secret=ABCDEFGHIJKLMNOP",
    ] {
        let entry = ok(uri);
        let printed = print_uri(&entry);
        assert_eq!(ok(printed.expose()), entry, "{uri}");
        assert_eq!(print_uri(&ok(printed.expose())), printed, "{uri}");
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~%:/?&=".contains(&b);
        assert!(printed.expose().bytes().all(unreserved), "{uri}");
    }
}

#[test]
fn a_motp_key_is_the_text_of_its_hexadecimal_digits() {
    let entry = ok("motp://motp:username?secret=30EDCC8EDAE50A60");
    assert_eq!(
        (entry.issuer.as_str(), entry.account.as_str()),
        ("motp", "username")
    );
    assert_eq!(entry.kind, Kind::Motp(Period::TEN));
    assert_eq!(entry.key.expose(), b"30edcc8edae50a60");
    assert_eq!(ok(print_uri(&entry).expose()), entry);
}

#[test]
fn a_bare_key_is_read_as_people_type_it() {
    let entry = parse_text(" abcd efgh-ijkl 2345\n").unwrap();
    assert_eq!(
        (entry.key.len(), entry.kind),
        (10, Kind::Totp(Period::THIRTY))
    );
    assert_eq!(parse_text("0123456789abcdef"), Err(UriError::Base32(1)));
    assert_eq!(parse_text(""), Err(UriError::NoSecret));
}

#[test]
fn a_motp_entry_of_an_otpauth_uri_has_a_base32_key_and_never_an_empty_one() {
    assert_eq!(ok("otpauth://motp/a?secret=GE3Q").key.expose(), b"17");
    assert_eq!(
        parse_uri("otpauth://Motp/A?secret=GEZD\0"),
        Err(UriError::Base32(5))
    );
    assert_eq!(parse_uri("motp://a?secret="), Err(UriError::NoSecret));
}

#[test]
fn two_different_secrets_are_refused_and_two_equal_ones_are_not() {
    assert_eq!(
        parse_uri("otpauth://totp/x?secret=AAAAAAAA&secret=BBBBBBBB"),
        Err(UriError::TwoSecrets)
    );
    ok("otpauth://totp/x?secret=AAAAAAAA&secret=AAAAAAAA");
}

#[test]
fn limits_hold_at_their_edges() {
    let with_key = |bytes: usize| {
        let mut text = String::from("otpauth://totp/x?secret=");
        base32::encode(&vec![7; bytes], &mut text);
        parse_uri(&text).map(|entry| entry.key.len())
    };
    assert_eq!(with_key(MAX_KEY), Ok(MAX_KEY));
    assert_eq!(with_key(MAX_KEY + 1), Err(UriError::KeyLength));
    let label = |bytes: usize| {
        parse_uri(&format!(
            "otpauth://totp/{}?secret=AAAAAAAA",
            "x".repeat(bytes)
        ))
        .map(|_| ())
    };
    assert_eq!(label(MAX_LABEL), Ok(()));
    assert_eq!(label(MAX_LABEL + 1), Err(UriError::LabelLength));
    assert_eq!(label(MAX_URI), Err(UriError::TooLong));
}
