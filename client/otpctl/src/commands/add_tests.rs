//! The command line's fields over a URI's.

use std::ffi::OsString;

use otp_proto::{Algorithm, parse_uri};

use super::*;
use crate::cli::{Parsed, parse};

const URI: &str = "otpauth://totp/Acme:alice?secret=JBSWY3DPEHPK3PXP&issuer=Acme";

fn overridden(options: &str) -> Result<NewEntry, UsageError> {
    let args = ["add"].into_iter().chain(options.split_whitespace());
    let Ok(Parsed::Run(line)) = parse(args.map(OsString::from)) else {
        panic!("{options}");
    };
    let mut entry = parse_uri(URI).unwrap();
    override_fields(&mut entry, &line).map(|()| entry)
}

#[test]
fn without_options_an_entry_stays_as_its_uri_says() {
    assert_eq!(overridden("").unwrap(), parse_uri(URI).unwrap());
}

#[test]
fn every_field_of_the_command_line_wins_over_the_uri() {
    let entry = overridden(
        "--issuer 山田 --account bob --type hotp --counter 7 --algorithm sha256 --digits 8 \
         --tag work --note spare",
    )
    .unwrap();
    assert_eq!(
        (entry.issuer.as_str(), entry.account.as_str()),
        ("山田", "bob")
    );
    assert_eq!(entry.kind, Type::Hotp(7));
    assert_eq!(
        (entry.algorithm, entry.digits.value()),
        (Algorithm::Sha256, 8)
    );
    assert_eq!(
        (entry.tags, entry.note.as_str()),
        (vec!["work".to_owned()], "spare")
    );
    assert_eq!(
        overridden("--period 60").unwrap().kind,
        Type::Totp(Period::new(60).unwrap())
    );
    assert_eq!(overridden("--type steam").unwrap().digits, Digits::FIVE);
}

#[test]
fn a_value_out_of_range_or_of_another_type_is_refused_by_its_name() {
    for (options, name) in [
        ("--digits 10", "digits"),
        ("--digits six", "digits"),
        ("--period 0", "period"),
        ("--algorithm md5", "algorithm"),
        ("--type blizzard", "type"),
        ("--type hotp --period 30", "period"),
        ("--counter 1", "counter"),
    ] {
        assert_eq!(
            overridden(options).unwrap_err(),
            UsageError::BadValue(name),
            "{options}"
        );
    }
}
