//! Published vectors.

use std::path::Path;

use super::*;

/// The rows of a table of ours, split at tabs.
fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
}

#[test]
fn hotp_gives_the_codes_of_rfc_4226_appendix_d() {
    let mut seen = 0;
    for row in rows(include_str!("../../../../tests/vectors/rfc4226.tsv")) {
        let kind = Kind::Hotp(row[1].parse().unwrap());
        let made = code_at(kind, Algorithm::Sha1, 6, &hex(row[0]), 0);
        assert_eq!(made, row[2], "{row:?}");
        seen += 1;
    }
    assert_eq!(seen, 10);
}

#[test]
fn totp_gives_the_codes_of_rfc_6238_appendix_b_and_other_ones_with_the_wrong_seed() {
    let kind = Kind::Totp(Period::THIRTY);
    let mut seen = 0;
    for row in rows(include_str!("../../../../tests/vectors/rfc6238.tsv")) {
        let (key, algorithm) = (hex(row[0]), row[1].parse().unwrap());
        let second = row[2].parse().unwrap();
        assert_eq!(code_at(kind, algorithm, 8, &key, second), row[3], "{row:?}");
        // Many a text reads the appendix as if all three hashes had the 20-byte seed.
        if key.len() > 20 {
            let wrong = code_at(kind, algorithm, 8, &key[..20], second);
            assert_ne!(wrong, row[3], "{row:?}");
        }
        seen += 1;
    }
    assert_eq!(seen, 18);
}

#[test]
fn steam_gives_the_letters_that_steam_shows() {
    let kind = Kind::Steam(Period::THIRTY);
    for row in rows(include_str!("../../../../tests/vectors/steam.tsv")) {
        let (key, second) = (hex(row[0]), row[1].parse().unwrap());
        let made = code_at(kind, Algorithm::Sha1, 5, &key, second);
        assert_eq!(made, row[2], "{row:?}");
        // Hash and length in a URI don't count.
        assert_eq!(code_at(kind, Algorithm::Sha512, 9, &key, second), made);
    }
}

#[test]
fn a_neighbours_table_of_vectors_agrees_where_there_is_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors/vectors.tsv");
    let Ok(table) = std::fs::read_to_string(path) else {
        return skipped("no table of vectors beside the repository");
    };
    let mut seen = 0;
    for row in table.lines().skip(1) {
        let row: Vec<&str> = row.split('\t').collect();
        let (what, digits) = (row[1], row[3].parse().unwrap());
        let (kind, second) = match what.split_once('@') {
            None if what == "hotp" => (Kind::Hotp(row[4].parse().unwrap()), 0),
            Some(("totp/30", second)) => (Kind::Totp(Period::THIRTY), second.parse().unwrap()),
            Some(("steam/30", second)) => (Kind::Steam(Period::THIRTY), second.parse().unwrap()),
            _ => continue,
        };
        let algorithm = row[2].parse().unwrap();
        let key = otp_proto::parse_key(row[5]).unwrap();
        let made = code_at(kind, algorithm, digits, key.expose(), second);
        // The negative rows hold what the wrong seed gives.
        assert_eq!(made, row[6].split(' ').next().unwrap(), "{row:?}");
        seen += 1;
    }
    assert!(seen >= 30, "only {seen} rows were of types we know");
}
